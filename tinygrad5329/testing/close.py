"""``assert_close``: whether values agree, and where they differ most if not."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.from_data import as_tensor
from tinygrad5329.tensor import Tensor

__all__ = ["assert_close"]

#: By dtype, what a relative and an absolute difference may be; 0 for those not here.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` everywhere.

    Compared are tensors, NumPy arrays, numbers and None, and sequences and mappings of these, entry by entry; shapes
    and (with `check_dtype`) dtypes must be equal too. Without `rtol` and `atol`, the dtype decides. `msg` replaces the
    text of the error, or makes another of it. There is one device and one layout here, so their checks always pass.
    Matches ``torch.testing.assert_close``.

    Raises
    ------
    AssertionError
        The values differ.
    TypeError
        The two cannot be compared with each other.
    ValueError
        Only one of `rtol` and `atol` is given.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> assert_close(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.5]))
    Traceback (most recent call last):
    ...
    AssertionError: Tensor-likes are not close!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 0.5 at index (1,) (up to 1e-05 allowed)
    Greatest relative difference: 0.20000000298023224 at index (1,) (up to 1.3e-06 allowed)
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    limits = None if rtol is None or atol is None else (rtol, atol)
    comparison = _Comparison(allow_subclasses, limits, equal_nan, check_dtype, check_stride)
    try:
        comparison.compare(actual, expected, "")
    except AssertionError as error:
        if msg is None:
            raise
        raise AssertionError(msg(str(error)) if callable(msg) else msg) from None


class _Comparison:
    def __init__(
        self,
        allow_subclasses: bool,
        limits: tuple[float, float] | None,
        equal_nan: bool,
        check_dtype: bool,
        check_stride: bool,
    ) -> None:
        self.allow_subclasses = allow_subclasses
        self.limits = limits
        self.equal_nan = equal_nan
        self.check_dtype = check_dtype
        self.check_stride = check_stride

    def compare(self, actual: Any, expected: Any, place: str) -> None:
        """Compare two values, which are found at `place` (as ``[0]['a']``) of what was given."""
        both = (actual, expected)
        if all(isinstance(each, Sequence) and not isinstance(each, str) for each in both):
            if len(actual) != len(expected):
                _fail(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", place)
            for i, pair in enumerate(zip(actual, expected, strict=True)):
                self.compare(*pair, f"{place}[{i}]")
        elif all(isinstance(each, Mapping) for each in both):
            lacking, additional = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
            if lacking or additional:
                lines = [f"Missing keys in the actual mapping: {lacking}"] if lacking else []
                lines += [f"Additional keys in the actual mapping: {additional}"] if additional else []
                _fail("\n".join(["The keys of the mappings do not match:", *lines]), place)
            for key in expected:
                self.compare(actual[key], expected[key], f"{place}[{key!r}]")
        elif actual is None or expected is None:
            if actual is not expected:
                _fail(f"None mismatch: {actual} is not {expected}", place)
        elif all(isinstance(each, (bool, np.bool_)) for each in both):
            if bool(actual) is not bool(expected):
                _fail(f"Booleans mismatch: {bool(actual)} is not {bool(expected)}", place)
        elif all(isinstance(each, numbers.Number) for each in both):
            self.numbers(actual, expected, place)
        elif self.comparable(actual, expected):
            self.tensors(as_tensor(actual), as_tensor(expected), place)
        else:
            raise TypeError(
                f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
                + (f"\n\nThe failure occurred for item {place}" if place else "")
            )

    def comparable(self, actual: Any, expected: Any) -> bool:
        if isinstance(actual, np.ndarray) and isinstance(expected, np.ndarray):
            return True
        if not (isinstance(actual, Tensor) and isinstance(expected, Tensor)):
            return False
        related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
        return related if self.allow_subclasses else type(actual) is type(expected)

    def numbers(self, actual: Any, expected: Any, place: str) -> None:
        kinds = [
            complex if isinstance(x, complex) else int if isinstance(x, int) else float for x in (actual, expected)
        ]
        if self.check_dtype and kinds[0] is not kinds[1]:
            _fail(f"The (d)types do not match: {type(actual)} != {type(expected)}.", place)
        names = {complex: "complex128", float: "float64", int: "int64"}
        rtol, atol = self.allowed(*(names[kind] for kind in kinds))
        if actual == expected or (self.equal_nan and actual != actual and expected != expected):
            return
        difference = abs(actual - expected)
        if difference <= atol + rtol * abs(expected) and math.isfinite(abs(expected)):
            return
        relative = difference / abs(expected) if expected else math.inf
        _fail(_scalars(actual, expected, difference, relative, rtol, atol), place)

    def tensors(self, actual: Tensor, expected: Tensor, place: str) -> None:
        def attribute(name: str, left: Any, right: Any) -> None:
            if left != right:
                _fail(f"The values for attribute '{name}' do not match: {left} != {right}.", place)

        attribute("shape", actual.shape, expected.shape)
        if self.check_dtype:
            attribute("dtype", actual.dtype, expected.dtype)
        if self.check_stride:
            attribute("stride()", actual.stride(), expected.stride())
        rtol, atol = self.allowed(actual.dtype.name, expected.dtype.name)
        shared = dtypes.promote_types(actual.dtype, expected.dtype)
        if not (shared.is_floating_point or shared.is_complex):
            shared = dtypes.int64
        wide = shared if shared.itemsize >= 4 else dtypes.float32
        left, right = (each.detach().to(wide).numpy() for each in (actual, expected))
        with np.errstate(all="ignore"):
            difference, size = np.abs(left - right), np.abs(right)
            matches = (difference <= atol + rtol * size) & np.isfinite(size) if rtol or atol else left == right
            matches |= left == right
            if self.equal_nan:
                matches |= np.isnan(left) & np.isnan(right)
            if matches.all():
                return
            relative = difference / size
        difference, relative = (np.where(matches, 0, each) for each in (difference, relative))
        if not matches.ndim:
            text = _scalars(left.item(), right.item(), difference.item(), relative.item(), rtol, atol)
            _fail(text, place)
        wrong = matches.size - int(matches.sum())
        equal = not (rtol or atol)
        lines = [
            f"Tensor-likes are not {'equal' if equal else 'close'}!",
            "",
            f"Mismatched elements: {wrong} / {matches.size} ({wrong / matches.size:.1%})",
            _greatest("absolute", difference, None if equal else atol),
            _greatest("relative", relative, None if equal else rtol),
        ]
        _fail("\n".join(lines), place)

    def allowed(self, *names: str) -> tuple[float, float]:
        if self.limits is not None:
            return self.limits
        pairs = [_TOLERANCES.get(name, (0.0, 0.0)) for name in names]
        return max(rtol for rtol, _ in pairs), max(atol for _, atol in pairs)


def _scalars(actual: Any, expected: Any, difference: Any, relative: Any, rtol: float, atol: float) -> str:
    equal = not (rtol or atol)
    until = ["", ""] if equal else [f" (up to {limit} allowed)" for limit in (atol, rtol)]
    return (
        f"Scalars are not {'equal' if equal else 'close'}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {difference}{until[0]}\nRelative difference: {relative}{until[1]}"
    )


def _greatest(kind: str, values: np.ndarray[Any, Any], limit: float | None) -> str:
    flat = int(np.argmax(values))  # the first NaN, if there is one
    index = tuple(int(i) for i in np.unravel_index(flat, values.shape))
    until = "" if limit is None else f" (up to {limit} allowed)"
    return f"Greatest {kind} difference: {values[index]} at index {index}{until}"


def _fail(text: str, place: str) -> NoReturn:
    raise AssertionError(text + (f"\n\nThe failure occurred for item {place}" if place else ""))
