"""Naming the modules that were called: the model's class, and the path to the module inside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

__all__ = ["ModuleCall", "ModulePaths"]


@dataclass(eq=False, slots=True)
class ModuleCall:
    """One call of a module: the path that names it, the module, and the call around it."""

    path: str
    module: Any
    parent: ModuleCall | None

    @property
    def class_name(self) -> str:
        """The name of the module's class."""
        return type(self.module).__name__


class ModulePaths:
    """Gives each call of a module its path; modules called by no other are named by their class.

    A second model of the same class is called ``Net (2)``. A module that the one around it does not hold, made on
    the fly or kept in a plain list, is ``<Linear>`` there.
    """

    def __init__(self) -> None:
        self._outermost: dict[int, str] = {}
        self._count: Counter[str] = Counter()
        self._names: dict[int, dict[int, str]] = {}

    def call(self, module: Any, around: ModuleCall | None) -> ModuleCall:
        """The call of `module` inside the call `around`."""
        if around is not None:
            return ModuleCall(f"{around.path}.{self._name(around.module, module)}", module, around)
        path = self._outermost.get(id(module))
        if path is None:
            kind = type(module).__name__
            self._count[kind] += 1
            path = kind if self._count[kind] == 1 else f"{kind} ({self._count[kind]})"
            self._outermost[id(module)] = path
        return ModuleCall(path, module, None)

    def _name(self, around: Any, module: Any) -> str:
        names = self._names.get(id(around))
        if names is None:
            names = self._names[id(around)] = {id(each): name for name, each in around.named_modules()}
        return names.get(id(module)) or f"<{type(module).__name__}>"
