"""``detect_anomaly``: find the first operation whose result or gradient is not finite, and where it stands."""

from __future__ import annotations

import math
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.autograd.anomaly_report import (
    AnomalyError,
    AnomalyWarning,
    explain,
    forward_anomaly,
    gradient_anomaly,
)
from tinygrad5329.autograd.call_site import ModuleChain, call_site
from tinygrad5329.autograd.value_range import ValueRange, range_of
from tinygrad5329.grad_mode import state
from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = [
    "AnomalyError", "AnomalyWarning", "detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled",
    "set_anomaly_enabled", "set_detect_anomaly",
]  # fmt: skip

_INEXACT = "fcV"
#: What is noted of an operation for its node; ``op`` and ``site`` as :class:`tinygrad5329.graph.record` does.
_NOTED = ("op", "site", "call_site", "ranges")


class _State(threading.local):
    enabled = False
    check_nan = True
    #: The first value of the forward pass that is not finite, and the first gradient that is infinite.
    first: AnomalyWarning | None = None
    infinite: AnomalyWarning | None = None
    #: Who looked at operations before.
    outer: Callable[..., None] | None = None

    def __init__(self) -> None:
        self.chain = ModuleChain()
        self.models: weakref.WeakSet[Any] = weakref.WeakSet()


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
    before = _state.enabled
    _state.enabled, _state.check_nan = enabled, check_nan
    if enabled and not before:
        _state.outer = state.observer
        state.observer = _observe
    if before and not enabled:
        _state.first = _state.infinite = None
        _state.chain = ModuleChain()
        _state.models.clear()
        # Whoever began to look later still hands on to this one, which then is silent.
        if state.observer is _observe:
            state.observer, _state.outer = _state.outer, None
        if state.scope and "call_site" in state.scope:
            state.scope = {key: value for key, value in state.scope.items() if key not in _NOTED} or None


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

    The error, an :class:`AnomalyError`, names the operation, the line of the program that ran its forward pass, the
    module that this was in, and the ranges of what its rule was given and gave; it draws the operations around it,
    as text and as ``error.graph``. Any other error of a backward pass gets a note of the line.

    Beyond PyTorch's, an :class:`AnomalyWarning` says the same of the first operation of the forward pass that makes
    a NaN or an infinity out of finite numbers, and of the first gradient rule that makes an infinity.

    Parameters
    ----------
    check_nan : bool
        Look at values and gradients; otherwise only lines are noted, for errors of the backward pass.

    >>> import tinygrad5329 as tg
    >>> x = tg.tensor(0.0, requires_grad=True)
    >>> with detect_anomaly():
    ...     (x.sqrt() * 0).backward()
    Traceback (most recent call last):
        ...
    tinygrad5329.autograd.AnomalyError: Function 'SqrtBackward0' returned nan values in its 0th output.
    ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before.append((_state.enabled, _state.check_nan))
        _switch(True, self.check_nan)

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        _switch(*self._before.pop())


class _Watch:
    """Looks at what comes out of the gradient rules of one backward pass from `roots`."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self.roots = roots
        self.passed: dict[int, ValueRange] = {}

    def __call__(self, node: Node, g: Any, gradients: Sequence[Any]) -> None:
        incoming = [range_of(_array(each)) for each in (g if type(g) is list else [g]) if each is not None]
        self.passed[node.seq] = incoming[0]
        infinite = None
        for number, each in enumerate(gradients):
            found = None if each is None else range_of(_array(each))
            if found is not None and found.nans:
                text, attributes = self._report(node, number, g, gradients)
                first = [f"{each}".partition("\n")[0] for each in (_state.first, _state.infinite) if each is not None]
                error = AnomalyError("\n".join([text, *first]))
                vars(error).update(attributes)
                raise error
            if found is not None and found.infinities and infinite is None:
                infinite = number
        if infinite is not None and _state.infinite is None and all(each.finite for each in incoming):
            text, attributes = self._report(node, infinite, g, gradients)
            _state.infinite = AnomalyWarning(text)
            vars(_state.infinite).update(attributes)
            frame = sys._getframe(1)
            while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("tinygrad5329."):
                frame = frame.f_back
            _warn(_state.infinite, frame.f_code.co_filename, frame.f_lineno)

    def _report(self, node: Node, number: int, g: Any, gradients: Sequence[Any]) -> tuple[str, dict[str, Any]]:
        return gradient_anomaly(node, number, g, gradients, self.passed, self.roots, _names())


def watcher(*roots: Any) -> Callable[[Node, Any, Any], None] | None:
    """What a walk from `roots` should call for each node; None when nothing is looked for."""
    return _Watch(roots) if _state.enabled and _state.check_nan else None


def noted(error: BaseException) -> None:
    """Say of an error of a backward pass where the forward pass recorded the node, if that is looked for."""
    if _state.enabled:
        explain(error)


def _observe(op: Any, inputs: Sequence[Any], arrays: Sequence[Any], params: dict[str, Any], out: Any) -> None:
    """Note where the operation stands, for its node, and whether it is the first that gives no finite number."""
    if _state.outer is not None:
        _state.outer(op, inputs, arrays, params, out)
    if not _state.enabled:
        return
    site = call_site(_state.chain)
    if _state.chain.modules:
        _state.models.add(_state.chain.modules[0])
    outs = tuple([range_of(each) for each in (out if isinstance(out, tuple) else (out,))]) if _state.check_nan else ()
    note = dict(state.scope or ())
    note.update(op=op, site=site.stack[0], call_site=site, ranges=outs)
    state.scope = note
    if _state.first is None and not all(each.finite for each in outs):
        given = [*arrays, *params.values()]
        if all(map(_finite, given)):
            _state.first = forward_anomaly(op, inputs, arrays, outs, site, _names())
            _warn(_state.first, *site.stack[0][:2])


def _warn(warning: AnomalyWarning, file: str, line: int) -> None:
    warnings.warn_explicit(warning, AnomalyWarning, file, line)


def _names() -> dict[int, str]:
    """The names of the parameters of the models that ran, by their ``id()``."""
    return {
        id(parameter): f"{type(model).__name__}.{name}"
        for model in list(_state.models)
        for name, parameter in model.named_parameters()
    }


def _array(g: Any) -> Any:
    return g._array if isinstance(g, Tensor) else g


def _finite(value: Any) -> bool:
    """Whether there is no NaN and no infinity in a value that an operation is given."""
    if isinstance(value, (float, complex)):
        return math.isfinite(abs(value))
    if isinstance(value, (tuple, list)):
        return all(map(_finite, value))
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in _INEXACT:
        return bool(np.isfinite(value).all())
    return True
