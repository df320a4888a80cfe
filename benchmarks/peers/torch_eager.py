"""PyTorch, eager."""

from __future__ import annotations

import torch

from benchmarks.cases import Case
from benchmarks.program import Program
from benchmarks.workloads import build as _build


def build(case: Case) -> Program:
    return _build(torch, case)
