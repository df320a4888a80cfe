"""Channels and pixels exchanged: pixel_shuffle, its inverse and channel_shuffle, composed of views and a copy."""

from __future__ import annotations

from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.shaping import permute, reshape
from tinygrad5329.tensor import Tensor

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def _factor(op: str, name: str, input: Tensor, factor: int) -> None:
    expect_tensor(op, "input", input)
    if not hasattr(factor, "__index__") or isinstance(factor, bool):
        raise TypeError(f"{op}(): argument '{name}' must be int, not {type(factor).__name__}")
    if input._array.ndim < 3:
        raise RuntimeError(
            f"{op} expects input to have at least 3 dimensions, but got input with {input._array.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{op} expects a positive {name}, but got {factor}")


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r^2, H, W) to (..., C, H r, W r): channels become pixels (``torch.pixel_shuffle``).

    RuntimeError unless the channels are divisible by r^2. Shi et al., arXiv:1609.05158.
    """
    _factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    *lead, channels, h, w = input._array.shape
    r = upscale_factor
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    x = reshape(input, (*lead, channels // (r * r), r, r, h, w))
    x = permute(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return reshape(x, (*lead, channels // (r * r), h * r, w * r)).contiguous()


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) to (..., C r^2, H, W): the inverse of :func:`pixel_shuffle` (``torch.pixel_unshuffle``)."""
    _factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    *lead, channels, h, w = input._array.shape
    r = downscale_factor
    for name, size in (("height", h), ("width", w)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but {size} is not divisible by "
                f"{r}"
            )
    n = len(lead)
    x = reshape(input, (*lead, channels, h // r, r, w // r, r))
    x = permute(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return reshape(x, (*lead, channels * r * r, h // r, w // r)).contiguous()


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """(N, C, ...) with the channels of `groups` groups interleaved (``torch.channel_shuffle``).

    RuntimeError unless C is divisible by `groups`. Zhang et al., arXiv:1707.01083.
    """
    _factor("channel_shuffle", "groups", input, groups)
    n, channels, *sizes = input._array.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    x = reshape(input, (n, groups, channels // groups, *sizes))
    return reshape(x.transpose(1, 2), input._array.shape).contiguous()


native_channel_shuffle = channel_shuffle
