"""The networks of cell spaces: a stem, the cell, a head."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.networks.stack import ACTIVATIONS, build_activation
from tinygrad5329.search.space import Architecture
from tinygrad5329.tensor import Tensor
from tinygrad5329.training.models import initialise_kaiming

__all__ = ["CELL_WIDTH", "CellGraph", "build_cell", "build_operation"]

#: Features of every node, unless another width is asked for.
CELL_WIDTH = 64


class CellGraph(nn.Module):
    """Nodes 0 to ``nodes - 1``, each the sum of what its incoming edges make of the nodes before it.

    Node 0 is the input, the last node the output (Dong and Yang 2020, figure 1). A node without an incoming edge
    is zero.

    Parameters
    ----------
    nodes : int
    edges : mapping of str to Module
        Such as ``{"0-1": nn.Identity(), "1-2": nn.Linear(64, 64)}``; what is left out is not there.

    Raises
    ------
    ValueError
        If an edge does not lead from a node to a later one.
    """

    def __init__(self, nodes: int, edges: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.nodes = nodes
        possible = [f"{start}-{end}" for end in range(1, nodes) for start in range(end)]
        unfit = [name for name in edges if name not in possible]
        if unfit:
            raise ValueError(f"CellGraph: expected edges among {', '.join(possible)}, got {unfit[0]!r}")
        self.edges = nn.ModuleDict({name: edges[name] for name in possible if name in edges})

    def forward(self, input: Tensor) -> Tensor:
        """Return the last node, of the input's shape."""
        nodes = [input]
        for end in range(1, self.nodes):
            summed: Tensor | None = None
            for start in range(end):
                if (name := f"{start}-{end}") in self.edges:
                    term = self.edges[name](nodes[start])
                    summed = term if summed is None else summed + term
            nodes.append(tg.zeros_like(input) if summed is None else summed)
        return nodes[-1]

    def extra_repr(self) -> str:
        return f"nodes={self.nodes}"


def build_cell(architecture: Architecture, in_features: int, classes: int, width: int = CELL_WIDTH) -> nn.Sequential:
    """The network of an architecture, from scaled features (N, in_features) to logits (N, classes).

    Its parts are ``stem`` (a linear layer), ``norm`` (batch normalisation), ``cell`` (:class:`CellGraph`) and
    ``head`` (a linear layer). Linear weights are drawn by :func:`initialise_kaiming`, from the default generator.

    Parameters
    ----------
    architecture : dict
        ``"cell"``: operations by edge, ``{"0-1": "relu", ...}``. Other keys are not looked at.
    in_features, classes, width : int

    Raises
    ------
    ValueError
        If the architecture has no cell, or an edge of it cannot be built.
    """
    chosen = architecture.get("cell")
    if not isinstance(chosen, dict) or not chosen:
        raise ValueError(f"cell: expected operations by edge such as {{'0-1': 'relu'}}, got {chosen!r}")
    edges: dict[str, nn.Module] = {}
    for name, operation in chosen.items():
        try:
            built = build_operation(operation, width)
        except ValueError as error:
            raise ValueError(f"cell.{name}: {error}") from error
        if built is not None:
            edges[name] = built
    nodes = 1 + max(int(name.partition("-")[2]) for name in chosen)
    network = nn.Sequential(
        OrderedDict(
            stem=nn.Linear(in_features, width),
            norm=nn.BatchNorm1d(width),
            cell=CellGraph(nodes, edges),
            head=nn.Linear(width, classes),
        )
    )
    initialise_kaiming(network)
    return network


def build_operation(name: str, width: int) -> nn.Module | None:
    """What stands on an edge: None for ``"none"``, the identity for ``"skip"``, else a linear map and an activation.

    Raises
    ------
    ValueError
        If there is no such operation.
    """
    if name == "none":
        return None
    if name == "skip":
        return nn.Identity()
    if name not in ACTIVATIONS:
        raise ValueError(f"expected one of none, skip, {', '.join(ACTIVATIONS)}, got {name!r}")
    return nn.Sequential(OrderedDict(linear=nn.Linear(width, width), activation=build_activation(name)))
