"""Complex numbers: their parts, conjugates and angles, and real pairs seen as complex.

PyTorch's convention for gradients: the gradient of a real loss L to z = x + iy is dL/dx + i dL/dy, the
conjugate of the derivative times the incoming gradient.

Where PyTorch marks a conjugate as pending (``is_conj``), it is computed at once here, so ``is_conj`` and
``is_neg`` are always False, and writing to a conjugate does not change what it was made from.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.dtypes import TITLES
from tinygrad5329.ops.arithmetic import mul
from tinygrad5329.ops.pointwise import cos, sin  # type: ignore[attr-defined]
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, expect_tensor, to_float, write_out
from tinygrad5329.tensor import Tensor, attach, method, wrap

__all__ = [
    "angle", "complex", "conj", "conj_physical", "imag", "is_conj", "is_neg", "polar", "real", "resolve_conj",
    "resolve_neg", "view_as_complex", "view_as_real",
]  # fmt: skip


def cast_array(xp: Any, g: Any, numpy_dtype: Any) -> Any:
    """`g` in another dtype, inside a rule."""
    return cast(g, dtypes.of_numpy(numpy_dtype)) if isinstance(g, Tensor) else np.asarray(g).astype(numpy_dtype)


def _pairs(x: Any) -> Any:
    """Complex (*) as real (*, 2), sharing memory."""
    return x[..., None].view(x.real.dtype)


def _joined(x: Any) -> Any:
    """Real (*, 2) as complex (*), sharing memory where a pair lies side by side."""
    if x.size == 0:
        return np.empty(x.shape[:-1], np.result_type(x.dtype, np.complex64))
    if x.strides[-1] != x.itemsize or any(step % (2 * x.itemsize) for step in x.strides[:-1]):
        x = np.ascontiguousarray(x)
    return x.view(np.result_type(x.dtype, np.complex64))[..., 0]


_conj = Primitive("conj", lambda xp, x: np.conj(x), lambda xp, g: xp.conj(g))
_real = Primitive("real", lambda xp, x: x.real, lambda xp, g, x_dtype: cast_array(xp, g, x_dtype), view=True)
_imag = Primitive("imag", lambda xp, x: x.imag, lambda xp, g, x_dtype: cast_array(xp, g, x_dtype) * 1j, view=True)
_view_as_real: Primitive = Primitive(
    "view_as_real", lambda xp, x: _pairs(x), lambda xp, g: _view_as_complex.under(xp, g), view=True
)
_view_as_complex: Primitive = Primitive(
    "view_as_complex", lambda xp, x: _joined(x), lambda xp, g: _view_as_real.under(xp, g), view=True
)


def _from_parts(x: Any, y: Any) -> Any:
    out = np.empty(np.broadcast_shapes(x.shape, y.shape), np.result_type(x.dtype, np.complex64))
    out.real, out.imag = x, y
    return out


_complex = Primitive(
    "complex", lambda xp, x, y: _from_parts(x, y), lambda xp, g: g.real, lambda xp, g: g.imag, broadcasts=True
)


def _angles(x: Any) -> Any:
    if x.dtype.kind == "c":
        return np.angle(x)
    # Negative zero counts as positive here.
    return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(math.pi), x.dtype.type(0)))


def _angle_rule(xp: Any, g: Any, x: Any, x_dtype: Any) -> Any:
    if x_dtype.kind != "c":
        return g * 0
    size = xp.abs(x)
    return xp.where(size == 0, 0.0, 1j * x * (g / xp.where(size == 0, 1.0, size * size)))


_angle = Primitive("angle", lambda xp, x: _angles(x), _angle_rule)


def _expect_complex(op: str, input: Any) -> None:
    expect_tensor(op, "input", input)
    if not input.is_complex():
        raise RuntimeError(f"{op} is only supported for complex tensors, not {input.dtype.name}")


@method
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own (``torch.conj``). A copy, where PyTorch's is a view."""
    expect_tensor("conj", "input", input)
    return _conj(input) if input.is_complex() else input


