"""Normalisation over groups of channels."""

from __future__ import annotations

from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor


class GroupNorm(Module):
    """Normalise each sample over groups of channels: ``y = (x - mean) / sqrt(var + eps) * weight + bias``.

    Shapes: input and output (N, C, ...).

    Parameters
    ----------
    num_groups : int
        Into how many groups the channels are divided.
    num_channels : int
        C.
    eps : float
        Added to the (biased) variance.
    affine : bool
        Whether there are a learnable `weight` (ones at first) and `bias` (zeros) for each channel.
    device, dtype : optional
        Of the parameters.
    bias : bool
        Whether the affine part has a `bias`.

    Raises
    ------
    ValueError
        If `num_groups` does not divide `num_channels`.

    Notes
    -----
    Matches `torch.nn.GroupNorm`; Wu and He, "Group normalization", 2018.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(
                name, Parameter(empty(num_channels, device=device, dtype=dtype)) if wanted else None
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
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
