"""``python -m benchmarks.opinfo [NAME ...]``: how much of PyTorch's operator database this package passes."""

from __future__ import annotations

import argparse
import fnmatch
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from benchmarks.opinfo.check import KINDS, Outcome, check

#: Entries that are not public functions of PyTorch on dense CPU tensors, with the reason for each.
OUT_OF_SCOPE = {
    "_*": "private",
    "torch._*": "private",
    "torch.ops.*": "private",
    "jiterator_*": "CUDA only",
    "sparse.*": "sparse tensors",
    "to_sparse": "sparse tensors",
    "*_backward": "private",
    "hash_tensor": "not documented",
    "masked.*": "a prototype",
    "slice": "private",
    "chalf": "complex32, which NumPy does not have",
}


def reason_to_leave_out(name: str) -> str | None:
    return next((why for pattern, why in OUT_OF_SCOPE.items() if fnmatch.fnmatchcase(name, pattern)), None)


def database() -> list[Any]:
    try:
        from torch.testing._internal.common_methods_invocations import op_db
    except ImportError as error:
        raise SystemExit(
            f"PyTorch's database cannot be imported ({error}): pip install 'tinygrad5329[oracle]'"
        ) from None
    return op_db


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opinfo", description=__doc__)
    parser.add_argument("names", nargs="*", help="operators, as patterns (default: all)")
    parser.add_argument("--dtypes", default="float32,float64,int64,bool", help="of the samples, by comma, or 'all'")
    parser.add_argument("--kinds", default=",".join(KINDS), help="what to compare, by comma")
    parser.add_argument("--samples", type=int, default=40, help="at most so many for an operator and dtype")
    parser.add_argument("--failed", action="store_true", help="list operators that fail only")
    parser.add_argument("--json", type=Path, help="write the counts to this file")
    options = parser.parse_args()
    names = options.dtypes
    if names == "all":
        names = "float16,bfloat16,float32,float64,complex64,complex128,uint8,int8,int16,int32,int64,bool"
    dtypes = [getattr(torch, name) for name in names.split(",")]
    torch.set_num_threads(1)
    started = time.perf_counter()
    outcomes = []
    for info in database():
        wanted = any(fnmatch.fnmatchcase(info.name, pattern) for pattern in options.names)
        if not wanted and (options.names or reason_to_leave_out(info.name)):
            continue
        outcome = check(info, dtypes, options.samples, set(options.kinds.split(",")))
        outcomes.append(outcome)
        if not (options.failed and outcome.ok):
            _print(outcome)
    _summary(outcomes, time.perf_counter() - started)
    if options.json:
        rows = [{"name": o.name, "missing": o.missing, "passed": o.passed, "failed": o.failed} for o in outcomes]
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _print(outcome: Outcome) -> None:
    if outcome.missing:
        print(f"{outcome.name}: MISSING {outcome.missing}", flush=True)
        return
    counts = ", ".join(
        f"{kind} {outcome.passed[kind]}/{outcome.passed[kind] + outcome.failed[kind]}"
        for kind in KINDS
        if outcome.passed[kind] + outcome.failed[kind]
    )
    print(f"{outcome.name}: {'ok' if outcome.ok else 'FAILED'} ({counts})", flush=True)
    for message in outcome.messages:
        print(f"    {message[:400]}", flush=True)


def _summary(outcomes: list[Outcome], seconds: float) -> None:
    missing = [o for o in outcomes if o.missing]
    passed = Counter(kind for o in outcomes for kind in KINDS if o.passed[kind] and not o.failed[kind])
    asked = Counter(kind for o in outcomes for kind in KINDS if o.passed[kind] or o.failed[kind])
    print(f"\n{len(outcomes)} entries in {seconds:.0f} s: {len(outcomes) - len(missing)} found, "
          f"{sum(o.ok for o in outcomes)} pass everything")  # fmt: skip
    for kind in KINDS:
        print(f"  {kind:9} {passed[kind]} of {asked[kind]} entries pass all their samples")
    if missing:
        print("missing:", " ".join(o.name for o in missing))


if __name__ == "__main__":
    main()
