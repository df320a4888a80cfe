"""Searches that train one supernet: what a task must offer for them, and what all of them have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from tinygrad5329.search.domains import Value
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.task import Task
from tinygrad5329.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.supernet import Supernet

__all__ = ["Favourite", "OneShot", "SearchData", "SupernetTask", "check_steps"]

#: Told, after each epoch, the steps taken so far and the architecture that the search would choose by now.
Favourite: TypeAlias = Callable[[int, Architecture], None]


@dataclass(frozen=True)
class SearchData:
    """The rows that a one-shot search learns from; never test rows.

    Attributes
    ----------
    first_half, second_half : tuple of Tensor
        Scaled features (N, F) and classes (N,): the training rows, cut into two. DARTS fits weights to the first and
        architectures to the second; the others train on both.
    validation : tuple of Tensor
        Likewise, the validation rows.
    batch_size : int
        Rows of one step.
    """

    first_half: tuple[Tensor, Tensor]
    second_half: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    batch_size: int


class SupernetTask(Task, Protocol):
    """A task that can be searched with shared weights.

    Attributes
    ----------
    defaults : mapping of str to value
        By path, what the decisions come to that the supernet does not cover.
    """

    defaults: Mapping[str, Value]

    def supernet(self) -> Supernet:
        """A supernet of the space with new weights, drawn from the default generator."""
        ...

    def search_data(self, seed: int) -> SearchData:
        """The rows; the same seed gives the same halves."""
        ...


class OneShot(Protocol):
    """A search with shared weights, as its settings."""

    def search(
        self,
        task: SupernetTask,
        *,
        steps: int,
        seed: int,
        folder: str | os.PathLike[str] | None = None,
        report: Favourite | None = None,
    ) -> list[Architecture]:
        """Complete architectures of ``task.space``, the best first, found with at most ``steps`` steps.

        Decisions that the supernet does not cover come from ``task.defaults``.

        Parameters
        ----------
        steps : int
            Forward and backward passes of one batch.
        seed : int
            The same seed gives the same result, bit for bit.
        folder : path-like, optional
            Keeps a checkpoint of every epoch here, and goes on from the one that is here.
        report : callable, optional
            ``report(steps so far, favourite)`` after each epoch, when its checkpoint is written. What it raises ends
            the search; the same call goes on after that epoch.

        Raises
        ------
        ValueError
            If ``steps`` is not enough for one iteration, a default is missing, or the folder's checkpoint is that of
            another search.
        DivergenceError
            If the loss of the shared weights becomes NaN or infinite.
        """
        ...


def check_steps(steps: int, least: int) -> None:
    """Complain of a budget that is no whole number, or below what one iteration takes."""
    if type(steps) is not int or steps < least:
        raise ValueError(f"steps: expected a whole number from {least}, got {steps!r}")
