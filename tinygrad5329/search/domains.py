"""What one decision of a search can be: a choice, a whole number, a number."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Choice", "Condition", "Domain", "Float", "Integer", "Value"]

#: What a decision comes to; all of it JSON.
Value: TypeAlias = str | int | float | bool | None
#: Names of earlier decisions and the values of each under which this one is taken.
Condition: TypeAlias = Mapping[str, Value | tuple[Value, ...]]


@dataclass(frozen=True, init=False)
class Choice:
    """One of some options that have no order.

    Parameters
    ----------
    *options : str, int, float, bool or None
        Two or more, all different.
    when : mapping, optional
        Takes the decision only where the named decisions of the same part came to one of the given values.

    Examples
    --------
    >>> Choice("sgd", "adamw").sample(random.Random(0))
    'adamw'
    """

    options: tuple[Value, ...]
    when: Condition = field(default_factory=dict, hash=False)

    def __init__(self, *options: Value, when: Condition | None = None) -> None:
        if len(options) < 2:
            raise ValueError(f"Choice: expected two options or more, got {list(options)}")
        unfit = [each for each in options if not (each is None or isinstance(each, (str, int, float, bool)))]
        if unfit:
            raise TypeError(f"Choice: options are strings, numbers, booleans or None, got {unfit[0]!r}")
        endless = [each for each in options if isinstance(each, float) and not math.isfinite(each)]
        if endless:
            raise ValueError(f"Choice: options are JSON, which has no {endless[0]}")
        if len({(type(each), each) for each in options}) < len(options):
            raise ValueError(f"Choice: an option stands twice in {list(options)}")
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "when", _tuples(when or {}))

    @property
    def values(self) -> tuple[Value, ...]:
        """All it can come to, in order."""
        return self.options

    def sample(self, generator: random.Random) -> Value:
        """A value, each with the same probability."""
        return generator.choice(self.options)

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, as ``expected ..., got ...``; None if nothing is."""
        if any(type(value) is type(each) and value == each for each in self.options):
            return None
        return f"expected one of {', '.join(map(repr, self.options))}, got {value!r}"

    def encode(self, value: Value) -> list[float]:
        """One-hot."""
        return [float(type(value) is type(each) and value == each) for each in self.options]

    @property
    def encoded_size(self) -> int:
        """Length of :meth:`encode`."""
        return len(self.options)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"kind": "choice", "options": list(self.options)} | _condition(self.when)


@dataclass(frozen=True)
class Integer:
    """A whole number from ``low`` to ``high``, both included.

    Parameters
    ----------
    low, high : int
    step : int
        Distance of neighbours; ``high`` is reached only by whole steps.
    log : bool
        Draws on a logarithmic scale; ``low`` is above 0 and ``step`` 1.
    when : mapping, optional
        As in :class:`Choice`.
    """

    low: int
    high: int
    step: int = 1
    log: bool = False
    when: Condition = field(default_factory=dict, hash=False, kw_only=True)

    def __post_init__(self) -> None:
        if not all(type(each) is int for each in (self.low, self.high, self.step)):
            raise TypeError(f"Integer: expected whole numbers, got {self.low!r}, {self.high!r}, step {self.step!r}")
        if not self.low < self.high:
            raise ValueError(f"Integer: expected low below high, got {self.low} and {self.high}")
        if self.step < 1:
            raise ValueError(f"Integer: expected a step of 1 or more, got {self.step}")
        if self.log and (self.low < 1 or self.step != 1):
            raise ValueError(f"Integer: log=True needs low above 0 and step 1, got low {self.low}, step {self.step}")
        object.__setattr__(self, "when", _tuples(self.when))

    @property
    def values(self) -> tuple[int, ...]:
        """All it can come to, in order."""
        return tuple(range(self.low, self.high + 1, self.step))

    def sample(self, generator: random.Random) -> int:
        """A value, each with the same probability, or with that of its logarithm."""
        if self.log:
            drawn = math.exp(generator.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
            return min(max(round(drawn), self.low), self.high)
        return generator.choice(range(self.low, self.high + 1, self.step))

    def problem(self, value: Any) -> str | None:
        """As :meth:`Choice.problem`."""
        if type(value) is int and self.low <= value <= self.high and (value - self.low) % self.step == 0:
            return None
        steps = f" in steps of {self.step}" if self.step > 1 else ""
        return f"expected a whole number from {self.low} to {self.high}{steps}, got {value!r}"

    def encode(self, value: Value) -> list[float]:
        """Its place between ``low`` and ``high``, 0 to 1."""
        return [_place(value, self.low, self.high, self.log)]

    @property
    def encoded_size(self) -> int:
        """Length of :meth:`encode`."""
        return 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {"kind": "integer", "low": self.low, "high": self.high, "step": self.step, "log": self.log}
        return values | _condition(self.when)


@dataclass(frozen=True)
class Float:
    """A number from ``low`` to ``high``.

    Parameters
    ----------
    low, high : float
    log : bool
        Draws on a logarithmic scale; ``low`` is above 0.
    when : mapping, optional
        As in :class:`Choice`.
    """

    low: float
    high: float
    log: bool = False
    when: Condition = field(default_factory=dict, hash=False, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not math.isfinite(value):
                raise TypeError(f"Float: expected a finite number for {name}, got {value!r}")
            object.__setattr__(self, name, float(value))
        if not self.low < self.high:
            raise ValueError(f"Float: expected low below high, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"Float: log=True needs low above 0, got {self.low}")
        object.__setattr__(self, "when", _tuples(self.when))

    @property
    def values(self) -> None:
        """None: there is no list of them."""
        return None

    def sample(self, generator: random.Random) -> float:
        """A value, uniformly, or uniformly in the logarithm."""
        if self.log:
            drawn = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
            return min(max(drawn, self.low), self.high)
        return generator.uniform(self.low, self.high)

    def problem(self, value: Any) -> str | None:
        """As :meth:`Choice.problem`."""
        if type(value) in (int, float) and self.low <= value <= self.high:
            return None
        return f"expected a number from {self.low:g} to {self.high:g}, got {value!r}"

    def encode(self, value: Value) -> list[float]:
        """Its place between ``low`` and ``high``, 0 to 1."""
        return [_place(value, self.low, self.high, self.log)]

    @property
    def encoded_size(self) -> int:
        """Length of :meth:`encode`."""
        return 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"kind": "float", "low": self.low, "high": self.high, "log": self.log} | _condition(self.when)


Domain: TypeAlias = Choice | Integer | Float


def _place(value: Any, low: float, high: float, log: bool) -> float:
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return float((value - low) / (high - low))


def _tuples(when: Condition) -> dict[str, tuple[Value, ...]]:
    return {name: each if isinstance(each, tuple) else (each,) for name, each in when.items()}


def _condition(when: Condition) -> dict[str, Any]:
    return {"when": {name: list(each) for name, each in _tuples(when).items()}} if when else {}
