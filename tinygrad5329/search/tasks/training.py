"""How an architecture of the report's data is trained and judged: the decisions on training, and the loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad5329 import nn
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.optimizers import build_optimizer
from tinygrad5329.experiments.preparation import Split, judging_loader, training_loader
from tinygrad5329.experiments.recipe import build_loss, build_schedulers
from tinygrad5329.search.task import Outcome, Report
from tinygrad5329.training.blas_threads import one_blas_thread
from tinygrad5329.training.loops import DivergenceError, evaluate_totals, train_epoch
from tinygrad5329.training.models import count_parameters

__all__ = ["MOMENTUM", "TrialDiverged", "steps_of", "train_and_judge", "training_configuration"]

#: Of SGD, without Nesterov's correction.
MOMENTUM = 0.9


class TrialDiverged(DivergenceError):
    """The loss became NaN or infinite.

    Attributes
    ----------
    steps : int
        Training steps taken until then, the one that failed included.
    """

    def __init__(self, message: str, steps: int) -> None:
        super().__init__(message)
        self.steps = steps


def training_configuration(
    decisions: Mapping[str, Any], *, epochs: int, batch_size: int, seed: int = 0, quick: bool = False
) -> Configuration:
    """What an experiment's configuration says of the training that an architecture decides on.

    Parameters
    ----------
    decisions : mapping
        ``"optimizer"`` (``"sgd"``, with momentum 0.9, or ``"adamw"``); its learning rate, ``"sgd_lr"`` or
        ``"adamw_lr"``, else ``"lr"``; ``"weight_decay"`` (0); ``"schedule"`` (``"constant"``). Others are not
        looked at.
    epochs, batch_size, seed : int
    quick : bool
        On few rows.

    Raises
    ------
    ValueError, TypeError
        If the optimizer or its learning rate is missing, or a value is out of range.
    """
    optimizer = decisions.get("optimizer")
    if optimizer not in ("sgd", "adamw"):
        raise ValueError(f"optimizer: expected sgd or adamw, got {optimizer!r}")
    lr = decisions.get(f"{optimizer}_lr", decisions.get("lr"))
    if lr is None:
        raise ValueError(f"{optimizer}_lr: neither it nor lr is decided; add one to the space or the task's defaults")
    return Configuration(
        optimizer=optimizer,
        lr=lr,
        weight_decay=decisions.get("weight_decay", 0.0),
        options={"momentum": MOMENTUM, "nesterov": False} if optimizer == "sgd" else {},
        schedule=decisions.get("schedule", "constant"),
        epochs=epochs,
        batch_size=batch_size,
        patience=0,
        seed=seed,
        quick=quick,
    )


def train_and_judge(model: nn.Module, configuration: Configuration, split: Split, report: Report) -> Outcome:
    """Train for all epochs; the value is the accuracy on the validation rows after the last.

    Not the best epoch's: that would be the largest of several noisy numbers, the larger the noisier the training,
    and it would belong to other weights than those that are left at the end, which the test rows judge.

    Parameters
    ----------
    model : Module
        From features (N, F) to logits (N, C), with new weights.
    configuration : Configuration
        Of the optimizer, the schedule, the batches and their order.
    split : Split
        Validation rows are looked at after each epoch, test rows once, after the last.
    report : callable
        Told the steps taken and the validation accuracy after each epoch.

    Returns
    -------
    Outcome
        With ``"parameters"``, ``"epochs"``, ``"train_accuracy"`` (while training, in the last epoch),
        ``"validation_loss"`` and ``"test_accuracy"``.

    Raises
    ------
    TrialDiverged
        If a loss becomes NaN or infinite.
    """
    loader = training_loader(split, configuration)
    judging = judging_loader(split.judging)
    (optimizer,) = build_optimizer(configuration, model)
    schedulers = build_schedulers(configuration, [optimizer], len(loader))
    loss_fn = build_loss(configuration)
    steps = 0

    def after_step(_: Any) -> None:
        nonlocal steps
        steps += 1
        for scheduler in schedulers:
            scheduler.step()

    with one_blas_thread(), np.errstate(all="ignore"):  # a diverging training is told by its loss
        for epoch in range(1, configuration.epochs + 1):
            try:
                totals = train_epoch(model, loader, optimizer, loss_fn, after_step=after_step)
            except DivergenceError as error:
                raise TrialDiverged(f"in epoch {epoch}: {error}", steps + 1) from error
            found = evaluate_totals(model, judging, loss_fn)
            if not math.isfinite(found.loss):
                message = f"after epoch {epoch} the loss on the validation rows was {found.loss}"
                raise TrialDiverged(f"{message}; lower the learning rate", steps)
            report(steps, found.accuracy)
        tested = evaluate_totals(model, judging_loader(split.test), loss_fn)
    measures = {
        "parameters": count_parameters(model),
        "epochs": configuration.epochs,
        "train_accuracy": totals.accuracy,
        "validation_loss": found.loss,
        "test_accuracy": tested.accuracy,
    }
    return Outcome(found.accuracy, steps, measures)


def steps_of(configuration: Configuration, split: Split) -> int:
    """Steps that :func:`train_and_judge` takes."""
    return configuration.epochs * len(training_loader(split, configuration))
