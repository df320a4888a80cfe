"""Putting samples together."""

from __future__ import annotations

import collections
import types

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import default_collate, default_convert

Point = collections.namedtuple("Point", "x y")


class Items(list):
    pass


class Pair(tuple):
    pass


def show(value):
    """The structure, with tensors as dtype and contents."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return str(value.dtype).split(".")[-1], value.tolist()
    if isinstance(value, collections.abc.Mapping):
        return type(value).__name__, {key: show(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value).__name__, [show(item) for item in value]
    if hasattr(value, "_fields"):
        return type(value).__name__, [show(item) for item in value]
    return value


CASES = {
    "ints": [1, 2],
    "floats": [1.0, 2.5],
    "bools": [True, False],
    "int_then_float": [1, 2.5],
    "bool_then_int": [True, 3],
    "text": ["a", "b"],
    "bytes": [b"a", b"b"],
    "numpy_text": [np.str_("a"), np.str_("b")],
    "tuples": [(1, 2.0), (3, 4.0)],
    "lists": [[1, 2.0], [3, 4.0]],
    "nested": [(1, {"a": [1.0, "x"]}), (2, {"a": [2.0, "y"]})],
    "dicts": [{"a": 1, "b": [1, 2]}, {"a": 3, "b": [3, 4]}],
    "ordered": [collections.OrderedDict(a=1), collections.OrderedDict(a=3)],
    "default": [collections.defaultdict(int, a=1), collections.defaultdict(int, a=3)],
    "proxy": [types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})],
    "named": [Point(1, 2.0), Point(3, 4.0)],
    "list_subclass": [Items([1, 2]), Items([3, 4])],
    "tuple_subclass": [Pair((1, 2)), Pair((3, 4))],
    "ranges": [range(2), range(2)],
    "nothing_in_each": [(), ()],
    "arrays": [np.zeros(2, np.float32), np.ones(2, np.float32)],
    "arrays_0d": [np.array(1.5), np.array(2.0)],
    "scalars_f4": [np.float32(1), np.float32(2)],
    "scalars_f8": [np.float64(1), np.float64(2)],
    "scalars_i4": [np.int32(1), np.int32(2)],
    "scalars_bool": [np.bool_(True), np.bool_(False)],
    "arrays_u1": [np.zeros((2, 1), np.uint8), np.ones((2, 1), np.uint8)],
}


@pytest.mark.parametrize("name", CASES)
def test_collate_as_pytorch(name):
    torch_data = pytest.importorskip("torch.utils.data", reason="oracle: pip install 'tinygrad5329[oracle]'")
    assert show(default_collate(CASES[name])) == show(torch_data.default_collate(CASES[name]))


@pytest.mark.parametrize("name", [*CASES, "objects"])
def test_convert_as_pytorch(name):
    torch_data = pytest.importorskip("torch.utils.data", reason="oracle: pip install 'tinygrad5329[oracle]'")
    data = {**CASES, "objects": [None, 1.5, "a", np.array(["a"]), np.zeros(2)]}[name]
    assert show(default_convert(data)) == show(torch_data.default_convert(data))


def test_structure_without_oracle():
    labels, rest = default_collate([(1, {"a": [1.0, "x"]}), (2, {"a": [2.0, "y"]})])
    assert (labels.dtype, labels.tolist()) == (tg.int64, [1, 2])
    assert rest["a"][0].dtype == tg.float64
    assert rest["a"][1] == ("x", "y")


def test_tensors_are_stacked_with_gradient():
    x = tg.ones(2, requires_grad=True)
    batch = default_collate([x, 2 * x])
    batch.sum().backward()
    assert batch.shape == (2, 2)
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_default_factory_survives():
    batch = default_collate([collections.defaultdict(lambda: "made", a=1)])
    assert batch["other"] == "made"


def test_samples_are_left_alone():
    samples = [{"a": 1}, {"a": 2}]
    lists = [[1, 2], [3, 4]]
    default_collate(samples), default_collate(lists)
    assert (samples, lists) == ([{"a": 1}, {"a": 2}], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("batch", "kind", "message"),
    [
        (
            [None, None],
            TypeError,
            "batch must contain tensors, numpy arrays, numbers, dicts or lists; .*NoneType",
        ),
        ([(1, None)], TypeError, "NoneType"),
        ([{1}, {2}], TypeError, "set"),
        ([1j], TypeError, "complex"),
        ([np.array(["a"])], TypeError, "<U1"),
        ([np.array([None])], TypeError, "object"),
        ([[1, 2], [1]], RuntimeError, r"equal size; the samples have \[1, 2\] elements. .*collate_fn"),
        (
            [np.zeros(2), np.zeros(3)],
            RuntimeError,
            r"equal size, but got \[2\] at entry 0 and \[3\] at entry 1",
        ),
        ([np.zeros(2), 1.0], TypeError, "sample 1 a float"),
        ([{"a": 1}, {"b": 2}], KeyError, "a"),
        ([1, -(2**70)], ValueError, "Overflow when unpacking long long: -118"),
        ([], IndexError, "."),
    ],
)
def test_what_cannot_be_put_together(batch, kind, message):
    with pytest.raises(kind, match=message):
        default_collate(batch)


def test_tensors_of_different_shapes():
    with pytest.raises(RuntimeError, match=r"\[2\].*\[3\]"):
        default_collate([tg.zeros(2), tg.zeros(3)])
