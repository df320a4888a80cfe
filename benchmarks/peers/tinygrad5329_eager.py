"""This package, eager."""

from __future__ import annotations

import tinygrad5329 as tg
from benchmarks.cases import Case
from benchmarks.program import Program
from benchmarks.workloads import build as _build


def build(case: Case) -> Program:
    return _build(tg, case)
