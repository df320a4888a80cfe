"""The task of finding a cell: which operation stands on which edge of a small graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad5329 import nn
from tinygrad5329.search.networks.cell import build_cell
from tinygrad5329.search.networks.operations import cell_operations
from tinygrad5329.search.networks.parameter_count import cell_parameters
from tinygrad5329.search.parts import Cell
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.tasks.report_space import training_parts
from tinygrad5329.search.tasks.trained_task import TrainedTask
from tinygrad5329.training.models import initialise_kaiming

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.supernet import Supernet

__all__ = ["OPERATIONS", "CellTask"]

OPERATIONS = ("none", "skip", "relu", "gelu", "tanh")


class CellTask(TrainedTask):
    """Cells of 4 nodes with one of five operations on each of their 6 edges, and how they are trained.

    The arguments are those of :class:`TrainedTask`.

    Examples
    --------
    >>> len(CellTask().space["cell.0-1"].domain.values) ** 6
    15625
    """

    name = "cell"

    drawn_by = staticmethod(initialise_kaiming)

    def declare(self) -> Space:
        return Space({"cell": Cell(4, OPERATIONS), **training_parts()})

    def network(self, architecture: Architecture, features: int, classes: int) -> nn.Module:
        return build_cell(architecture, features, classes)

    def count_parameters(self, architecture: Architecture) -> int:
        return cell_parameters(architecture, self.split.facts.features, self.split.facts.classes)

    def operations(self, architecture: Architecture) -> list[str]:
        return cell_operations(architecture, self.split.facts.features, self.split.facts.classes)

    def supernet(self) -> Supernet:
        """A supernet of the space with new weights, drawn from the default generator."""
        from tinygrad5329.search.weight_sharing.cell_supernet import CellSupernet

        return CellSupernet(self.space, self.split.facts.features, self.split.facts.classes)
