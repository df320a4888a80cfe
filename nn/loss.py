"""Loss layers: each calls the function of the same meaning in `nn.functional`."""

from __future__ import annotations

import warnings

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.reduction import resolve_reduction
from tinygrad5329.tensor import Tensor


class _Loss(Module):
    """What all losses have: how the element losses are reduced.

    The common parameter `reduction` is "mean", "sum" or "none"; `size_average` and `reduce` are PyTorch's
    older way to say the same.
    """

    reduction: str

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = resolve_reduction(size_average, reduce, reduction, stacklevel=4)


class _WeightedLoss(_Loss):
    """A loss with a `weight`, kept as a buffer so that it moves with the module."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """Softmax and negative log-likelihood in one.

    Shapes: input (C), (N, C) or (N, C, d1, ...), unnormalised; target of class indices (), (N) or (N, d1,
    ...), or of class probabilities in the input's shape.

    Parameters
    ----------
    weight : Tensor, optional
        (C,), a weight for each class.
    ignore_index : int
        Targets of this value (class indices only) count neither in the sum nor in the mean.
    reduction : {"mean", "sum", "none"}
        The mean is weighted by `weight`.
    label_smoothing : float
        Between 0 and 1: how much of the target is spread evenly over all classes.

    Notes
    -----
    Matches `torch.nn.CrossEntropyLoss`; label smoothing after Szegedy et al., "Rethinking the inception
    architecture for computer vision", 2016.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        buffers = self._buffers
        weight = buffers["weight"] if "weight" in buffers else self.weight  # noqa: SIM401 - it would look up both
        return F.cross_entropy(
            input, target, weight, None, self.ignore_index, None, self.reduction, self.label_smoothing
        )


class NLLLoss(_WeightedLoss):
    """The negative of the log-probability of the target class.

    Shapes: input (C), (N, C) or (N, C, d1, ...), log-probabilities as from `LogSoftmax`; target (), (N) or
    (N, d1, ...), class indices. Parameters as those of `CrossEntropyLoss`. Matches `torch.nn.NLLLoss`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """The old name of `NLLLoss`; deprecated."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class MSELoss(_Loss):
    """The squared difference ``(input - target) ** 2``. Matches `torch.nn.MSELoss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The absolute difference ``|input - target|``. Matches `torch.nn.L1Loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """The absolute difference, quadratic below `beta`.

    ``0.5 * d**2 / beta`` where ``d = |input - target| < beta``, ``d - 0.5 * beta`` elsewhere. Matches
    `torch.nn.SmoothL1Loss`; Girshick, "Fast R-CNN", 2015, equation 3.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """Quadratic below `delta`, linear above.

    ``0.5 * d**2`` where ``d = |input - target| < delta``, ``delta * (d - 0.5 * delta)`` elsewhere. Matches
    `torch.nn.HuberLoss`; Huber, "Robust estimation of a location parameter", 1964.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, float | int):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class BCELoss(_WeightedLoss):
    """Binary cross entropy of probabilities.

    ``-weight * (target * log(input) + (1 - target) * log(1 - input))``, the logarithms not below -100. Input
    and target, of one shape, lie between 0 and 1; `weight` is broadcast to them. Matches `torch.nn.BCELoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Sigmoid and binary cross entropy in one, without overflow.

    Parameters
    ----------
    weight : Tensor, optional
        Broadcast to the element losses.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.
    pos_weight : Tensor, optional
        A factor of the positive part, broadcast to the target: above 1 it raises recall.

    Notes
    -----
    Matches `torch.nn.BCEWithLogitsLoss`.
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
