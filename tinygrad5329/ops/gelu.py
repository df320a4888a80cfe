"""GELU, x times the normal distribution function of x, exact and in its tanh form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.backends import special
from tinygrad5329.dtypes import FLOATING, is_half
from tinygrad5329.ops import pointwise as pointwise  # the rule needs erf to be registered
from tinygrad5329.ops.arguments import explains_itself
from tinygrad5329.ops.primitive import REGISTRY, Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor

__all__ = ["gelu"]

_erf = REGISTRY["erf"]

_SQRT_HALF = math.sqrt(0.5)
_DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
# The tanh form: tanh(a x + b x^3) in place of erf(x / sqrt(2)).
_A = math.sqrt(2 / math.pi)
_B = 0.044715 * _A


@explains_itself
def gelu(input: Tensor, *, approximate: str = "none", out: Tensor | None = None) -> Tensor:
    """Gaussian error linear unit, x Phi(x) element by element (``torch.nn.functional.gelu``).

    Parameters
    ----------
    input : Tensor
        float16 (computed in float32), float32 or float64, of any shape.
    approximate : {"none", "tanh"}
        ``"none"``: Phi is the normal distribution function, (1 + erf(x / sqrt(2))) / 2; a float32 result is
        within 2.2e-7 abs(x) of it. ``"tanh"``: Phi is (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    TypeError
        `input` is not a tensor or `approximate` not a string.
    RuntimeError
        `approximate` is another string.
    NotImplementedError
        `input` holds integers, bools or complex numbers.

    Notes
    -----
    D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> gelu(tg.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"gelu(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if approximate != "none" and approximate != "tanh":
        if not isinstance(approximate, str):
            raise TypeError(f"gelu(): argument 'approximate' must be str, not {type(approximate).__name__}")
        raise RuntimeError(f"gelu(): approximate argument must be either none or tanh, got {approximate!r}")
    if input._array.dtype.kind not in FLOATING:
        raise NotImplementedError(
            f'"gelu" not implemented for {input.dtype.name}: expected a floating point tensor; convert the '
            "input first, for example with input.float()"
        )
    result = _gelu.run(input, approximate=approximate)
    return result if out is None else write_out("gelu", out, result)


def _rule(xp: Any, g: Any, x: Any, approximate: str) -> Any:
    if approximate == "none":
        cdf = 0.5 * (1 + _erf.under(xp, x * _SQRT_HALF))
        return g * (cdf + x * (_DENSITY_AT_0 * xp.exp(-0.5 * x * x)))
    tanh = xp.tanh(x * (_A + _B * x * x))
    return g * (0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * (_A + 3 * _B * x * x))


def _forward(xp: Any, x: Any, *, approximate: str, keep: bool) -> tuple[Any, Any]:
    """GELU and, with `keep`, its derivative, which makes the backward pass one multiplication."""
    if is_half(x.dtype):
        out, slope = _forward(xp, x.astype(np.float32), approximate=approximate, keep=keep)
        return out.astype(x.dtype), slope
    out = np.empty_like(x)
    slope = np.empty_like(x) if keep else None
    fill: Callable[..., None] = _fill_exact if approximate == "none" else _fill_tanh
    with np.errstate(all="ignore"):
        for pieces in special.blocks(x, out, slope if keep else out):
            fill(*pieces, keep)
    return out, slope


# 0-d arrays of each dtype: NumPy takes them into a loop 0.3 us faster than Python floats.
_CONSTANTS = {
    np.dtype(dtype): tuple(np.array(c, dtype) for c in (0.5, -0.5, 1, _DENSITY_AT_0, _A, _B, 3 * _B))
    for dtype in (np.float32, np.float64)
}

# The two forms in place. `cdf` holds first the distribution function, which goes into `out`, and with
# `keep` the derivative of GELU in the end; it may be `out` without `keep`. `square` is scratch.


def _fill_exact(x: Any, out: Any, cdf: Any, square: Any, keep: bool) -> None:
    half, minus_half, _, density_at_0, *_ = _CONSTANTS[x.dtype]
    np.multiply(x, x, square)
    if x.dtype == np.float32:
        special.erf_over_sqrt2(x, square, cdf)
    else:
        special.erf(x * _SQRT_HALF, cdf)
    cdf *= half
    cdf += half
    np.multiply(x, cdf, out)
    if keep:
        # cdf + x cdf' with cdf' = exp(-x^2 / 2) / sqrt(2 pi)
        square *= minus_half
        np.exp(square, square)
        square *= x
        square *= density_at_0
        cdf += square


def _fill_tanh(x: Any, out: Any, cdf: Any, square: Any, keep: bool) -> None:
    half, _, one, _, a, b, triple_b = _CONSTANTS[x.dtype]
    np.multiply(x, x, square)
    np.multiply(square, b, cdf)
    cdf += a
    cdf *= x
    np.tanh(cdf, cdf)
    # Taken before 1 + tanh is rounded, which would cost it a digit where tanh is near 1.
    rest = one - cdf if keep else None
    cdf *= half
    cdf += half
    np.multiply(x, cdf, out)
    if keep:
        # cdf + x cdf' with cdf' = cdf (1 - tanh) (a + 3 b x^2)
        square *= triple_b
        square += a
        square *= out
        square *= rest
        cdf += square


def _raw(xp: Any, g: Any, aux: Any) -> tuple[Any]:
    gradient = g * aux
    # The derivative of a float16 input is kept in float32.
    return (gradient if gradient.dtype == g.dtype else gradient.astype(g.dtype),)


_gelu = Primitive("gelu", _forward, _rule, raw=_raw, aux=True)
