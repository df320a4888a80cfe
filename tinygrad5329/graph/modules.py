"""``record_modules``: note which module each operation runs in."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tinygrad5329.grad_mode import state

__all__ = ["calls_of", "record_modules"]

#: What is known of a module beforehand: its path, and the classes of it and of the modules around it.
Place = tuple[str, tuple[tuple[str, str], ...]]


class record_modules:
    """While active, operations note the path of the module of `model` that they run in, and in which call.

    The note is one mapping a module call, which its operations share, so that a call costs about a microsecond
    and an operation next to nothing. While it is active, ``forward`` of each module is a function that notes. A
    module that is called under several names is noted under the one that belongs to its caller. Contexts may be
    nested, and one may be entered again.

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
        self._entered: list[list[tuple[Any, Any, Any]]] = []

    def __enter__(self) -> record_modules:
        replaced = []
        for module, places in _places(self.model).items():
            attributes = module.__dict__
            noting = _Noting(module.forward, places)
            replaced.append((attributes, attributes.get("forward"), noting))
            # In the instance, and not a hook: a call with hooks costs ten times as much.
            attributes["forward"] = noting
        self._entered.append(replaced)
        return self

    def __exit__(self, *exc: object) -> None:
        for attributes, before, noting in self._entered.pop():
            if attributes.get("forward") is not noting:
                continue
            if before is None:
                del attributes["forward"]
            else:
                attributes["forward"] = before


def _places(model: Any) -> dict[Any, dict[str | None, Place]]:
    """For each module its places, by the path of the parent that calls it; None for any other caller."""
    classes = {path: type(module).__name__ for path, module in model.named_modules(remove_duplicate=False)}
    places: dict[Any, dict[str | None, Place]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        parts = path.split(".") if path else []
        chain = [".".join(parts[:n]) for n in range(len(parts) + 1)]
        place = (path, tuple((each, classes[each]) for each in chain))
        by_parent = places.setdefault(module, {None: place})
        if parts:
            by_parent[".".join(parts[:-1])] = place
    return places


class _Noting:
    """`forward` of a module, with a note of the module while it runs."""

    __slots__ = ("forward", "one", "places", "usual")

    def __init__(self, forward: Callable[..., Any], places: dict[str | None, Place]) -> None:
        self.forward, self.places = forward, places
        self.usual = places[None]
        self.one = len(set(places.values())) == 1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # The fields themselves and not the properties, which would take longer than all the rest.
        before = state._scope
        if self.one or before is None:
            path, classes = self.usual
        else:
            path, classes = self.places.get(before.get("module"), self.usual)
        # The list is a token: a new one for every call tells calls apart, also in copies of the note.
        state._scope = {"module": path, "classes": classes, "around": before, "token": []}
        if before is None:
            state.watched = True
        try:
            return self.forward(*args, **kwargs)
        finally:
            if before is None:
                state.scope = None
            else:
                state._scope = before

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        # A copy of the module is not recorded, and runs its own forward.
        return copy.deepcopy(self.forward, memo)


def calls_of(note: Any) -> dict[str, int]:
    """The module calls that `note` was made in, innermost first: their paths, and what tells them apart."""
    found: dict[str, int] = {}
    while note and "token" in note:
        found.setdefault(note["module"], id(note["token"]))
        note = note["around"]
    return found
