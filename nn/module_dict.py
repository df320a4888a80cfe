"""`ModuleDict`: modules in a dictionary."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView

from tinygrad5329.nn.key_value_pairs import key_value_pairs
from tinygrad5329.nn.module import Module


class ModuleDict(Module):
    """A dictionary whose modules are registered as children under their keys; it keeps insertion order.

    Parameters
    ----------
    modules : mapping of str to Module, or iterable of such pairs, optional
        The first content.

    Raises
    ------
    TypeError
        If a key is not a string or a value is not a Module.
    KeyError
        If a key is empty, has a dot, or is an attribute of Module such as "type".

    Notes
    -----
    Matches `torch.nn.ModuleDict`. It has no `forward`: look the modules up.
    """

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Remove the module under `key` and return it; raises KeyError if there is none."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """Return the keys."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """Return the pairs of key and module."""
        return self._modules.items()

    def values(self) -> ValuesView[Module]:
        """Return the modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add the modules of a mapping, or of an iterable of pairs, replacing those under the same keys.

        Raises
        ------
        TypeError
            If `modules` is neither.
        ValueError
            If an element of the iterable is not a pair.
        """
        for key, value in key_value_pairs(self._get_name(), modules):
            self[key] = value
