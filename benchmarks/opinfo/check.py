"""One operator of the database: its samples run by PyTorch and by this package, and what differs."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import tinygrad5329 as tg
from benchmarks.opinfo.translate import Missing, function, method, to_oracle_array, to_ours

__all__ = ["KINDS", "Outcome", "check", "compare", "tensors", "weights"]

#: What is compared, in the order of the report.
KINDS = ("forward", "method", "inplace", "out", "gradient", "second", "error")
#: Relative and absolute tolerance of values, by dtype.
_TOLERANCES = {
    torch.float16: (2e-3, 2e-3),
    torch.bfloat16: (2e-2, 2e-2),
    torch.float32: (2e-4, 2e-5),
    torch.complex64: (2e-4, 2e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex128: (1e-7, 1e-7),
}
_SEED = 5329


@dataclass
class Outcome:
    """What came of one operator: passed and failed samples by kind, and the first failures in words."""

    name: str
    missing: str = ""
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.missing and not self.failed and bool(self.passed)

    def note(self, kind: str, where: str, complaint: str | None) -> None:
        if complaint is None:
            self.passed[kind] += 1
            return
        self.failed[kind] += 1
        if self.failed[kind] <= 3:
            self.messages.append(f"{kind} {where}: {complaint}")


#: Vectors that are defined up to a sign or phase.
_UP_TO_SIGN = ("linalg.eig", "linalg.eigh", "svd_lowrank", "pca_lowrank")
#: Matrices whose small elements are as inexact as the large ones.
_BY_NORM = ("matrix_exp",)
#: Their elements are whatever was in memory.
_UNINITIALISED = ("empty", "new_empty", "resize")


def check(info: Any, dtypes: list[torch.dtype], most: int, kinds: set[str]) -> Outcome:
    """Run up to `most` samples of every dtype that PyTorch supports on the CPU."""
    outcome = Outcome(info.name + (f".{info.variant_test_name}" if info.variant_test_name else ""))
    try:
        ours = function(info.op)
    except Missing as missing:
        outcome.missing = str(missing)
        return outcome
    supported = info.supported_dtypes("cpu")
    differentiable = info.supported_backward_dtypes("cpu") if info.supports_autograd else set()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for dtype in dtypes:
            if dtype not in supported:
                continue
            record = dtype in differentiable and bool({"gradient", "second"} & kinds)
            for i, sample in enumerate(_samples(info, dtype, record, most)):
                _sample(info, ours, sample, dtype, f"{str(dtype)[6:]}[{i}]", record, kinds, outcome)
        if "error" in kinds and info.error_inputs_func is not None:
            _errors(info, ours, outcome)
    return outcome


def _samples(info: Any, dtype: torch.dtype, record: bool, most: int) -> Iterator[Any]:
    torch.manual_seed(_SEED)
    yield from itertools.islice(info.sample_inputs("cpu", dtype, requires_grad=record), most)


def _sample(info, ours, sample, dtype, where, record, kinds, outcome) -> None:
    try:
        oracle = _run(info.op, sample.input, sample.args, sample.kwargs, torch)
    except Exception:
        return  # not a sample for this build of PyTorch
    try:
        arguments = to_ours((sample.input, sample.args, sample.kwargs))
    except Missing as missing:
        outcome.note("forward", where, f"not in tinygrad5329: {missing}")
        return
    described = f"{where} {_describe(sample)}"
    try:
        result = _run(ours, *arguments, tg)
        complaint = _values(info.name, oracle, result, dtype)
    except Exception as error:
        complaint = f"{type(error).__name__}: {error}"
        result = None
    outcome.note("forward", described, complaint)
    if complaint is not None or info.name.startswith(_UNINITIALISED):
        return
    if "method" in kinds and info.method_variant is not None and isinstance(sample.input, torch.Tensor):
        outcome.note("method", described, _variant(info, arguments, oracle, dtype))
    if "inplace" in kinds and info.inplace_variant is not None and isinstance(sample.input, torch.Tensor):
        _inplace(info, sample, dtype, described, outcome)
    if "out" in kinds and info.supports_out and isinstance(oracle, torch.Tensor):
        outcome.note("out", described, _out(ours, arguments, oracle, dtype))
    if record:
        _gradients(info, ours, sample, dtype, described, kinds, outcome)


def _values(name: str, oracle: Any, result: Any, dtype: torch.dtype) -> str | None:
    """What differs in the results of the operator `name`, as far as they are defined."""
    if name in _BY_NORM and oracle.numel():
        scale = float(abs(oracle).max())
        oracle, result = oracle / scale, result / scale
    if name in _UP_TO_SIGN:
        result = tuple(_turned(theirs, own) for theirs, own in zip(oracle, result, strict=True))
    return compare(oracle, result, dtype, loose=np.inf if name.startswith(_UNINITIALISED) else 1)


def _turned(theirs: torch.Tensor, own: tg.Tensor) -> tg.Tensor:
    """Vectors in columns, each with the sign or phase that PyTorch's has; other results as they are."""
    if theirs.dim() < 2 or own.shape != tuple(theirs.shape):
        return own
    a, b = to_oracle_array(theirs), own.detach().numpy()
    inner = (np.conj(b) * a).sum(-2, keepdims=True)
    phase = np.where(inner == 0, 1, inner / np.where(inner == 0, 1, abs(inner)))
    return tg.from_numpy(np.asarray(b * phase, b.dtype))


