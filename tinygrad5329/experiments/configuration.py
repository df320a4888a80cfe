"""What decides one run of a study: network, optimizer, recipe, data split, seed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

__all__ = ["ACTIVATIONS", "EXTRACTORS", "NORMALISATIONS", "PROTOCOLS", "SCALES", "SCHEDULES", "Configuration"]

ACTIVATIONS = ("none", "relu", "leaky_relu", "gelu", "tanh", "sigmoid")
NORMALISATIONS = ("none", "batch", "layer")
EXTRACTORS = ("linear", "conv1d", "rnn", "attention")
SCHEDULES = ("constant", "cosine", "onecycle")
SCALES = ("standard", "minmax", "none")
PROTOCOLS = ("validation", "report")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One run; the same values, code and data give the same numbers. The defaults are the report's baseline.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    activation : {"gelu", "relu", "leaky_relu", "tanh", "sigmoid", "none"}
        After each hidden layer (and inside a residual block); ``"none"`` leaves a linear network.
    normalisation : {"none", "batch", "layer"}
        Between each hidden layer and its activation.
    dropout : float
        After each activation, in [0, 1).
    residual : bool
        Makes each hidden layer after the first the block x + Linear(activation(Linear(x))).
    extractor : {"linear", "conv1d", "rnn", "attention"}
        What stands in the place of the first hidden layer; see ``extractors.py``.
    optimizer : str
        A name of ``optimizers.py``: ``"sgd"``, ``"adamw"``, ...
    lr : float
        Learning rate; its peak, under a schedule.
    weight_decay : float
        As the optimizer understands it: an L2 penalty for SGD, decoupled for AdamW.
    decay_matrices_only : bool
        Spares biases and normalisations the weight decay (He et al. 2019, "Bag of tricks", section 3.1).
    options : mapping
        The optimizer's other arguments, such as ``momentum``, ``dampening``, ``nesterov`` or ``betas``.
    schedule : {"constant", "cosine", "onecycle"}
        Of the learning rate, over all ``epochs``, batch by batch.
    warmup_epochs : int
        Linear rise of the learning rate before a constant or cosine schedule; part of ``epochs``.
    batch_size, epochs : int
        Samples a step; passes through the training rows at most.
    patience : int
        Stops after so many epochs without a better accuracy on the judging rows; 0: never.
    label_smoothing : float
        Share of the target spread over all classes, in [0, 1).
    mixup : float
        Parameter of the Beta distribution that mixes pairs of samples (Zhang et al. 2018); 0: none.
    ema : float
        Decay a step of the moving average of the weights that is judged in their place; 0: none.
    stochastic_depth : float
        Probability of leaving out a residual block for a sample in training (Huang et al. 2016), in [0, 1).
    input_noise : float
        Standard deviation of normal noise on the scaled features in training.
    mirror : bool
        Trains on mirror images half of the time; what a mirror does to the features is found from the rows
        that are trained on, see ``mirror.py``.
    max_norm : float
        Gradients are clipped to this total norm; 0: not.
    scale : {"standard", "minmax", "none"}
        Features to mean 0 and deviation 1 (Equation 2), to [0, 1] (Equation 1), or as they are; fitted on
        the rows that are trained on.
    feature_power : float
        Scaled feature number i, from 1, is multiplied by i ** -feature_power (and all by what keeps their mean
        square): principal components get back some of the order of importance that scaling took; 0: not.
    protocol : {"validation", "report"}
        ``"validation"`` holds out 10 % of the training rows, stops on them, picks the best epoch on them,
        and looks at the test rows once. ``"report"`` trains on all training rows, stops on the test rows
        and reports their best epoch, as the report did.
    seed : int
        Of the weights, the order of the batches and every random draw of the training.
    split_seed : int
        Of the rows that are held out; the same for all seeds, so that rows are compared on the same split.
    quick : bool
        Trains and tests on a few rows only; see ``preparation.py``.

    Raises
    ------
    ValueError
        If a value is out of range, or contradicts another; the message names the key.
    TypeError
        If a value is of another type.

    Examples
    --------
    >>> Configuration(hidden=[256], lr=0.05).changed({"options": {"dampening": 0.9}}).options
    {'momentum': 0.9, 'dampening': 0.9}
    """

    hidden: tuple[int, ...] = (128,)
    activation: str = "gelu"
    normalisation: str = "none"
    dropout: float = 0.0
    residual: bool = False
    extractor: str = "linear"
    optimizer: str = "sgd"
    lr: float = 0.001
    weight_decay: float = 0.0
    decay_matrices_only: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: {"momentum": 0.9}, hash=False)
    schedule: str = "constant"
    warmup_epochs: int = 0
    batch_size: int = 200
    epochs: int = 80
    patience: int = 10
    label_smoothing: float = 0.0
    mixup: float = 0.0
    ema: float = 0.0
    stochastic_depth: float = 0.0
    input_noise: float = 0.0
    mirror: bool = False
    max_norm: float = 0.0
    scale: str = "standard"
    feature_power: float = 0.0
    protocol: str = "validation"
    seed: int = 0
    split_seed: int = 0
    quick: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", _widths(self.hidden))
        object.__setattr__(self, "options", _options(self.options))
        for each in fields(self):
            value = _of_kind(each.name, getattr(self, each.name), str(each.type))
            object.__setattr__(self, each.name, value)
        for key, choices in _CHOICES.items():
            if getattr(self, key) not in choices:
                raise ValueError(f"{key}: expected one of {', '.join(choices)}, got {getattr(self, key)!r}")
        for key, (low, high, includes_high, words) in _RANGES.items():
            value = getattr(self, key)
            if not (low <= value < high or (includes_high and value == high)):
                raise ValueError(f"{key}: expected {words}, got {value}")
        self._check_together()

    def _check_together(self) -> None:
        if self.lr == 0:
            raise ValueError("lr: expected a number above 0, got 0.0")
        if self.residual and len(set(self.hidden)) > 1:
            raise ValueError(f"residual: a block adds its input to its output, but the widths are {list(self.hidden)}")
        if self.residual and len(self.hidden) < 2:
            raise ValueError("residual: the blocks are the hidden layers after the first; hidden needs two or more")
        if self.stochastic_depth and not self.residual:
            raise ValueError("stochastic_depth: there is no block to leave out without residual = true")
        if self.normalisation == "batch" and self.batch_size < 2:
            raise ValueError("batch_size: batch normalisation needs two samples or more, got 1")
        if self.schedule == "onecycle" and self.warmup_epochs:
            raise ValueError("warmup_epochs: onecycle has a warm-up of its own")
        if self.warmup_epochs >= self.epochs and self.warmup_epochs:
            raise ValueError(f"warmup_epochs: {self.warmup_epochs} leaves nothing of {self.epochs} epochs")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From :meth:`as_dict`, or from part of it.

        Raises
        ------
        ValueError, TypeError
            A key that is none; otherwise as the class.
        """
        _check_keys(values)
        return cls(**values)

    def changed(self, change: Mapping[str, Any]) -> Self:
        """With the keys of ``change`` in place of its own.

        ``options`` are merged into those of the same optimizer; with another ``optimizer`` they replace them.

        Raises
        ------
        ValueError, TypeError
            As :meth:`from_dict`.
        """
        _check_keys(change)
        values = dict(change)
        if change.get("optimizer", self.optimizer) == self.optimizer:
            if "options" in values:
                values["options"] = {**self.options, **_options(values["options"])}
        else:
            values.setdefault("options", {})
        return replace(self, **values)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {"hidden": list(self.hidden), "options": json.loads(json.dumps(dict(self.options)))}

    def differences(self, other: Configuration) -> dict[str, Any]:
        """The keys in which this one differs from ``other``, with this one's values."""
        theirs = other.as_dict()
        return {key: value for key, value in self.as_dict().items() if value != theirs[key]}


