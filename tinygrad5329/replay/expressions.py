"""Rules as expressions: what a kernel made of operators computes, written out where it is called.

On NumPy's scalars a multiplication takes less time than the call of a function that multiplies. A function is
called once with stand-ins that note which operators it uses; one that looks at its arguments in any other
way stays a call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

__all__ = ["FUNCTIONS", "Expression", "expression_of"]

#: The functions of ``xp`` that an expression may call.
FUNCTIONS = ("tanh", "exp", "log", "sqrt", "sin", "cos")


class NotOperators(Exception):
    """A function does more than operators can say."""


class Expression:
    """A stand-in for a real number, which knows how it is computed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __getattr__(self, name: str) -> Any:
        raise NotOperators(name)

    def __neg__(self) -> Expression:
        return Expression(f"(-{self.text})")


def _binary(sign: str, swapped: bool) -> Any:
    def operator(self: Expression, other: Any) -> Expression:
        if type(other) not in (int, float, Expression):
            raise NotOperators(type(other).__name__)
        given = other.text if isinstance(other, Expression) else repr(other)
        return Expression(f"({given} {sign} {self.text})" if swapped else f"({self.text} {sign} {given})")

    return operator


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    setattr(Expression, f"__{_name}__", _binary(_sign, swapped=False))
    setattr(Expression, f"__r{_name}__", _binary(_sign, swapped=True))


def _refuse(self: Expression, *others: Any) -> Any:
    raise NotOperators(type(self).__name__)


# What has a default, or would let a function go on without the number.
for _name in ("bool", "eq", "ne", "lt", "le", "gt", "ge", "hash", "float", "int", "index", "len", "iter", "getitem"):
    setattr(Expression, f"__{_name}__", _refuse)


class _Namespace:
    """Stands for ``xp``."""

    def __getattr__(self, name: str) -> Any:
        if name == "conj":
            return lambda x: x
        if name in FUNCTIONS:
            return lambda x: Expression(f"{name}({x.text})")
        raise NotOperators(name)


@cache
def expression_of(function: Callable[..., Any], count: int) -> str | None:
    """``function(xp, *arguments)`` for `count` arguments as a format string; None if it is no expression."""
    try:
        result = function(_Namespace(), *[Expression(f"{{{i}}}") for i in range(count)])
    except (NotOperators, TypeError):
        return None
    return result.text if isinstance(result, Expression) else None
