"""Arguments of the wrong type or in another spelling: what every function says of them or makes of them."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.ops.arguments import explained
from tinygrad5329.tensor import Tensor

X = tg.tensor([[1.0, 3.0, 2.0], [4.0, 0.0, 5.0]])

WRONG = {
    "dot(): argument 'input' (position 1) must be Tensor, not NoneType": lambda: tg.dot(None, X[0]),
    "dot(): argument 'tensor' (position 1) must be Tensor, not int": lambda: X[0].dot(3),
    "topk(): argument 'k' (position 2) must be int, not str": lambda: tg.topk(X, "a"),
    "topk(): argument 'k' (position 1) must be int, not str": lambda: X.topk("a"),
    "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor": lambda: tg.cat(X),
    "det(): argument 'A' (position 1) must be Tensor, not str": lambda: tg.linalg.det("a"),
    "index_select(): argument 'dim' (position 2) must be int, not float": lambda: tg.index_select(
        X, 1.0, tg.tensor([0])
    ),
    "sum(): argument 'keepdim' must be bool, not NoneType": lambda: tg.sum(X, 0, keepdim=None),
    "sort(): argument 'descending' must be bool, not int": lambda: X.sort(descending=1),
    "argument 'fill_value' must be Number, not NoneType": lambda: tg.full((2,), None),
}


@pytest.mark.parametrize("text", WRONG)
def test_names_the_argument(text):
    with pytest.raises(TypeError) as caught:
        WRONG[text]()
    assert text in str(caught.value)


SPELLED = {
    "axis, keepdims": (lambda: tg.sum(X, axis=0, keepdims=True), lambda: tg.sum(X, 0, True)),
    "method": (lambda: X.cumsum(axis=1), lambda: X.cumsum(1)),
    "x1, x2": (lambda: tg.add(x1=X, x2=X), lambda: X + X),
    "a": (lambda: tg.exp(a=X), lambda: X.exp()),
    "stack": (lambda: tg.stack([X, X], axis=1), lambda: tg.stack([X, X], 1)),
    "functional": (lambda: tg.nn.functional.softmax(X, tg.tensor(1)), lambda: X.softmax(1)),
    "0-d tensor": (lambda: X.topk(tg.tensor(2)).values, lambda: X.topk(2).values),
    "0-d tensor by name": (lambda: X.topk(k=tg.tensor(2)).values, lambda: X.topk(2).values),
}


@pytest.mark.parametrize("name", SPELLED)
def test_takes_other_spellings(name):
    theirs, ours = SPELLED[name]
    np.testing.assert_array_equal(theirs().numpy(), ours().numpy())


def test_unknown_and_double_names_stay_errors():
    with pytest.raises(TypeError, match="bogus"):
        tg.exp(X, bogus=1)
    with pytest.raises(TypeError):
        tg.sum(X, dim=0, axis=0)


def test_other_errors_pass_through():
    def fail(x: Tensor) -> Tensor:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        explained(fail)(X)


def test_functions_stay_what_they_are():
    assert list(inspect.signature(tg.topk).parameters) == ["input", "k", "dim", "largest", "sorted", "out"]
    assert pickle.loads(pickle.dumps(tg.stack)) is tg.stack
    assert tg.exp.__name__ == "exp"
    for private in ("adopt", "check_writable", "in_place", "explain_all"):
        assert not hasattr(tg, private)