def _run(f: Callable[..., Any], input: Any, args: Any, kwargs: Any, library: Any) -> Any:
    library.manual_seed(_SEED)
    return f(input, *args, **kwargs)


def _variant(info: Any, arguments: Any, oracle: Any, dtype: torch.dtype) -> str | None:
    try:
        return _values(info.name, oracle, _run(_as_method(info.method_variant), *arguments, tg), dtype)
    except Missing as missing:
        return f"not in tinygrad5329: {missing}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _as_method(variant: Any) -> Callable[..., Any]:
    named = getattr(variant, "__name__", "<lambda>")
    return function(variant) if named in ("<lambda>", "wrapper") else method(named)


def _inplace(info: Any, sample: Any, dtype: torch.dtype, where: str, outcome: Outcome) -> None:
    with torch.no_grad():
        try:
            oracle = _run(info.inplace_variant, sample.input.detach().clone(), sample.args, sample.kwargs, torch)
        except Exception:
            return
    try:
        input, args, kwargs = to_ours((sample.input.detach().clone(), sample.args, sample.kwargs))
        with tg.no_grad():
            result = _run(_as_method(info.inplace_variant), input, args, kwargs, tg)
        complaint = compare(oracle, result, dtype) or ("a new tensor came back" if result is not input else None)
    except Missing as missing:
        complaint = f"not in tinygrad5329: {missing}"
    except Exception as error:
        complaint = f"{type(error).__name__}: {error}"
    outcome.note("inplace", where, complaint)


def _out(ours: Any, arguments: Any, oracle: torch.Tensor, dtype: torch.dtype) -> str | None:
    input, args, kwargs = arguments
    try:
        with tg.no_grad():
            out = tg.empty(tuple(oracle.shape), dtype=to_ours(oracle.dtype))
            result = _run(ours, input, args, {**kwargs, "out": out}, tg)
        return compare(oracle, out, dtype) or ("out was not returned" if result is not out else None)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _gradients(info, ours, sample, dtype, where, kinds, outcome) -> None:
    second = "second" in kinds and info.supports_gradgrad and dtype in (torch.float64, torch.complex128)
    try:
        oracle = _derivatives(info.op, sample, (sample.input, sample.args, sample.kwargs), torch, second)
    except Exception:
        return
    if oracle is None:
        return
    first, twice = oracle
    try:
        found = _derivatives(ours, sample, to_ours((sample.input, sample.args, sample.kwargs)), tg, second)
        complaint = "no output requires grad" if found is None else compare(first, found[0], dtype, loose=10)
    except Exception as error:
        found, complaint = None, f"{type(error).__name__}: {error}"
    outcome.note("gradient", where, complaint)
    if second and complaint is None and twice is not None:
        # A gradient that does not depend on the input needs no graph; PyTorch may record zeros for it.
        again = found[1] if found is not None and found[1] is not None else [tg.zeros_like(g) for g in found[0]]
        outcome.note("second", where, compare(twice, again, dtype, loose=100))


def _derivatives(f: Any, sample: Any, arguments: Any, library: Any, second: bool) -> tuple[Any, Any] | None:
    """The gradients of a weighted sum of the outputs to the inputs, and those of a weighted sum of these."""
    finish = sample.output_process_fn_grad
    leaves = [t for t in tensors(arguments, library) if t.requires_grad]
    result = _run(f, *arguments, library)
    if finish is not None:
        result = (finish if library is torch else function(finish))(result)
    outputs = [t for t in tensors(result, library) if t.requires_grad]
    if not outputs or not leaves:
        return None
    seeds = [weights(t, library) for t in outputs]
    first = library.autograd.grad(outputs, leaves, seeds, create_graph=second, allow_unused=True)
    twice = None
    if second:
        again = [g for g in first if g is not None and g.requires_grad]
        if again:
            seeds = [weights(t, library) for t in again]
            twice = library.autograd.grad(again, leaves, seeds, allow_unused=True)
            twice = [library.zeros_like(x) if g is None else g for g, x in zip(twice, leaves, strict=True)]
    first = [library.zeros_like(x) if g is None else g for g, x in zip(first, leaves, strict=True)]
    return first, twice


