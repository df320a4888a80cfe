"""The normal distribution function, its logarithm and inverse, and the scaled error function."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.backends import normal, special
from tinygrad5329.ops.defining import unary
from tinygrad5329.ops.primitive import Primitive

__all__ = ["erfcx", "log_ndtr", "ndtr", "ndtri"]

_ROOT = math.sqrt(2 * math.pi)


def _log_ndtr_rule(xp: Any, g: Any, x: Any) -> Any:
    """The density over the distribution function, both times exp(x^2 / 2)."""
    return g / _erfcx.under(xp, x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi)


_erfcx: Primitive = Primitive(
    "erfcx",
    lambda xp, x: normal.erfcx(x),
    lambda xp, g, x, out: g * (2 * x * out - 2 / math.sqrt(math.pi)),
)
_ndtr = Primitive("ndtr", lambda xp, x: special.ndtr(x), lambda xp, g, x: g * (xp.exp(x * x * -0.5) / _ROOT))
_log_ndtr = Primitive("log_ndtr", lambda xp, x: normal.log_ndtr(x), _log_ndtr_rule)
_ndtri = Primitive("ndtri", lambda xp, x: normal.ndtri(x), lambda xp, g, out: g * (xp.exp(out * out * 0.5) * _ROOT))

erfcx = unary(_erfcx, "exp(x^2) erfc(x), without underflow", home="torch.special")
ndtr = unary(_ndtr, "The standard normal distribution function", home="torch.special")
log_ndtr = unary(_log_ndtr, "The logarithm of ndtr, also far below 0", home="torch.special")
ndtri = unary(_ndtri, "The inverse of ndtr", home="torch.special")
