"""The states of the global random streams of a process: Python's, NumPy's and this package's."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad5329.random import default_generator, manual_seed

__all__ = ["capture", "fingerprint", "restore", "seed_everything"]


def seed_everything(base_seed: int, worker_id: int) -> None:
    """Seed the three streams of worker ``worker_id`` as PyTorch seeds those of its workers."""
    random.seed(base_seed + worker_id)
    manual_seed(base_seed + worker_id)
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))


def capture() -> dict[str, Any]:
    """The three states as plain numbers and arrays."""
    version, words, spare = random.getstate()
    numpy_state = np.random.get_state(legacy=False)
    return {
        "python": {"version": version, "words": np.array(words, np.uint32), "spare": spare},
        "numpy": {
            "words": numpy_state["state"]["key"].copy(),
            "position": int(numpy_state["state"]["pos"]),
            "has_spare": int(numpy_state["has_gauss"]),
            "spare": float(numpy_state["gauss"]),
        },
        "tinygrad5329": np.array(default_generator.get_state()),
    }


def restore(state: Mapping[str, Any]) -> None:
    """Go back to what :func:`capture` returned."""
    python, numpy_state = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["spare"]))
    np.random.set_state(
        {
            "bit_generator": "MT19937",
            "state": {"key": numpy_state["words"], "pos": numpy_state["position"]},
            "has_gauss": numpy_state["has_spare"],
            "gauss": numpy_state["spare"],
        }
    )
    default_generator.set_state(state["tinygrad5329"])


def fingerprint() -> tuple[Any, ...]:
    """Something that is equal exactly while no number is drawn."""
    numpy_state = np.random.get_state(legacy=False)
    return (
        random.getstate(),
        numpy_state["state"]["key"].tobytes(),
        numpy_state["state"]["pos"],
        numpy_state["has_gauss"],
        np.asarray(default_generator.get_state()).tobytes(),
    )
