"""Hooks: functions that wait for something to happen, and the handle that takes one away again."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any

__all__ = ["Hooks", "RemovableHandle", "add_hook"]

#: Registered hooks by the number of their handle, in the order in which they run.
Hooks = OrderedDict[int, Any]

_numbers = itertools.count()


class RemovableHandle:
    """Returned by everything that registers a hook (``torch.utils.hooks.RemovableHandle``).

    Parameters
    ----------
    hooks_dict : OrderedDict
        Where the hook is kept, under `id`. Held weakly: a handle does not keep its owner alive.

    Attributes
    ----------
    id : int
        Unique among all handles.
    """

    __slots__ = ("_hooks", "id")

    def __init__(self, hooks_dict: Hooks) -> None:
        self._hooks = weakref.ref(hooks_dict)
        self.id = next(_numbers)

    def remove(self) -> None:
        """Take the hook away; calling it again does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    # A copy of a module's handle belongs to the copy of the module.
    def __getstate__(self) -> tuple[Hooks | None, int]:
        return self._hooks(), self.id

    def __setstate__(self, state: tuple[Hooks | None, int]) -> None:
        global _numbers
        hooks, self.id = state
        self._hooks = weakref.ref(Hooks() if hooks is None else hooks)
        _numbers = itertools.count(max(next(_numbers), self.id + 1))

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def add_hook(hooks: Hooks, hook: Any, *, prepend: bool = False) -> RemovableHandle:
    """Keep `hook` in `hooks`, last or with `prepend` first, and return its handle."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