@method
def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate; a real tensor is its own (``torch.conj_physical``)."""
    result = conj(input)
    return result if out is None else write_out("conj_physical", out, result)


@method
def resolve_conj(input: Tensor) -> Tensor:
    """`input`: no conjugate is ever pending here (``torch.resolve_conj``)."""
    expect_tensor("resolve_conj", "input", input)
    return input


@method
def resolve_neg(input: Tensor) -> Tensor:
    """`input`: no negation is ever pending here (``torch.resolve_neg``)."""
    expect_tensor("resolve_neg", "input", input)
    return input


@method
def is_conj(input: Tensor) -> bool:
    """False: conjugates are computed at once (``torch.is_conj``)."""
    expect_tensor("is_conj", "input", input)
    return False


@method
def is_neg(input: Tensor) -> bool:
    """False: negations are computed at once (``torch.is_neg``)."""
    expect_tensor("is_neg", "input", input)
    return False


def real(input: Tensor) -> Tensor:
    """The real part, a view; a real tensor is its own (``torch.real``)."""
    expect_tensor("real", "input", input)
    return _real(input) if input.is_complex() else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor, a view (``torch.imag``)."""
    expect_tensor("imag", "input", input)
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _imag(input)


@method
def view_as_real(input: Tensor) -> Tensor:
    """Complex (*) as real (*, 2), a view (``torch.view_as_real``)."""
    _expect_complex("view_as_real", input)
    return _view_as_real(input)


@method
def view_as_complex(input: Tensor) -> Tensor:
    """Real (*, 2) as complex (*), a view (``torch.view_as_complex``).

    Raises RuntimeError if a pair does not lie side by side in memory.
    """
    expect_tensor("view_as_complex", "input", input)
    x = input._array
    if x.dtype not in (np.float32, np.float64):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            + TITLES[input.dtype.name]
        )
    if x.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if x.shape[-1] != 2:
        raise RuntimeError(f"Tensor must have a last dimension of size 2, got shape {tuple(x.shape)}")
    if x.size and x.strides[-1] != x.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if x.size and any(step % (2 * x.itemsize) for step in x.strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return _view_as_complex(input)


def _parts(op: str, names: tuple[str, str], first: Any, second: Any) -> None:
    for name, value in zip(names, (first, second), strict=True):
        expect_tensor(op, name, value)
    if not all(each.dtype in (dtypes.float16, dtypes.float32, dtypes.float64) for each in (first, second)):
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {TITLES[first.dtype.name]} and "
            f"{TITLES[second.dtype.name]}"
        )
    if first.dtype is not second.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {TITLES[first.dtype.name]} but got scalar type "
            f"{TITLES[second.dtype.name]} for second argument"
        )
    if first.dtype is dtypes.float16:
        raise RuntimeError(f"{op}: there is no complex32 here; convert to float32 first, for complex64")


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``real + 1j * imag``, broadcast (``torch.complex``).

    >>> import tinygrad5329 as tg
    >>> tg.complex(tg.tensor([1.0, 2.0]), tg.tensor([0.0, -1.0]))
    tensor([1.+0.j, 2.-1.j])
    """
    _parts("complex", ("real", "imag"), real, imag)
    result = _complex(real, imag)
    return result if out is None else write_out("complex", out, result)


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``abs * exp(1j * angle)`` (``torch.polar``)."""
    _parts("polar", ("abs", "angle"), abs, angle)
    result = _complex(mul(abs, cos(angle)), mul(abs, sin(angle)))
    return result if out is None else write_out("polar", out, result)


@method
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians; 0 or pi for real numbers (``torch.angle``)."""
    result = _angle(to_float(input, "angle"))
    return result if out is None else write_out("angle", out, result)


def _set_real(self: Tensor, value: Any) -> None:
    part = real(self)
    part.copy_(value if isinstance(value, Tensor) else wrap(np.asarray(value, part._array.dtype)))


def _set_imag(self: Tensor, value: Any) -> None:
    part = imag(self)
    part.copy_(value if isinstance(value, Tensor) else wrap(np.asarray(value, part._array.dtype)))


def _chalf(self: Tensor, *, memory_format: Any = None) -> Tensor:
    raise RuntimeError("chalf(): there is no complex32 here; use cfloat(), for complex64")


attach(
    real=property(real, _set_real),
    imag=property(imag, _set_imag),
    chalf=_chalf,
)
