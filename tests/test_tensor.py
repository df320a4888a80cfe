"""What a tensor says about itself, Python's protocols, leaving the engine, and constructor errors."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def test_attributes():
    x = tg.zeros(2, 3, dtype=tg.float64)
    assert x.shape == (2, 3) and isinstance(x.shape, tg.Size) and x.shape.numel() == 6
    assert (x.size(), x.size(-1), x.dim(), x.ndim, x.numel(), x.nelement()) == ((2, 3), 3, 2, 2, 6, 6)
    assert (x.itemsize, x.element_size(), x.nbytes) == (8, 8, 48)
    assert x.stride() == (3, 1) and x.t().stride() == (1, 3) and x.stride(0) == 3
    assert x.is_contiguous() and not x.t().is_contiguous()
    assert x.device == tg.device("cpu") and str(x.device) == "cpu" and not x.is_cuda
    assert x.is_leaf and not x.requires_grad and x.grad is None and x.grad_fn is None
    assert repr(x.shape) == "tinygrad5329.Size([2, 3])"


def test_data_is_a_detached_tensor_over_the_same_memory():
    x = tg.ones(2, requires_grad=True)
    assert not x.data.requires_grad
    x.data.mul_(3)
    assert x.tolist() == [3.0, 3.0]
    x.data = tg.zeros(3)
    assert x.shape == (3,)
    with pytest.raises(TypeError, match="has to be a tensor"):
        x.data = [1.0]


def test_requires_grad_rules():
    with pytest.raises(RuntimeError, match="floating point"):
        tg.tensor([1, 2], requires_grad=True)
    y = tg.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="leaf variables"):
        y.requires_grad = False
    y.requires_grad = True
    z = y.detach()
    assert not z.requires_grad
    assert z.requires_grad_() is z and z.requires_grad


def test_assigning_grad_is_checked():
    x = tg.ones(2, requires_grad=True)
    x.grad = tg.ones(2)
    with pytest.raises(RuntimeError, match="different size"):
        x.grad = tg.ones(3)
    with pytest.raises(RuntimeError, match="different type"):
        x.grad = tg.ones(2, dtype=tg.float64)
    with pytest.raises(TypeError, match="Tensor or None"):
        x.grad = 1.0
    with pytest.raises(RuntimeError, match="own grad"):
        x.grad = x
    del x.grad
    assert x.grad is None


def test_numbers_out():
    x = tg.tensor([[2.5]])
    assert (x.item(), float(x), int(x), bool(x), complex(x)) == (2.5, 2.5, 2, True, 2.5 + 0j)
    assert [10, 20, 30][tg.tensor(1)] == 20
    assert f"{tg.tensor(math.pi):.2f}" == "3.14"
    assert tg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert isinstance(tg.tensor(1).item(), int) and isinstance(tg.tensor(True).item(), bool)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: tg.zeros(2).item(), RuntimeError, "cannot be converted to Scalar"),
        (lambda: float(tg.zeros(2)), ValueError, "only one element tensors"),
        (lambda: int(tg.zeros(0)), ValueError, "only one element tensors"),
        (lambda: complex(tg.zeros(2)), ValueError, "only one element tensors"),
        (lambda: bool(tg.zeros(2)), RuntimeError, "ambiguous"),
        (lambda: bool(tg.zeros(0)), RuntimeError, "no values is ambiguous"),
        (lambda: [1][tg.tensor(0.0)], TypeError, "index"),
        (lambda: len(tg.tensor(1)), TypeError, "0-d"),
        (lambda: iter(tg.tensor(1)), TypeError, "0-d"),
        (lambda: tg.ones(1, requires_grad=True).numpy(), RuntimeError, r"detach\(\)"),
        (lambda: np.asarray(tg.ones(1, requires_grad=True)), RuntimeError, r"detach\(\)"),
        (lambda: tg.zeros(2).size(3), IndexError, "Dimension out of range"),
        (lambda: tg.ones(2) + "a", TypeError, "unsupported operand"),
        (lambda: tg.add(tg.ones(2), "a"), TypeError, "must be Tensor or Number, not str"),
        (lambda: tg.ones(2, 3) + tg.ones(4, 3), RuntimeError, r"size of tensor a \(2\) must match.*dimension 0"),
        (lambda: tg.ones(2, 3) @ tg.ones(2, 3), RuntimeError, "cannot be multiplied"),
        (lambda: tg.ones(2, device="cuda"), RuntimeError, "no backend for device 'cuda'"),
        (lambda: tg.device("gpu"), RuntimeError, "Expected one of cpu"),
        (lambda: tg.zeros(2, -1), RuntimeError, "negative dimension"),
        (lambda: tg.zeros(2.5), TypeError, "must be tuple of ints"),
        (lambda: tg.tensor([1.0]).to("float32"), RuntimeError, "Expected one of cpu"),
        (lambda: tg.from_numpy([1]), TypeError, "expected np.ndarray"),
        (lambda: tg.from_numpy(np.array(["a"])), TypeError, "can't convert"),
        (lambda: tg.from_numpy(np.arange(3)[::-1]), ValueError, "negative"),
        (lambda: tg.zeros(2).reshape(3), RuntimeError, "invalid for input of size 2"),
        (lambda: tg.zeros(2, 3).t().view(6), RuntimeError, r"Use .reshape\(...\)"),
        (lambda: tg.set_default_dtype(tg.int64), TypeError, "floating point types"),
    ],
)
def test_errors_say_what_is_wrong(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_iteration_containment_hash():
    x = tg.tensor([[1, 2], [3, 4]])
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    a, b = tg.tensor([5.0, 6.0], requires_grad=True) * 2
    (a + 3 * b).backward()
    assert 3 in x and 7 not in x
    assert len({x, x.clone()}) == 2
    assert len(x) == 2


def test_numpy_shares_memory_both_ways():
    array = np.arange(3.0)
    x = tg.from_numpy(array)
    x += 1
    array[0] = 9
    assert x.tolist() == [9.0, 2.0, 3.0]
    assert x.numpy() is array
    assert np.asarray(x) is array or np.shares_memory(np.asarray(x), array)
    assert tg.tensor(array).numpy() is not array


def test_numpy_scalars_and_arrays_as_operands():
    x = tg.ones(2)
    assert (x * np.float64(2)).dtype is tg.float32
    assert (np.float32(2) * x).tolist() == [2.0, 2.0]
    assert (x + np.array([1.0, 2.0])).dtype is tg.float64
    assert isinstance(np.array([1.0, 2.0]) * x, tg.Tensor)


def test_deepcopy_and_pickle_of_leaves():
    x = tg.ones(2, requires_grad=True)
    x.grad = tg.full((2,), 3.0)
    x.note = "kept"
    y = copy.deepcopy(x)
    y.data.zero_()
    assert x.tolist() == [1.0, 1.0] and y.grad.tolist() == [3.0, 3.0] and y.note == "kept" and y.requires_grad
    assert pickle.loads(pickle.dumps(x)).tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="leaves"):
        copy.deepcopy(x * 2)


def test_parameters_deepcopy_as_parameters():
    p = nn.Parameter(tg.ones(2))
    q = copy.deepcopy(p)
    assert type(q) is nn.Parameter and q.requires_grad and q is not p


def test_legacy_constructor():
    assert tg.Tensor(2, 3).shape == (2, 3)
    assert tg.Tensor([1, 2]).dtype is tg.float32
    assert tg.Tensor().shape == (0,)


def test_to_and_casts():
    x = tg.ones(2, requires_grad=True)
    assert x.to(tg.float32) is x and x.to("cpu") is x
    assert x.to(tg.float32, copy=True) is not x
    y = x.double()
    y.sum().backward()
    assert x.grad.dtype is tg.float32
    assert tg.tensor([1.7]).int().tolist() == [1] and tg.tensor([0, 2]).bool().tolist() == [False, True]
    assert x.to(tg.zeros(1, dtype=tg.float16)).dtype is tg.float16
    assert x.type() == "tinygrad5329.FloatTensor"
    with pytest.raises(TypeError, match="unexpected keyword"):
        x.to(tg.float32, bogus=1)


def test_repr_shows_what_pytorch_shows():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr(tg.tensor([1], dtype=tg.int32)) == "tensor([1], dtype=tinygrad5329.int32)"


def test_default_dtype():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.tensor([1.0]).dtype is tg.float64 and tg.zeros(1).dtype is tg.float64
        assert (tg.tensor([1]) / 2).dtype is tg.float64
    finally:
        tg.set_default_dtype(tg.float32)


def test_finfo_iinfo():
    assert tg.finfo(tg.float32).eps == np.finfo(np.float32).eps
    assert tg.iinfo(tg.int8).max == 127
    with pytest.raises(TypeError, match="iinfo"):
        tg.finfo(tg.int8)
