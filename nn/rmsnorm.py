"""Normalisation by the root mean square."""

from __future__ import annotations

from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor


class RMSNorm(Module):
    """Divide each sample by its root mean square: ``y = x / sqrt(mean(x**2) + eps) * weight``.

    Shapes: input and output (..., *normalized_shape).

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The trailing dimensions to take the mean over; an int stands for the last one.
    eps : float, optional
        The machine epsilon of the input's dtype when None.
    elementwise_affine : bool
        Whether there is a learnable `weight` of shape `normalized_shape`, ones at first.
    device, dtype : optional
        Of the parameter.

    Notes
    -----
    Matches `torch.nn.RMSNorm`; Zhang and Sennrich, "Root mean square layer normalization", 2019.
    """

    normalized_shape: tuple[int, ...]
    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | list[int] | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = None
        if elementwise_affine:
            weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
