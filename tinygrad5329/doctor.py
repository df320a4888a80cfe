"""``tinygrad5329 doctor``: what is installed here, what computes and on how many threads, and whether it is right."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.backends import choice, threads

__all__ = ["report"]

Line = tuple[str, str]

#: Largest difference of the two kinds of kernels, relative to the largest element: rounding in float32.
_TOLERANCE = 1e-5


def report() -> int:
    """Print what is found; returns how many things are wrong. An extra that is not installed is not wrong."""
    wrong = 0
    for title, lines in (
        ("versions", _versions()),
        ("kernels", _kernels()),
        ("threads", _threads()),
        ("machine", _machine()),
        ("extras", _extras()),
        ("check", _check()),
    ):
        print(title)
        for name, text in lines:
            print(f"  {name:14}{text}")
            wrong += "WRONG" in text
    return wrong


def _versions() -> Iterator[Line]:
    yield "tinygrad5329", f"{tg.__version__} in {Path(tg.__file__).parent}"
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()})"
    yield "NumPy", np.__version__
    forced = os.environ.get("OPENBLAS_CORETYPE")
    yield "BLAS", threads.library() + (f" (OPENBLAS_CORETYPE={forced})" if forced else "")


def _kernels() -> Iterator[Line]:
    installed = _version("numba")
    try:
        current = choice.current()
    except (ValueError, ImportError) as error:
        yield choice.VARIABLE, f"WRONG: {error}"
        return
    told = os.environ.get(choice.VARIABLE)
    if told == current:
        why = f"{choice.VARIABLE}={told}"
    elif current == "fast":
        why = "Numba is installed"
    else:
        why = "chosen by backends.use" if installed else "Numba is not installed: pip install 'tinygrad5329[fast]'"
    yield "in use", f"{current} ({why})"
    if installed:
        yield "to change", f'{choice.VARIABLE}=numpy or fast, or tg.backends.use("numpy")'
        yield from _numba(installed)


def _numba(version: str) -> Iterator[Line]:
    try:
        from tinygrad5329.fast.compiled import kept_in
    except ImportError as error:  # Numba refuses versions of NumPy that it does not know.
        yield "Numba", f"WRONG: {version} is installed but cannot be imported: {error}"
        return
    yield "Numba", f"{version}, compiled kernels are kept {f'in {kept_in()}' if kept_in() else 'nowhere'}"
    yield "to move them", "NUMBA_CACHE_DIR=folder"


def _threads() -> Iterator[Line]:
    chosen = threads.chosen_by()
    yield "in use", f"{threads.count()} ({f'by {chosen}' if chosen else 'all that the library starts with'})"
    yield (
        "in training",
        (
            "the same: you chose"
            if chosen
            else f"{threads.suited(0)}, or {threads.count()} from products of m*n*k = {threads.LARGE_PRODUCT:,} on, "
            "in tinygrad5329 train (on two cores a step gains 25 % there)"
        ),
    )
    try:
        threads.set_count(threads.count())
        yield "to change", "tg.set_num_threads(1), or OMP_NUM_THREADS=1 before Python starts"
    except ImportError as error:
        yield "to change", str(error)
    yield "compiled", "kernels run on the thread that calls them"


def _machine() -> Iterator[Line]:
    yield "system", f"{platform.system()} {platform.release()} ({platform.machine()})"
    yield "processor", _processor()
    yield "cores", f"{threads.usable_cores()} of {os.cpu_count()} may be used"
    yield "memory", _memory()
    dot = shutil.which("dot")
    yield "dot", dot or "not there; graph.to_svg and graph.to_html draw without it (its package is called graphviz)"


def _processor() -> str:
    """The processor's model, and the vector instructions that NumPy has found."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
        model = found[1] if found else model
    config: Any = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    return f"{model} ({' '.join([*simd.get('baseline', ()), *simd.get('found', ())])})"


def _memory() -> str:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_AVPHYS_PAGES" not in names:
        return "unknown on this system"
    page = os.sysconf("SC_PAGE_SIZE") / 1e9
    return f"{os.sysconf('SC_PHYS_PAGES') * page:.1f} GB, {os.sysconf('SC_AVPHYS_PAGES') * page:.1f} GB free"


def _extras() -> Iterator[Line]:
    """The packages of each extra that users, not developers, install."""
    packages: dict[str, list[str]] = {}
    for requirement in metadata.requires("tinygrad5329") or ():
        found = re.match(r"""([\w.-]+).*;.*extra == ['"]([\w-]+)['"]""", requirement)
        if found and found[2] not in ("dev", "oracle") and found[1] != "tinygrad5329":
            packages.setdefault(found[2], []).append(found[1])
    for extra, names in packages.items():
        versions = {name: _version(name) for name in names}
        missing = [name for name, version in versions.items() if not version]
        text = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        if missing:
            text += f"{'; ' if text else ''}missing {', '.join(missing)}: pip install 'tinygrad5329[{extra}]'"
        yield extra, text


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _check() -> Iterator[Line]:
    """A training step with each kind of kernels that is here: the same loss and weights."""
    kinds = [name for name in choice.NAMES if name == "numpy" or _version("numba")]
    try:
        before = choice.current()
    except (ValueError, ImportError):
        before = "numpy"
    results, start = [], time.perf_counter()
    try:
        for kind in kinds:
            choice.use(kind)
            results.append(_step())
    except ImportError as error:
        yield "kernels", f"WRONG: {error}"
        return
    finally:
        choice.use(before)
    seconds = f"({time.perf_counter() - start:.1f} s)"
    slope = _slope_error()
    yield "gradient", f"{'as' if slope < 1e-6 else 'WRONG: not as'} finite differences say, to {slope:.0e}"
    if len(results) < 2:
        yield "kernels", f"one kind is installed; a training step ran {seconds}"
        return
    off = max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-30)) for a, b in zip(*results, strict=True))
    verdict = "the same" if off <= _TOLERANCE else "WRONG: not the same"
    yield "kernels", f"a training step with both kinds is {verdict}, to {off:.0e} {seconds}"


def _model(dtype: Any) -> tuple[nn.Module, Any, Any]:
    tg.manual_seed(5329)
    model = nn.Sequential(nn.Linear(16, 32), nn.BatchNorm1d(32), nn.GELU(), nn.Dropout(0.2), nn.Linear(32, 4))
    return model.to(dtype), tg.randn(64, 16, dtype=dtype), tg.randint(0, 4, (64,))


def _step() -> list[Any]:
    """The loss and the weights after one step of the same model, in float32."""
    with tg.random.fork_rng():
        model, inputs, targets = _model(tg.float32)
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
        loss = nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
    return [loss.detach().numpy(), *(p.detach().numpy() for p in model.parameters())]


def _slope_error() -> float:
    """The relative difference of the derivative along a direction and central differences, in float64."""
    with tg.random.fork_rng():
        model, inputs, targets = _model(tg.float64)
        model.eval()
        parameters = list(model.parameters())
        directions = [tg.randn_like(p) for p in parameters]

        def loss_at(distance: float) -> Any:
            moved = {
                name: p.detach() + distance * d
                for (name, p), d in zip(model.named_parameters(), directions, strict=True)
            }
            return nn.functional.cross_entropy(tg.func.functional_call(model, moved, (inputs,)), targets).item()

        nn.functional.cross_entropy(model(inputs), targets).backward()
        along = sum(float((p.grad * d).sum()) for p, d in zip(parameters, directions, strict=True))
        step = 1e-5
        difference = (loss_at(step) - loss_at(-step)) / (2 * step)
    return abs(along - difference) / max(abs(difference), 1e-30)
