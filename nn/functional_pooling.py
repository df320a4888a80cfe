"""Pooling: the signatures of `torch.nn.functional` over the engine's pooling operations.

Inputs are (N, C, *sizes) or (C, *sizes), with one to three sizes. Sizes, strides and paddings are one int or
one for each dimension; `stride` is the kernel's size unless given. RuntimeError if the numbers do not fit.
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329 import ops
from tinygrad5329.ops.spatial import per_dimension, with_batch
from tinygrad5329.ops.unpooling import fractional_places, max_unpool
from tinygrad5329.randomness import rand
from tinygrad5329.tensor import Tensor


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (N, C, L); with `return_indices`, and where it lies.

    Matches `torch.nn.functional.max_pool1d`.
    """
    pool = ops.max_pool1d_with_indices if return_indices else ops.max_pool1d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `max_pool1d`, whatever `return_indices` says, as in PyTorch."""
    return ops.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima over a grid of `output_size`; with `return_indices`, and where they lie.

    Matches `torch.nn.functional.adaptive_max_pool1d`.
    """
    pair = ops.adaptive_max_pool1d(input, output_size)
    return pair if return_indices else pair[0]


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `adaptive_max_pool1d`, whatever `return_indices` says, as in PyTorch."""
    return ops.adaptive_max_pool1d(input, output_size)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Return ``(sum of x^p over each window)^(1/p)`` with p the `norm_type`.

    Matches `torch.nn.functional.lp_pool1d`.
    """
    return _lp_pool(ops.avg_pool1d, 1, input, norm_type, kernel_size, stride, ceil_mode)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Return zeros with `input` at the `indices` that `max_pool1d` gave.

    `output_size` chooses between the sizes that the pooling would have taken to the input's; ValueError if it
    is too far off. Matches `torch.nn.functional.max_unpool1d`.
    """
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (N, C, H, W); with `return_indices`, and where it lies.

    Matches `torch.nn.functional.max_pool2d`.
    """
    pool = ops.max_pool2d_with_indices if return_indices else ops.max_pool2d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `max_pool2d`, whatever `return_indices` says, as in PyTorch."""
    return ops.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima over a grid of `output_size`; with `return_indices`, and where they lie.

    Matches `torch.nn.functional.adaptive_max_pool2d`.
    """
    pair = ops.adaptive_max_pool2d(input, output_size)
    return pair if return_indices else pair[0]


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `adaptive_max_pool2d`, whatever `return_indices` says, as in PyTorch."""
    return ops.adaptive_max_pool2d(input, output_size)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Return ``(sum of x^p over each window)^(1/p)`` with p the `norm_type`.

    Matches `torch.nn.functional.lp_pool2d`.
    """
    return _lp_pool(ops.avg_pool2d, 2, input, norm_type, kernel_size, stride, ceil_mode)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Return zeros with `input` at the `indices` that `max_pool2d` gave.

    `output_size` chooses between the sizes that the pooling would have taken to the input's; ValueError if it
    is too far off. Matches `torch.nn.functional.max_unpool2d`.
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (N, C, D, H, W); with `return_indices`, and where it lies.

    Matches `torch.nn.functional.max_pool3d`.
    """
    pool = ops.max_pool3d_with_indices if return_indices else ops.max_pool3d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `max_pool3d`, whatever `return_indices` says, as in PyTorch."""
    return ops.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima over a grid of `output_size`; with `return_indices`, and where they lie.

    Matches `torch.nn.functional.adaptive_max_pool3d`.
    """
    pair = ops.adaptive_max_pool3d(input, output_size)
    return pair if return_indices else pair[0]


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `adaptive_max_pool3d`, whatever `return_indices` says, as in PyTorch."""
    return ops.adaptive_max_pool3d(input, output_size)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Return ``(sum of x^p over each window)^(1/p)`` with p the `norm_type`.

    Matches `torch.nn.functional.lp_pool3d`.
    """
    return _lp_pool(ops.avg_pool3d, 3, input, norm_type, kernel_size, stride, ceil_mode)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Return zeros with `input` at the `indices` that `max_pool3d` gave.

    `output_size` chooses between the sizes that the pooling would have taken to the input's; ValueError if it
    is too far off. Matches `torch.nn.functional.max_unpool3d`.
    """
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Return maxima over windows that begin at pseudo-random places, `output_size` or its ratio to the input's.

    Draws from the default generator unless `_random_samples`, (N, C, 2) in [0, 1), is given. Matches
    `torch.nn.functional.fractional_max_pool2d`, with the same numbers for the same seed.
    """
    pair = _fractional("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `fractional_max_pool2d`, whatever `return_indices` says."""
    return _fractional("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Return maxima over windows that begin at pseudo-random places, `output_size` or its ratio to the input's.

    Draws from the default generator unless `_random_samples`, (N, C, 3) in [0, 1), is given. Matches
    `torch.nn.functional.fractional_max_pool3d`, with the same numbers for the same seed.
    """
    pair = _fractional("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the values and indices of `fractional_max_pool3d`, whatever `return_indices` says."""
    return _fractional("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)


def _lp_pool(
    average: Any, dims: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    volume = math.prod(per_dimension(f"lp_pool{dims}d", "kernel_size", kernel_size, dims))
    mean = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(volume).pow(1.0 / norm_type)


def _unpool(
    op: str, dims: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    kernel = per_dimension(op, "kernel_size", kernel_size, dims)
    steps = kernel if stride is None else per_dimension(op, "stride", stride, dims)
    borders = per_dimension(op, "padding", padding, dims)
    sizes = tuple(
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(input.shape[-dims:], kernel, steps, borders, strict=True)
    )
    if output_size is not None:
        wanted = tuple(output_size)[-dims:]
        if len(tuple(output_size)) not in (dims, dims + 1, dims + 2):
            raise ValueError(
                f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
                f"'{len(tuple(output_size))}'"
            )
        if any(not n - s < m < n + s for m, n, s in zip(wanted, sizes, steps, strict=True)):
            raise ValueError(
                f"invalid output_size {wanted}: it must be within a stride of {list(sizes)}, which {op} gives by "
                "default"
            )
        sizes = wanted
    return max_unpool(op, input, indices, sizes)


def _fractional(
    op: str, dims: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Any
) -> tuple[Tensor, Tensor]:
    if output_size is None and output_ratio is None:
        raise ValueError(f"{op} requires specifying either an output_size or an output_ratio")
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
        output_size = tuple(int(n * ratio) for n, ratio in zip(input.shape[-dims:], ratios, strict=True))
    kernel = per_dimension(op, "kernel_size", kernel_size, dims)
    sizes = per_dimension(op, "output_size", output_size, dims)
    if input.dim() not in (dims + 1, dims + 2):
        raise RuntimeError(f"{op}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(input.shape)}")
    for n, k, m in zip(input.shape[-dims:], kernel, sizes, strict=True):
        if m < 1 or m + k - 1 > n:
            raise RuntimeError(f"{op}(): kernel_size {k} and output_size {m} are too large for an input of size {n}")
    if samples is None:
        n = 1 if input.dim() == dims + 1 else input.shape[0]
        samples = rand(n, input.shape[-dims - 1], dims, dtype=input.dtype)
    planes = math.prod(input.shape[:-dims])
    if samples.dim() != 3 or samples.shape[1:] != (input.shape[-dims - 1], dims) or samples.numel() < planes * dims:
        raise RuntimeError(
            f"{op}(): expected _random_samples of shape (N, {input.shape[-dims - 1]}, {dims}) for an input of shape "
            f"{tuple(input.shape)}, got {tuple(samples.shape)}"
        )
    samples = samples[: planes // samples.shape[1]] if planes else samples
    values, indices = fractional_places(with_batch(input, dims), kernel, sizes, samples)
    return (values.squeeze(0), indices.squeeze(0)) if input.dim() == dims + 1 else (values, indices)
