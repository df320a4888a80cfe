"""Where a training stands in its random numbers and its data, to be found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.training.checkpoint import CheckpointError


def capture_position(loader: Any, batch: int) -> dict[str, Any]:
    """The default generator's state, and the place in ``loader`` after ``batch`` batches of the epoch."""
    return {
        "batch": batch,
        "batches": batches_per_epoch(loader),
        "loader": loader.state_dict() if hasattr(loader, "state_dict") else None,
        "default_generator": tg.default_generator.get_state(),
    }


def put_back_position(position: Mapping[str, Any], loader: Any) -> Iterable[Any]:
    """Put the default generator and ``loader`` back; returns what gives the epoch's remaining batches.

    A loader without ``state_dict`` has the batches that were done skipped, which is right if it gives the
    same ones each time.

    Raises
    ------
    CheckpointError
        If ``loader`` is not like the one that was captured.
    """
    length = batches_per_epoch(loader)
    if position["batches"] != length:
        raise CheckpointError(
            f"the training that was saved had {position['batches']} batches an epoch but train_loader has "
            f"{length}; use the same data, batch_size and drop_last"
        )
    remaining: Iterable[Any] = loader
    if position["loader"] is not None and hasattr(loader, "load_state_dict"):
        try:
            loader.load_state_dict(position["loader"])
        except ValueError as error:
            raise CheckpointError(f"train_loader is not the one that was saved: {error}") from error
    elif position["batch"]:
        remaining = islice(loader, position["batch"], None)
    tg.default_generator.set_state(position["default_generator"])
    return remaining


def batches_per_epoch(loader: Any) -> int | None:
    """``len(loader)``, or None where it has none."""
    return len(loader) if hasattr(loader, "__len__") else None
