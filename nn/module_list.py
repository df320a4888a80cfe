"""`ModuleList`: modules in a list."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, Self

from tinygrad5329.nn.module import Module, _indented
from tinygrad5329.nn.module_sequence import ModuleSequence


class ModuleList(ModuleSequence):
    """A list whose modules are registered as children "0", "1", ...

    Parameters
    ----------
    modules : iterable of Module, optional
        The first content.

    Raises
    ------
    TypeError
        If `modules` is not iterable or holds something that is not a Module.

    Notes
    -----
    Matches `torch.nn.ModuleList`. It has no `forward`: index or iterate over it.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _slice(self, index: slice) -> Self:
        return type(self)(list(self)[index])

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Put a module before position `index`; positions beyond the ends are clipped as in a list."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)

    def __repr__(self) -> str:
        if not len(self):
            return f"{self._get_name()}()"
        lines = []
        index = 0
        for text, run in groupby(map(repr, self)):
            count = len(list(run))
            label = f"({index}): " if count == 1 else f"({index}-{index + count - 1}): {count} x "
            lines.append(label + _indented(text))
            index += count
        body = "\n  ".join(lines)
        return f"{self._get_name()}(\n  {body}\n)"

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """A list is not called; its modules are."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function: call its modules one by one'
        )
