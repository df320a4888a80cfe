"""The networks of stack spaces: a front, layers one after the other, a head."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from tinygrad5329 import nn
from tinygrad5329.search.networks.blocks import ProjectedResidual
from tinygrad5329.search.networks.fronts import build_front
from tinygrad5329.search.space import Architecture
from tinygrad5329.training.models import initialise_kaiming

__all__ = ["ACTIVATIONS", "LAYER_DEFAULTS", "NORMALISATIONS", "build_activation", "build_layer", "build_stack"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
NORMALISATIONS: dict[str, type[nn.Module] | None] = {"none": None, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
#: What a layer is where its space does not decide it.
LAYER_DEFAULTS = {"activation": "relu", "normalisation": "none", "form": "plain"}


def build_stack(architecture: Architecture, in_features: int, classes: int) -> nn.Sequential:
    """The network of an architecture, from scaled features (N, in_features) to logits (N, classes).

    Its parts are ``front`` (:func:`build_front`; left out for the extractor ``"linear"``), ``layer1``, ``layer2``
    and so on (:func:`build_layer`), and ``head``, a linear layer. Linear weights are drawn by
    :func:`initialise_kaiming`, all others as their layers draw them, from the default generator.

    Parameters
    ----------
    architecture : dict
        ``"layers"``, a list of objects as :func:`build_layer` takes them; ``"extractor"`` (``"linear"``) and
        ``"dropout"`` (0). Other keys, such as the optimizer's, are not looked at.
    in_features, classes : int

    Raises
    ------
    ValueError
        If the architecture has no layers, or one of them cannot be built.

    Examples
    --------
    >>> build_stack({"layers": [{"width": 32, "form": "residual"}]}, 64, 10).layer1
    Sequential(
      (residual): ProjectedResidual(
        (module): Sequential(
          (linear1): Linear(in_features=64, out_features=32, bias=True)
          (activation): ReLU()
          (linear2): Linear(in_features=32, out_features=32, bias=True)
        )
        (shortcut): Linear(in_features=64, out_features=32, bias=False)
      )
      (activation): ReLU()
    )
    """
    hidden = architecture.get("layers")
    if not isinstance(hidden, list) or not hidden:
        raise ValueError(f"layers: expected one layer or more such as [{{'width': 64}}], got {hidden!r}")
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    front = build_front(architecture.get("extractor", "linear"), in_features)
    if front is not None:
        parts["front"] = front
    width = in_features
    for number, layer in enumerate(hidden, start=1):
        try:
            parts[f"layer{number}"] = build_layer(layer, width, architecture.get("dropout", 0.0))
        except ValueError as error:
            raise ValueError(f"layers.{number}.{error}") from error
        width = layer["width"]
    parts["head"] = nn.Linear(width, classes)
    network = nn.Sequential(parts)
    initialise_kaiming(network)
    return network


def build_layer(layer: Mapping[str, Any], in_features: int, dropout: float = 0.0) -> nn.Sequential:
    """One layer: ``linear`` or ``residual``, then ``norm``, ``activation`` and ``dropout`` as far as it has them.

    A residual layer is ``shortcut(x) + Linear(activation(Linear(x)))``; its shortcut is the identity where the
    width stays, else a linear map without bias (He et al. 2016, equations 1 and 2).

    Parameters
    ----------
    layer : mapping
        ``"width"``; ``"activation"`` (``"relu"``), ``"normalisation"`` (``"none"``) and ``"form"`` (``"plain"``).
    in_features : int
    dropout : float
        After the activation, in [0, 1).

    Raises
    ------
    ValueError
        If a value is none of those there are.
    """
    width = layer.get("width")
    if type(width) is not int or width < 1:
        raise ValueError(f"width: expected a whole number from 1, got {width!r}")
    chosen = LAYER_DEFAULTS | dict(layer)
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    if chosen["form"] == "plain":
        parts["linear"] = nn.Linear(in_features, width)
    elif chosen["form"] == "residual":
        parts["residual"] = _residual(in_features, width, chosen["activation"])
    else:
        raise ValueError(f"form: expected plain or residual, got {chosen['form']!r}")
    normalisation = _named("normalisation", chosen["normalisation"], NORMALISATIONS)
    if normalisation is not None:
        parts["norm"] = normalisation(width)
    parts["activation"] = build_activation(chosen["activation"])
    if dropout:
        parts["dropout"] = nn.Dropout(dropout)
    return nn.Sequential(parts)


def build_activation(name: str) -> nn.Module:
    """The activation of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    made: nn.Module = _named("activation", name, ACTIVATIONS)()
    return made


def _residual(in_features: int, width: int, activation: str) -> nn.Module:
    branch = nn.Sequential(
        OrderedDict(
            linear1=nn.Linear(in_features, width),
            activation=build_activation(activation),
            linear2=nn.Linear(width, width),
        )
    )
    if in_features == width:
        return nn.Residual(branch)
    return ProjectedResidual(branch, shortcut=nn.Linear(in_features, width, bias=False))


def _named(key: str, name: Any, table: Mapping[str, Any]) -> Any:
    if name not in table:
        raise ValueError(f"{key}: expected one of {', '.join(table)}, got {name!r}")
    return table[name]
