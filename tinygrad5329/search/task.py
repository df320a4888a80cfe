"""What is searched over: a space, and how an architecture of it is built, trained and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from tinygrad5329 import nn
from tinygrad5329.search.space import Architecture, Space

if TYPE_CHECKING:
    from tinygrad5329.tensor import Tensor

__all__ = ["Outcome", "Pruned", "Report", "Task"]

#: Told the steps taken so far and the value; raises :class:`Pruned` to stop the training.
Report: TypeAlias = Callable[[int, float], None]


class Pruned(Exception):
    """Raised by a report to stop a training that has fallen behind."""


@dataclass(frozen=True)
class Outcome:
    """What the training of one architecture came to.

    Attributes
    ----------
    value : float
        The larger the better.
    steps : int
        Training steps taken.
    measures : mapping
        What else was found, as JSON: ``"parameters"``, ``"latency"``, ``"test_accuracy"``, ...
    """

    value: float
    steps: int
    measures: Mapping[str, Any] = field(default_factory=dict)


class Task(Protocol):
    """A space with a way to judge its architectures.

    Attributes
    ----------
    name : str
    space : Space
    steps : int
        Training steps that :meth:`train` takes at most.

    A task may have ``value_name``, what its values are called on a study's page (``"validation accuracy"``).
    """

    @property
    def name(self) -> str: ...

    @property
    def space(self) -> Space: ...

    @property
    def steps(self) -> int: ...

    def build(self, architecture: Architecture) -> nn.Module:
        """The architecture as an ordinary module with new weights, drawn from the default generator."""
        ...

    def example(self) -> Tensor:
        """A batch of inputs, for drawing the module."""
        ...

    def train(self, architecture: Architecture, *, seed: int, report: Report) -> Outcome:
        """Train from scratch and judge on validation data; the same seed gives the same outcome.

        ``report`` is called now and then (after each epoch) with the steps taken and the value so far.
        A loss that diverges raises ``DivergenceError``.
        """
        ...
