"""The gamma function's relatives: lgamma, digamma, polygamma, mvlgamma, the incomplete ones, zeta."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends import gamma, incomplete_gamma
from tinygrad5329.ops import arithmetic, shaping, totals
from tinygrad5329.ops.defining import binary, on_class, refused, unary
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, to_float, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["digamma", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma"]

_polygamma: Primitive = Primitive(
    "polygamma",
    lambda xp, x, *, n: gamma.polygamma(n, x),
    lambda xp, g, x, n: g * _polygamma.under(xp, x, n=n + 1),
)
_digamma: Primitive = Primitive(
    "digamma", lambda xp, x: gamma.digamma(x), lambda xp, g, x: g * _polygamma.under(xp, x, n=1)
)
_lgamma: Primitive = Primitive("lgamma", lambda xp, x: gamma.lgamma(x), lambda xp, g, x: g * _digamma.under(xp, x))
_zeta: Primitive = Primitive(
    "zeta",
    lambda xp, x, q: gamma.zeta(x, q),
    refused("zeta to its first argument"),
    lambda xp, g, x, q: g * -x * _zeta.under(xp, x + 1, q),
    broadcasts=True,
)


def _density(xp: Any, g: Any, a: Any, x: Any) -> Any:
    """The derivative of P(a, x) to x."""
    return g * xp.exp((a - 1) * xp.log(x) - x - _lgamma.under(xp, a))


_igamma = Primitive(
    "igamma",
    lambda xp, a, x: incomplete_gamma.gammainc(a, x),
    refused("igamma to its first argument"),
    lambda xp, g, a, x: _density(xp, g, a, x),
    broadcasts=True,
)
_igammac = Primitive(
    "igammac",
    lambda xp, a, x: incomplete_gamma.gammaincc(a, x),
    refused("igammac to its first argument"),
    lambda xp, g, a, x: -_density(xp, g, a, x),
    broadcasts=True,
)

lgamma = unary(_lgamma, "The logarithm of the absolute value of the gamma function")
digamma = unary(_digamma, "The derivative of lgamma")
igamma = binary(_igamma, "The regularised lower incomplete gamma function P(input, other)", floats=False,
                refuse="cbiu")  # fmt: skip
igammac = binary(_igammac, "The regularised upper incomplete gamma function Q(input, other)", floats=False,
                 refuse="cbiu")  # fmt: skip
zeta = binary(_zeta, "The Hurwitz zeta function: the sum of (other + k)^-input over k = 0, 1, ...",
              home="torch.special", numbers=True)  # fmt: skip
on_class(lgamma, digamma, igamma, igammac)


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma (``torch.polygamma``)."""
    if isinstance(n, Tensor) and not isinstance(input, Tensor):
        n, input = input, n  # type: ignore[assignment]
    expect_tensor("polygamma", "input", input)
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"polygamma(): argument 'n' must be int, not {type(n).__name__}")
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if input.is_complex():
        raise NotImplementedError(f"\"polygamma\" not implemented for '{scalar_type(input._array.dtype)}'")
    x = to_float(input, "polygamma")
    result = _digamma(x) if n == 0 else _polygamma(x, n=int(n))
    return result if out is None else write_out("polygamma", out, result)


on_class(polygamma=lambda self, n: polygamma(n, self))


@method
def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p` (``torch.mvlgamma``)."""
    expect_tensor("mvlgamma", "input", input)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if input.is_complex():
        raise NotImplementedError(f"\"mvlgamma\" not implemented for '{scalar_type(input._array.dtype)}'")
    x = to_float(input, "mvlgamma")
    steps = wrap(np.arange(0, -p, -1).astype(x._array.dtype) / 2)
    terms = lgamma(arithmetic.add(shaping.unsqueeze(x, -1), steps))
    result = arithmetic.add(totals.sum(terms, -1), p * (p - 1) / 4 * math.log(math.pi))
    return result if out is None else write_out("mvlgamma", out, result)
