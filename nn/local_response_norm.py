"""Local response normalisation."""

from __future__ import annotations

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class LocalResponseNorm(Module):
    """Divide each element by ``(k + alpha * mean(x^2))^beta``, the mean over `size` neighbouring channels.

    Shapes: input and output (N, C, ...). Matches `torch.nn.LocalResponseNorm`.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
