"""The optimizers that a study can name, and what they are built with."""

from __future__ import annotations

import inspect
from typing import Any

from tinygrad5329 import nn, optim
from tinygrad5329.experiments.configuration import Configuration

__all__ = ["OPTIMIZERS", "build_optimizer", "check_options"]

#: Names in study files, and classes of ``tinygrad5329.optim``.
OPTIMIZERS = {
    "sgd": "SGD",
    "classical_momentum": "ClassicalMomentum",
    "heavy_ball": "HeavyBall",
    "qhm": "QHM",
    "aggmo": "AggMo",
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "NAdam",
    "radam": "RAdam",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "muon": "Muon",
}
#: What a configuration sets by keys of its own, or a run cannot use.
_NOT_OPTIONS = {"self", "params", "lr", "weight_decay", "foreach", "fused", "differentiable", "maximize", "capturable"}


def build_optimizer(configuration: Configuration, model: nn.Module) -> list[optim.Optimizer]:
    """The optimizer of a configuration over all parameters of ``model``.

    A list, because Muon updates matrices alone: with ``optimizer = "muon"`` the hidden weight matrices are
    its, and AdamW at the same learning rate updates the output layer, biases and normalisations, as Jordan
    et al. advise. Its learning rate is adjusted to match AdamW's update unless the options say otherwise.

    Raises
    ------
    ValueError
        An unknown name or option, or an option out of its range.
    """
    check_options(configuration)
    common: dict[str, Any] = {"lr": configuration.lr, "weight_decay": configuration.weight_decay}
    options: dict[str, Any] = {key: _as_tuple(value) for key, value in configuration.options.items()}
    if configuration.optimizer == "muon":
        named = list(model.named_parameters())
        matrices = [p for name, p in named if p.dim() == 2 and not name.startswith("output")]
        rest = [p for name, p in named if p.dim() != 2 or name.startswith("output")]
        muon = optim.Muon(matrices, **common, **({"adjust_lr_fn": "match_rms_adamw"} | options))
        return [muon, optim.AdamW(_groups(rest, configuration), **common)]
    groups = _groups(list(model.parameters()), configuration)
    return [getattr(optim, OPTIMIZERS[configuration.optimizer])(groups, **common, **options)]


def _groups(parameters: list[Any], configuration: Configuration) -> list[Any]:
    """The parameters, or two groups of them where some are spared the weight decay."""
    if not configuration.decay_matrices_only:
        return parameters
    spared = {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}
    return [group for group in ({"params": [p for p in parameters if p.dim() >= 2]}, spared) if group["params"]]


def check_options(configuration: Configuration) -> None:
    """Refuse an optimizer that is none, and options that it does not have.

    Raises
    ------
    ValueError
        See above; the message lists what there is.
    """
    name = configuration.optimizer
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {name!r}")
    known = set(inspect.signature(getattr(optim, OPTIMIZERS[name])).parameters) - _NOT_OPTIONS
    unknown = sorted(set(configuration.options) - known)
    if unknown:
        raise ValueError(f"options: {name} has no {unknown[0]!r}; it has {', '.join(sorted(known)) or 'none'}")


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
