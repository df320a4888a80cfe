"""Functions made of logarithms, right also where these are infinite: logaddexp, xlogy, entr, logit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.ops.defining import binary, on_class, unary
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, to_float, write_out
from tinygrad5329.tensor import Tensor

__all__ = ["logaddexp", "logaddexp2", "logit", "xlogy"]


def _product(log: Any, x: Any, y: Any) -> Any:
    """x log(y), 0 where x is 0 unless y is NaN."""
    return np.where((x == 0) & ~np.isnan(y), np.zeros_like(x), x * log(y))


def _entr_arrays(x: Any) -> Any:
    out = -_product(np.log, x, x)
    return np.where(x < 0, np.full_like(x, -np.inf), out)


_logaddexp = Primitive(
    "logaddexp",
    lambda xp, x, y: xp.logaddexp(x, y),
    lambda xp, g, x, y: g / (1 + xp.exp(y - x)),
    lambda xp, g, x, y: g / (1 + xp.exp(x - y)),
    broadcasts=True,
)
_logaddexp2 = Primitive(
    "logaddexp2",
    lambda xp, x, y: xp.logaddexp2(x, y),
    lambda xp, g, x, y: g / (1 + xp.exp((y - x) * math.log(2))),
    lambda xp, g, x, y: g / (1 + xp.exp((x - y) * math.log(2))),
    broadcasts=True,
)
_xlogy = Primitive(
    "xlogy",
    lambda xp, x, y: _product(np.log, x, y),
    lambda xp, g, x, y: g * xp.where((x == 0) & (y <= 0), 0.0, xp.log(xp.where((x == 0) & (y <= 0), 1.0, y))),
    lambda xp, g, x, y: g * (x / y),
    broadcasts=True,
)
_xlog1py = Primitive(
    "xlog1py",
    lambda xp, x, y: _product(np.log1p, x, y),
    lambda xp, g, x, y: g * xp.where((x == 0) & (y <= -1), 0.0, xp.log1p(xp.where((x == 0) & (y <= -1), 0.0, y))),
    lambda xp, g, x, y: g * (x / (y + 1)),
    broadcasts=True,
)
_entr = Primitive("entr", lambda xp, x: _entr_arrays(x), lambda xp, g, x: g * (-xp.log(x) - 1))


def _logit_rule(xp: Any, g: Any, x: Any, eps: float | None) -> Any:
    """1 / (x (1 - x)); outside of [eps, 1 - eps] nothing passes, outside of [0, 1] there is no derivative."""
    low, high, outside = (0.0, 1.0, math.nan) if eps is None else (eps, 1 - eps, 0.0)
    inside = (x >= low) & (x <= high)
    y = xp.where(inside, x, 0.5)
    return xp.where(inside, g / (y * (1 - y)), outside)


def _logit_arrays(x: Any, eps: float | None) -> Any:
    y = x if eps is None else np.clip(x, eps, 1 - eps)
    return np.log(y / (1 - y))


_logit = Primitive("logit", lambda xp, x, *, eps: _logit_arrays(x, eps), _logit_rule)

logaddexp = binary(_logaddexp, "log(exp(input) + exp(other)) without overflow", floats=False, refuse="cbiu")
logaddexp2 = binary(_logaddexp2, "log2(2^input + 2^other) without overflow", floats=False, refuse="cbiu")
xlogy = binary(_xlogy, "input * log(other), 0 where input is 0 and other is no NaN", numbers=True)
xlog1py = binary(_xlog1py, "input * log(1 + other), 0 where input is 0 and other is no NaN",
                 home="torch.special", numbers=True)  # fmt: skip
entr = unary(_entr, "-input * log(input), 0 at 0 and -inf below", home="torch.special")


def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """The inverse of the sigmoid, log(x / (1 - x)), of x limited to [eps, 1 - eps] (``torch.logit``)."""
    expect_tensor("logit", "input", input)
    if input.is_complex():
        raise NotImplementedError(f"\"logit\" not implemented for '{scalar_type(input._array.dtype)}'")
    result = _logit(to_float(input, "logit"), eps=None if eps is None or eps < 0 else eps)
    return result if out is None else write_out("logit", out, result)


on_class(logaddexp, logaddexp2, xlogy, logit)
