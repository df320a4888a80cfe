"""The mini benchmark: a space small enough to train all of it, and what came of that in a table."""

from __future__ import annotations

from tinygrad5329.search.benchmark.mini_task import MiniTask, mini_space
from tinygrad5329.search.benchmark.table import MiniBenchmark, TableTask

__all__ = ["MiniBenchmark", "MiniTask", "TableTask", "mini_space"]
