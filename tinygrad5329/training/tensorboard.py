"""``TensorBoard``: a training's curves, histograms and hyper-parameters as event files."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.tensor import Tensor
from tinygrad5329.utils.tensorboard import SummaryWriter, require_library

if TYPE_CHECKING:
    from tinygrad5329.training.trainer import Trainer

__all__ = ["TensorBoard"]

#: How old what is read from the files may be; an epoch may take longer than the two minutes that are usual.
_SECONDS = 5

#: The columns of the history as TensorBoard groups charts: by what stands before the slash.
_TAGS = {
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/validation",
}


class TensorBoard:
    """Writes event files while a :class:`Trainer` trains, for its argument ``tensorboard``.

    After each epoch, whose number is the step: the columns of the history as the curves ``loss/train``,
    ``loss/validation``, ``accuracy/train``, ``accuracy/validation``, ``lr`` and ``seconds``. Before the first, the
    configuration as a text; after the last, the hyper-parameters with the metrics of the best epoch. A training that
    goes on where it was interrupted hides what was written after that point.

    Parameters
    ----------
    log_dir : path-like
        The folder of the event files; made if need be.
    histograms : bool
        After each epoch also histograms of every parameter, ``parameters/NAME``, and of its gradient in the last
        step, ``gradients/NAME``. Elements that are NaN or infinite are left out and counted in the curve
        ``not_finite/parameters/NAME``, which is written only where there are any.
    hparams : mapping, optional
        The hyper-parameters; by default the trainer's ``config``, or without one the optimizer's settings.

    Raises
    ------
    ImportError
        If neither tensorboardX nor tensorboard is installed.
    """

    def __init__(
        self, log_dir: str | os.PathLike[str], *, histograms: bool = False, hparams: Mapping[str, Any] | None = None
    ) -> None:
        require_library()  # now, and not after the data was read
        self.log_dir = Path(log_dir)
        self.histograms = histograms
        self.hparams = hparams
        self._writer: SummaryWriter | None = None

    @contextlib.contextmanager
    def recording(self, trainer: Trainer) -> Iterator[None]:
        """Hold the files open while `trainer` trains, and write the hyper-parameters if it comes to its end."""
        done = trainer.epoch
        purge_step = done + 1 if done else None
        with SummaryWriter(self.log_dir, purge_step=purge_step, flush_secs=_SECONDS) as writer:
            if not done:
                writer.add_text("configuration", _markdown(self._settings(trainer)), 0)
            self._writer = writer
            try:
                yield
            finally:
                self._writer = None
            writer.add_hparams(_flat(self._settings(trainer)), _metrics(trainer), run_name="hparams")

    def write_epoch(self, trainer: Trainer, row: Mapping[str, Any]) -> None:
        """Write one row of the history, within :meth:`recording`."""
        writer = self._writer
        if writer is None:
            raise RuntimeError("TensorBoard.write_epoch: no files are open; call it within recording(trainer)")
        step = int(row["epoch"])
        for name, value in row.items():
            if name != "epoch":
                writer.add_scalar(_TAGS.get(name, name), value, step)
        if self.histograms:
            for name, parameter in trainer.model.named_parameters():
                self._histogram(writer, f"parameters/{name}", parameter, step)
                if parameter.grad is not None:
                    self._histogram(writer, f"gradients/{name}", parameter.grad, step)
        # What follows may be interrupted, and someone may be looking.
        writer.flush()

    @staticmethod
    def _histogram(writer: SummaryWriter, tag: str, values: Tensor, step: int) -> None:
        array = values.detach().numpy().astype(np.float64)
        finite = array[np.isfinite(array)]
        if finite.size:
            writer.add_histogram(tag, finite, step)
        if finite.size < array.size:
            writer.add_scalar(f"not_finite/{tag}", array.size - finite.size, step)

    def _settings(self, trainer: Trainer) -> Mapping[str, Any]:
        if self.hparams is not None:
            return self.hparams
        optimizer = trainer.optimizer
        return trainer.config or {"optimizer": type(optimizer).__name__, **optimizer.defaults}


def _metrics(trainer: Trainer) -> dict[str, float]:
    """The best epoch's figures, or without early stopping the last one's."""
    stopping = trainer.early_stopping
    best = stopping.best_epoch if stopping is not None else None
    row = next((each for each in trainer.history if each["epoch"] == best), trainer.history[-1])
    return {f"hparam/{_TAGS[name]}": float(value) for name, value in row.items() if name in _TAGS}


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, bool | str | float | int]:
    """Nested settings by their names with dots between; what is no number is written as text, and None left out."""
    found: dict[str, bool | str | float | int] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found.update(_flat(value, f"{prefix}{name}."))
        elif value is not None:
            found[f"{prefix}{name}"] = value if isinstance(value, (bool, str, int, float)) else str(value)
    return found


def _markdown(settings: Mapping[str, Any]) -> str:
    """The settings as a block of JSON."""
    lines = json.dumps(settings, indent=2, default=str).splitlines()
    return "\n".join("    " + line for line in lines)
