"""A linear layer with its cross entropy."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.linear import Linear
from tinygrad5329.nn.linear_cross_entropy_options import LinearCrossEntropyOptions
from tinygrad5329.nn.loss import _WeightedLoss
from tinygrad5329.tensor import Tensor


class LinearCrossEntropyLoss(_WeightedLoss):
    """`CrossEntropyLoss` of what a `Linear` layer, its own, makes of the input.

    Shapes: input (N, in_features) or (in_features,); target (N,), with `out_features` (N, d1, ...).

    Parameters
    ----------
    in_features, num_classes : int
        Sizes of the layer.
    out_features : tuple of int
        Further dimensions of the target.
    bias : bool
        Whether the layer has a bias.
    device, dtype : optional
        Of the layer's parameters.
    reduction, weight, ignore_index, label_smoothing
        As for `CrossEntropyLoss`.
    options : LinearCrossEntropyOptions, optional
        Work on some rows at a time.

    Notes
    -----
    Matches `torch.nn.LinearCrossEntropyLoss`.
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options
        self.linear = Linear(
            in_features, math.prod(out_features, start=num_classes), bias=bias, device=device, dtype=dtype
        )

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape((*shape, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
