"""How many parameters an architecture has, told without building it: what a limit asks thousands of times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad5329.search.networks.cell import CELL_WIDTH
from tinygrad5329.search.networks.fronts import build_front
from tinygrad5329.search.networks.stack import LAYER_DEFAULTS, NORMALISATIONS
from tinygrad5329.search.space import Architecture
from tinygrad5329.training.models import count_parameters

__all__ = ["cell_parameters", "front_parameters", "stack_parameters"]

_FRONTS: dict[tuple[str, int], int] = {}


def stack_parameters(architecture: Architecture, in_features: int, classes: int) -> int:
    """Parameters of :func:`~tinygrad5329.search.networks.stack.build_stack`.

    Examples
    --------
    >>> stack_parameters({"layers": [{"width": 128, "activation": "gelu"}]}, 128, 10)  # the report's baseline
    17802
    """
    counted = front_parameters(architecture.get("extractor", "linear"), in_features)
    width = in_features
    for layer in architecture["layers"]:
        counted += _layer(LAYER_DEFAULTS | layer, width)
        width = layer["width"]
    return counted + _linear(width, classes)


def cell_parameters(architecture: Architecture, in_features: int, classes: int, width: int = CELL_WIDTH) -> int:
    """Parameters of :func:`~tinygrad5329.search.networks.cell.build_cell`."""
    mapped = sum(operation not in ("none", "skip") for operation in architecture["cell"].values())
    return _linear(in_features, width) + 2 * width + mapped * _linear(width, width) + _linear(width, classes)


def front_parameters(extractor: str, features: int) -> int:
    """Parameters of :func:`~tinygrad5329.search.networks.fronts.build_front`; counted on one that is built once."""
    key = (extractor, features)
    if key not in _FRONTS:
        front = build_front(extractor, features)
        _FRONTS[key] = 0 if front is None else count_parameters(front)
    return _FRONTS[key]


def _layer(layer: Mapping[str, Any], in_features: int) -> int:
    width: int = layer["width"]
    counted = _linear(in_features, width)
    if layer["form"] == "residual":
        counted += _linear(width, width) + (in_features * width if in_features != width else 0)
    if NORMALISATIONS[layer["normalisation"]] is not None:
        counted += 2 * width
    return counted


def _linear(in_features: int, out_features: int) -> int:
    return in_features * out_features + out_features
