"""Kernels and gradient rules as formulas of one element, for chains of them to become one loop.

A function is called once with stand-ins that note what is computed. Only what NumPy rounds in one way is noted:
sums, products, quotients, roots, comparisons, choices. A chain of these gives NumPy's numbers bit for bit. What each
library approximates its own way (exponentials, tanh) stays a call, and so does what looks at an array as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad5329.replay.symbols import Var

__all__ = ["Element", "NotElementwise", "UFUNCS", "formula_of", "leaves", "operations"]

#: What NumPy calls what a formula may hold.
UFUNCS = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.true_divide: "div", np.negative: "neg",
    np.absolute: "abs", np.sqrt: "sqrt", np.greater: "gt", np.less: "lt", np.greater_equal: "ge",
    np.less_equal: "le", np.equal: "eq", np.not_equal: "ne", np.bitwise_and: "and", np.logical_and: "and",
    np.bitwise_or: "or", np.logical_or: "or", np.invert: "not", np.logical_not: "not",
}  # fmt: skip
_COMPARISONS = ("gt", "lt", "ge", "le", "eq", "ne")
_LOGIC = ("and", "or", "not")


class NotElementwise(Exception):
    """A function does more than a formula of one element can say."""


class Element:
    """A stand-in for an array, which knows how an element of it is computed.

    Attributes
    ----------
    formula : Var, float or tuple
        An array, a number, or the name of an operation and formulas of what it takes. ``("spread", var, shape)`` is an
        array as if it had another shape.
    boolean : bool
        It is a mask.
    real : dtype
        The dtype of the floats that are computed with.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, formula: Any, real: Any, boolean: bool = False) -> None:
        self.formula, self.real, self.boolean = formula, real, boolean

    @property
    def dtype(self) -> Any:
        return np.dtype(bool) if self.boolean else self.real

    def __getattr__(self, name: str) -> Any:
        raise NotElementwise(name)

    def __bool__(self) -> bool:
        raise NotElementwise("a decision")

    def with_(self, op: str, *operands: Any) -> Element:
        """What `op` makes of the operands, of which one is this."""
        masks = [isinstance(each, Element) and each.boolean for each in operands]
        # Of masks NumPy makes other dtypes.
        if not all(masks) if op in _LOGIC else any(masks[1:] if op == "where" else masks):
            raise NotElementwise(f"{op} of a mask")
        return Element((op, *[self._formula(each) for each in operands]), self.real, op in _COMPARISONS or op in _LOGIC)

    def _formula(self, value: Any) -> Any:
        if isinstance(value, Element):
            return value.formula
        if type(value) in (int, float) or (isinstance(value, np.floating) and value.dtype == self.real):
            return float(value)
        raise NotElementwise(type(value).__name__)

    def _become(self, other: Element) -> Element:
        """Written in place, which on a stand-in nobody else sees."""
        self.formula, self.boolean = other.formula, other.boolean
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = UFUNCS.get(ufunc)
        if method != "__call__" or kwargs or name is None or len(inputs) != ufunc.nin:
            raise NotElementwise(ufunc.__name__)
        return self.with_(name, *inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise NotElementwise(func.__name__)

    def __pow__(self, exponent: Any) -> Any:
        # As NumPy and `integer_powers.power` do it.
        if type(exponent) not in (int, float) or exponent not in (1, 2, 3):
            raise NotElementwise("a power")
        square = self.with_("mul", self, self)
        return self if exponent == 1 else square if exponent == 2 else square.with_("mul", square, self)

    def __neg__(self) -> Any:
        return self.with_("neg", self)

    def __abs__(self) -> Any:
        return self.with_("abs", self)

    def __invert__(self) -> Any:
        return self.with_("not", self)


def _binary(op: str) -> tuple[Any, Any, Any]:
    return (
        lambda self, other: self.with_(op, self, other),
        lambda self, other: self.with_(op, other, self),
        lambda self, other: self._become(self.with_(op, self, other)),
    )


for _name in ("add", "sub", "mul", "div"):
    _method = "truediv" if _name == "div" else _name
    for _prefix, _function in zip(("", "r", "i"), _binary(_name), strict=True):
        setattr(Element, f"__{_prefix}{_method}__", _function)
for _name in (*_COMPARISONS, "and", "or"):
    setattr(Element, f"__{_name}__", _binary(_name)[0])


def _where(condition: Any, x: Any, y: Any) -> Any:
    if not isinstance(condition, Element) or not condition.boolean:
        raise NotElementwise("where")
    return condition.with_("where", condition, x, y)


class _Namespace:
    """Stands for ``xp``."""

    _functions: dict[str, Callable[..., Any]] = {
        "conj": lambda x: x,
        "where": _where,
        "abs": abs,
        "absolute": abs,
        "sqrt": lambda x: x.with_("sqrt", x),
    }

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Whoever looks at this module, such as a search for doctests, asks what it wraps.
            raise AttributeError(name)
        if name not in self._functions:
            raise NotElementwise(name)
        return self._functions[name]


_XP = _Namespace()


def formula_of(function: Callable[..., Any], arguments: list[Any], params: dict[str, Any]) -> Any:
    """``function(xp, *arguments, **params)`` on elements: elements, or None where it is more than a formula."""
    try:
        return function(_XP, *arguments, **params)
    except (NotElementwise, TypeError, AttributeError, OverflowError):
        return None


def leaves(formula: Any) -> Iterator[Var]:
    """The arrays in a formula."""
    if isinstance(formula, Var):
        yield formula
    elif type(formula) is tuple:
        if formula[0] == "spread":
            yield formula[1]
            return
        for each in formula[1:]:
            yield from leaves(each)


def operations(formula: Any) -> int:
    """How many operations a formula has."""
    if type(formula) is not tuple or formula[0] == "spread":
        return 0
    return 1 + sum(map(operations, formula[1:]))
