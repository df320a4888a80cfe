"""``record_modules``: note which module each operation runs in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tinygrad5329.grad_mode import state

__all__ = ["record_modules"]


class record_modules:
    """While active, operations note the path of the module of `model` that they run in.

    The note is one shared read-only mapping a module, made beforehand, so that a module call costs two
    short hooks and an operation nothing at all. A module that is called under several names is noted under
    the one that belongs to its caller. Contexts may be nested, and one may be entered again.

    Parameters
    ----------
    model : Module

    Raises
    ------
    TypeError
        If `model` is no module.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh())
    >>> with tg.graph.record_modules(model):
    ...     out = model(tg.ones(1, 2))
    >>> graph = tg.graph.capture(out, model)
    >>> [(node.name, node.module) for node in graph.nodes if node.kind == "op"]
    [('linear', '0'), ('tanh', '1')]
    """

    def __init__(self, model: Any) -> None:
        if not (hasattr(model, "named_modules") and hasattr(model, "register_forward_pre_hook")):
            raise TypeError(f"record_modules: expected a tinygrad5329.nn.Module, got {type(model).__name__}")
        self.model = model
        self._entered: list[tuple[Any, list[Any]]] = []

    def __enter__(self) -> record_modules:
        open_calls = _OpenCalls()
        handles: list[Any] = []
        self._entered.append((state.scope, handles))
        for module, notes in _notes(self.model).items():
            handles.append(module.register_forward_pre_hook(_enter(notes, open_calls)))
            # In front, so that nested contexts are left in the reverse order of their entering.
            handles.append(module.register_forward_hook(_leave(open_calls), prepend=True, always_call=True))
        return self

    def __exit__(self, *exc: object) -> None:
        state.scope, handles = self._entered.pop()
        for handle in handles:
            handle.remove()


class _OpenCalls(threading.local):
    """The modules that are running in this thread, each with the note that held before."""

    def __init__(self) -> None:
        self.stack: list[tuple[Any, Any]] = []


def _notes(model: Any) -> dict[Any, dict[str | None, Mapping[str, Any]]]:
    """For each module its notes, by the path of the parent that calls it; None for any other caller."""
    classes = {path: type(module).__name__ for path, module in model.named_modules(remove_duplicate=False)}
    notes: dict[Any, dict[str | None, Mapping[str, Any]]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        parts = path.split(".") if path else []
        chain = [".".join(parts[:n]) for n in range(len(parts) + 1)]
        note = MappingProxyType({"module": path, "classes": tuple((each, classes[each]) for each in chain)})
        by_parent = notes.setdefault(module, {None: note})
        if parts:
            by_parent[".".join(parts[:-1])] = note
    return notes


def _enter(notes: dict[str | None, Mapping[str, Any]], open_calls: _OpenCalls) -> Callable[..., None]:
    only = notes[None] if len({id(note) for note in notes.values()}) == 1 else None

    def enter(module: Any, args: Any) -> None:
        before = state.scope
        open_calls.stack.append((module, before))
        if only is not None:
            state.scope = only
        else:
            caller = None if before is None else before.get("module")
            state.scope = notes.get(caller, notes[None])

    return enter


def _leave(open_calls: _OpenCalls) -> Callable[..., None]:
    def leave(module: Any, args: Any, output: Any) -> None:
        stack = open_calls.stack
        if stack and stack[-1][0] is module:
            state.scope = stack.pop()[1]
        # A call that failed between its hooks may have left entries above ours, or none at all.
        elif any(entry[0] is module for entry in stack):
            while True:
                entered, before = stack.pop()
                if entered is module:
                    break
            state.scope = before

    return leave
