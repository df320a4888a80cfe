"""What a forward pass of an architecture does, by name: ``linear 64 128``, ``batch 128``, ``gelu 128`` and so on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.domains import Domain, Value
from tinygrad5329.search.networks.cell import CELL_WIDTH, CellGraph
from tinygrad5329.search.networks.fronts import EXTRACTORS, build_front
from tinygrad5329.search.networks.stack import ACTIVATIONS, LAYER_DEFAULTS, NORMALISATIONS
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.tensor import Tensor

__all__ = ["build_operation", "cell_operations", "operations_of_space", "stack_operations"]


def stack_operations(architecture: Architecture, in_features: int, classes: int) -> list[str]:
    """The operations of :func:`~tinygrad5329.search.networks.stack.build_stack` in evaluation, in order.

    Examples
    --------
    >>> stack_operations({"layers": [{"width": 32, "normalisation": "batch"}]}, 64, 10)
    ['sequence', 'sequence', 'linear 64 32', 'batch 32', 'relu 32', 'linear 32 10']
    """
    named = ["sequence", *_front(architecture.get("extractor", "linear"), in_features)]
    width = in_features
    for layer in architecture["layers"]:
        named += _layer(LAYER_DEFAULTS | layer, width)
        if architecture.get("dropout"):
            named.append("dropout")
        width = layer["width"]
    return [*named, f"linear {width} {classes}"]


def cell_operations(architecture: Architecture, in_features: int, classes: int, width: int = CELL_WIDTH) -> list[str]:
    """The operations of :func:`~tinygrad5329.search.networks.cell.build_cell` in evaluation."""
    ends = [int(edge.partition("-")[2]) for edge in architecture["cell"]]
    named = ["sequence", f"linear {in_features} {width}", f"batch {width}", f"cell {1 + max(ends)}"]
    used: list[int] = []
    for end, operation in zip(ends, architecture["cell"].values(), strict=True):
        if operation != "none":
            used.append(end)
            mapped = ["sequence", f"linear {width} {width}", f"{operation} {width}"]
            named += ["skip"] if operation == "skip" else mapped
    named += [f"sum {width}"] * (len(used) - len(set(used)))
    return [*named, f"linear {width} {classes}"]


def operations_of_space(space: Space, in_features: int, classes: int, width: int = CELL_WIDTH) -> list[str]:
    """All operations that architectures of a space have, each once, sorted.

    Parameters
    ----------
    space : Space
        With a stack ``layers``, or a cell ``cell``.
    in_features, classes : int
    width : int
        Of the cell.

    Raises
    ------
    ValueError
        If it has neither.
    """
    layers, cell = space.parts.get("layers"), space.parts.get("cell")
    if isinstance(layers, Stack):
        return sorted(set(_of_stacks(space, layers, in_features, classes)))
    if isinstance(cell, Cell):
        each: list[Architecture] = [{"cell": dict.fromkeys(cell.edges, operation)} for operation in cell.operations]
        return sorted({name for one in each for name in cell_operations(one, in_features, classes, width)})
    raise ValueError("the operations of a space are known where it has a stack 'layers' or a cell 'cell'")


def build_operation(name: str, rows: int) -> tuple[nn.Module, Tensor]:
    """A module that does nothing but this operation, and an input for it.

    Raises
    ------
    ValueError
        If no operation has this name.
    """
    kind, *sizes = name.split(" ")
    widths = [int(size) for size in sizes if size.isdecimal()]
    if name in _WITHOUT_WIDTH:
        return _WITHOUT_WIDTH[name](), tg.randn(rows, 1)
    if kind == "cell" and len(widths) == 1:
        chain = {f"{end - 1}-{end}": nn.Identity() for end in range(1, widths[0])}
        return CellGraph(widths[0], chain), tg.randn(rows, 1)
    if kind in ("linear", "project") and len(widths) == 2:
        return nn.Linear(widths[0], widths[1], bias=kind == "linear"), tg.randn(rows, widths[0])
    if len(widths) == 1:
        input = tg.randn(rows, widths[0])
        if kind == "add":
            return nn.Residual(nn.Identity()), input
        if kind == "sum":
            return _Twice(), input
        if kind in ACTIVATIONS:
            return ACTIVATIONS[kind](), input
        normalisation = NORMALISATIONS.get(kind)
        if normalisation is not None:
            return normalisation(widths[0]), input
        front = build_front(kind, widths[0]) if kind in EXTRACTORS else None
        if front is not None:
            return front, input
    raise ValueError(f"{name!r} is no operation such as 'linear 64 128', 'gelu 128' or 'attention 64'")


#: What calling a module costs by itself counts where the operations take microseconds.
_WITHOUT_WIDTH: dict[str, type[nn.Module]] = {"sequence": nn.Sequential, "dropout": nn.Dropout, "skip": nn.Identity}


class _Twice(nn.Module):
    def forward(self, input: Tensor) -> Tensor:
        return input + input


def _front(extractor: str, features: int) -> list[str]:
    return [] if extractor == "linear" else [f"{extractor} {features}"]


def _layer(layer: Mapping[str, Any], in_features: int) -> list[str]:
    width, activation = layer["width"], f"{layer['activation']} {layer['width']}"
    named = ["sequence", f"linear {in_features} {width}"]
    if layer["form"] == "residual":
        named += ["sequence", activation, f"linear {width} {width}", f"add {width}"]
        if in_features != width:
            named.append(f"project {in_features} {width}")
    if layer["normalisation"] != "none":
        named.append(f"{layer['normalisation']} {width}")
    return [*named, activation]


def _of_stacks(space: Space, layers: Stack, in_features: int, classes: int) -> Iterator[str]:
    options = {key: _values(f"layers.{key}", domain) for key, domain in layers.part.items()}
    if "width" not in options:
        raise ValueError("layers: its part has no decision 'width'")
    yield from ("sequence", "dropout") if "dropout" in space.parts else ("sequence",)
    for extractor in _values("extractor", space.parts.get("extractor", "linear")):
        yield from _front(str(extractor), in_features)
    for chosen in itertools.product(*options.values()):
        layer: dict[str, Any] = LAYER_DEFAULTS | dict(zip(options, chosen, strict=True))
        yield f"linear {layer['width']} {classes}"
        for before in (in_features, *options["width"]):
            assert isinstance(before, int)
            yield from _layer(layer, before)


def _values(name: str, part: Any) -> tuple[Value, ...]:
    if not isinstance(part, Domain):
        return (part,)
    if part.values is None:
        raise ValueError(f"{name}: a Float has no list of values to measure")
    return part.values
