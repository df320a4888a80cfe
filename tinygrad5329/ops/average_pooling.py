"""The mean of each window. A sum over windows and its adjoint, each the other's derivative."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends import pooling
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.max_pooling import check_windows
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.ops.spatial import per_dimension
from tinygrad5329.tensor import Tensor

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d"]

Sizes = tuple[int, ...]


def _shared(total: Any, divisor: Any) -> Any:
    if total.dtype.kind in "iu":
        # Towards zero, as integers are divided in C.
        return (np.sign(total) * (np.abs(total) // np.abs(divisor)) * np.sign(divisor)).astype(total.dtype)
    return total / (divisor if isinstance(divisor, (int, float)) else divisor.astype(total.dtype))


_avg_pool: Primitive = Primitive(
    "avg_pool",
    lambda xp, x, *, kernel, stride, padding, counts, divisor: _shared(
        pooling.sum_windows(x, kernel, stride, padding, counts), divisor
    ),
    lambda xp, g, x_shape, kernel, stride, padding, counts, divisor: _avg_pool_backward.under(
        xp, g, sizes=x_shape[-len(kernel) :], kernel=kernel, stride=stride, padding=padding, divisor=divisor
    ),
)
_avg_pool_backward: Primitive = Primitive(
    "avg_pool_backward",
    lambda xp, x, *, sizes, kernel, stride, padding, divisor: pooling.spread_windows(
        _shared(x, divisor), sizes, kernel, stride, padding
    ),
    lambda xp, g, x_shape, kernel, stride, padding, divisor: _avg_pool.under(
        xp,
        g,
        kernel=kernel,
        stride=stride,
        padding=padding,
        counts=x_shape[-len(kernel) :],
        divisor=divisor,
    ),
)


def _divisor(sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, counts: Sizes, count_include_pad: bool) -> Any:
    """By what each window is divided: a number, or an array in the windows' shape where they differ."""
    lengths = []
    for n, k, s, p, count in zip(sizes, kernel, stride, padding, counts, strict=True):
        start = np.arange(count) * s - p
        end = np.minimum(start + k, n + p)
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, n)
        lengths.append(end - start)
    if all((each == k).all() for each, k in zip(lengths, kernel, strict=True)):
        return math.prod(kernel)
    whole: Any = np.ones((), np.int64)
    for each in lengths:
        whole = np.multiply.outer(whole, each)
    return whole


def _avg_pool_nd(
    op: str,
    dims: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    expect_tensor(op, "input", input)
    kernel = per_dimension(op, "kernel_size", kernel_size, dims)
    stride = kernel if stride is None or stride == () or stride == [] else per_dimension(op, "stride", stride, dims)
    padding = per_dimension(op, "padding", padding, dims)
    counts = check_windows(op, dims, input, kernel, stride, padding, (1,) * dims, ceil_mode)
    if divisor_override is not None:
        if not isinstance(divisor_override, int):
            raise TypeError(f"{op}(): argument 'divisor_override' must be int, not {type(divisor_override).__name__}")
        if divisor_override == 0:
            raise RuntimeError(f"{op}: divisor must be not zero")
    dtype = input.dtype
    if dtype.numpy.kind in "bc":
        raise NotImplementedError(
            f"\"{op}\" not implemented for '{scalar_type(dtype.numpy)}': convert it to real numbers"
        )
    sizes = input._array.shape[-dims:]
    divisor = divisor_override or _divisor(sizes, kernel, stride, padding, counts, count_include_pad)
    return _avg_pool(input, kernel=kernel, stride=stride, padding=padding, counts=counts, divisor=divisor)


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of (N, C, L) or (C, L) (``torch.nn.functional.avg_pool1d``).

    `padding` is of zeros, which count in the mean with `count_include_pad`; `stride` is the kernel's size
    unless given; `ceil_mode` admits a last window that is not full. RuntimeError if the numbers do not fit.
    """
    return _avg_pool_nd("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """:func:`avg_pool1d` for (N, C, H, W) or (C, H, W); sums are divided by `divisor_override` if given."""
    result = _avg_pool_nd(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    return result if out is None else write_out("avg_pool2d", out, result)


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """:func:`avg_pool2d` for (N, C, D, H, W) or (C, D, H, W)."""
    result = _avg_pool_nd(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    return result if out is None else write_out("avg_pool3d", out, result)