_CHOICES = {
    "activation": ACTIVATIONS,
    "normalisation": NORMALISATIONS,
    "extractor": EXTRACTORS,
    "schedule": SCHEDULES,
    "scale": SCALES,
    "protocol": PROTOCOLS,
}
_SHARE = (0, 1, False, "0 or more and below 1")
_NOT_NEGATIVE = (0, math.inf, False, "0 or more")
_AT_LEAST_ONE = (1, math.inf, False, "1 or more")
_RANGES: dict[str, tuple[float, float, bool, str]] = {
    "dropout": _SHARE,
    "lr": (0, math.inf, False, "a number above 0"),
    "weight_decay": _NOT_NEGATIVE,
    "warmup_epochs": _NOT_NEGATIVE,
    "batch_size": _AT_LEAST_ONE,
    "epochs": _AT_LEAST_ONE,
    "patience": _NOT_NEGATIVE,
    "label_smoothing": _SHARE,
    "mixup": _NOT_NEGATIVE,
    "ema": _SHARE,
    "stochastic_depth": _SHARE,
    "input_noise": _NOT_NEGATIVE,
    "feature_power": _NOT_NEGATIVE,
    "max_norm": _NOT_NEGATIVE,
    "seed": (0, 2**63, False, "0 or more and below 2**63"),
    "split_seed": (0, 2**63, False, "0 or more and below 2**63"),
}


def _check_keys(values: Mapping[str, Any]) -> None:
    known = [each.name for each in fields(Configuration)]
    unknown = [key for key in values if key not in known]
    if unknown:
        raise ValueError(f"{unknown[0]}: no such key in a configuration; there are {', '.join(known)}")


def _widths(hidden: Any) -> tuple[int, ...]:
    fits = isinstance(hidden, (list, tuple)) and all(type(width) is int and width > 0 for width in hidden)
    if not fits or not hidden:
        raise ValueError(f"hidden: expected one or more widths such as [256, 256], got {hidden!r}")
    return tuple(hidden)


def _options(options: Any) -> dict[str, Any]:
    if not isinstance(options, Mapping):
        raise TypeError(f"options: expected the optimizer's arguments by name, got {options!r}")
    try:
        json.dumps(dict(options), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"options: expected what JSON can hold, got {dict(options)!r}: {error}") from error
    return dict(options)


def _of_kind(key: str, value: Any, kind: str) -> Any:
    """The value, with whole numbers made floats where floats belong."""
    if kind == "float" and type(value) is int:
        return float(value)
    expected = {"float": float, "int": int, "bool": bool, "str": str}.get(kind)
    if expected is not None and type(value) is not expected:
        raise TypeError(f"{key}: expected {_A[kind]}, got {value!r}")
    return value


_A = {"float": "a number", "int": "a whole number", "bool": "true or false", "str": "a name"}
