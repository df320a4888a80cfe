"""Compiled runs: scalars stand for 0-d arrays inside, and nobody outside can tell."""

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd.graph import saved_tensors_hooks
from tinygrad5329.ops.primitive import REGISTRY

FUNCTIONS = {
    "add": lambda x, y: (x + y * 2.0) * x,
    "sub": lambda x, y: (3.0 - x - y) * y,
    "mul": lambda x, y: x * y * x,
    "div": lambda x, y: x / y + 1.0 / x,
    "neg": lambda x, y: -x * y,
    "pow": lambda x, y: x**3 + y**0.5,
    "relu": lambda x, y: (x - y).relu() * x + (y - x).relu() * y,
    "mixed": lambda x, y: (x * tg.ones(3, dtype=x.dtype) / y).sum(),
}


def _derivatives(function, shape, dtype):
    x, y = (tg.full(shape, value, dtype=dtype, requires_grad=True) for value in (1.5, 0.75))
    out = function(x, y).sum()
    first = tg.autograd.grad(out, (x, y), create_graph=True)
    second = tg.autograd.grad(first[0].sum() + first[1].sum(), (x, y), allow_unused=True, materialize_grads=True)
    function(x, y).sum().backward()
    results = [out, *first, *second, x.grad, y.grad]
    assert all(type(t._array) is np.ndarray and t.dtype is dtype for t in results)
    return [t.item() for t in results]


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_0d_tensors_compute_as_vectors_of_one_element(name, dtype):
    assert _derivatives(FUNCTIONS[name], (), dtype) == pytest.approx(_derivatives(FUNCTIONS[name], (1,), dtype))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -0.0])
def test_relu_of_a_special_scalar(value):
    x, v = tg.tensor(value, requires_grad=True), tg.tensor([value], requires_grad=True)
    for each in (x, v):
        each.relu().sum().backward()
    assert str(x.relu().item()) == str(v.relu().item())
    assert x.grad.item() == v.grad.item()


def test_hooks_on_saved_tensors_see_0d_tensors():
    seen = []
    x = tg.tensor(2.0, requires_grad=True)
    with saved_tensors_hooks(lambda t: seen.append(t) or t, lambda t: t):
        y = x * x
    y.backward()
    assert [tuple(t.shape) for t in seen] == [(), ()]
    assert x.grad.item() == 4.0


def test_integers_wrap_around_without_a_warning():
    big = tg.tensor(2**62)
    assert (big * 4).item() == 0
    assert (big + big).item() == -(2**63)


def test_a_saved_0d_tensor_must_not_be_written_to():
    x = tg.tensor(2.0, requires_grad=True)
    y = x * 1.0
    z = y * y
    y.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_gradients_that_arrive_often_are_added_up():
    x = tg.tensor(1.0, requires_grad=True)
    sum((x * float(k) for k in range(10)), tg.tensor(0.0)).backward()
    assert x.grad.item() == 45.0


def test_variadic_operations_keep_their_inputs():
    x, y = (tg.ones(2, requires_grad=True) for _ in range(2))
    tg.cat([x * 2.0, y, x]).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([3.0, 3.0], [1.0, 1.0])


def test_a_wrong_number_of_gradients_is_refused(monkeypatch):
    x = tg.ones(2, requires_grad=True)
    y = x * 2.0
    monkeypatch.setattr(type(y._node), "pull", lambda self, g, graph: (g, g))
    with pytest.raises(RuntimeError, match="2 gradients for 1 inputs"):
        y.sum().backward()


def test_scalars_are_for_operators():
    assert {"add", "sub", "mul", "div", "neg", "pow", "relu"} == {p.name for p in REGISTRY.values() if p.scalars}
