"""The named tuples that operations with several results return (``torch.return_types``).

>>> import tinygrad5329 as tg
>>> tg.tensor([3.0, 5.0, 4.0]).max(dim=0)
tinygrad5329.return_types.max(
values=tensor(5.),
indices=tensor(1))
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

__all__ = [
    "aminmax",
    "cummax",
    "cummin",
    "kthvalue",
    "max",
    "median",
    "min",
    "mode",
    "nanmedian",
    "sort",
    "topk",
]


class _Result(tuple[Any, ...]):
    """A tuple whose entries also have names; made from an iterable, as PyTorch's are."""

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def __new__(cls, values: Iterable[Any]) -> _Result:
        made = super().__new__(cls, values)
        if len(made) != len(cls.__match_args__):
            raise TypeError(
                f"{cls.__module__}.{cls.__qualname__}() takes a {len(cls.__match_args__)}-sequence "
                f"({len(made)}-sequence given)"
            )
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (tuple(self),)

    def __repr__(self) -> str:
        entries = ",\n".join(f"{name}={value!r}" for name, value in zip(self.__match_args__, self, strict=True))
        return f"{type(self).__module__}.{type(self).__qualname__}(\n{entries})"


def _define(name: str, *fields: str) -> Any:
    members: dict[str, Any] = {
        "__slots__": (),
        "__module__": __name__,
        "__match_args__": fields,
        "__doc__": f"What ``{name}`` returns: ``({', '.join(fields)})``.",
    }
    for position, field in enumerate(fields):
        members[field] = property(itemgetter(position))
    return type(name, (_Result,), members)


aminmax = _define("aminmax", "min", "max")
cummax = _define("cummax", "values", "indices")
cummin = _define("cummin", "values", "indices")
kthvalue = _define("kthvalue", "values", "indices")
max = _define("max", "values", "indices")
median = _define("median", "values", "indices")
min = _define("min", "values", "indices")
mode = _define("mode", "values", "indices")
nanmedian = _define("nanmedian", "values", "indices")
sort = _define("sort", "values", "indices")
topk = _define("topk", "values", "indices")
