"""Differences of neighbours and sums of areas: diff, gradient, trapezoid, cumulative_trapezoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.description import check_dim
from tinygrad5329.ops.comparison import logical_xor
from tinygrad5329.ops.joining import cat
from tinygrad5329.ops.promote import expect_tensor, to_float, write_out
from tinygrad5329.ops.rearranging import narrow
from tinygrad5329.ops.scan import cumsum
from tinygrad5329.tensor import Tensor, method

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid", "trapz"]


@method
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Each element minus its predecessor along `dim`, `n` times (``torch.diff``).

    `prepend` and `append` are joined to the input first.
    """
    expect_tensor("diff", "input", input)
    if input._array.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    dim = check_dim(dim, input._array.ndim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    for name, border in (("prepend", prepend), ("append", append)):
        if border is not None:
            expect_tensor("diff", name, border)
            if border._array.ndim != input._array.ndim:
                raise RuntimeError(f"diff expects {name} to be the same dimension as input")
    # Of order 0 PyTorch gives the input as it is.
    result = cat([t for t in (prepend, input, append) if t is not None], dim) if n else input.clone()
    for _ in range(min(n, result._array.shape[dim])):
        size = result._array.shape[dim] - 1
        later, earlier = narrow(result, dim, 1, size), narrow(result, dim, 0, size)
        result = logical_xor(later, earlier) if result.dtype is dtypes.bool_ else later - earlier
    return result if out is None else write_out("diff", out, result)


def _cut(x: Tensor, dim: int, start: int | None, stop: int | None) -> Tensor:
    return x[(*(slice(None),) * dim, slice(start, stop))]


def _along(vector: Tensor, dim: int, ndim: int) -> Tensor:
    """A vector that runs along `dim` of a tensor of `ndim` dimensions."""
    return vector.reshape([-1 if d == dim else 1 for d in range(ndim)])


def _slope(x: Tensor, dim: int, spacing: Any, edge_order: int) -> Tensor:
    """Central differences inside, one-sided ones of `edge_order` at both ends."""
    ndim = x._array.ndim
    if isinstance(spacing, Tensor):
        steps = diff(spacing)
        before, after = (_along(each, dim, ndim) for each in (steps[:-1], steps[1:]))
        a = -after / (before * (before + after))
        b = (after - before) / (before * after)
        c = before / (after * (before + after))
        inner = a * _cut(x, dim, None, -2) + b * _cut(x, dim, 1, -1) + c * _cut(x, dim, 2, None)
        first, second, last_but_one, last = steps[0], steps[1 % len(steps)], steps[-2 % len(steps)], steps[-1]
    else:
        inner = (_cut(x, dim, 2, None) - _cut(x, dim, None, -2)) / (2 * spacing)
        first = second = last_but_one = last = spacing
    if edge_order == 1:
        left = (_cut(x, dim, 1, 2) - _cut(x, dim, 0, 1)) / first
        right = (_cut(x, dim, -1, None) - _cut(x, dim, -2, -1)) / last
    else:
        a = -(2.0 * first + second) / (first * (first + second))
        b = (first + second) / (first * second)
        c = -first / (second * (first + second))
        left = a * _cut(x, dim, 0, 1) + b * _cut(x, dim, 1, 2) + c * _cut(x, dim, 2, 3)
        a = last / (last_but_one * (last_but_one + last))
        b = -(last + last_but_one) / (last_but_one * last)
        c = (2.0 * last + last_but_one) / (last * (last_but_one + last))
        right = a * _cut(x, dim, -3, -2) + b * _cut(x, dim, -2, -1) + c * _cut(x, dim, -1, None)
    return cat([left, inner, right], dim)


def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The slope along each of the dimensions `dim`, by second-order differences (``torch.gradient``).

    Parameters
    ----------
    spacing : number, or a list with a number or a vector of coordinates for each dimension
    dim : int or tuple of int, optional
        All dimensions by default.
    edge_order : {1, 2}
        Of the one-sided differences at the ends.
    """
    expect_tensor("gradient", "input", input)
    ndim = input._array.ndim
    if input.dtype.numpy.kind in "bu":
        raise RuntimeError(f"torch.gradient does not support {input.dtype} input.")
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    dims = list(range(ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    dims = [check_dim(d, ndim) for d in dims]
    if len(set(dims)) != len(dims):
        raise RuntimeError(f"dim {dims} appears multiple times in the list of dims")
    several = isinstance(spacing, (tuple, list))
    spacings = list(spacing) if several else [1.0 if spacing is None else spacing] * len(dims)
    if isinstance(spacing, Tensor):
        raise TypeError("gradient(): coordinates are given as a tuple with a tensor for each dimension")
    if len(spacings) != len(dims):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length {len(dims)}, but got "
            f"a list of length {len(spacings)}"
        )
    x = input if input.is_floating_point() or input.is_complex() else to_float(input, "gradient")
    results = []
    for d, space in zip(dims, spacings, strict=True):
        n = input._array.shape[d] if ndim else 1
        if n < edge_order + 1:
            raise RuntimeError(
                f"torch.gradient expected each dimension size to be at least edge_order+1: dimension {d} has {n}"
            )
        if isinstance(space, Tensor):
            if space._array.ndim != 1 or space._array.size != n:
                raise RuntimeError(
                    f"torch.gradient expected each spacing to have the same length as its dimension: got shape "
                    f"{tuple(space.shape)} for dimension {d} of size {n}"
                )
        elif not isinstance(space, (int, float, complex, np.number)):
            raise TypeError(f"gradient(): spacing must be numbers or tensors, not {type(space).__name__}")
        results.append(_slope(x, d, space, edge_order))
    return tuple(results)


def _areas(op: str, y: Any, x: Any, dx: Any, dim: int) -> tuple[Tensor, int]:
    """Twice the area between neighbours, times a constant: ``(y[i] + y[i + 1]) * width``."""
    expect_tensor(op, "y", y)
    if x is not None and dx is not None:
        raise TypeError(f"{op}() takes x or dx, not both")
    ndim = y._array.ndim
    if ndim == 0:
        raise IndexError(f"{op}(): Dimension specified as {dim} but tensor has no dimensions")
    dim = check_dim(dim, ndim)
    n = y._array.shape[dim]
    if x is None:
        pairs = _cut(y, dim, 1, None) + _cut(y, dim, None, max(n - 1, 0))
        return (pairs if dx is None or dx == 1 else pairs * dx), dim
    expect_tensor(op, "x", x)
    if x._array.ndim == 0:
        raise IndexError(f"{op}(): x has no dimensions")
    if x._array.ndim == 1:
        if x._array.size != n:
            raise RuntimeError(f"{op}: There must be one `x` value for each sample point")
        x = _along(x, dim, ndim)
    elif x._array.ndim < ndim:
        x = x.reshape((1,) * (ndim - x._array.ndim) + x._array.shape)
    at = dim - ndim + x._array.ndim
    if x._array.shape[at] not in (1, n) or (x._array.shape[at] == 1 and n != 1):
        raise RuntimeError(f"{op}: There must be one `x` value for each sample point")
    return diff(x, dim=at) * (_cut(y, dim, 1, None) + _cut(y, dim, None, max(n - 1, 0))), dim


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along `dim` by the trapezoidal rule, over points `x` or steps `dx` (``torch.trapezoid``)."""
    areas, dim = _areas("trapezoid", y, x, dx, dim)
    return areas.sum(dim) / 2.0


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The running :func:`trapezoid`, from the second point on (``torch.cumulative_trapezoid``)."""
    areas, dim = _areas("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(areas, dim) / 2.0


trapz = trapezoid
