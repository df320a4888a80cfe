"""What `Sequential` and `ModuleList` share: children in order, reached by position."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import Self, overload

from tinygrad5329.nn.module import Module


def position(index: int, length: int) -> int:
    """Return `index` counted from the front; IndexError if a sequence of `length` items has none such."""
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length


class ModuleSequence(Module):
    """Child modules in order. Deleting and inserting number them anew: "0", "1", ..."""

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def _slice(self, index: slice) -> Self:
        raise NotImplementedError

    def _key(self, index: int) -> str:
        return list(self._modules)[position(index, len(self))]

    @overload
    def __getitem__(self, index: slice) -> Self: ...
    @overload
    def __getitem__(self, index: int) -> Module: ...
    def __getitem__(self, index: int | slice) -> Self | Module:
        return self._slice(index) if isinstance(index, slice) else self._modules[self._key(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if isinstance(index, slice):
            del modules[index]
        else:
            del modules[position(index, len(self))]
        self._renumber(modules)

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules = {str(index): module for index, module in enumerate(modules)}

    def append(self, module: Module) -> Self:
        """Add a module at the end and return this container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add all modules of an iterable at the end and return this container.

        Raises
        ------
        TypeError
            If `modules` is not iterable or holds something that is not a Module.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{self._get_name()}.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        # A list first: `modules` may be this container itself.
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Module:
        """Remove a module and return it; a slice of them comes as a container of this kind."""
        module = self[key]
        del self[key]
        return module
