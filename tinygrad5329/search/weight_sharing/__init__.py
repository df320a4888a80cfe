"""Algorithms that train all architectures at once, in one network with shared weights."""

from __future__ import annotations

from tinygrad5329.search.weight_sharing.cell_supernet import CellSupernet
from tinygrad5329.search.weight_sharing.darts import DARTS
from tinygrad5329.search.weight_sharing.enas import ENAS
from tinygrad5329.search.weight_sharing.one_shot import OneShot, SearchData, SupernetTask
from tinygrad5329.search.weight_sharing.rlnas import RLNAS
from tinygrad5329.search.weight_sharing.stack_supernet import StackSupernet
from tinygrad5329.search.weight_sharing.supernet import Supernet

__all__ = [
    "DARTS", "ENAS", "RLNAS", "CellSupernet", "OneShot", "SearchData", "StackSupernet", "Supernet", "SupernetTask",
]  # fmt: skip
