"""Sequences of numbers: arange, range, linspace, logspace, rounded as PyTorch rounds them.

PyTorch adds ``step * index`` to an end with one rounding (a fused multiply-add), for linspace from both ends
towards the middle, and computes arange in vectors of eight whose starts are rounded first.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.dtypes import FLOATING, INEXACT
from tinygrad5329.factory_options import finish
from tinygrad5329.random.transforms import fused
from tinygrad5329.tensor import Tensor

__all__ = ["arange", "linspace", "logspace", "range"]


def _number(op: str, name: str, value: Any) -> Any:
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(f"{op}() takes 0-dimensional tensors as bounds, but {name} has {value.dim()} dimensions")
        return value.item()
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, (int, float, complex)):
        raise TypeError(f"{op}(): argument '{name}' must be Number, not {type(value).__name__}")
    return value


def _dtype(dtype: Any, out: Tensor | None, default: Any = None) -> np.dtype[Any]:
    if dtype is None and out is not None:
        return out._array.dtype
    if dtype is None:
        dtype = default or dtypes.get_default_dtype()
    return dtypes.numpy_dtype(dtype)


def _count(start: Any, end: Any, step: Any) -> Any:
    """Checks the bounds as PyTorch does; how many steps lie between them, as a real number."""
    if not step > 0 and not step < 0:
        raise ValueError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    return (end - start) / step


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Values from `start` up to, not including, `end` (``torch.arange``).

    >>> arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    if end is None:
        start, end = None, start
    if end is None:
        raise TypeError("arange() missing 1 required argument: 'end'")
    start = 0 if start is None else start
    start, end, step = (_number("arange", name, v) for name, v in (("start", start), ("end", end), ("step", step)))
    if any(isinstance(v, complex) for v in (start, end, step)):
        raise RuntimeError(f"arange(): start, end and step must be real numbers, got {start}, {end} and {step}")
    whole = all(isinstance(v, int) for v in (start, end, step))
    d = _dtype(dtype, out, dtypes.int64 if whole else None)
    if d.kind in "bc" or (d.kind == "u" and d.itemsize > 1):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtypes.TITLES[d.name]}'")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if d.kind in "iu" and not whole:
        _count(start, end, step if abs(step) >= 1 else 0)
        if d == np.int64:
            start, end, step = int(start), int(end), int(step)
    steps = _count(start, end, step)
    if isinstance(start, int) and isinstance(end, int) and isinstance(step, int):
        values = np.arange(start, end, step).astype(d, copy=False)
    elif d.kind in "iu":
        values = (int(start) + np.arange(math.ceil(steps)) * int(step)).astype(d)
    else:
        values = _in_vectors(float(start), float(step), math.ceil(steps), d)
    return finish("arange", values, requires_grad, device, layout, pin_memory, out)


def _in_vectors(start: float, step: float, count: int, d: Any) -> Any:
    index = np.arange(count, dtype=np.float64)
    if d.itemsize == 2:
        return (np.float32(start) + np.float32(step) * index.astype(np.float32)).astype(d)
    exact = fused(index, np.float64(step), np.float64(start))
    width = 8 if d == np.float32 else 4
    # Vectors come two at a time; what is left of them is computed number by number.
    whole = count - count % (2 * width)
    values = exact.astype(d)
    first = values[:whole:width].astype(np.float64)[:, None]
    lanes = np.broadcast_to(np.arange(float(width)), (len(first), width))
    values[:whole] = fused(lanes, np.float64(step), first).reshape(-1)  # type: ignore[arg-type]
    return values


def range(
    start: Any = 0, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Values from `start` up to and including `end` (``torch.range``, deprecated there too)."""
    warnings.warn(
        "range is deprecated because it is inconsistent with Python's range: use arange, whose values are in "
        "[start, end)",
        UserWarning,
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    start, end, step = (_number("range", name, v) for name, v in (("start", start), ("end", end), ("step", step)))
    count = math.floor(_count(start, end, step)) + 1
    d = _dtype(dtype, out)
    values = (start + np.arange(count, dtype=np.float64) * step).astype(d)
    return finish("range", values, requires_grad, device, layout, out=out)


def _steps(op: str, steps: Any) -> int:
    if isinstance(steps, (float, bool)) or not hasattr(steps, "__index__"):
        raise TypeError(f"{op}(): argument 'steps' must be int, not {type(steps).__name__}")
    if steps.__index__() < 0:
        raise RuntimeError("number of steps must be non-negative")
    return int(steps.__index__())


def _spaced(start: Any, end: Any, steps: int, d: Any) -> Any:
    """Evenly spaced numbers as the dtype `d` is computed: in it if it is floating, otherwise in float64."""
    if d.kind != "c" and any(isinstance(v, complex) for v in (start, end)):
        raise RuntimeError(f"linspace(): inferred dtype complex can't be safely cast to passed dtype {d.name}")
    work = d if d.kind in INEXACT else np.dtype(np.float64)
    if d.kind in "iu":
        start, end = int(start), int(end)
    low, high = np.asarray(start, work)[()], np.asarray(end, work)[()]
    step = (high - low) / work.type(steps - 1) if steps > 1 else work.type(0)
    index = np.arange(steps)
    up, down = index, steps - 1 - index
    if work.kind in FLOATING and work.itemsize > 2:
        wide = [np.float64(v) for v in (low, high, step)]
        ends = fused(up.astype(float), wide[2], wide[0]), fused(down.astype(float), -wide[2], wide[1])
    else:
        ends = low + up.astype(work) * step, high - down.astype(work) * step
    return np.where(index < steps // 2, *ends).astype(work) if steps > 1 else np.full(steps, low)


def linspace(
    start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from `start` to `end`, both included (``torch.linspace``)."""
    steps = _steps("linspace", steps)
    start, end = _number("linspace", "start", start), _number("linspace", "end", end)
    d = _dtype(dtype, out, _complex_default(dtype, start, end))
    return finish("linspace", _spaced(start, end, steps, d).astype(d), requires_grad, device, layout, out=out)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from ``base ** start`` to ``base ** end``, evenly spaced in the exponent (``torch.logspace``)."""
    steps = _steps("logspace", steps)
    start, end = _number("logspace", "start", start), _number("logspace", "end", end)
    d = _dtype(dtype, out, _complex_default(dtype, start, end))
    exponents = _spaced(start, end, steps, d)
    wide = exponents.astype(np.complex128 if d.kind == "c" else np.float64)
    with np.errstate(all="ignore"):
        values = (base**wide).astype(d)
    return finish("logspace", values, requires_grad, device, layout, out=out)


def _complex_default(dtype: Any, *bounds: Any) -> Any:
    return dtypes.complex_default() if dtype is None and any(isinstance(b, complex) for b in bounds) else None
