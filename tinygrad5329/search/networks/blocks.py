"""What the networks of a search are made of that ``nn`` has no layer for."""

from __future__ import annotations

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.tensor import Tensor

__all__ = ["LastState", "LearnedPositions", "ProjectedResidual", "SelfAttention"]


class ProjectedResidual(nn.Module):
    """``shortcut(x) + module(x)``: a residual block that changes the width (He et al. 2016, equation 2).

    Parameters
    ----------
    module : Module
        The branch.
    shortcut : Module
        The projection W_s; both give the same shape.
    """

    def __init__(self, module: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.shortcut = shortcut

    def forward(self, input: Tensor) -> Tensor:
        """Return ``shortcut(input) + module(input)``."""
        kept: Tensor = self.shortcut(input)
        return kept + self.module(input)


class LastState(nn.Module):
    """A gated recurrent unit over tokens (N, L, input_size); gives its last state (N, hidden_size).

    Parameters
    ----------
    input_size, hidden_size : int
        Width of a token, and of the state.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True)

    def forward(self, input: Tensor) -> Tensor:
        """Return the state after the last token."""
        _, last = self.gru(input)
        state: Tensor = last[0]
        return state


class LearnedPositions(nn.Module):
    """Adds a learned vector to each token by its place (Dosovitskiy et al. 2021, equation 1).

    Parameters
    ----------
    length, width : int
        Number of tokens, and their width; the vectors are drawn from N(0, 0.02 ** 2).
    """

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.length = length
        self.width = width
        self.positions = nn.Parameter(0.02 * tg.randn(length, width))

    def forward(self, input: Tensor) -> Tensor:
        """Return tokens (N, length, width) with their places."""
        return input + self.positions

    def extra_repr(self) -> str:
        return f"{self.length}, {self.width}"


class SelfAttention(nn.Module):
    """Multi-head attention of tokens (N, L, width) to each other (Vaswani et al. 2017, section 3.2.2).

    Parameters
    ----------
    width, heads : int
        ``heads`` divides ``width``.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.width = width
        self.heads = heads
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, input: Tensor) -> Tensor:
        """Return tokens of the same shape."""
        attended: Tensor = self.attention(input, input, input, need_weights=False)[0]
        return attended
