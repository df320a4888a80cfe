"""The supernet of cell spaces: on every edge all operations at once (DARTS), or one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional
from tinygrad5329.search.domains import Choice
from tinygrad5329.search.networks.cell import CELL_WIDTH
from tinygrad5329.search.networks.stack import ACTIVATIONS
from tinygrad5329.search.parts import Cell
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.weight_sharing.supernet import Mixture, Supernet, weighted
from tinygrad5329.tensor import Tensor
from tinygrad5329.training.models import initialise_kaiming

__all__ = ["CellSupernet"]

_WHOLE = ...


class CellSupernet(Supernet):
    """Shared weights for a space with a :class:`~tinygrad5329.search.parts.Cell` named ``"cell"``.

    Each edge has one linear map for each of its operations that has weights. In a mixture an edge gives the weighted
    sum of all its operations (Liu et al. 2019, equation 2).

    Parameters
    ----------
    space : Space
    in_features, num_classes : int
    width : int
        Features of every node.

    Raises
    ------
    ValueError
        If the space has no such cell, or one of its operations is unknown.
    """

    def __init__(self, space: Space, in_features: int, num_classes: int, width: int = CELL_WIDTH) -> None:
        super().__init__()
        cell = space.parts.get("cell")
        if not isinstance(cell, Cell):
            raise ValueError(f"CellSupernet: expected a Cell named 'cell' in the space, got {cell!r}")
        unknown = [each for each in cell.operations if each not in ("none", "skip", *ACTIVATIONS)]
        if unknown:
            raise ValueError(
                f"cell: expected operations among none, skip, {', '.join(ACTIVATIONS)}, got {unknown[0]!r}"
            )
        self.num_classes = num_classes
        self.slots = {f"cell.{edge}": Choice(*cell.operations) for edge in cell.edges}
        self.never_kept = dict.fromkeys(self.slots, ("none",)) if "none" in cell.operations else {}
        self._nodes = cell.nodes
        self._activations: dict[Any, Callable[[Tensor], Tensor]] = {
            name: ACTIVATIONS[name]() for name in cell.operations if name in ACTIVATIONS
        }
        self.stem = nn.Linear(in_features, width)
        self.norm = nn.BatchNorm1d(width, track_running_stats=False)
        self.edges = nn.ModuleDict(
            {edge: nn.ModuleDict({name: nn.Linear(width, width) for name in self._activations}) for edge in cell.edges}
        )
        self.head = nn.Linear(width, num_classes)
        initialise_kaiming(self)

    def path(self, input: Tensor, architecture: Architecture, weights: Mapping[str, Tensor]) -> Tensor:
        start = functional.linear(input, weights["stem.weight"], weights["stem.bias"])
        start = functional.batch_norm(start, None, None, weights["norm.weight"], weights["norm.bias"], training=True)

        def along(edge: str, node: Tensor) -> Tensor | None:
            operation = architecture["cell"][edge]
            if operation == "none":
                return None
            if operation == "skip":
                return node
            name = f"cell.edges.{edge}.linear"
            linear = functional.linear(node, weights[f"{name}.weight"], weights[f"{name}.bias"])
            return self._activations[operation](linear)

        return functional.linear(self._walk(start, along), weights["head.weight"], weights["head.bias"])

    def mixed(self, input: Tensor, mixture: Mixture) -> Tensor:
        def along(edge: str, node: Tensor) -> Tensor | None:
            linears: Any = self.edges[edge]
            chosen, terms = [], []
            for index, operation in enumerate(self.slots[f"cell.{edge}"].values):
                if operation != "none":
                    chosen.append(index)
                    terms.append(
                        node if operation == "skip" else self._activations[operation](linears[operation](node))
                    )
            return weighted(mixture[f"cell.{edge}"][chosen], terms) if terms else None

        logits: Tensor = self.head(self._walk(self.norm(self.stem(input)), along))
        return logits

    def _walk(self, start: Tensor, along: Callable[[str, Tensor], Tensor | None]) -> Tensor:
        nodes = [start]
        for end in range(1, self._nodes):
            total: Tensor | None = None
            for begin in range(end):
                term = along(f"{begin}-{end}", nodes[begin])
                if term is not None:
                    total = term if total is None else total + term
            nodes.append(tg.zeros_like(start) if total is None else total)
        return nodes[-1]

    def places(self, architecture: Architecture) -> Iterator[tuple[str, str, Any]]:
        for name in ("stem.weight", "stem.bias", "norm.weight", "norm.bias"):
            yield name, name, _WHOLE
        for edge, operation in architecture["cell"].items():
            if operation in self._activations:
                for kind in ("weight", "bias"):
                    yield f"cell.edges.{edge}.linear.{kind}", f"edges.{edge}.{operation}.{kind}", _WHOLE
        for name in ("head.weight", "head.bias"):
            yield name, name, _WHOLE
