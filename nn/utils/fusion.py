"""Folding batch normalisation, as it works in evaluation mode, into the layer before it."""

from __future__ import annotations

import copy
from typing import Any

from tinygrad5329.creation import ones_like, zeros_like
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """Return a copy of a convolution that does the batch normalisation after it too.

    `transpose` is for transposed convolutions. AssertionError unless both are in evaluation mode and `bn` has running
    statistics. Matches `torch.nn.utils.fuse_conv_bn_eval`.
    """
    fused = _copied(conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return weight and bias of the convolution that does the batch normalisation after it too.

    The arguments are weight and bias of the convolution, and running mean and variance, eps, weight and bias of the
    batch normalisation. Matches `torch.nn.utils.fuse_conv_bn_weights`.
    """
    channels = (1, -1) if transpose else (-1, 1)
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, channels + (1,) * (conv_w.ndim - 2))


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """Return a copy of a linear layer that does the batch normalisation after it too.

    AssertionError unless both are in evaluation mode, `bn` has running statistics and the features fit. Matches
    `torch.nn.utils.fuse_linear_bn_eval`.
    """
    fused = _copied(linear, bn)
    if bn.num_features not in (1, linear.out_features):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features="
            f"{linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Return weight and bias of the linear layer that does the batch normalisation after it too.

    Arguments as for `fuse_conv_bn_weights`. Matches `torch.nn.utils.fuse_linear_bn_weights`.
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def _copied(layer: Any, bn: Any) -> Any:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return copy.deepcopy(layer)


def _fused(
    w: Tensor,
    b: Tensor | None,
    mean: Tensor,
    var: Tensor,
    eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    shape: tuple[int, ...],
) -> tuple[Parameter, Parameter]:
    scale = (ones_like(mean) if bn_w is None else bn_w) * (var + eps).rsqrt()
    bias = zeros_like(mean) if b is None else b
    moved = (bias - mean) * scale + (zeros_like(mean) if bn_b is None else bn_b)
    weight = (w * scale.reshape(shape)).detach().to(w.dtype)
    return (
        Parameter(weight, w.requires_grad),
        Parameter(moved.detach().to(w.dtype if b is None else b.dtype), bias.requires_grad),
    )
