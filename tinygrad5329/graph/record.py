"""``record``: note more of each operation while it runs, such as its line of code and its value."""

from __future__ import annotations

import sys
from typing import Any

from tinygrad5329.grad_mode import state
from tinygrad5329.graph.modules import record_modules
from tinygrad5329.graph.statistics import statistics_of
from tinygrad5329.ops.primitive import OpNode
from tinygrad5329.tape import walk

__all__ = ["record"]

_PACKAGE = __name__.partition(".")[0] + "."
_PULL, _WALK = OpNode.pull.__code__, walk.__code__


class record:
    """While active, operations note what :func:`capture` cannot learn from the tape afterwards.

    That is the module that they run in, the line of code that ran them, whether a recorded backward pass did,
    and statistics of their values. It costs a few microseconds an operation, and statistics a pass over each
    output; :class:`record_modules` alone costs next to nothing.

    Parameters
    ----------
    model : Module, optional
        Whose modules to note.
    sites : bool
        Note the line of code (the first outside of this package).
    values : bool
        Note statistics of each output, as it is then: writing to it in place later changes nothing.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> a = tg.tensor(2.0, requires_grad=True)
    >>> with tg.graph.record(values=True):
    ...     b = (a * 3).tanh()
    >>> [node.value.values for node in tg.graph.capture(b, {"a": a}, values=True).nodes]
    [[2.0], [6.0], [0.9999877...]]
    """

    def __init__(self, model: Any = None, *, sites: bool = True, values: bool = False) -> None:
        self.sites, self.values = sites, values
        self._modules = None if model is None else record_modules(model)
        self._entered: list[tuple[Any, Any]] = []

    def __enter__(self) -> record:
        outer = state.observer
        self._entered.append((state.scope, outer))
        if self._modules is not None:
            self._modules.__enter__()

        def observe(op: Any, inputs: Any, arrays: Any, params: Any, out: Any) -> None:
            if outer is not None:
                outer(op, inputs, arrays, params, out)
            self._note(op, out)

        state.observer = observe
        return self

    def __exit__(self, *exc: object) -> None:
        if self._modules is not None:
            self._modules.__exit__(*exc)
        state.scope, state.observer = self._entered.pop()

    def _note(self, op: Any, out: Any) -> None:
        note = dict(state.scope or ())
        note["op"] = op
        # What the operation before left behind.
        for name in ("site", "value"):
            note.pop(name, None)
        if note.pop("phase", None):
            note["module"] = note.pop("home")
        if self.sites:
            frame, backward, pulled = _program()
            note["site"] = (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)
            if backward:
                there = {} if pulled is None else pulled.meta or {}
                note["phase"], note["home"] = "backward", note.get("module")
                note.update({key: there[key] for key in ("module", "classes") if key in there})
        if self.values:
            note["value"] = statistics_of(out[0] if isinstance(out, tuple) else out)
        state.scope = note


def _program() -> tuple[Any, bool, OpNode | None]:
    """The frame of the user's code, whether a backward pass runs, and the node whose gradient rule does."""
    frame: Any = sys._getframe(2)
    backward, pulled = False, None
    # What the engine compiles may have no name.
    while frame.f_back is not None and frame.f_globals.get("__name__", _PACKAGE).startswith(_PACKAGE):
        if frame.f_code is _PULL:
            pulled = frame.f_locals["self"]
        elif frame.f_code is _WALK:
            backward = True
        frame = frame.f_back
    return frame, backward, pulled
