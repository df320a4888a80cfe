"""The report's task: the best network for a data set, and how to train it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tinygrad5329 import nn
from tinygrad5329.search.domains import Value
from tinygrad5329.search.networks.operations import stack_operations
from tinygrad5329.search.networks.parameter_count import stack_parameters
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.tasks.report_space import TRAINING_DEFAULTS, report_space
from tinygrad5329.search.tasks.trained_task import TrainedTask
from tinygrad5329.training.models import initialise_kaiming

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.supernet import Supernet

__all__ = ["ReportTask"]


class ReportTask(TrainedTask):
    """Networks of the space of :func:`~tinygrad5329.search.tasks.report_space.report_space`.

    The arguments are those of :class:`TrainedTask`.

    Examples
    --------
    >>> task = ReportTask(epochs=1)
    >>> outcome = task.train(
    ...     {
    ...         "extractor": "linear",
    ...         "layers": [{"width": 64, "activation": "gelu", "normalisation": "batch", "form": "plain"}],
    ...         "dropout": 0.0,
    ...         "optimizer": "adamw",
    ...         "adamw_lr": 0.01,
    ...         "weight_decay": 1e-4,
    ...         "schedule": "constant",
    ...     },
    ...     seed=0,
    ...     report=lambda steps, value: None,
    ... )
    >>> outcome.steps, outcome.value > 0.7
    (7, True)
    """

    name = "report"
    #: A supernet learns without dropout, so what it ranks first is trained without, too.
    defaults: Mapping[str, Value] = {"dropout": 0.0, **TRAINING_DEFAULTS}

    drawn_by = staticmethod(initialise_kaiming)

    def declare(self) -> Space:
        return report_space()

    def network(self, architecture: Architecture, features: int, classes: int) -> nn.Module:
        return build_stack(architecture, features, classes)

    def count_parameters(self, architecture: Architecture) -> int:
        return stack_parameters(architecture, self.split.facts.features, self.split.facts.classes)

    def operations(self, architecture: Architecture) -> list[str]:
        return stack_operations(architecture, self.split.facts.features, self.split.facts.classes)

    def supernet(self) -> Supernet:
        """A supernet of the space with new weights, drawn from the default generator."""
        from tinygrad5329.search.weight_sharing.stack_supernet import StackSupernet

        return StackSupernet(self.space, self.split.facts.features, self.split.facts.classes)
