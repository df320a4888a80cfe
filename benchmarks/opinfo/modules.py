"""``python -m benchmarks.opinfo.modules [NAME ...]``: PyTorch's module database, run against this package.

For each sample: the same initial numbers from the same seed, the same state-dict names, the same outputs from
the same state, and the same gradients to inputs and parameters.
"""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import warnings
from collections import Counter
from typing import Any

import numpy as np
import torch

import tinygrad5329 as tg
from benchmarks.opinfo.check import compare, tensors, weights
from benchmarks.opinfo.translate import Missing, resolve, to_oracle_array, to_ours

KINDS = ("initial", "names", "forward", "gradient")
_SEED = 5329


class Report:
    """What came of one module class."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.missing = ""
        self.passed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.messages: list[str] = []

    def note(self, kind: str, where: str, complaint: str | None) -> bool:
        (self.failed if complaint else self.passed)[kind] += 1
        if complaint and self.failed[kind] <= 3:
            self.messages.append(f"{kind} {where}: {complaint}")
        return not complaint


def check(info: Any, dtype: torch.dtype, report: Report, most: int | None = None) -> None:
    """Run up to `most` samples in each mode and note in `report` what differs."""
    try:
        ours = resolve(f"nn.{info.module_cls.__name__}")
    except Missing as missing:
        report.missing = str(missing)
        return
    for training in (True, False) if info.train_and_eval_differ else (True,):
        torch.manual_seed(_SEED)
        samples = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
        for i, sample in enumerate(itertools.islice(samples, most)):
            _sample(info, ours, sample, dtype, training, f"[{i}] {'train' if training else 'eval'}", report)


def _sample(info: Any, ours: Any, sample: Any, dtype: torch.dtype, training: bool, where: str, report: Report) -> None:
    made, given = sample.constructor_input, sample.forward_input
    torch.manual_seed(_SEED)
    try:
        theirs = info.module_cls(*made.args, **made.kwargs).to(dtype).train(training)
    except Exception:
        return
    where = f"{where} ({', '.join([*map(repr, made.args), *(f'{k}={v!r}' for k, v in made.kwargs.items())])})"[:140]
    try:
        tg.manual_seed(_SEED)
        own = ours(*to_ours(made.args), **to_ours(made.kwargs)).to(to_ours(dtype)).train(training)
    except Exception as error:
        report.note("initial", where, f"{type(error).__name__}: {error}")
        return
    state, own_state = theirs.state_dict(), own.state_dict()
    different = None if list(state) == list(own_state) else f"{list(own_state)}, PyTorch {list(state)}"
    if not report.note("names", where, different):
        return
    usual = {k: v for k, v in state.items() if not isinstance(v, torch.nn.parameter.UninitializedTensorMixin)}
    complaints = [c for k, v in usual.items() if isinstance(v, torch.Tensor) and (c := compare(v, own_state[k], dtype))]
    report.note("initial", where, complaints[0] if complaints else None)
    if given is None:
        return
    own.load_state_dict({k: tg.from_numpy(to_oracle_array(v)) for k, v in usual.items() if isinstance(v, torch.Tensor)},
                        strict=False)  # fmt: skip
    arguments = _converted(given.args), to_ours(given.kwargs)
    torch.manual_seed(_SEED)
    try:
        expected = theirs(*given.args, **given.kwargs)
    except Exception:
        return
    try:
        tg.manual_seed(_SEED)
        found = own(*arguments[0], **arguments[1])
    except Exception as error:
        report.note("forward", where, f"{type(error).__name__}: {error}")
        return
    if not report.note("forward", where, compare(expected, found, dtype)):
        return
    try:
        complaint = _gradients(theirs, own, given, arguments, expected, found, dtype)
    except Exception as error:
        complaint = f"{type(error).__name__}: {error}"
    report.note("gradient", where, complaint)


def _converted(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments as ours; a tensor that is passed twice is one tensor again."""
    first = {id(arg): i for i, arg in reversed(list(enumerate(args)))}
    ours = to_ours(args)
    return tuple(ours[first[id(arg)]] for arg in args)


def _gradients(theirs, own, given, arguments, expected, found, dtype) -> str | None:  # type: ignore[no-untyped-def]
    results = []
    for library, module, inputs, out in (
        (torch, theirs, (given.args, given.kwargs), expected),
        (tg, own, arguments, found),
    ):
        leaves = [t for t in tensors(inputs, library) if t.requires_grad]
        leaves += [p for p in module.parameters() if p.requires_grad]
        outs = [t for t in tensors(out, library) if t.requires_grad]
        if not outs or not leaves:
            return None
        gradients = library.autograd.grad(outs, leaves, [weights(t, library) for t in outs], allow_unused=True)
        results.append([library.zeros_like(x) if g is None else g for g, x in zip(gradients, leaves, strict=True)])
    return compare(*results, dtype, loose=10)


def main() -> None:
    from torch.testing._internal.common_modules import module_db

    parser = argparse.ArgumentParser(prog="python -m benchmarks.opinfo.modules", description=__doc__)
    parser.add_argument("names", nargs="*", help="module classes, as patterns (default: all)")
    parser.add_argument("--dtype", default="float64")
    options = parser.parse_args()
    torch.set_num_threads(1)
    reports = []
    for info in module_db:
        name = info.module_cls.__name__
        if options.names and not any(fnmatch.fnmatchcase(name, pattern) for pattern in options.names):
            continue
        report = Report(name)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            check(info, getattr(torch, options.dtype), report)
        reports.append(report)
        if report.missing or report.failed:
            print(f"{name}: {'MISSING' if report.missing else 'FAILED'} {dict(report.failed) or ''}", flush=True)
            for message in report.messages:
                print(f"    {message[:400]}", flush=True)
    print(f"\n{len(reports)} modules: {sum(not r.missing for r in reports)} found, "
          f"{sum(not r.missing and not r.failed and bool(r.passed) for r in reports)} pass everything")  # fmt: skip
    for kind in KINDS:
        asked = [r for r in reports if r.passed[kind] or r.failed[kind]]
        print(f"  {kind:9} {sum(not r.failed[kind] for r in asked)} of {len(asked)}")
    print("missing:", " ".join(r.name for r in reports if r.missing))


if __name__ == "__main__":
    main()
