"""Layer normalisation."""

from __future__ import annotations

from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor


class LayerNorm(Module):
    """Normalise each sample over its last dimensions: ``y = (x - mean) / sqrt(var + eps) * weight + bias``.

    Shapes: input and output (..., *normalized_shape).

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The trailing dimensions to normalise over; an int stands for the last one.
    eps : float
        Added to the (biased) variance.
    elementwise_affine : bool
        Whether there are a learnable `weight` (ones at first) and `bias` (zeros), both of shape
        `normalized_shape`.
    bias : bool
        Whether the affine part has a `bias`.
    device, dtype : optional
        Of the parameters.

    Notes
    -----
    Matches `torch.nn.LayerNorm`; Ba, Kiros and Hinton, "Layer normalization", 2016.
    """

    normalized_shape: tuple[int, ...]
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | list[int] | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        has_bias = elementwise_affine and bias
        self.register_parameter(
            "weight",
            Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None,
        )
        self.register_parameter(
            "bias",
            Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if has_bias else None,
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )
