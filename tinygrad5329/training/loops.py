"""The training loop as plain functions: train one epoch, evaluate, predict.

:class:`Trainer` is built on these; use them alone where you write the loop yourself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.tensor import Tensor
from tinygrad5329.training.metrics import ClassificationMetrics, classification_metrics

__all__ = ["DivergenceError", "Totals", "evaluate", "predict", "predict_proba", "train_epoch"]

LossFunction = Callable[[Tensor, Tensor], Tensor]


class DivergenceError(ArithmeticError):
    """The loss became NaN or infinite."""


@dataclass
class Totals:
    """Running sums over the batches of one pass through the data.

    Attributes
    ----------
    loss_sum : float
        Sum of the batch losses, each times its samples.
    correct : int
        Correctly classified samples.
    samples, batches : int
        How many were seen.
    """

    loss_sum: float = 0.0
    correct: int = 0
    samples: int = 0
    batches: int = 0

    @property
    def loss(self) -> float:
        """Mean loss a sample; NaN before the first batch."""
        return self.loss_sum / self.samples if self.samples else math.nan

    @property
    def accuracy(self) -> float:
        """Share of samples classified correctly; NaN before the first batch."""
        return self.correct / self.samples if self.samples else math.nan

    def add(self, loss: float, correct: int, samples: int) -> None:
        """Count one batch with mean loss ``loss``."""
        self.loss_sum += loss * samples
        self.correct += correct
        self.samples += samples
        self.batches += 1


def train_epoch(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: Any,
    loss_fn: LossFunction,
    *,
    accuracy: bool = True,
    max_norm: float | None = None,
    after_step: Callable[[Totals], object] | None = None,
) -> Totals:
    """Train ``model`` on every batch of ``loader`` once.

    Parameters
    ----------
    model : Module
        Put into training mode.
    loader : iterable of (inputs, targets)
        A ``DataLoader``, or any iterable of batches.
    optimizer : Optimizer
        Over the parameters of ``model``.
    loss_fn : callable
        ``loss_fn(outputs, targets)`` gives the mean loss of the batch, one number.
    accuracy : bool
        Count correct samples: outputs are logits (N, C), targets classes (N,) or one-hot or probabilities
        (N, C). Switch it off for regression.
    max_norm : float, optional
        Clip the total norm of the gradients to this.
    after_step : callable, optional
        Called with the running totals after each step, for instance to step a scheduler.

    Returns
    -------
    Totals
        With ``loss`` and ``accuracy``, measured while training (dropout on, weights changing).

    Raises
    ------
    DivergenceError
        If a batch's loss is NaN or infinite; raised before that batch changes any weight.
    ValueError
        If the loader is empty, the loss is not one number, or accuracy cannot be told.
    """
    totals = Totals()
    for _ in training_steps(model, loader, optimizer, loss_fn, totals, accuracy=accuracy, max_norm=max_norm):
        if after_step is not None:
            after_step(totals)
    if totals.batches == 0:
        raise ValueError("train_epoch: the loader gave no batch; is the data set empty, or drop_last too strict?")
    return totals


def training_steps(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimizer: Any,
    loss_fn: LossFunction,
    totals: Totals,
    *,
    accuracy: bool = True,
    max_norm: float | None = None,
) -> Iterator[None]:
    """Do one training step a batch, add it to ``totals``, and yield; between yields nothing is half done."""
    model.train()
    for inputs, targets in batches:
        outputs = model(inputs)
        loss = loss_fn(outputs, targets)
        value = _as_number(loss)
        if not math.isfinite(value):
            raise DivergenceError(
                f"the loss became {value} in batch {totals.batches + 1} (of the batches before it the "
                "mean was "
                f"{totals.loss:.4g}); lower the learning rate, clip gradients (max_norm=1.0), or look for "
                "NaN "
                "in the data"
            )
        optimizer.zero_grad()
        loss.backward()
        if max_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        correct = _count_correct(outputs.detach(), targets) if accuracy else 0
        totals.add(value, correct, len(targets))
        yield


def evaluate(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: LossFunction | None = None,
    *,
    num_classes: int | None = None,
) -> ClassificationMetrics:
    """Judge a classifier on every batch of ``loader``, in evaluation mode and without gradients.

    Parameters
    ----------
    model : Module
        From inputs to logits (N, C); its training mode is put back afterwards.
    loader : iterable of (inputs, targets)
        Targets are classes, shape (N,).
    loss_fn : callable, optional
        Adds the mean loss a sample to the result.
    num_classes : int, optional
        Size of the confusion matrix; by default the number of logits.

    Returns
    -------
    ClassificationMetrics

    Raises
    ------
    ValueError
        If the loader is empty, or targets and logits do not go together.
    ImportError
        If scikit-learn is missing.
    """
    totals = Totals()
    predictions: list[Tensor] = []
    truths: list[Tensor] = []
    with evaluating(model):
        for inputs, targets in loader:
            outputs = model(inputs)
            if loss_fn is not None:
                totals.add(_as_number(loss_fn(outputs, targets)), 0, len(targets))
            predictions.append(outputs.argmax(dim=1))
            truths.append(targets)
            num_classes = num_classes or int(outputs.shape[1])
    if not truths:
        raise ValueError("evaluate: the loader gave no batch")
    loss = totals.loss if loss_fn is not None else None
    return classification_metrics(tg.cat(truths), tg.cat(predictions), num_classes, loss)


def evaluate_totals(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: LossFunction,
    *,
    accuracy: bool = True,
) -> Totals:
    """Loss and accuracy alone, as :func:`evaluate`, but needing nothing beyond NumPy."""
    totals = Totals()
    with evaluating(model):
        for inputs, targets in loader:
            outputs = model(inputs)
            loss = _as_number(loss_fn(outputs, targets))
            totals.add(loss, _count_correct(outputs, targets) if accuracy else 0, len(targets))
    if totals.batches == 0:
        raise ValueError("evaluate: the loader gave no batch")
    return totals


def predict(model: nn.Module, data: Tensor | Iterable[Any]) -> Tensor:
    """The most probable class of each sample, shape (N,), int64.

    ``data`` is one Tensor of inputs, or a loader whose batches are inputs or (inputs, targets). Runs in
    evaluation mode without gradients.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> from tinygrad5329.training import predict
    >>> predict(tg.nn.Identity(), tg.tensor([[0.1, 0.9], [2.0, 1.0]]))
    tensor([1, 0])
    """
    return _outputs(model, data).argmax(dim=1)


def predict_proba(model: nn.Module, data: Tensor | Iterable[Any]) -> Tensor:
    """Softmax of the logits, shape (N, C); takes what :func:`predict` takes."""
    return _outputs(model, data).softmax(dim=1)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients inside; every module's own mode is put back afterwards."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with tg.no_grad():
            yield
    finally:
        for module in training:
            module.training = True


def _outputs(model: nn.Module, data: Tensor | Iterable[Any]) -> Tensor:
    batches = [data] if isinstance(data, Tensor) else data
    with evaluating(model):
        outputs = [model(batch[0] if isinstance(batch, (tuple, list)) else batch) for batch in batches]
    if not outputs:
        raise ValueError("predict: the loader gave no batch")
    return tg.cat(outputs)


def _as_number(loss: Tensor) -> float:
    if loss.numel() != 1:
        raise ValueError(
            f"the loss function returned a tensor of shape {tuple(loss.shape)}; expected one number (reduction='mean')"
        )
    return float(loss.item())


def _count_correct(outputs: Tensor, targets: Tensor) -> int:
    if outputs.dim() == 2 and outputs.shape[1] > 1:
        if targets.dim() == 1 and not targets.dtype.is_floating_point:
            return int((outputs.argmax(dim=1) == targets).sum().item())
        if targets.shape == outputs.shape:
            return int((outputs.argmax(dim=1) == targets.argmax(dim=1)).sum().item())
    raise ValueError(
        f"cannot tell the accuracy of outputs of shape {tuple(outputs.shape)} and targets of shape "
        f"{tuple(targets.shape)} ({targets.dtype}); expected logits (N, C) and classes (N,), or pass "
        "accuracy=False"
    )
