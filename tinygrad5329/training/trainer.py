"""The trainer: epochs, validation, early stopping, history and checkpoints around a PyTorch-style loop."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tinygrad5329 import nn, optim
from tinygrad5329.tensor import Tensor
from tinygrad5329.training.checkpoint import (
    CheckpointError,
    check_same_layout,
    load_checkpoint,
    save_checkpoint,
)
from tinygrad5329.training.early_stopping import EarlyStopping
from tinygrad5329.training.interrupt import SignalFlag, TrainingInterrupted
from tinygrad5329.training.loops import (
    DivergenceError,
    LossFunction,
    Totals,
    evaluate,
    evaluate_totals,
    predict,
    training_steps,
)
from tinygrad5329.training.metrics import ClassificationMetrics
from tinygrad5329.training.position import batches_per_epoch, capture_position, put_back_position
from tinygrad5329.training.progress import Progress
from tinygrad5329.training.tensorboard import TensorBoard

__all__ = ["Trainer"]

Row = dict[str, Any]
Batches = Iterable[tuple[Tensor, Tensor]]


class Trainer:
    """Train a model for some epochs, and be able to stop and go on at any step.

    Parameters
    ----------
    model : Module
        From inputs (N, ...) to outputs.
    optimizer : Optimizer
        Over the parameters of ``model``.
    loss_fn : callable
        ``loss_fn(outputs, targets)``, the mean loss of a batch.
    scheduler : LRScheduler, optional
        Stepped after each epoch, or each batch with ``scheduler_every="batch"`` (as ``OneCycleLR`` wants).
        ``ReduceLROnPlateau`` is given the validation loss, or without validation the training loss.
    scheduler_every : {"epoch", "batch"}
        See ``scheduler``.
    early_stopping : EarlyStopping, optional
        When to stop, and whether :meth:`fit` ends with the best weights.
    checkpoint : path-like, optional
        Where to save the whole state after every epoch and when interrupted.
    config : mapping, optional
        Anything a checkpoint can hold; saved with it, so that a reader knows what it was.
    accuracy : bool
        Whether to count correct samples; switch it off for regression.
    max_norm : float, optional
        Clip the total norm of the gradients to this.
    tensorboard : path-like or TensorBoard, optional
        The folder for event files, or what is to be written into which; see :class:`TensorBoard`.
    on_epoch_end : callable, optional
        Called as ``on_epoch_end(trainer, row)`` after each epoch and before its checkpoint.
    progress : bool
        Whether to show a bar and a line an epoch.

    Attributes
    ----------
    history : list of dict
        One row an epoch: ``epoch``, ``train_loss``, ``train_accuracy``, ``val_loss``, ``val_accuracy``,
        ``lr`` (of its last step), ``seconds``. Training figures are taken while training.
    epoch : int
        Epochs done.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> from tinygrad5329 import nn, optim
    >>> from tinygrad5329.training import Trainer
    >>> from tinygrad5329.utils.data import DataLoader, TensorDataset
    >>> _ = tg.manual_seed(0)
    >>> x = tg.randn(64, 2)
    >>> loader = DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=16, shuffle=True)
    >>> model = nn.Linear(2, 2)
    >>> trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.5), nn.CrossEntropyLoss(), progress=False)
    >>> history = trainer.fit(loader, epochs=5)
    >>> history[-1]["train_accuracy"] > 0.9
    True
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        loss_fn: LossFunction,
        scheduler: Any = None,
        *,
        scheduler_every: str = "epoch",
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        config: Mapping[str, Any] | None = None,
        accuracy: bool = True,
        max_norm: float | None = None,
        tensorboard: str | os.PathLike[str] | TensorBoard | None = None,
        on_epoch_end: Callable[[Trainer, Row], object] | None = None,
        progress: bool = True,
    ) -> None:
        if scheduler_every not in ("epoch", "batch"):
            raise ValueError(f"Trainer: scheduler_every is {scheduler_every!r}; expected 'epoch' or 'batch'")
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn
        self.scheduler = scheduler
        self.scheduler_every = scheduler_every
        self.early_stopping = early_stopping
        self.checkpoint = Path(checkpoint) if checkpoint is not None else None
        self.config = dict(config or {})
        self.accuracy = accuracy
        self.max_norm = max_norm
        if tensorboard is not None and not isinstance(tensorboard, TensorBoard):
            tensorboard = TensorBoard(tensorboard)
        self.tensorboard = tensorboard
        self.on_epoch_end = on_epoch_end
        self.progress = progress
        self.history: list[Row] = []
        self.epoch = 0
        self._totals = Totals()  # of the epoch under way
        self._seconds = 0.0  # spent on it before an interruption
        self._lr = math.nan  # of its last step
        self._loader: Any = None  # that of the last fit
        self._position: Mapping[str, Any] | None = None  # what the next fit has to put back first

    @property
    def seconds(self) -> float:
        """Seconds spent in finished epochs, validation included."""
        return float(sum(row["seconds"] for row in self.history))

    @property
    def batch(self) -> int:
        """Batches done of the epoch under way: not 0 only between an interruption and the next fit."""
        return self._totals.batches

    def finished(self, epochs: int) -> bool:
        """Whether ``fit(..., epochs=epochs)`` would have nothing left to do."""
        stopped = self.early_stopping is not None and self.early_stopping.should_stop
        return self.epoch >= epochs or stopped

    def fit(self, train_loader: Batches, val_loader: Batches | None = None, *, epochs: int) -> list[Row]:
        """Train until ``epochs`` epochs are done in all; those done before, or resumed, count.

        With ``early_stopping`` it may end sooner, and ends with the best weights (``restore_best``).

        SIGINT (Ctrl-C) and SIGTERM are answered after the step under way: the checkpoint is written and
        :class:`TrainingInterrupted` raised. ``fit`` called again goes on from there; so does a new trainer
        after :meth:`resume`, to the same bits.

        Parameters
        ----------
        train_loader, val_loader : iterable of (inputs, targets)
            A ``DataLoader``, or any iterable that gives the same batches in each epoch.
        epochs : int
            Epochs in all.

        Returns
        -------
        list of dict
            :attr:`history`.

        Raises
        ------
        ValueError
            If nothing is left to do, or a loader is empty.
        DivergenceError
            If a loss is NaN or infinite; the last checkpoint is the one of the epoch before.
        CheckpointError
            If ``train_loader`` is not the one a resumed state was saved with.
        TrainingInterrupted
            See above.
        """
        if self.finished(epochs):
            how = f"stopped early after epoch {self.epoch}" if self.epoch < epochs else f"done {self.epoch} epochs"
            raise ValueError(
                f"Trainer.fit: training has {how}, and epochs={epochs} counts from the first; ask for "
                "more epochs" + (", or call early_stopping.reset()" if self.epoch < epochs else "")
            )
        length = batches_per_epoch(train_loader)
        batches: Batches = train_loader
        if self._position is not None:
            batches = put_back_position(self._position, train_loader)
            self._position = None
        self._loader = train_loader
        done = self.epoch * (length or 0) + self._totals.batches
        events = nullcontext() if self.tensorboard is None else self.tensorboard.recording(self)
        with SignalFlag() as stop, Progress(epochs, length, done, enabled=self.progress) as progress, events:
            while not self.finished(epochs):
                self._train_epoch(batches, length, stop, progress)
                batches = train_loader
                row = self._finish_epoch(val_loader)
                progress.epoch(row, best=self._is_best(row))
                if self.checkpoint is not None:
                    self.save(self.checkpoint)
                if stop.received is not None:
                    self._position = self._capture_position()
                    raise TrainingInterrupted(self.epoch + 1, 0, self.checkpoint, stop.received)
            if self.epoch < epochs:
                progress.say(f"stopped early: {self._why_stopped()}")
        self.restore_best()
        return self.history

    def restore_best(self) -> None:
        """Put the weights of the best epoch into the model, where early stopping kept them."""
        if self.early_stopping is not None:
            self.early_stopping.restore(self.model)

    def evaluate(self, loader: Batches) -> ClassificationMetrics:
        """Loss and metrics of the classifier on ``loader``; see :func:`evaluate`."""
        return evaluate(self.model, loader, self.loss_fn)

    def predict(self, data: Tensor | Iterable[Any]) -> Tensor:
        """The most probable class of each sample; see :func:`predict`."""
        return predict(self.model, data)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the whole state to ``path``, atomically; see :func:`save_checkpoint`."""
        return save_checkpoint(path, self.state_dict())

    def resume(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        """Take over the state saved at ``path``, so that :meth:`fit` goes on from there to the same bits.

        Model, optimizer, scheduler and early stopping must be built as they were; the random generator and
        the loader's place are put back when :meth:`fit` starts.

        Returns
        -------
        dict
            The ``config`` that was saved, for the caller to compare with its own.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        CheckpointError
            If the file is damaged, or was saved from something built differently; the trainer is then
            as it was before, unless the optimizer or scheduler refused their part.
        """
        state = load_checkpoint(path)
        parts = ("model", "optimizer", "scheduler", "early_stopping", "history", "position")
        missing = [key for key in parts if key not in state]
        if missing:
            raise CheckpointError(f"checkpoint {path} is not one of a Trainer: it has no {', '.join(missing)}")
        check_same_layout(path, "model", self.model.state_dict(), state["model"])
        for what, part in (("scheduler", self.scheduler), ("early_stopping", self.early_stopping)):
            if (state[what] is None) != (part is None):
                raise CheckpointError(
                    f"checkpoint {path} was saved {'without' if state[what] is None else 'with'} {what} but "
                    f"this trainer has {'none' if part is None else 'one'}"
                )
        try:
            self.load_state_dict(state)
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise CheckpointError(f"checkpoint {path} does not fit this trainer: {error}") from error
        return dict(state["config"])

    def state_dict(self) -> dict[str, Any]:
        """All that decides how training goes on; what :meth:`save` writes."""
        return {
            "config": self.config,
            "epoch": self.epoch,
            "history": self.history,
            "totals": vars(self._totals),
            "lr": self._lr,
            "seconds": self._seconds,
            "position": self._position or self._capture_position(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict() if self.scheduler is not None else None,
            "early_stopping": self.early_stopping.state_dict() if self.early_stopping is not None else None,
            "model": self.model.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a :meth:`state_dict`."""
        if self.early_stopping is not None:
            self.early_stopping.load_state_dict(state["early_stopping"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        self.model.load_state_dict(state["model"])
        self.epoch = state["epoch"]
        self.history = [dict(row) for row in state["history"]]
        self._totals = Totals(**state["totals"])
        self._lr = state["lr"]
        self._seconds = state["seconds"]
        self._position = state["position"]

    def _train_epoch(self, batches: Batches, length: int | None, stop: SignalFlag, progress: Progress) -> None:
        started = time.perf_counter() - self._seconds
        try:
            for _ in training_steps(
                self.model,
                batches,
                self.optimizer,
                self.loss_fn,
                self._totals,
                accuracy=self.accuracy,
                max_norm=self.max_norm,
            ):
                self._lr = float(self.optimizer.param_groups[0]["lr"])
                if self.scheduler is not None and self.scheduler_every == "batch":
                    self.scheduler.step()
                progress.step(self.epoch + 1, self._totals, self.accuracy)
                # After the last step of an epoch its validation is still let through: it is short.
                if stop.received is not None and self._totals.batches != length:
                    self._seconds = time.perf_counter() - started
                    self._position = self._capture_position()
                    if self.checkpoint is not None:
                        self.save(self.checkpoint)
                    raise TrainingInterrupted(self.epoch + 1, self._totals.batches, self.checkpoint, stop.received)
        except TrainingInterrupted:
            raise
        except BaseException as error:
            self._start_epoch()
            if isinstance(error, DivergenceError):
                raise DivergenceError(f"epoch {self.epoch + 1}: {error}{self._kept()}") from error
            raise
        if self._totals.batches == 0:
            raise ValueError("Trainer.fit: train_loader gave no batch; is it an iterator that is used up?")
        self._seconds = time.perf_counter() - started

    def _finish_epoch(self, val_loader: Batches | None) -> Row:
        started = time.perf_counter()
        row: Row = {"epoch": self.epoch + 1, "train_loss": self._totals.loss}
        if self.accuracy:
            row["train_accuracy"] = self._totals.accuracy
        if val_loader is not None:
            totals = evaluate_totals(self.model, val_loader, self.loss_fn, accuracy=self.accuracy)
            row["val_loss"] = totals.loss
            if self.accuracy:
                row["val_accuracy"] = totals.accuracy
            if not math.isfinite(totals.loss):
                raise DivergenceError(
                    f"epoch {self.epoch + 1}: the validation loss became {totals.loss}; lower the learning "
                    f"rate or look for NaN in the validation data{self._kept()}"
                )
        row["lr"] = self._lr
        if self.scheduler is not None and self.scheduler_every == "epoch":
            if isinstance(self.scheduler, optim.lr_scheduler.ReduceLROnPlateau):
                self.scheduler.step(float(row["val_loss" if "val_loss" in row else "train_loss"]))
            else:
                self.scheduler.step()
        if self.early_stopping is not None:
            self.early_stopping.update(row, self.model)
        row["seconds"] = self._seconds + time.perf_counter() - started
        self.epoch += 1
        self.history.append(row)
        self._start_epoch()
        if self.tensorboard is not None:
            self.tensorboard.write_epoch(self, row)
        if self.on_epoch_end is not None:
            self.on_epoch_end(self, row)
        return row

    def _start_epoch(self) -> None:
        self._totals = Totals()
        self._seconds = 0.0

    def _capture_position(self) -> dict[str, Any] | None:
        return capture_position(self._loader, self._totals.batches) if self._loader is not None else None

    def _is_best(self, row: Row) -> bool:
        return self.early_stopping is not None and self.early_stopping.best_epoch == row["epoch"]

    def _why_stopped(self) -> str:
        stopping = self.early_stopping
        return f"{stopping.monitor} has not been better for {stopping.waited} epoch(s)" if stopping else ""

    def _kept(self) -> str:
        if self.epoch == 0 or self.checkpoint is None:
            return ""
        return f"; the checkpoint of epoch {self.epoch}, {self.checkpoint}, was kept"
