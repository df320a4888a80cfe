"""`ParameterDict`: parameters in a dictionary."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self

from tinygrad5329.nn.key_value_pairs import key_value_pairs
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter_list import as_member
from tinygrad5329.tensor import Tensor


class ParameterDict(Module):
    """A dictionary whose tensors are registered as parameters under their keys; it keeps insertion order.

    Parameters
    ----------
    parameters : mapping of str to values, or iterable of such pairs, optional
        The first content. Tensors become parameters; other values are kept as they are and have no place in
        `state_dict`.

    Raises
    ------
    TypeError
        If a key is not a string, or `parameters` is neither a mapping nor iterable.
    KeyError
        If a key is empty, has a dot, or is an attribute of Module such as "type".

    Notes
    -----
    Matches `torch.nn.ParameterDict`.
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        # The values live on the module; this dictionary keeps the order of their keys.
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(
                f"Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'); use str(key)"
            )
        if key in self._keys:
            setattr(self, key, as_member(value))
            return
        self._check_new_name("parameter", key, {})
        setattr(self, key, as_member(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        if key not in self._keys:
            raise KeyError(key)
        delattr(self, key)
        del self._keys[key]

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __or__(self, other: Mapping[str, Any] | ParameterDict) -> ParameterDict:
        if not isinstance(other, Mapping | ParameterDict):
            return NotImplemented
        return self.copy().__ior__(other)

    def __ior__(self, other: Mapping[str, Any] | ParameterDict) -> Self:
        if not isinstance(other, Mapping | ParameterDict):
            return NotImplemented
        self.update(other)
        return self

    def _dict(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in self._keys}

    def keys(self) -> KeysView[str]:
        """Return the keys."""
        return self._keys.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._dict().values()

    def items(self) -> ItemsView[str, Any]:
        """Return the pairs of key and value."""
        return self._dict().items()

    def copy(self) -> ParameterDict:
        """Return a new dictionary that holds the same parameters."""
        return ParameterDict(self._dict())

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value under `key`, storing `default` there first if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value under `key`, or `default`."""
        return getattr(self, key) if key in self._keys else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a new dictionary with the given keys, each with the value `default`."""
        return ParameterDict((key, default) for key in keys)

    def clear(self) -> None:
        """Remove everything."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Remove the value under `key` and return it; raises KeyError if there is none."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove and return the pair added last; raises KeyError if there is none."""
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def update(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[tuple[str, Any]]) -> None:
        """Add the values of a mapping, or of an iterable of pairs, replacing those under the same keys.

        Raises
        ------
        TypeError
            If `parameters` is neither.
        ValueError
            If an element of the iterable is not a pair.
        """
        for key, value in key_value_pairs(self._get_name(), parameters):
            self[key] = value

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        lines = []
        for key, value in self.items():
            if isinstance(value, Tensor):
                size = "x".join(map(str, value.shape))
                lines.append(f"  ({key}): Parameter containing: [{value.type()} of size {size}]")
            else:
                lines.append(f"  ({key}): Object of type: {type(value).__name__}")
        return "\n".join(lines)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """A dictionary of parameters is not called."""
        raise RuntimeError("ParameterDict should not be called.")
