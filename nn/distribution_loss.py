"""Loss layers that compare distributions: each calls the function of the same meaning in `nn.functional`."""

from __future__ import annotations

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.loss import _Loss
from tinygrad5329.tensor import Tensor


class KLDivLoss(_Loss):
    """``target * (log(target) - input)``, the input in logarithms and with `log_target` the target too.

    `reduction` may also be "batchmean", the mean over the batch alone, which is the divergence. Matches
    `torch.nn.KLDivLoss`.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """The negative log-likelihood of counts with rate ``exp(input)``, or the input itself without `log_input`.

    `full` adds Stirling's approximation of ``log(target!)``. Matches `torch.nn.PoissonNLLLoss`.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of two tensors of one shape."""
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """``(log(var) + (input - target) ** 2 / var) / 2``, with variances not below `eps`.

    `full` adds ``log(2 pi) / 2``. Matches `torch.nn.GaussianNLLLoss`.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """Return the loss of means, observations and variances."""
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class CTCLoss(_Loss):
    """Connectionist temporal classification: sequences without known alignment; see `nn.functional.ctc_loss`.

    Parameters
    ----------
    blank : int
        The class that stands for no label.
    reduction : {"mean", "sum", "none"}
        "mean" divides each sample's loss by its target's length first.
    zero_infinity : bool
        Count impossible samples as 0.

    Notes
    -----
    Matches `torch.nn.CTCLoss`; Graves et al., "Connectionist temporal classification", 2006.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
        """Return the loss of log-probabilities (T, N, C) and target sequences."""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
