"""Local response normalisation."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.tensor import Tensor


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Return ``x / (k + alpha * mean(x^2))^beta``, the mean over `size` neighbouring channels of (N, C, ...).

    ValueError for fewer than three dimensions. Matches `torch.nn.functional.local_response_norm`; Krizhevsky et
    al., "ImageNet classification with deep convolutional neural networks", 2012, section 3.3.
    """
    if input.dim() < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.dim()} dimensions)")
    if input.numel() == 0:
        return input
    n, channels = input.shape[:2]
    squares = (input * input).reshape(n, 1, channels, -1)
    padded = ops.pad(squares, (0, 0, size // 2, (size - 1) // 2))
    mean = ops.avg_pool2d(padded, (size, 1), stride=1).reshape(input.shape)
    return input / mean.mul(alpha).add(k).pow(beta)
