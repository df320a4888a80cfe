"""Python expressions laid out as a formatter would: on one line where they fit, else an argument a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Call", "Expression", "Mapping", "import_line", "laid_out"]

#: Fits the narrowest of the usual formatters' defaults, and is left alone by the others.
_WIDTH = 88


@dataclass(frozen=True)
class Call:
    """``name(argument, key=argument)``; a key is None for an argument by position."""

    name: str
    arguments: tuple[tuple[str | None, Expression], ...]


@dataclass(frozen=True)
class Mapping:
    """``{"key": value}``."""

    items: tuple[tuple[str, Expression], ...]


Expression: TypeAlias = str | Call | Mapping


def laid_out(expression: Expression, before: str = "", after: str = "", indent: int = 0) -> list[str]:
    """Lines of ``before``, the expression and ``after``, the first indented by so many spaces.

    Examples
    --------
    >>> laid_out(Call("nn.Linear", ((None, "64"), ("bias", "False"))), "layer = ")
    ['layer = nn.Linear(64, bias=False)']
    """
    line = " " * indent + before + _on_one_line(expression) + after
    if len(line) <= _WIDTH or isinstance(expression, str):
        return [line]
    if isinstance(expression, Mapping):
        opening, closing = "{", "}"
        parts = [(f'"{key}": ', value) for key, value in expression.items]
    else:
        opening, closing = f"{expression.name}(", ")"
        parts = [(f"{key}=" if key else "", value) for key, value in expression.arguments]
    alone = len(parts) == 1 and not parts[0][0] and not isinstance(parts[0][1], str)
    lines = [" " * indent + before + opening]
    for prefix, value in parts:
        inner = laid_out(value, prefix, ",", indent + 4)
        if alone and len(inner) > 1:  # a formatter adds no comma to a single argument that it broke
            inner[-1] = inner[-1].removesuffix(",")
        lines += inner
    return [*lines, " " * indent + closing + after]


def import_line(room: str, names: list[str]) -> list[str]:
    """Lines that import names from a module.

    Examples
    --------
    >>> import_line("tinygrad5329", ["nn"])
    ['from tinygrad5329 import nn']
    """
    line = f"from {room} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return [line]
    return [f"from {room} import (", *(f"    {name}," for name in names), ")"]


def _on_one_line(expression: Expression) -> str:
    if isinstance(expression, str):
        return expression
    if isinstance(expression, Mapping):
        return "{" + ", ".join(f'"{key}": {_on_one_line(value)}' for key, value in expression.items) + "}"
    given = (f"{key}={_on_one_line(value)}" if key else _on_one_line(value) for key, value in expression.arguments)
    return f"{expression.name}({', '.join(given)})"
