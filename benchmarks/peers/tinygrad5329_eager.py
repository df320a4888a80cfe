"""This package, eager, with the kernels that are in use."""

from __future__ import annotations

import tinygrad5329 as tg
from benchmarks.cases import Case
from benchmarks.program import Program
from benchmarks.workloads import build as _build


def build(case: Case) -> Program:
    program = _build(tg, case)
    # Compiled kernels are compiled, or loaded from the disk, when they first run.
    program.compiles_in_check = tg.backends.current() == "fast"
    return program