def weights(t: Any, library: Any) -> Any:
    """Numbers that are the same for both libraries, different for every element."""
    values = np.asarray(0.5 + np.cos(np.arange(t.numel(), dtype=np.float64)) / 3).reshape(tuple(t.shape))
    return library.from_numpy(values).to(t.dtype)


def tensors(value: Any, library: Any) -> list[Any]:
    if isinstance(value, library.Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        return [t for each in value for t in tensors(each, library)]
    return []


def _errors(info: Any, ours: Any, outcome: Outcome) -> None:
    try:
        inputs = list(info.error_inputs_func(info, torch.device("cpu")))
    except Exception:
        return
    for i, each in enumerate(inputs):
        sample = each.sample_input
        try:
            _run(info.op, sample.input, sample.args, sample.kwargs, torch)
            continue
        except Exception as error:
            expected = error
        try:
            arguments = to_ours((sample.input, sample.args, sample.kwargs))
        except Exception:
            continue
        where = f"[{i}] {_describe(sample)}"
        try:
            _run(ours, *arguments, tg)
            complaint = f"no error; PyTorch: {type(expected).__name__}: {str(expected)[:90]}"
        except Exception as error:
            agreed = isinstance(error, type(expected).__mro__[0]) or type(error).__name__ == type(expected).__name__
            complaint = None if agreed else f"{type(error).__name__}: {error}; PyTorch {type(expected).__name__}"
        outcome.note("error", where, complaint)


def compare(oracle: Any, ours: Any, dtype: torch.dtype, loose: float = 1) -> str | None:
    if isinstance(oracle, torch.Tensor):
        if not isinstance(ours, tg.Tensor):
            return f"{type(ours).__name__} instead of a tensor"
        if tuple(oracle.shape) != tuple(ours.shape):
            return f"shape {tuple(ours.shape)}, PyTorch {tuple(oracle.shape)}"
        if str(oracle.dtype).removeprefix("torch.") != str(ours.dtype).rpartition(".")[2]:
            return f"dtype {ours.dtype}, PyTorch {oracle.dtype}"
        rtol, atol = (loose * each for each in _TOLERANCES.get(oracle.dtype, (0, 0)))
        if loose == np.inf:
            return None
        theirs = to_oracle_array(oracle)
        own = ours.detach()
        values = own.float().numpy() if str(own.dtype).endswith("bfloat16") else own.numpy()
        if oracle.dtype in _TOLERANCES and dtype in _TOLERANCES:
            rtol, atol = max(rtol, _TOLERANCES[dtype][0] * loose), max(atol, _TOLERANCES[dtype][1] * loose)
        if not np.allclose(values, theirs, rtol=rtol, atol=atol, equal_nan=True):
            with np.errstate(all="ignore"):
                worst = np.nanmax(np.abs(values.astype(complex) - theirs), initial=0)
            return f"values differ by up to {worst:.3g}: {_short(values)} and {_short(theirs)}"
        return None
    if isinstance(oracle, (list, tuple)):
        if not isinstance(ours, (list, tuple)) or len(oracle) != len(ours):
            return f"{type(ours).__name__} instead of {len(oracle)} results"
        for i, (theirs, own) in enumerate(zip(oracle, ours, strict=True)):
            complaint = compare(theirs, own, dtype, loose)
            if complaint:
                return f"result {i}: {complaint}"
        return None
    if isinstance(oracle, (bool, int, str)) or oracle is None:
        return None if oracle == ours else f"{ours!r}, PyTorch {oracle!r}"
    if isinstance(oracle, (float, complex)):
        return None if np.allclose(oracle, ours, equal_nan=True) else f"{ours!r}, PyTorch {oracle!r}"
    return None if str(oracle).removeprefix("torch.") == str(ours).rpartition(".")[2] else f"{ours!r}, not {oracle!r}"


def _short(values: np.ndarray) -> str:
    return np.array2string(values.ravel()[:4], precision=5, separator=", ")


def _describe(sample: Any) -> str:
    def say(value: Any) -> str:
        if isinstance(value, torch.Tensor):
            return f"{tuple(value.shape)}"
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(map(say, value)) + "]"
        return repr(value)

    parts = [say(sample.input), *map(say, sample.args), *(f"{k}={say(v)}" for k, v in sample.kwargs.items())]
    return f"({', '.join(parts)})"[:160]
