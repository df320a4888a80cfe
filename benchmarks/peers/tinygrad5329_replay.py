"""This package with the whole step under ``tg.compile``: recorded twice, then replayed."""

from __future__ import annotations

from dataclasses import replace

import tinygrad5329 as tg
from benchmarks.cases import Case
from benchmarks.program import Program
from benchmarks.workloads import build as _build


def build(case: Case) -> Program:
    program = _build(tg, case)
    return replace(program, step=tg.compile(program.step), compiles_in_check=tg.backends.current() == "fast")
