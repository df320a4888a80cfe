"""A tensor's text is PyTorch's, to the character: recorded strings, then PyTorch itself."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad5329.printing import (
    format_size,
    format_tensor,
    get_printoptions,
    printoptions,
    set_printoptions,
)

NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True)
def _options_restored() -> Iterator[None]:
    with printoptions(profile="default"):
        yield


def f32(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.float32)


# ---- Recorded from torch 2.13 ------------------------------------------------------------------------

PLAIN = [
    (f32(3), "tensor(3.)"),
    (f32(0.1), "tensor(0.1000)"),
    (f32([]), "tensor([])"),
    (np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))"),
    (np.zeros(0, np.int64), "tensor([], dtype=torch.int64)"),
    (np.zeros((2, 0), np.bool_), "tensor([], size=(2, 0), dtype=torch.bool)"),
    (np.array([1, 2], np.int32), "tensor([1, 2], dtype=torch.int32)"),
    (np.array([1, -20, 300]), "tensor([  1, -20, 300])"),
    (np.array([[True, False]]), "tensor([[ True, False]])"),
    (np.array(255, np.uint8), "tensor(255, dtype=torch.uint8)"),
    (f32([1, 1000]), "tensor([   1., 1000.])"),
    (f32([1, 1001]), "tensor([1.0000e+00, 1.0010e+03])"),
    (f32([1e8]), "tensor([100000000.])"),
    (np.array([100000001.0]), "tensor([1.0000e+08], dtype=torch.float64)"),
    (f32([9e-5]), "tensor([9.0000e-05])"),
    (f32([-0.0, 0.0]), "tensor([-0., 0.])"),
    (f32([NAN, 0, INF]), "tensor([nan, 0., inf])"),
    (f32([1, -INF, NAN]), "tensor([1., -inf, nan])"),
    (f32([1.5, -INF, NAN]), "tensor([1.5000,   -inf,    nan])"),
    (
        np.array([[1.5, 2], [3, 4]], np.float16),
        "tensor([[1.5000, 2.0000],\n        [3.0000, 4.0000]], dtype=torch.float16)",
    ),
    (np.array([1 + 2j, -0.5 - 1j], np.complex64), "tensor([ 1.0000+2.j, -0.5000-1.j])"),
    (np.array([1j]), "tensor([0.+1.j], dtype=torch.complex128)"),
    (
        np.arange(8, dtype=np.float32).reshape(2, 2, 2),
        "tensor([[[0., 1.],\n         [2., 3.]],\n\n        [[4., 5.],\n         [6., 7.]]])",
    ),
    (
        np.arange(30),
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
        "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])",
    ),
    (np.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    (
        np.arange(1500, dtype=np.float32).reshape(30, 50)[:, ::-1] % 7,
        "tensor([[0., 6., 5.,  ..., 2., 1., 0.],\n"
        "        [1., 0., 6.,  ..., 3., 2., 1.],\n"
        "        [2., 1., 0.,  ..., 4., 3., 2.],\n"
        "        ...,\n"
        "        [6., 5., 4.,  ..., 1., 0., 6.],\n"
        "        [0., 6., 5.,  ..., 2., 1., 0.],\n"
        "        [1., 0., 6.,  ..., 3., 2., 1.]])",
    ),
]


@pytest.mark.parametrize(("array", "text"), PLAIN)
def test_recorded(array: np.ndarray, text: str) -> None:
    assert format_tensor(array, dtype_prefix="torch.") == text


@pytest.mark.parametrize(("array", "text"), PLAIN)
def test_recordings_are_true(array: np.ndarray, text: str) -> None:
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    assert repr(torch.from_numpy(array.copy())) == text


def test_autograd_suffixes() -> None:
    x = f32([[1, -2.5], [0, 3]])
    rows = "tensor([[ 1.0000, -2.5000],\n        [ 0.0000,  3.0000]], "
    assert format_tensor(x, requires_grad=True) == rows + "requires_grad=True)"
    named = format_tensor(x, requires_grad=True, grad_fn_name="MulBackward0")
    assert named == rows + "grad_fn=<MulBackward0>)"


def test_suffix_that_does_not_fit_goes_to_its_own_line() -> None:
    row = "[2., 2., 2., 2., 2., 2., 2., 2., 2.]"
    assert format_tensor(np.full((2, 9), 2.0), grad_fn_name="MulBackward0") == (
        f"tensor([{row},\n        {row}], dtype=tinygrad5329.float64,\n       grad_fn=<MulBackward0>)"
    )


def test_default_dtype_goes_without_saying() -> None:
    assert format_tensor(np.array([1.5]), default_dtype=np.float64) == "tensor([1.5000])"
    assert format_tensor(np.array([1j]), default_dtype=np.float64) == "tensor([0.+1.j])"
    assert format_tensor(f32([1]), default_dtype=np.float64) == "tensor([1.], dtype=tinygrad5329.float32)"


def test_prefix_sets_the_indent_and_device_comes_first() -> None:
    text = format_tensor(np.eye(2), prefix="MyTensor(", device="cuda:0", requires_grad=True)
    assert text == (
        "MyTensor([[1., 0.],\n          [0., 1.]], device='cuda:0', dtype=tinygrad5329.float64,\n"
        "         requires_grad=True)"
    )


def test_numpy_scalar_and_non_native_byte_order() -> None:
    assert format_tensor(np.float32(2.5)) == "tensor(2.5000)"
    assert format_tensor(np.array([1, 2], dtype=">i4")) == "tensor([1, 2], dtype=tinygrad5329.int32)"


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_size(shape: tuple[int, ...]) -> None:
    assert format_size(shape) == f"tinygrad5329.Size({list(shape)})"


def test_only_what_is_shown_is_read() -> None:
    # 10**14 elements behind one stored value: any pass over them all would not end.
    huge = np.broadcast_to(np.float32(1), (10**7, 10**7))
    row = "[1., 1., 1.,  ..., 1., 1., 1.]"
    assert format_tensor(huge) == "tensor([" + (",\n" + " " * 8).join([row] * 3 + ["..."] + [row] * 3) + "])"


def test_elements_that_are_no_numbers() -> None:
    with pytest.raises(TypeError, match=r"boolean, integer, floating point or complex elements, got object"):
        format_tensor(np.array([None]))


# ---- Options -----------------------------------------------------------------------------------------


def test_profiles_and_named_options() -> None:
    set_printoptions(profile="short")
    assert get_printoptions() == {
        "precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80, "sci_mode": None,
    }  # fmt: skip
    set_printoptions(profile="full", precision=6)
    assert (get_printoptions()["threshold"], get_printoptions()["precision"]) == (INF, 6)
    assert format_tensor(np.arange(2000)).count(",") == 1999


def test_sci_mode_lasts_until_the_next_call() -> None:
    set_printoptions(sci_mode=True)
    assert format_tensor(f32([0, -1.5])) == "tensor([ 0.0000e+00, -1.5000e+00])"
    assert format_tensor(f32([0, NAN])) == "tensor([0., nan])"
    set_printoptions(precision=1)
    assert format_tensor(f32([0, -1.5])) == "tensor([ 0.0, -1.5])"


def test_no_edge_items() -> None:
    set_printoptions(edgeitems=0, threshold=4)
    assert format_tensor(np.arange(8).reshape(2, 4)) == "tensor([...], size=(2, 4))"
    assert format_tensor(np.ones(2, np.float32)) == "tensor([1., 1.], size=(2,))"


def test_endless_line() -> None:
    set_printoptions(linewidth=INF)
    assert "\n" not in format_tensor(np.arange(900), requires_grad=True)


def test_context_restores_after_an_error() -> None:
    before = get_printoptions()
    with pytest.raises(RuntimeError), printoptions(precision=1, sci_mode=False):
        assert get_printoptions()["precision"] == 1
        raise RuntimeError
    assert get_printoptions() == before


def test_options_hold_in_all_threads() -> None:
    texts: list[str] = []
    set_printoptions(precision=1)
    thread = threading.Thread(target=lambda: texts.append(format_tensor(f32([0.25]))))
    thread.start()
    thread.join()
    assert texts == ["tensor([0.2])"]


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"profile": "long"}, ValueError),
        ({"precision": -1}, ValueError),
        ({"precision": 2.5}, TypeError),
        ({"edgeitems": -3}, ValueError),
        ({"threshold": NAN}, ValueError),
        ({"linewidth": "wide"}, TypeError),
        ({"sci_mode": "always"}, TypeError),
    ],
)
def test_unusable_option_changes_nothing(option: dict[str, Any], error: type[Exception]) -> None:
    before = get_printoptions()
    with pytest.raises(error, match=f"set_printoptions: .*{next(iter(option))}"):
        set_printoptions(**{"linewidth": 40, **option})
    assert get_printoptions() == before


# ---- Against PyTorch ---------------------------------------------------------------------------------


@contextmanager
def both(torch: Any, options: dict[str, Any], default_dtype: Any) -> Iterator[None]:
    """The same options and default dtype here and in PyTorch."""
    before = torch.get_default_dtype()
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**options)
    torch.set_default_dtype(default_dtype)
    try:
        with printoptions(profile="default"):
            set_printoptions(**options)
            yield
    finally:
        torch.set_printoptions(profile="default")
        torch.set_default_dtype(before)


def agree(array: np.ndarray, options: dict[str, Any], grad: str = "none", default: str = "float32") -> None:
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    theirs = torch.from_numpy(array.copy())
    kwargs: dict[str, Any] = {}
    if grad != "none" and array.dtype.kind in "fc":
        theirs.requires_grad_()
        kwargs["requires_grad"] = True
        if grad == "node":
            theirs = theirs.clone()
            kwargs["grad_fn_name"] = "CloneBackward0"
    with both(torch, options, getattr(torch, default)):
        ours = format_tensor(array, dtype_prefix="torch.", default_dtype=np.dtype(default), **kwargs)
        assert ours == repr(theirs)


REAL = [np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64, np.float16, np.float32, np.float64]
ALL = [*REAL, np.complex64, np.complex128]
SHAPES = [(), (1,), (7,), (40,), (1200,), (3, 4), (40, 30), (2, 9), (2, 3, 4), (11, 10, 10), (2, 7, 2, 40)]
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 8),
        "threshold": st.sampled_from([0, 1, 5, 2.5, 50, INF]),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.sampled_from([0, 10, 20, 33, 79.5, 120]),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.booleans(),
    },
)
ARRAYS = st.sampled_from(ALL).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)


@settings(max_examples=200, deadline=None)
@given(ARRAYS, OPTIONS, st.sampled_from(["none", "leaf", "node"]), st.sampled_from(["float32", "float64"]))
def test_any_array_under_any_options(array: np.ndarray, options: dict[str, Any], grad: str, default: str) -> None:
    agree(array, options, grad, default)


def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of the kinds among which the notation is chosen."""
    kinds = [
        lambda: rng.standard_normal(shape),
        lambda: np.round(rng.standard_normal(shape) * 10.0 ** rng.integers(0, 10)),
        lambda: rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 12),
        lambda: rng.standard_normal(shape) * 10.0 ** rng.integers(-4, 4, size=shape),
        lambda: rng.choice([0, -0.0, 1, 1000, 1001, 1e-4, 9.9e-5, 1e8, 1e8 + 1, 0.99999, 9.99996], shape),
    ]
    values = np.asarray(kinds[rng.integers(len(kinds))]())
    if rng.random() < 0.4:
        odd = rng.choice([NAN, INF, -INF, 0.0], shape)
        values = np.where(rng.random(shape) < rng.random(), odd, values)
    return values


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("seed", range(8))
def test_random_numbers_of_all_magnitudes(dtype: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for shape in SHAPES:
        with np.errstate(all="ignore"):
            values = draw(rng, shape)
            if np.dtype(dtype).kind == "c":
                values = values + 1j * np.nan_to_num(draw(rng, shape))
            elif np.dtype(dtype).kind in "iu":
                values = np.nan_to_num(values) % (np.iinfo(dtype).max // 2)
            array = np.asarray(values).astype(dtype)
        agree(array, {}, "leaf")
        agree(array, {"sci_mode": bool(seed % 2), "linewidth": 30 + 20 * seed, "threshold": 20}, "node")
