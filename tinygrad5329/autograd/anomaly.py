"""``detect_anomaly``: stop at the first operation whose gradient is NaN."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = ["detect_anomaly", "is_anomaly_enabled", "set_detect_anomaly"]


class _State(threading.local):
    enabled = False
    check_nan = True


_state = _State()


def is_anomaly_enabled() -> bool:
    """Whether backward passes of this thread look for NaN."""
    return _state.enabled


class set_detect_anomaly:
    """Switch the search for NaN on or off, at once or for a block (``torch.autograd.set_detect_anomaly``)."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (_state.enabled, _state.check_nan)
        _state.enabled, _state.check_nan = bool(mode), bool(check_nan)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        _state.enabled, _state.check_nan = self._before


class detect_anomaly:
    """Inside, a backward pass raises at the first operation that gives NaN (``torch.autograd.detect_anomaly``).

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
        _state.enabled, _state.check_nan = True, self.check_nan

    def __exit__(self, *exc: object) -> None:
        _state.enabled, _state.check_nan = self._before


def watcher() -> Callable[[Node, Any], None] | None:
    """What the walk should call for each node; None when nothing is looked for."""
    return _check if _state.enabled and _state.check_nan else None


def _check(node: Node, gradients: Any) -> None:
    for number, g in enumerate(gradients):
        array = g._array if isinstance(g, Tensor) else g
        if array is not None and np.isnan(array).any():
            raise RuntimeError(
                f"Function '{node.name()}' returned nan values in its {number}th output: the gradient of input "
                f"{number} (operation {node.seq}, whose output has shape {tuple(node.shape)})"
            )
