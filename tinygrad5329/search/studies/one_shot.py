"""Searches with shared weights, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.one_shot import OneShot

__all__ = ["ONE_SHOT", "SHARE", "search_of"]

#: Of the budget, for the shared weights; the rest trains what they rank first.
SHARE = 0.5

ONE_SHOT = {
    "enas": "a controller over shared weights (Pham et al. 2018)",
    "rlnas": "a controller rewarded by how far weights turn on random labels (Zhang et al. 2021)",
    "rlnas-fit": "a controller rewarded by how many random labels are learned",
    "darts": "differentiable, first order (Liu et al. 2019)",
    "darts2": "differentiable, second order, exact",
    "darts2-fd": "differentiable, second order, by finite differences",
}


def search_of(name: str) -> OneShot:
    """The search of a name, with its usual settings."""
    from tinygrad5329.search.weight_sharing.darts import DARTS
    from tinygrad5329.search.weight_sharing.enas import ENAS
    from tinygrad5329.search.weight_sharing.rlnas import RLNAS

    searches: dict[str, OneShot] = {
        "enas": ENAS(),
        "rlnas": RLNAS(),
        "rlnas-fit": RLNAS(criterion="fit"),
        "darts": DARTS("first-order"),
        "darts2": DARTS("exact"),
        "darts2-fd": DARTS("finite-difference"),
    }
    if name not in searches:
        raise ValueError(f"one-shot search: expected one of {', '.join(ONE_SHOT)}, got {name!r}")
    return searches[name]
