"""``detect_anomaly``: find the first operation whose result or gradient is not finite, and where it stands."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad5329.grad_mode import state
from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = [
    "detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_anomaly_enabled", "set_detect_anomaly",
]  # fmt: skip

_INEXACT = "fcV"


class _State(threading.local):
    enabled = False
    check_nan = True
    #: What was said about the first value of the forward pass that is not finite.
    first: str | None = None


_state = _State()


def is_anomaly_enabled() -> bool:
    """Whether this thread looks for NaN and infinity."""
    return _state.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether it is looked for in gradients too (``torch.is_anomaly_check_nan_enabled``)."""
    return _state.check_nan


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch the search on or off for good (``torch.set_anomaly_enabled``)."""
    _switch(bool(mode), bool(check_nan))


def _switch(enabled: bool, check_nan: bool) -> None:
    _state.enabled, _state.check_nan, _state.first = enabled, check_nan, None
    state.observer = _observe if enabled else None
    if not enabled and state.scope and "site" in state.scope:
        state.scope = {key: value for key, value in state.scope.items() if key != "site"} or None


class set_detect_anomaly:
    """Switch the search on or off, at once or for a block (``torch.autograd.set_detect_anomaly``)."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (_state.enabled, _state.check_nan)
        _switch(bool(mode), bool(check_nan))

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        _switch(*self._before)


class detect_anomaly:
    """Inside, a backward pass raises at the first operation that gives NaN (``torch.autograd.detect_anomaly``).

    The message names the operation, the line of the program that ran it, and the module it ran in. Beyond
    PyTorch's, a warning names the first operation of the forward pass that makes a NaN or an infinity out of
    finite numbers.

    Parameters
    ----------
    check_nan : bool
        Look at gradients too; otherwise only lines are noted.

    >>> import tinygrad5329 as tg
    >>> x = tg.tensor(0.0, requires_grad=True)
    >>> with detect_anomaly():
    ...     (x.sqrt() * 0).backward()
    Traceback (most recent call last):
        ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self._before = (_state.enabled, _state.check_nan)
        _switch(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        _switch(*self._before)


def watcher() -> Callable[[Node, Any], None] | None:
    """What the walk should call for each node; None when nothing is looked for."""
    return _check if _state.enabled and _state.check_nan else None


def _check(node: Node, gradients: Any) -> None:
    for number, g in enumerate(gradients):
        array = g._array if isinstance(g, Tensor) else g
        if array is not None and np.isnan(array).any():
            site = (node.meta or {}).get("site")
            raise RuntimeError(
                f"Function '{node.name()}' returned nan values in its {number}th output: the gradient of input "
                f"{number} (operation {node.seq}, whose output has shape {tuple(node.shape)})"
                + (f", recorded at {site}" if site else "")
                + (f". {_state.first}" if _state.first else "")
            )


def _observe(op: Any, arrays: list[Any], out: Any) -> None:
    """Note where the operation stands, for its node, and whether it is the first that gives no finite number."""
    frame, site = _site()
    state.scope = {**(state.scope or {}), "site": site}
    if _state.first is None and _state.check_nan and not _finite(out) and all(map(_finite, arrays)):
        kind = "NaN" if any(np.isnan(each).any() for each in _inexact(out)) else "infinity"
        shapes = ", ".join(str(tuple(a.shape)) for a in arrays if isinstance(a, np.ndarray))
        _state.first = f"The first {kind} of the forward pass came from {op.name} of shapes {shapes} at {site}"
        warnings.warn_explicit(_state.first, UserWarning, frame.f_code.co_filename, frame.f_lineno)


def _inexact(value: Any) -> list[Any]:
    values = value if isinstance(value, tuple) else (value,)
    return [each for each in values if isinstance(each, (np.ndarray, np.generic)) and each.dtype.kind in _INEXACT]


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return np.isfinite(value)
    return all(np.isfinite(each).all() for each in _inexact(value))


def _site() -> tuple[Any, str]:
    """The frame of the program that runs the operation; in words, with the path of the innermost module."""
    frame: Any = sys._getframe(2)
    program: Any = None
    modules: list[Any] = []
    while frame is not None:
        if program is None and not frame.f_globals.get("__name__", "").startswith("tinygrad5329."):
            program = frame
        owner = frame.f_locals.get("self")
        if hasattr(type(owner), "named_modules") and (not modules or modules[-1] is not owner):
            modules.append(owner)
        frame = frame.f_back
    program = program or sys._getframe(2)
    path = _path(modules[::-1])
    line = f"{program.f_code.co_filename}:{program.f_lineno} ({program.f_code.co_name})"
    return program, line + (f" in {path}" if path else "")


def _path(modules: list[Any]) -> str:
    """The names from the outermost module to the innermost, as ``named_modules`` has them."""
    if not modules:
        return ""
    names = [type(modules[0]).__name__]
    for outer, inner in pairwise(modules):
        names.append(next((name for name, m in outer.named_modules() if m is inner), type(inner).__name__))
    return ".".join(names)
