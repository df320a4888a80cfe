"""The handle that takes a registered hook away again."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any

_ids = itertools.count()


class RemovableHandle:
    """Returned by every `register_..._hook` of a module.

    Parameters
    ----------
    hooks_dict : OrderedDict
        Where the hook is kept, under `id`. Held weakly: a handle does not keep its module alive.

    Attributes
    ----------
    id : int
        Unique among all handles.
    """

    __slots__ = ("_hooks", "id")

    def __init__(self, hooks_dict: OrderedDict[int, Any]) -> None:
        self._hooks = weakref.ref(hooks_dict)
        self.id = next(_ids)

    def remove(self) -> None:
        """Take the hook away; calling it again does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()
