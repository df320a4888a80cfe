"""Stopping when the validation stops improving, and going back to the best weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tinygrad5329 import nn
from tinygrad5329.tensor import Tensor

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """Watch one column of the history; stop after ``patience`` epochs without a new best.

    Parameters
    ----------
    patience : int or None
        Epochs in a row without improvement after which training stops. ``None`` never stops, and only
        remembers the best weights.
    monitor : str
        The column to watch: ``"val_accuracy"``, ``"val_loss"``, ``"train_loss"`` or ``"train_accuracy"``.
    mode : {"min", "max"} or None
        Whether smaller or larger is better. ``None``: larger for an accuracy, smaller otherwise.
    min_delta : float
        A value counts as better only by more than this.
    restore_best : bool
        Whether :meth:`Trainer.fit` ends with the weights (and buffers) of the best epoch.

    Attributes
    ----------
    best_value, best_epoch : float or None, int or None
        The best value seen and its epoch (counted from 1).
    waited : int
        Epochs since then.

    Raises
    ------
    ValueError
        If ``patience`` is below 1, ``min_delta`` below 0 or ``mode`` is unknown.

    Examples
    --------
    >>> from tinygrad5329 import nn
    >>> from tinygrad5329.training import EarlyStopping
    >>> stopping, model = EarlyStopping(patience=2, monitor="val_loss"), nn.Linear(1, 1)
    >>> for epoch, loss in enumerate([0.9, 0.5, 0.6, 0.7], start=1):
    ...     improved = stopping.update({"epoch": epoch, "val_loss": loss}, model)
    >>> stopping.should_stop, stopping.best_epoch
    (True, 2)
    """

    def __init__(
        self,
        patience: int | None = 10,
        monitor: str = "val_loss",
        *,
        mode: str | None = None,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        if patience is not None and patience < 1:
            raise ValueError(f"EarlyStopping: patience is {patience}; expected 1 or more, or None for no limit")
        if not min_delta >= 0:
            raise ValueError(f"EarlyStopping: min_delta is {min_delta}; expected 0 or more")
        if mode not in ("min", "max", None):
            raise ValueError(f"EarlyStopping: mode is {mode!r}; expected 'min', 'max' or None")
        self.patience = patience
        self.monitor = monitor
        self.mode = mode or ("max" if monitor.endswith("accuracy") else "min")
        self.min_delta = min_delta
        self.restore_best = restore_best
        self.best_value: float | None = None
        self.best_epoch: int | None = None
        self.waited = 0
        self._best_weights: dict[str, Tensor] | None = None

    @property
    def should_stop(self) -> bool:
        """Whether ``patience`` epochs in a row brought no improvement."""
        return self.patience is not None and self.waited >= self.patience

    def update(self, row: Mapping[str, Any], model: nn.Module) -> bool:
        """Take in one epoch's row of the history; returns whether it is the best so far.

        Raises
        ------
        ValueError
            If the row has no column ``monitor``.
        """
        if self.monitor not in row:
            raise ValueError(
                f"EarlyStopping: monitor={self.monitor!r} is not in the history, which has {', '.join(row)}; "
                "pass a validation loader, or watch another column"
            )
        value = float(row[self.monitor])
        gain = math.inf if self.best_value is None else value - self.best_value
        if self.best_value is not None and self.mode == "min":
            gain = -gain
        if gain > self.min_delta:
            self.best_value, self.best_epoch, self.waited = value, int(row["epoch"]), 0
            if self.restore_best:
                self._best_weights = {k: v.detach().clone() for k, v in model.state_dict().items()}
            return True
        self.waited += 1
        return False

    def restore(self, model: nn.Module) -> None:
        """Put the best weights into ``model``; without ``restore_best``, or before an epoch, do nothing."""
        if self._best_weights is not None:
            model.load_state_dict(self._best_weights)

    def reset(self) -> None:
        """Forget everything seen, for instance before training on with a lower learning rate."""
        self.best_value = self.best_epoch = self._best_weights = None
        self.waited = 0

    def state_dict(self) -> dict[str, Any]:
        """Settings and progress, for a checkpoint."""
        return {
            "patience": self.patience,
            "monitor": self.monitor,
            "mode": self.mode,
            "min_delta": self.min_delta,
            "restore_best": self.restore_best,
            "best_value": self.best_value,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "best_weights": self._best_weights,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the progress of a saved instance.

        Raises
        ------
        ValueError
            If it watched another column or in the other direction, so that its best means nothing here.
        """
        for name in ("monitor", "mode"):
            if state[name] != getattr(self, name):
                raise ValueError(
                    f"EarlyStopping: the saved {name} is {state[name]!r} but this one has {getattr(self, name)!r}"
                )
        self.best_value = state["best_value"]
        self.best_epoch = state["best_epoch"]
        self.waited = state["waited"]
        self._best_weights = state["best_weights"]
