"""Special functions (``torch.special``): every name of PyTorch's, most of them in ``tinygrad5329.ops`` too.

>>> import tinygrad5329 as tg
>>> tg.special.ndtri(tg.tensor([0.5, 0.975]))
tensor([0.0000, 1.9600])
"""

from __future__ import annotations

from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.ops.activation import sigmoid as expit
from tinygrad5329.ops.angles import sinc
from tinygrad5329.ops.arguments import explain_all
from tinygrad5329.ops.bessel_functions import (
    airy_ai,
    bessel_j0,
    bessel_j1,
    bessel_y0,
    bessel_y1,
    i0,
    i0e,
    i1,
    i1e,
    modified_bessel_i0,
    modified_bessel_i1,
    modified_bessel_k0,
    modified_bessel_k1,
    scaled_modified_bessel_k0,
    scaled_modified_bessel_k1,
    spherical_bessel_j0,
)
from tinygrad5329.ops.exponential_sums import log_softmax as _log_softmax
from tinygrad5329.ops.exponential_sums import logsumexp
from tinygrad5329.ops.exponential_sums import softmax as _softmax
from tinygrad5329.ops.gamma_functions import digamma, igamma, igammac, lgamma, mvlgamma, polygamma, zeta
from tinygrad5329.ops.logarithms import entr, logit, xlog1py, xlogy
from tinygrad5329.ops.normal_distribution import erfcx, log_ndtr, ndtr, ndtri
from tinygrad5329.ops.orthogonal_polynomials import (
    chebyshev_polynomial_t,
    chebyshev_polynomial_u,
    chebyshev_polynomial_v,
    chebyshev_polynomial_w,
    hermite_polynomial_h,
    hermite_polynomial_he,
    laguerre_polynomial_l,
    legendre_polynomial_p,
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
)
from tinygrad5329.ops.pointwise import erf, erfc, erfinv, exp2, expm1, log1p, round  # type: ignore[attr-defined]
from tinygrad5329.tensor import Tensor

__all__ = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_t", "chebyshev_polynomial_u",
    "chebyshev_polynomial_v", "chebyshev_polynomial_w", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2",
    "expit", "expm1", "gammainc", "gammaincc", "gammaln", "hermite_polynomial_h", "hermite_polynomial_he", "i0", "i0e",
    "i1", "i1e", "laguerre_polynomial_l", "legendre_polynomial_p", "log1p", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1",
    "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1", "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w", "sinc", "softmax", "spherical_bessel_j0",
    "xlog1py", "xlogy", "zeta",
]  # fmt: skip

gammaln, psi, multigammaln = lgamma, digamma, mvlgamma
gammainc, gammaincc = igamma, igammac


def softmax(input: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """``exp(input)`` divided by its sum over the dimension `dim` (``torch.special.softmax``)."""
    return _softmax(input, dim, dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """The logarithm of :func:`softmax` (``torch.special.log_softmax``)."""
    return _log_softmax(input, dim, dtype)


def __dir__() -> list[Any]:
    return sorted(__all__)


explain_all(globals(), __all__, __name__)
