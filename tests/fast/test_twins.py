"""Compiled kernels against NumPy's: values, gradients, layouts, special values, empty arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import choice
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.tensor import wrap

from .rows import ELSEWHERE, ROWS

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

every_row = pytest.mark.parametrize("row", ROWS, ids=str)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 90.0, -90.0, 1e30, -1e30]


@pytest.fixture(autouse=True)
def chosen():
    """The kernels that the suite runs with are put back."""
    before = choice.current()
    yield
    choice.use(before)


def draw(shapes, dtype):
    rng = np.random.default_rng(3)
    return [np.asarray(rng.uniform(-2, 2, shape), dtype) for shape in shapes]


def run(name, row, arrays, *, grad=True):
    """The result and the gradients with the kernels called `name`; tensors share the arrays' memory."""
    choice.use(name)
    tg.manual_seed(1)
    inputs = [tg.from_numpy(array).requires_grad_(grad) for array in arrays]
    out = row.call(*inputs)
    if not grad:
        return [out.numpy()]
    seed = np.random.default_rng(4).uniform(0.5, 1.5, tuple(out.shape)).astype(out.numpy(force=True).dtype)
    out.backward(tg.from_numpy(np.asarray(seed)))
    return [out.numpy(force=True), *(t.grad.numpy() for t in inputs if t.grad is not None)]


def agree(row, arrays, **options):
    ours, theirs = run("fast", row, arrays, **options), run("numpy", row, arrays, **options)
    assert len(ours) == len(theirs)
    for fast, plain in zip(ours, theirs, strict=True):
        assert (fast.dtype, fast.shape) == (plain.dtype, plain.shape)
        finite = np.abs(plain[np.isfinite(plain)])
        bound = getattr(row, plain.dtype.name)
        np.testing.assert_allclose(fast, plain, rtol=bound, atol=bound * finite.max(initial=0))
    return ours


@every_dtype
@every_row
def test_both_agree_and_the_twin_is_what_runs(row, dtype, monkeypatch):
    arrays = draw(row.shapes, dtype)
    copies = [array.copy() for array in arrays]
    if row.taken and row.slot in REGISTRY:
        expected = run("numpy", row, arrays)

        def refuse(*args, **kwargs):
            raise AssertionError(f"the NumPy kernel of {row.slot} ran")

        with monkeypatch.context() as patch:
            patch.setattr(REGISTRY[row.slot], "forward", refuse)
            got = run("fast", row, arrays)
        choice.use("numpy")
        for fast, plain in zip(got, expected, strict=True):
            bound = getattr(row, plain.dtype.name)
            np.testing.assert_allclose(fast, plain, rtol=bound, atol=bound * np.abs(plain).max(initial=0))
    agree(row, arrays)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_dtype
@every_row
def test_other_layouts(row, dtype):
    arrays = draw(row.shapes, dtype)
    agree(row, [np.asfortranarray(array) for array in arrays])
    agree(row, [np.repeat(array, 2, -1)[..., ::2] if array.ndim else array for array in arrays])
    agree(row, [np.pad(array, 1)[(..., *(slice(1, -1),) * array.ndim)] for array in arrays])


@every_dtype
@every_row
def test_without_gradients_the_numbers_are_the_same(row, dtype):
    arrays = draw(row.shapes, dtype)
    for name in ("fast", "numpy"):
        np.testing.assert_array_equal(run(name, row, arrays, grad=False)[0], run(name, row, arrays)[0])
    agree(row, arrays, grad=False)


@every_dtype
@pytest.mark.parametrize("row", [row for row in ROWS if row.special and row.shapes[0]], ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values(row, dtype):
    arrays = draw(row.shapes, dtype)
    first = arrays[0].reshape(-1)
    for i, value in enumerate(SPECIAL):
        first[i * (first.size // len(SPECIAL))] = value
    agree(row, arrays)


@every_dtype
@pytest.mark.parametrize("row", [row for row in ROWS if row.empty], ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_empty(row, dtype):
    agree(row, draw(row.empty, dtype))


@every_row
def test_read_only_arrays(row):
    arrays = draw(row.shapes, "float32")
    for array in arrays:
        array.flags.writeable = False
    for fast, plain in zip(*[[wrapped(name, row, arrays)] for name in ("fast", "numpy")], strict=True):
        bound = row.float32
        np.testing.assert_allclose(fast, plain, rtol=bound, atol=bound * np.abs(plain).max(initial=0))


def wrapped(name, row, arrays):
    choice.use(name)
    tg.manual_seed(1)
    return row.call(*[wrap(array) for array in arrays]).numpy()


def test_every_twin_has_a_row_or_a_test_of_its_own():
    assert {row.slot for row in ROWS} | set(ELSEWHERE) == set(choice.TWINS)
    for name in ELSEWHERE.values():
        assert Path(__file__).with_name(name).exists()
