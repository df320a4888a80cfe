"""What a configuration adds to plain training: schedule, smoothed labels, mixup, noise, averages, dropped blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.mirror import Mirror
from tinygrad5329.nn import functional as F
from tinygrad5329.optim import lr_scheduler
from tinygrad5329.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tinygrad5329.tensor import Tensor

__all__ = ["StochasticResidual", "TrainingBatches", "build_loss", "build_schedulers", "weight_average"]


def build_loss(configuration: Configuration) -> nn.Module:
    """Cross-entropy from logits, with the configuration's label smoothing (Szegedy et al. 2016)."""
    return nn.CrossEntropyLoss(label_smoothing=configuration.label_smoothing)


def build_schedulers(
    configuration: Configuration, optimizers: Iterable[optim.Optimizer], steps_per_epoch: int
) -> list[Any]:
    """One scheduler an optimizer, to be stepped after each batch; none for a constant rate without warm-up.

    One-cycle leaves the momentum alone: rows that differ in it stay comparable.
    """
    warm = configuration.warmup_epochs * steps_per_epoch
    steps = configuration.epochs * steps_per_epoch
    made: list[Any] = []
    for each in optimizers:
        if configuration.schedule == "onecycle":
            made.append(lr_scheduler.OneCycleLR(each, max_lr=configuration.lr, total_steps=steps, cycle_momentum=False))
            continue
        parts: list[Any] = []
        if warm:
            parts.append(lr_scheduler.LinearLR(each, start_factor=1 / (warm + 1), total_iters=warm))
        if configuration.schedule == "cosine":
            parts.append(lr_scheduler.CosineAnnealingLR(each, T_max=steps - warm))
        elif warm:
            parts.append(lr_scheduler.ConstantLR(each, factor=1.0, total_iters=0))
        if len(parts) == 2:
            made.append(lr_scheduler.SequentialLR(each, parts, milestones=[warm]))
        else:
            made.extend(parts)
    return made


class TrainingBatches:
    """The batches of a loader as the configuration wants to train on them: mirrored, mixed, and with noise.

    Mixup (Zhang et al. 2018) draws one share a batch from Beta(alpha, alpha) and mixes each sample with
    another of the batch; targets are then probabilities (N, C). Draws come from a generator of its own.
    With ``mirror`` each sample is replaced by its mirror image with probability 1/2.
    """

    def __init__(
        self, configuration: Configuration, loader: Any, num_classes: int, mirror: Mirror | None = None
    ) -> None:
        self._configuration = configuration
        self._loader = loader
        self._num_classes = num_classes
        self._mirror = mirror
        self._shares = np.random.Generator(np.random.PCG64(configuration.seed))
        self._draws = tg.Generator().manual_seed(configuration.seed + 1)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        mixup, noise = self._configuration.mixup, self._configuration.input_noise
        for inputs, targets in self._loader:
            if self._mirror is not None:
                turned = tg.rand(len(inputs), 1, generator=self._draws) < 0.5
                inputs = tg.where(turned, self._mirror(inputs), inputs)
            if mixup:
                share = float(self._shares.beta(mixup, mixup))
                other = tg.randperm(len(inputs), generator=self._draws)
                inputs = inputs * share + inputs[other] * (1 - share)
                hot = F.one_hot(targets, self._num_classes).to(inputs.dtype)
                targets = hot * share + hot[other] * (1 - share)
            if noise:
                inputs = inputs + noise * tg.randn(inputs.shape, generator=self._draws)
            yield inputs, targets


def weight_average(configuration: Configuration, model: nn.Module) -> AveragedModel | None:
    """The moving average of the weights and buffers, to be updated after each step; None without ``ema``."""
    if not configuration.ema:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(configuration.ema), use_buffers=True)


class StochasticResidual(nn.Residual):
    """A residual block that is left out for a sample with a probability (Huang et al. 2016).

    In training the branch of the samples that keep it is divided by the probability to keep, so that its
    mean is that of evaluation, where every sample keeps it.

    Parameters
    ----------
    module : Module
        The branch.
    probability : float
        To be left out, in [0, 1).
    """

    def __init__(self, module: nn.Module, probability: float) -> None:
        super().__init__(module)
        self.probability = probability

    def forward(self, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not self.training:
            return super().forward(input, *args, **kwargs)
        kept = F.dropout(tg.ones(len(input), *[1] * (input.dim() - 1)), self.probability)
        return input + self.module(input, *args, **kwargs) * kept

    def extra_repr(self) -> str:
        return f"probability={self.probability}"
