"""Parts of a tensor scaled down to a largest norm: renorm."""

from __future__ import annotations

from typing import Any

from tinygrad5329.description import check_dim
from tinygrad5329.ops.choosing import where
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.norms import norm
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["renorm"]


@method
def renorm(input: Tensor, p: Any, dim: int, maxnorm: Any, *, out: Tensor | None = None) -> Tensor:
    """`input` with each entry of `dim` scaled so that its `p`-norm is at most `maxnorm` (``torch.renorm``)."""
    expect_tensor("renorm", "input", input)
    ndim = input._array.ndim
    if ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    if isinstance(p, complex) or p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported" if not isinstance(p, complex)
                           else "renorm: p must be real-valued")  # fmt: skip
    if isinstance(maxnorm, complex) or maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    dim = check_dim(dim, ndim)
    norms = norm(input, p, [d for d in range(ndim) if d != dim], True)
    # The 1e-7 is PyTorch's.
    factor = where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
    result = input * factor.to(input.dtype)
    return result if out is None else write_out("renorm", out, result)


@method
def renorm_(self: Tensor, p: Any, dim: int, maxnorm: Any) -> Tensor:
    """:func:`renorm` in place (``torch.Tensor.renorm_``)."""
    return in_place(self, "renorm_", renorm, p, dim, maxnorm)
