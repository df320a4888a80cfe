"""Discrete Fourier transforms and their gradients (``torch.fft``).

Three transforms without scaling carry all others: complex to complex, real to the half of the spectrum that
a real signal has, and back. With NumPy 2 float32 is transformed in float32. The adjoint of a transform is
the transform in the other direction; halves count their inner frequencies, which stand for two, once or twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.dtypes import TITLES
from tinygrad5329.ops.complex_numbers import conj
from tinygrad5329.ops.padding import pad
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, expect_tensor, to_float, write_out
from tinygrad5329.ops.rearranging import roll
from tinygrad5329.tensor import Tensor

__all__ = [
    "fft", "fft2", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft",
    "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip


def _complex_transform(x: Any, axes: tuple[int, ...], inverse: bool) -> Any:
    return np.fft.ifftn(x, axes=axes, norm="forward") if inverse else np.fft.fftn(x, axes=axes)


def _inner_weights(g: Any, axis: int, n: int, weight: float) -> Any:
    """Factors along `axis` for half a spectrum: `weight`, but 1 for the frequencies that stand for themselves."""
    factors = np.full(n // 2 + 1, weight, np.float32)
    factors[0] = 1
    if n % 2 == 0:
        factors[-1] = 1
    return factors.reshape([-1 if i == axis else 1 for i in range(len(g.shape))])


_c2c: Primitive = Primitive(
    "fft_c2c",
    lambda xp, x, *, axes, inverse: _complex_transform(x, axes, inverse),
    lambda xp, g, axes, inverse: _c2c.under(xp, g, axes=axes, inverse=not inverse),
)
_r2c: Primitive = Primitive(
    "fft_r2c",
    lambda xp, x, *, axes, n: np.fft.rfftn(x, axes=axes),
    lambda xp, g, axes, n: _c2r.under(xp, g * xp.asarray(_inner_weights(g, axes[-1], n, 0.5)), axes=axes, n=n),
)
_c2r: Primitive = Primitive(
    "fft_c2r",
    lambda xp, x, *, axes, n: np.fft.irfftn(x, [*(x.shape[a] for a in axes[:-1]), n], axes, norm="forward"),
    lambda xp, g, axes, n: _r2c.under(xp, g, axes=axes, n=n) * xp.asarray(_inner_weights(g, axes[-1], n, 2.0)),
)


def _scaled(op: str, x: Tensor, norm: str | None, inverse: bool, count: int) -> Tensor:
    if norm not in (None, "backward", "ortho", "forward"):
        raise RuntimeError(f'{op}: Invalid normalization mode: "{norm}"; expected "backward", "ortho" or "forward"')
    if norm == "ortho":
        return x * (1 / math.sqrt(count))
    return x * (1 / count) if inverse != (norm == "forward") else x


def _operand(op: str, input: Any, *, real: bool = False) -> Tensor:
    """`input` as a complex tensor, or for `real` transforms as a real one."""
    expect_tensor(op, "input", input)
    if real and input.is_complex():
        raise RuntimeError(f"{op} expects a real input tensor, but got {TITLES[input.dtype.name]}")
    if input.dtype in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(f"{op}: Unsupported dtype {TITLES[input.dtype.name]}; convert the input to float32 first")
    x = to_float(input, op)
    return x if real or x.is_complex() else cast(x, x.dtype.to_complex())


def _axis(op: str, dim: int, ndim: int) -> int:
    if ndim == 0:
        raise IndexError(f"{op}: Dimension specified as {dim} but tensor has no dimensions")
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return dim % ndim


def _axes(op: str, x: Tensor, s: Sequence[int] | None, dim: Any) -> tuple[tuple[int, ...], list[int]]:
    """The axes of a transform over several, and the lengths that the signal shall have there."""
    if isinstance(s, int):
        s = (s,)
    if dim is None:
        count = x.dim() if s is None else len(s)
        if count > x.dim():
            raise RuntimeError(f"{op}: Got shape with {count} values but input tensor only has {x.dim()} dimensions.")
        axes = tuple(range(x.dim() - count, x.dim()))
    else:
        axes = tuple([_axis(op, d, x.dim()) for d in ((dim,) if isinstance(dim, int) else dim)])
        if len(set(axes)) != len(axes):
            raise RuntimeError(f"{op}: FFT dims must be unique, got {dim}")
        if s is not None and len(s) != len(axes):
            raise RuntimeError(f"{op}: When given, dim and shape arguments must have the same length")
    sizes = [x.shape[a] for a in axes]
    if s is not None:
        sizes = [size if wanted == -1 else wanted for wanted, size in zip(s, sizes, strict=True)]
    return axes, sizes


def _resized(op: str, x: Tensor, axes: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """`x` cut, or filled up with zeros, to `sizes` along `axes`."""
    filling = [0] * (2 * x.dim())
    for axis, size in zip(axes, sizes, strict=True):
        if size < 1:
            raise RuntimeError(f"{op}: Invalid number of data points ({size}) specified")
        if x.shape[axis] > size:
            x = x.narrow(axis, 0, size)
        filling[2 * (x.dim() - 1 - axis) + 1] = size - x.shape[axis]
    return pad(x, filling) if any(filling) else x


def _complex_to_complex(op: str, input: Any, s: Any, dim: Any, norm: str | None, inverse: bool) -> Tensor:
    x = _operand(op, input)
    axes, sizes = _axes(op, x, s, dim)
    if not axes:
        return _scaled(op, x, norm, inverse, 1)
    result = _c2c(_resized(op, x, axes, sizes), axes=axes, inverse=inverse)
    return _scaled(op, result, norm, inverse, math.prod(sizes))


def _real_to_complex(op: str, input: Any, s: Any, dim: Any, norm: str | None, inverse: bool) -> Tensor:
    x = _operand(op, input, real=True)
    axes, sizes = _axes(op, x, s, dim)
    if not axes:
        raise RuntimeError(f"{op} must transform at least one axis")
    result = _r2c(_resized(op, x, axes, sizes), axes=axes, n=sizes[-1])
    return _scaled(op, conj(result) if inverse else result, norm, inverse, math.prod(sizes))


def _complex_to_real(op: str, input: Any, s: Any, dim: Any, norm: str | None, inverse: bool) -> Tensor:
    x = _operand(op, input)
    axes, sizes = _axes(op, x, s, dim)
    if not axes:
        raise RuntimeError(f"{op} must transform at least one axis")
    if s is None or s[-1] == -1:
        sizes[-1] = 2 * (x.shape[axes[-1]] - 1)
    if sizes[-1] < 1:
        raise RuntimeError(f"{op}: Invalid number of data points ({sizes[-1]}) specified")
    x = _resized(op, x, axes, [*sizes[:-1], sizes[-1] // 2 + 1])
    result = _c2r(x if inverse else conj(x), axes=axes, n=sizes[-1])
    return _scaled(op, result, norm, inverse, math.prod(sizes))


def _define(name: str, about: str, transform: Any, inverse: bool) -> tuple[Any, Any, Any]:
    """The transform over one dimension, over two, and over any."""

    def one(
        input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        expect_tensor(name, "input", input)
        result = transform(name, input, None if n is None else (n,), (_axis(name, dim, input.dim()),), norm, inverse)
        return result if out is None else write_out(name, out, result)

    def two(
        input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        result = transform(f"{name}2", input, s, dim, norm, inverse)
        return result if out is None else write_out(f"{name}2", out, result)

    def many(
        input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        result = transform(f"{name}n", input, s, dim, norm, inverse)
        return result if out is None else write_out(f"{name}n", out, result)

    for function, suffix, where in (
        (one, "", "along `dim`, cut or filled up with zeros to `n`"),
        (two, "2", "over two dimensions, cut or filled up with zeros to `s`"),
        (many, "n", "over the dimensions `dim` (default: all), cut or filled up with zeros to `s`"),
    ):
        function.__name__ = function.__qualname__ = name + suffix
        function.__doc__ = f"{about} {where} (``torch.fft.{name}{suffix}``)."
    return one, two, many


fft, fft2, fftn = _define("fft", "The Fourier transform", _complex_to_complex, False)
ifft, ifft2, ifftn = _define("ifft", "The inverse Fourier transform", _complex_to_complex, True)
rfft, rfft2, rfftn = _define("rfft", "The half spectrum of a real signal,", _real_to_complex, False)
irfft, irfft2, irfftn = _define("irfft", "The real signal of a half spectrum,", _complex_to_real, True)
hfft, hfft2, hfftn = _define("hfft", "The real spectrum of half a Hermitian signal,", _complex_to_real, False)
ihfft, ihfft2, ihfftn = _define("ihfft", "Half the Hermitian signal of a real spectrum,", _real_to_complex, True)


def _shifted(op: str, input: Tensor, dim: Any, back: bool) -> Tensor:
    expect_tensor(op, "input", input)
    dims = range(input.dim()) if dim is None else (dim,) if isinstance(dim, int) else dim
    axes = tuple([_axis(op, d, input.dim()) for d in dims])
    steps = tuple([(input.shape[a] + back) // 2 for a in axes])
    return roll(input, steps, axes) if axes else input.clone()


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequencies in order, negative ones first (``torch.fft.fftshift``)."""
    return _shifted("fftshift", input, dim, False)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of :func:`fftshift` (``torch.fft.ifftshift``)."""
    return _shifted("ifftshift", input, dim, True)
