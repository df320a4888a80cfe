"""Orthogonal polynomials whose degree may vary from element to element.

Computed by their three-term recurrences (NIST DLMF 18.9), on tensors where a gradient to `x` is wanted and on
arrays otherwise. PyTorch's conventions: the degree is cut to a whole number, and a negative one gives 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.ops import primitive
from tinygrad5329.ops.defining import named, two_operands
from tinygrad5329.ops.promote import broadcast_shape, cast, write_out
from tinygrad5329.tensor import Tensor, recording, wrap

__all__ = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]  # fmt: skip

#: Steps that a recurrence may take: beyond, a degree is most likely a mistake.
_LARGEST = 100_000


def _by_recurrence(xp: Any, x: Any, n: Any, second: Any, step: Callable[..., Any], largest: int) -> Any:
    """The polynomial of degree `n`: p_0 is 1, p_1 is `second`, p_(k + 1) is ``step(k, x, p_k, p_(k - 1))``."""
    before, now = xp.ones_like(x), second
    out = xp.where(n == 0, before, 0.0)
    for k in range(1, largest + 1):
        out = xp.where(n == k, now, out)
        if k < largest:
            before, now = now, step(k, x, now, before)
    return out


def _define(
    name: str, about: str, second: Callable[[Any], Any], step: Callable[..., Any], shifted: bool = False
) -> Callable[..., Tensor]:
    def function(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
        x, degree = two_operands(name, input, n, numbers=True)
        with np.errstate(all="ignore"):
            finite = np.isfinite(degree._array)
            whole = np.where(finite, np.trunc(np.where(finite, degree._array, 0)), -1).astype(np.int64)
        largest = int(whole.max(initial=0))
        if largest > _LARGEST:
            raise RuntimeError(f"{name}: the degree {largest} is above {_LARGEST}, the largest supported")
        shape = broadcast_shape(name, x._array.shape, whole.shape)
        recorded = recording() and x.requires_grad
        wide = cast(x, dtypes.float64)
        y = 2 * wide - 1 if shifted else wide
        if recorded:
            y = y.broadcast_to(shape)
            result = _by_recurrence(primitive.tensor_namespace, y, wrap(whole), second(y), step, largest)
        else:
            array = np.broadcast_to(y._array, shape)
            with np.errstate(all="ignore"):
                result = wrap(_by_recurrence(NUMPY, array, whole, second(array), step, largest))
        result = cast(result, x.dtype)
        return result if out is None else write_out(name, out, result)

    return named(function, name, f"{about} of degree `n` at `input` (``torch.special.{name}``).")


def _chebyshev(k: int, x: Any, now: Any, before: Any) -> Any:
    return 2 * x * now - before


def _legendre(k: int, x: Any, now: Any, before: Any) -> Any:
    return ((2 * k + 1) * x * now - k * before) / (k + 1)


def _laguerre(k: int, x: Any, now: Any, before: Any) -> Any:
    return ((2 * k + 1 - x) * now - k * before) / (k + 1)


def _hermite(k: int, x: Any, now: Any, before: Any) -> Any:
    return 2 * (x * now - k * before)


def _hermite_he(k: int, x: Any, now: Any, before: Any) -> Any:
    return x * now - k * before


_SECONDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "t": ("first", lambda x: x),
    "u": ("second", lambda x: 2 * x),
    "v": ("third", lambda x: 2 * x - 1),
    "w": ("fourth", lambda x: 2 * x + 1),
}
chebyshev_polynomial_t, chebyshev_polynomial_u, chebyshev_polynomial_v, chebyshev_polynomial_w = (
    _define(f"chebyshev_polynomial_{kind}", f"The Chebyshev polynomial of the {which} kind", second, _chebyshev)
    for kind, (which, second) in _SECONDS.items()
)
(
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
) = (
    _define(
        f"shifted_chebyshev_polynomial_{kind}",
        f"The Chebyshev polynomial of the {which} kind, shifted to [0, 1],",
        second,
        _chebyshev,
        shifted=True,
    )
    for kind, (which, second) in _SECONDS.items()
)
hermite_polynomial_h = _define("hermite_polynomial_h", "The physicist's Hermite polynomial", lambda x: 2 * x, _hermite)
hermite_polynomial_he = _define(
    "hermite_polynomial_he", "The probabilist's Hermite polynomial", lambda x: x, _hermite_he
)
laguerre_polynomial_l = _define("laguerre_polynomial_l", "The Laguerre polynomial", lambda x: 1 - x, _laguerre)
legendre_polynomial_p = _define("legendre_polynomial_p", "The Legendre polynomial", lambda x: x, _legendre)
