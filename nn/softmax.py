"""Softmax layers."""

from __future__ import annotations

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class _AlongDim(Module):
    """What the softmax layers share: the dimension along which they work."""

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """``exp(x) / sum(exp(x))`` along `dim`. Matches `torch.nn.Softmax`.

    `CrossEntropyLoss` contains its own softmax: a model trained with it ends without one.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return ``softmax(input)``, of the input's shape."""
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(_AlongDim):
    """The logarithm of `Softmax`, computed without overflow. Matches `torch.nn.LogSoftmax`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``log_softmax(input)``, of the input's shape."""
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmin(_AlongDim):
    """`Softmax` of ``-x``. Matches `torch.nn.Softmin`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``softmin(input)``, of the input's shape."""
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """`Softmax` over the channels of (N, C, H, W) or (C, H, W). Matches `torch.nn.Softmax2d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the softmax over the third dimension from the end; ValueError for other numbers of dimensions."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3, _stacklevel=5)
