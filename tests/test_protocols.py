"""Tensors among other objects: NumPy, DLPack, pickling and copying, old constructors, storages, layouts."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.utils import dlpack

from .ops.tables import LIBRARIES, check_error, check_value

VALUES = [
    # Conversions to Python's numbers.
    (lambda t, x: [1, 2, 3][t.tensor(1)], 2),
    (lambda t, x: list(range(9))[t.tensor(2) : t.tensor(4)], "[2, 3]"),
    (lambda t, x: f"{t.tensor(1.5):.2f} {t.tensor(3):d} {t.tensor([1.0])}", "1.50 3 tensor([1.])"),
    (lambda t, x: (1.0 in x, 9.0 in x, t.tensor(1.0) in x), (True, False, True)),
    (lambda t, x: list(reversed(t.tensor([1, 2]))), "[tensor(2), tensor(1)]"),
    (lambda t, x: (int(t.tensor(2.7)), float(t.tensor([3])), bool(t.tensor([0]))), (2, 3.0, False)),
    # Old constructors and type names.
    (lambda t, x: t.Tensor(2, 3).shape, (2, 3)),
    (lambda t, x: t.Tensor([1, 2]), [1.0, 2.0]),
    (lambda t, x: t.Tensor().shape, (0,)),
    (lambda t, x: t.Tensor(t.Size([2])).shape, (2,)),
    (lambda t, x: t.FloatTensor([[1, 2]]), [[1.0, 2.0]]),
    (lambda t, x: t.LongTensor([1.5]), [1]),
    (lambda t, x: t.BoolTensor([0, 2]), [False, True]),
    (lambda t, x: t.HalfTensor(3).dtype, "float16"),
    (lambda t, x: tuple(isinstance(x, each) for each in (t.FloatTensor, t.LongTensor)), (True, False)),
    (lambda t, x: isinstance(1, t.IntTensor), False),
    (lambda t, x: x.type().rpartition(".")[2], "FloatTensor"),
    (lambda t, x: x.type("torch.DoubleTensor").dtype, "float64"),
    (lambda t, x: x.type(t.IntTensor).dtype, "int32"),
    (lambda t, x: x.type(t.int8).dtype, "int8"),
    (lambda t, x: x.new(2).shape, (2,)),
    (lambda t, x: x.long().new([1, 2]), [1, 2]),
    (lambda t, x: x.new_empty_strided((2, 3), (1, 2)).stride(), (1, 2)),
    # Memory.
    (lambda t, x: (x[1:].storage_offset(), x.T.stride(), x.element_size()), (3, (1, 3), 4)),
    (lambda t, x: (x.nbytes, x.itemsize), (24, 4)),
    (lambda t, x: (x[1].untyped_storage().nbytes(), x[1].untyped_storage().data_ptr() == x.data_ptr()), (24, True)),
    (lambda t, x: (x.is_set_to(x[:]), x.is_set_to(x.clone()), x.is_set_to(x[0])), (True, False, False)),
    (lambda t, x: (x.T.dim_order(), x.is_contiguous(), x.T.is_contiguous()), ((1, 0), True, False)),
    (lambda t, x: t.ones(1, 2, 3, 3).to(memory_format=t.channels_last).stride(), (18, 1, 6, 2)),
    (lambda t, x: t.ones(1, 2, 3, 3).contiguous(memory_format=t.channels_last).stride(), (18, 1, 6, 2)),
    (lambda t, x: t.ones(1, 2, 3, 3).is_contiguous(memory_format=t.channels_last), False),
    (lambda t, x: t.empty(1, 2, 3, 3, memory_format=t.channels_last).stride(), (18, 1, 6, 2)),
    (lambda t, x: x.is_contiguous(memory_format=t.contiguous_format), True),
    (lambda t, x: t.zeros_like(x.T, memory_format=t.contiguous_format).stride(), (2, 1)),
    (lambda t, x: t.empty_strided((2, 3), (1, 2)).stride(), (1, 2)),
    (lambda t, x: (t.is_storage(x.untyped_storage()), t.is_storage(x), t.is_tensor(x)), (True, False, True)),
    (lambda t, x: (x.is_cuda, x.is_mps, x.is_sparse, x.is_quantized, x.is_meta), (False,) * 5),
    (lambda t, x: (x.is_leaf, x.get_device()), (True, -1)),
    (lambda t, x: str(x.layout).rpartition(".")[2], "strided"),
    (lambda t, x: t.zeros(2, layout=t.strided), [0.0, 0.0]),
    # From data.
    (lambda t, x: t.tensor([t.tensor(1), 2.5]), [1.0, 2.5]),
    (lambda t, x: t.tensor([1, np.float64(2)]), ("float64", [1.0, 2.0])),
    (lambda t, x: t.tensor([np.float32(1), 2]), [1.0, 2.0]),
    (lambda t, x: t.tensor([True, 1]), [1, 1]),
    (lambda t, x: t.tensor([t.tensor([1.0]), t.tensor([2.0])]), [1.0, 2.0]),
    (lambda t, x: t.tensor([[], []]).shape, (2, 0)),
    (lambda t, x: t.tensor(range(3)), [0, 1, 2]),
    (lambda t, x: t.tensor([-1], dtype=t.uint8), ("uint8", [255])),
    (lambda t, x: t.tensor(1e40), "inf"),
    (lambda t, x: t.tensor(bytearray(b"ab")), [97, 98]),
    (lambda t, x: t.frombuffer(bytearray(b"abcdefgh"), dtype=t.int32, offset=4, count=1), ("int32", [1751606885])),
    (lambda t, x: t.asarray(bytearray(b"ab"), dtype=t.uint8), ("uint8", [97, 98])),
    (lambda t, x: t.asarray([1], dtype=t.float64), ("float64", [1.0])),
    (lambda t, x: t.scalar_tensor(-5, dtype=t.uint8), ("uint8", 251)),
    # NumPy.
    (lambda t, x: x * np.ones(3), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: x[0] * np.float64(2), [0.0, 2.0, 4.0]),
    (lambda t, x: np.float64(2) * x[0], [0.0, 2.0, 4.0]),
    (lambda t, x: np.asarray(x[0]).dtype, "float32"),
]  # fmt: skip
ERRORS = [
    (lambda t, x: bool(x), RuntimeError, "Boolean value of Tensor with more than one value is ambiguous"),
    (lambda t, x: bool(x[:0]), RuntimeError, "Boolean value of Tensor with no values is ambiguous"),
    (lambda t, x: len(t.tensor(1)), TypeError, "len() of a 0-d tensor"),
    (lambda t, x: list(t.tensor(1)), TypeError, "iteration over a 0-d tensor"),
    (lambda t, x: float(x), ValueError, "only one element tensors can be converted"),
    (lambda t, x: x.item(), RuntimeError, "cannot be converted to Scalar"),
    (lambda t, x: [1][t.tensor(0.0)], TypeError, "only integer tensors of a single element"),
    (lambda t, x: "a" in x, RuntimeError, "only supports Tensor or scalar"),
    (lambda t, x: f"{x:.2f}", TypeError, "unsupported format string"),
    (lambda t, x: np.sin(x.requires_grad_()), RuntimeError, "that requires grad"),
    (lambda t, x: np.asarray(x.requires_grad_()), RuntimeError, "that requires grad"),
    (lambda t, x: x.requires_grad_().__dlpack__(), BufferError, "require gradient"),
    (lambda t, x: copy.deepcopy(x.requires_grad_() * 2), RuntimeError, "graph leaves"),
    (lambda t, x: t.Tensor(2.5), TypeError, "must be a sequence"),
    (lambda t, x: t.Tensor("a"), TypeError, "expected sizes"),
    (lambda t, x: t.Tensor([[1, 2], [3]]), ValueError, "equal lengths"),
    (lambda t, x: x.type("torch.Foo"), ValueError, "invalid type: 'torch.Foo'"),
    (lambda t, x: x.cuda(), AssertionError, "Torch not compiled with CUDA enabled"),
    (lambda t, x: x.to(memory_format=t.channels_last), RuntimeError, "required rank 4"),
    (lambda t, x: t.tensor(None), RuntimeError, "Could not infer dtype of NoneType"),
    (lambda t, x: t.tensor({1}), RuntimeError, "Could not infer dtype of set"),
    (lambda t, x: t.tensor("a"), TypeError, "invalid data type 'str'"),
    (lambda t, x: t.tensor([[1, 2], [3]]), ValueError, "equal length"),
    (lambda t, x: t.tensor(2**63), ValueError, "Overflow"),
    (lambda t, x: t.tensor([2**64]), ValueError, "Overflow"),
    (lambda t, x: t.tensor([300], dtype=t.uint8), RuntimeError, "without overflow"),
    (lambda t, x: t.tensor(float("nan"), dtype=t.int32), RuntimeError, "without overflow"),
    (lambda t, x: t.tensor([t.tensor([1.0, 2.0])]), ValueError, "only one element tensors"),
    (lambda t, x: t.tensor(np.array(["a"])), TypeError, "can't convert np.ndarray"),
    (lambda t, x: t.from_numpy(np.arange(3)[::-1]), ValueError, "negative"),
    (lambda t, x: t.as_tensor(np.arange(3)[::-1]), ValueError, "negative"),
    (lambda t, x: t.from_numpy(np.arange(3, dtype=">f4")), ValueError, "byte order"),
    (lambda t, x: t.from_numpy(5), TypeError, "expected np.ndarray"),
    (lambda t, x: t.asarray([1], copy=False), ValueError, "can't alias arbitrary sequence"),
    (lambda t, x: t.frombuffer(bytearray(), dtype=t.uint8), ValueError, "must not be 0"),
    (lambda t, x: t.frombuffer(bytearray(3), dtype=t.int32), ValueError, "multiple of element size"),
    (lambda t, x: t.frombuffer(bytearray(4), dtype=t.int32, offset=9), ValueError, "offset (9 bytes)"),
    (lambda t, x: t.frombuffer(bytearray(4), dtype=t.int32, count=3), ValueError, "requested buffer length"),
    (lambda t, x: t.frombuffer(5, dtype=t.int32), ValueError, "buffer protocol"),
    (lambda t, x: t.arange(3, dtype=t.uint32), NotImplementedError, "arange"),
    (lambda t, x: t.arange(0, float("inf")), RuntimeError, "unsupported range"),
    (lambda t, x: t.empty_strided((2,), (1, 2)), RuntimeError, "mismatch in length"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
@pytest.mark.filterwarnings("ignore:__array_wrap__")
def test_values(library, call, expected):
    if isinstance(found := call(library, library.arange(6.0).reshape(2, 3)), list):
        assert str(found) == expected
    else:
        check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
@pytest.mark.filterwarnings("ignore:__array_wrap__", "ignore:__array__")
def test_errors(library, call, error, message):
    check_error(library, call, error, message)


def test_numpy_functions_give_tensors():
    x = tg.tensor([0.0, 1.0])
    assert isinstance(np.sin(x), tg.Tensor)
    assert np.add(np.ones(2), x).tolist() == [1, 2]
    assert np.isnan(x).dtype is tg.uint8
    assert np.add(x, x, out=np.zeros(2)).tolist() == [0, 2]
    array = np.arange(3.0)
    assert (array * tg.ones(3, requires_grad=True)).requires_grad


def test_dlpack_shares_memory():
    array = np.zeros(3, np.float32)
    t = tg.from_dlpack(array)
    t[0] = 1
    assert array[0] == 1
    back = np.from_dlpack(t)
    back[1] = 2
    assert array.tolist() == [1, 2, 0]
    assert dlpack.from_dlpack(dlpack.to_dlpack(t)).data_ptr() == t.data_ptr()
    assert tg.from_dlpack(t, copy=True).data_ptr() != t.data_ptr()
    assert t.__dlpack_device__() == (1, 0)
    with pytest.raises(AttributeError, match="no __dlpack__"):
        tg.from_dlpack(5)


def test_dlpack_with_the_oracle():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    theirs = torch.arange(6.0).reshape(2, 3).T
    ours = tg.from_dlpack(theirs)
    ours.mul_(2)
    assert theirs.tolist() == ours.tolist() == [[0, 6], [2, 8], [4, 10]]
    back = torch.from_dlpack(ours)
    back.zero_()
    assert ours.sum().item() == 0
    assert tg.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(theirs)).data_ptr() == theirs.data_ptr()


def equal(a, b):
    return type(a) is type(b) and a.dtype is b.dtype and a.requires_grad == b.requires_grad and a.tolist() == b.tolist()


PICKLED = [
    tg.arange(3), tg.ones(2, 3).T, tg.tensor([1 + 1j]), nn.Parameter(tg.ones(2)), tg.ones(2, requires_grad=True),
    tg.ones(0, 2),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(PICKLED)))
def test_pickling_and_copying(number):
    t = PICKLED[number]
    assert equal(pickle.loads(pickle.dumps(t)), t)
    assert equal(pickle.loads(ForkingPickler.dumps(t)), t)
    assert equal(copy.deepcopy(t), t)
    shared = copy.copy(t)
    assert equal(shared, t)
    assert shared.data_ptr() == t.data_ptr()
    assert copy.deepcopy(t).data_ptr() != t.data_ptr() or t.numel() == 0


@pytest.mark.parametrize("value", [tg.float32, tg.bool, tg.device("cpu"), tg.channels_last, tg.strided])
def test_constants_survive_pickling(value):
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    assert isinstance(pickle.loads(pickle.dumps(tg.Size([1, 2]))), tg.Size)


def test_modules_and_generators_survive_pickling():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    x = tg.ones(1, 2)
    assert pickle.loads(pickle.dumps(model))(x).tolist() == model(x).tolist()
    generator = tg.Generator().manual_seed(5)
    tg.rand(3, generator=generator)
    other = pickle.loads(pickle.dumps(generator))
    assert tg.rand(3, generator=other).tolist() == tg.rand(3, generator=generator).tolist()
    result = model(x)
    assert pickle.loads(pickle.dumps(result)).is_leaf


def test_tensors_go_to_processes():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map(tg.sum, [tg.ones(3), tg.zeros(2)]) == [3, 0]


def _double(x):
    x.mul_(2)


@pytest.mark.parametrize("dtype", [tg.float32, tg.int64, tg.complex64])
def test_shared_memory(dtype):
    x = tg.ones(2, 3, dtype=dtype)
    assert not x.is_shared()
    assert x.share_memory_() is x.share_memory_()
    assert x[1:].is_shared()
    process = multiprocessing.get_context("fork").Process(target=_double, args=(x,))
    process.start()
    process.join(30)
    assert x.tolist() == [[2] * 3] * 2


def test_deep_copies_share_what_the_originals_shared():
    base = tg.arange(6.0).reshape(2, 3)
    column, same, twin = base[:, 1], base, base.T
    base2, column2, same2, twin2 = copy.deepcopy([base, column, same, twin])
    assert same2 is base2
    base2[0, 1] = 99
    assert column2.tolist() == [99, 4]
    assert twin2[1, 0].item() == 99
    assert column.tolist() == [1, 4]
    assert twin2.stride() == twin.stride()


def test_storages():
    x = tg.arange(4, dtype=tg.uint8)
    storage = x[1:].untyped_storage()
    assert storage == x.untyped_storage()
    assert storage != x.clone().untyped_storage()
    assert hash(storage) == hash(x.untyped_storage())
    assert storage.tolist() == list(storage) == [0, 1, 2, 3]
    assert (storage[2], storage[1:3], len(storage), storage.element_size()) == (2, [1, 2], 4, 1)
    assert tg.ones(0).untyped_storage().nbytes() == 0


def test_the_default_tensor_type():
    with pytest.warns(UserWarning, match="deprecated"):
        tg.set_default_tensor_type("torch.DoubleTensor")
    assert tg.tensor(1.0).dtype is tg.float64
    with pytest.warns(UserWarning, match="deprecated"):
        tg.set_default_tensor_type(tg.FloatTensor)
    assert tg.tensor(1.0).dtype is tg.float32
    with pytest.warns(UserWarning, match="deprecated"), pytest.raises(TypeError, match="only floating-point"):
        tg.set_default_tensor_type(tg.LongTensor)


def test_devices_as_contexts():
    with tg.device("cpu") as place:
        assert tg.ones(1).device == place
    with pytest.raises(RuntimeError, match="no backend for device 'meta'"), tg.device("meta"):
        pass
