"""The options of a training run: their defaults, and what they may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["RunConfig"]

MODELS = ("best", "baseline")
SCHEDULES = ("constant", "cosine", "onecycle")
MONITORS = ("loss", "accuracy")
SCALINGS = ("standard", "minmax", "none")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What decides a run of ``tinygrad5329 train``; two runs with the same values give the same weights.

    The defaults were chosen on the validation split of ``cifar10-pca128``.

    Attributes
    ----------
    model : {"best", "baseline"}
        See :func:`best_model` and :func:`baseline`.
    data : str
        A data set's name, or a folder with the report's four files.
    epochs, batch_size, lr, momentum, weight_decay, dropout, patience, seed
        As everywhere; ``patience`` 0 switches early stopping off; ``dropout`` belongs to ``best`` alone.
    schedule : {"constant", "cosine", "onecycle"}
        How the learning rate goes, batch by batch, over all epochs.
    scale : {"standard", "minmax", "none"}
        Features to mean 0 and deviation 1 (the report's Equation 2), to [0, 1] (Equation 1), or as they
        are; fitted on the training split alone.
    validation : float
        Share of the training set that is held out to choose the best epoch.
    monitor : {"loss", "accuracy"}
        What decides on validation data which epoch is best. The loss is smoother where these are few.

    Raises
    ------
    ValueError
        If a value is out of its range; the message names the option of the command line.
    """

    model: str = "best"
    data: str = "digits"
    epochs: int = 30
    batch_size: int = 32
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    dropout: float = 0.2
    schedule: str = "cosine"
    scale: str = "standard"
    validation: float = 0.1
    patience: int = 10
    monitor: str = "loss"
    seed: int = 0

    def __post_init__(self) -> None:
        _require_choice("model", self.model, MODELS)
        _require_choice("schedule", self.schedule, SCHEDULES)
        _require_choice("scale", self.scale, SCALINGS)
        _require_choice("monitor", self.monitor, MONITORS)
        _require("epochs", self.epochs, self.epochs >= 1, "1 or more")
        _require("batch-size", self.batch_size, self.batch_size >= 2, "2 or more (batch norm needs two samples)")
        _require("lr", self.lr, self.lr > 0, "a number above 0")
        _require("momentum", self.momentum, 0 <= self.momentum < 1, "0 or more and below 1")
        _require("weight-decay", self.weight_decay, self.weight_decay >= 0, "0 or more")
        _require("dropout", self.dropout, 0 <= self.dropout < 1, "0 or more and below 1")
        _require("validation", self.validation, 0 < self.validation < 1, "above 0 and below 1")
        _require("patience", self.patience, self.patience >= 0, "1 or more, or 0 for no early stopping")
        _require("seed", self.seed, 0 <= self.seed < 2**63, "0 or more and below 2**63")
        if self.model == "baseline" and self.dropout != 0:
            raise ValueError("--dropout: the baseline has no dropout layer; leave the option out")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> RunConfig:
        """From the options that were given; the others take their defaults, those of the model first."""
        model_defaults: dict[str, Any] = {"dropout": 0.0} if options.get("model") == "baseline" else {}
        return cls(**(model_defaults | dict(options)))

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any]) -> RunConfig:
        """From :meth:`as_dict`.

        Raises
        ------
        ValueError
            If the names are not those of a run's options.
        """
        names = {field.name for field in fields(cls)}
        if set(saved) != names:
            raise ValueError(f"the saved options are {', '.join(sorted(saved))}; expected {', '.join(sorted(names))}")
        return cls(**saved)

    def conflicts(self, options: Mapping[str, Any]) -> list[str]:
        """Which of the given ``options`` differ from these, as ``--lr 0.1 (the run has 0.05)``."""
        own = self.as_dict()
        return [
            f"--{name.replace('_', '-')} {value} (the run has {own[name]})"
            for name, value in options.items()
            if value != own[name]
        ]

    def as_dict(self) -> dict[str, Any]:
        """Names to plain values."""
        return asdict(self)


def _require(option: str, value: float, fits: bool, expected: str) -> None:
    if not fits or not math.isfinite(value):
        raise ValueError(f"--{option}: expected {expected}, got {value}")


def _require_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"--{option}: expected one of {', '.join(choices)}, got {value!r}")
