"""`ParameterList`: parameters in a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self, overload

from tinygrad5329.nn.module import Module
from tinygrad5329.nn.module_sequence import position
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor


def as_member(value: Any) -> Any:
    """Return `value`, a tensor wrapped into a Parameter: what the parameter containers store."""
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


class ParameterList(Module):
    """A list whose tensors are registered as parameters "0", "1", ...

    Parameters
    ----------
    values : iterable, optional
        The first content. Tensors become parameters; other values are kept as they are and have no place in
        `state_dict`.

    Raises
    ------
    TypeError
        If `values` is not iterable.

    Notes
    -----
    Matches `torch.nn.ParameterList`.
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _key(self, index: int) -> str:
        return str(position(index, len(self)))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._key(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._key(index), as_member(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, str(index)) for index in range(self._size))

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add a value at the end; returns this list."""
        setattr(self, str(self._size), as_member(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add all values of an iterable at the end; returns this list.

        Raises
        ------
        TypeError
            If `values` is not iterable (a tensor counts as a value, not as an iterable of rows).
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        # A list first: `values` may be this list itself.
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        lines = []
        for index, value in enumerate(self):
            if isinstance(value, Tensor):
                size = "x".join(map(str, value.shape))
                lines.append(f"  ({index}): Parameter containing: [{value.dtype} of size {size}]")
            else:
                lines.append(f"  ({index}): Object of type: {type(value).__name__}")
        return "\n".join(lines)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """A list of parameters is not called."""
        raise RuntimeError("ParameterList should not be called.")
