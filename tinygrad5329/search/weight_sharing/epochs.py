"""Running a one-shot search epoch by epoch: budget, checkpoints, resuming."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tinygrad5329.search.space import Architecture
from tinygrad5329.search.weight_sharing.one_shot import Favourite
from tinygrad5329.training.blas_threads import one_blas_thread
from tinygrad5329.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint

__all__ = ["CHECKPOINT", "Session", "run_epochs"]

#: Name of the checkpoint in a search's folder.
CHECKPOINT = "supernet.safetensors"


class Session(Protocol):
    """A one-shot search under way.

    Its randomness comes from the seed and the number of the epoch alone, so that no generator has to be saved.

    Attributes
    ----------
    budget : int
        Steps that the epochs may take together; the rest is kept for :meth:`rank`.
    """

    budget: int

    def epoch(self, number: int, taken: int) -> int:
        """Epoch ``number``, from 0, after ``taken`` steps; gives the steps it took, within the budget, at least 1."""
        ...

    def favourite(self) -> Architecture:
        """The architecture that it would choose by now."""
        ...

    def rank(self) -> list[Architecture]:
        """What it found, the best first."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that epochs change."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put :meth:`state_dict` back."""
        ...


def run_epochs(
    session: Session,
    identity: Mapping[str, Any],
    folder: str | os.PathLike[str] | None,
    report: Favourite | None,
) -> list[Architecture]:
    """Epochs until the budget is spent, then the ranking; each epoch is in ``folder`` before it is reported.

    Parameters
    ----------
    identity : mapping
        What a checkpoint must agree with to go on from it, as JSON: the algorithm, its settings, space, seed, steps.

    Raises
    ------
    ValueError
        If the folder holds a checkpoint of another search.
    CheckpointError
        If it is damaged.
    """
    path = None if folder is None else Path(folder) / CHECKPOINT
    identity = json.loads(json.dumps(identity))
    number = taken = 0
    if path is not None and path.exists():
        number, taken = _resume(session, identity, path)
    with one_blas_thread(), np.errstate(all="ignore"):  # a search that diverges is told by its loss
        while taken < session.budget:
            taken += session.epoch(number, taken)
            number += 1
            if path is not None:
                state = {"identity": identity, "epoch": number, "steps": taken, "session": session.state_dict()}
                save_checkpoint(path, state)
            if report is not None:
                report(taken, session.favourite())
        return session.rank()


def _resume(session: Session, identity: Mapping[str, Any], path: Path) -> tuple[int, int]:
    state = load_checkpoint(path)
    if state.keys() != {"identity", "epoch", "steps", "session"}:
        raise CheckpointError(f"checkpoint {path} is none of a search with shared weights; give another folder")
    for name, expected in identity.items():
        found = state["identity"].get(name)
        if found != expected:
            raise ValueError(
                f"{path} belongs to another search: its {name} is {_shortly(found)}, this one's {_shortly(expected)}; "
                "give another folder, or delete that file"
            )
    session.load_state_dict(state["session"])
    return state["epoch"], state["steps"]


def _shortly(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:200] + "..."
