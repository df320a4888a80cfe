"""PyTorch with the model under ``torch.compile``; loss and optimizer are eager, as its tutorials do."""

from __future__ import annotations

from functools import partial

import torch

from benchmarks.cases import Case
from benchmarks.program import Program
from benchmarks.workloads import build as _build


def build(case: Case) -> Program:
    # Fixed shapes: the odd last batch of W8 compiles a second time instead of making the first one general.
    return _build(torch, case, compiled=partial(torch.compile, dynamic=False))
