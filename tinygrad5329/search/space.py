"""A search space: which architectures there are, whatever looks for one."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tinygrad5329.search.domains import Choice, Domain, Float, Integer, Value
from tinygrad5329.search.parts import Cell, Stack, check_name

__all__ = ["Architecture", "Slot", "Space"]

#: Plain JSON: names of decisions and their values; lists of objects for stacks, objects for cells.
Architecture: TypeAlias = dict[str, Any]

_TRIES = 10_000


@dataclass(frozen=True)
class Slot:
    """One decision of a space.

    Attributes
    ----------
    path : str
        Its whole name, such as ``"lr"``, ``"layers.depth"``, ``"layers.2.width"`` or ``"cell.0-1"``.
    domain : Choice, Integer or Float
    conditions : tuple of (path, values)
        The decision is taken where all of these earlier ones came to one of the values.
    """

    path: str
    domain: Domain
    conditions: tuple[tuple[str, tuple[Value, ...]], ...] = ()

    def taken(self, flat: Mapping[str, Value]) -> bool:
        """Whether the decision is taken, given the values of those before it."""
        return all(path in flat and _among(flat[path], values) for path, values in self.conditions)


class Space:
    """Decisions by name; an architecture gives each that is taken a value.

    Parameters
    ----------
    parts : mapping of str to Choice, Integer, Float, Stack or Cell
        In the order in which they are decided: a condition names an earlier decision.

    Raises
    ------
    ValueError, TypeError
        If a name cannot be one, or a condition cannot come true.

    Examples
    --------
    >>> space = Space({
    ...     "layers": Stack(1, 3, {"width": Choice(32, 64), "activation": Choice("relu", "tanh")}),
    ...     "optimizer": Choice("sgd", "adamw"),
    ...     "momentum": Float(0.5, 0.99, when={"optimizer": "sgd"}),
    ... })
    >>> architecture = space.sample(random.Random(1))
    >>> sorted(architecture)
    ['layers', 'momentum', 'optimizer']
    >>> space.flatten(architecture)["layers.depth"] == len(architecture["layers"])
    True
    >>> space.check({"layers": [{"width": 48, "activation": "relu"}], "optimizer": "adamw"})
    Traceback (most recent call last):
    ValueError: layers.1.width: expected one of 32, 64, got 48
    """

    def __init__(self, parts: Mapping[str, Domain | Stack | Cell]) -> None:
        if not parts:
            raise ValueError("Space: expected one decision or more, got none")
        self.parts = dict(parts)
        slots: dict[str, Slot] = {}
        for name, part in self.parts.items():
            check_name("Space", name)
            for slot in _slots_of(name, part, slots):
                _check_conditions(slot, slots)
                slots[slot.path] = slot
        self.slots: tuple[Slot, ...] = tuple(slots.values())
        self._by_path = slots
        self._admit: Callable[[Architecture], bool] | None = None

    def __getitem__(self, path: str) -> Slot:
        return self._by_path[path]

    def __repr__(self) -> str:
        count = self.count()
        return (
            f"Space({len(self.slots)} decisions, {'infinitely many' if count is None else f'{count:,}'} architectures)"
        )

    def limited(self, admit: Callable[[Architecture], bool]) -> Space:
        """The same space without the architectures that ``admit`` refuses (too large, too slow)."""
        other = copy.copy(self)
        previous = self._admit
        other._admit = admit if previous is None else lambda each: previous(each) and admit(each)
        return other

    def admits(self, architecture: Architecture) -> bool:
        """Whether no limit refuses it."""
        return self._admit is None or self._admit(architecture)

    def complete(self, decide: Callable[[Slot], Value]) -> Architecture:
        """The architecture that comes of asking for each decision that is taken, in order."""
        flat: dict[str, Value] = {}
        for slot in self.slots:
            if slot.taken(flat):
                flat[slot.path] = decide(slot)
        return self.unflatten(flat)

    def sample(self, generator: random.Random) -> Architecture:
        """A random admitted architecture: each decision drawn by itself.

        Raises
        ------
        RuntimeError
            If the limits refuse 10,000 draws.
        """
        return self._draw(lambda: self.complete(lambda slot: slot.domain.sample(generator)))

    def mutate(self, architecture: Architecture, generator: random.Random) -> Architecture:
        """An admitted architecture with one decision changed; decisions that this brings about are drawn.

        Raises
        ------
        RuntimeError
            If the limits refuse 10,000 draws.
        """
        flat = self.flatten(architecture)

        def changed() -> Architecture:
            path = generator.choice(list(flat))
            domain = self._by_path[path].domain
            value = flat[path]
            while _same(value, flat[path]):
                value = domain.sample(generator)
            return self.changed(architecture, path, value, generator)

        return self._draw(changed)

    def changed(self, architecture: Architecture, path: str, value: Value, generator: random.Random) -> Architecture:
        """The architecture with one decision set; decisions that this brings about are drawn."""
        flat = self.flatten(architecture) | {path: value}
        return self.complete(lambda slot: flat[slot.path] if slot.path in flat else slot.domain.sample(generator))

    def flatten(self, architecture: Architecture) -> dict[str, Value]:
        """Values by path, of the decisions that are taken, in order; checks the architecture.

        Whole numbers for a Float become floats, so that the same architecture has the same values.

        Raises
        ------
        ValueError
            As :meth:`check`.
        """
        if not isinstance(architecture, dict):
            raise ValueError(f"expected an architecture (an object of decisions), got {architecture!r}")
        given = _flat(architecture, self.parts)
        flat: dict[str, Value] = {}
        for slot in self.slots:
            if not slot.taken(flat):
                continue
            if slot.path not in given:
                raise ValueError(f"{slot.path}: the architecture does not decide it")
            problem = slot.domain.problem(given[slot.path])
            if problem:
                raise ValueError(f"{slot.path}: {problem}")
            value = given[slot.path]
            flat[slot.path] = float(value) if isinstance(slot.domain, Float) else value
        extra = [path for path in given if path not in flat]
        if extra:
            raise ValueError(
                f"{extra[0]}: " + ("not decided here" if extra[0] in self._by_path else "no such decision")
            )
        return flat

    def check(self, architecture: Architecture) -> None:
        """Complain of an architecture that is none of this space.

        Raises
        ------
        ValueError
            Names the decision, what it came to and what was expected.
        """
        self.flatten(architecture)

    def unflatten(self, flat: Mapping[str, Value]) -> Architecture:
        """The architecture of values by path."""
        architecture: Architecture = {}
        for name, part in self.parts.items():
            if isinstance(part, Stack):
                depth = flat.get(f"{name}.depth", part.low)
                assert isinstance(depth, int)
                architecture[name] = [
                    {key: flat[path] for key in part.part if (path := f"{name}.{number}.{key}") in flat}
                    for number in range(1, depth + 1)
                ]
            elif isinstance(part, Cell):
                architecture[name] = {edge: flat[f"{name}.{edge}"] for edge in part.edges}
            elif name in flat:
                architecture[name] = flat[name]
        return architecture

    def count(self) -> int | None:
        """How many architectures there are, without the limits; None if a decision is a Float."""
        last_use = {path: place for place, slot in enumerate(self.slots) for path, _ in slot.conditions}
        # What the decisions so far came to, of those that later conditions name; and in how many ways.
        # By the place of each value: 1 and True would be the same key.
        ways: dict[tuple[tuple[str, int], ...], int] = {(): 1}
        for place, slot in enumerate(self.slots):
            after: dict[tuple[tuple[str, int], ...], int] = {}
            for known, count in ways.items():
                kept = tuple(each for each in known if last_use[each[0]] > place)
                options: tuple[Value, ...] = (None,)
                flat = {path: (self._by_path[path].domain.values or ())[number] for path, number in known}
                if slot.taken(flat):
                    if slot.domain.values is None:
                        return None
                    options = slot.domain.values
                    if slot.path in last_use:
                        for number in range(len(options)):
                            state = (*kept, (slot.path, number))
                            after[state] = after.get(state, 0) + count
                        continue
                after[kept] = after.get(kept, 0) + count * len(options)
            ways = after
        return sum(ways.values())

    def enumerate(self) -> Iterator[Architecture]:
        """All admitted architectures, in order.

        Raises
        ------
        ValueError
            If a decision is a Float.
        """
        endless = [slot.path for slot in self.slots if slot.domain.values is None]
        if endless:
            raise ValueError(f"{endless[0]}: a Float has no list of values; the space cannot be enumerated")
        return (architecture for flat in self._walk() if self.admits(architecture := self.unflatten(flat)))

    def _walk(self) -> Iterator[dict[str, Value]]:
        stack: list[tuple[int, dict[str, Value]]] = [(0, {})]
        while stack:
            index, flat = stack.pop()
            while index < len(self.slots) and not self.slots[index].taken(flat):
                index += 1
            if index == len(self.slots):
                yield flat
                continue
            slot = self.slots[index]
            for value in reversed(slot.domain.values or ()):
                stack.append((index + 1, flat | {slot.path: value}))

    def encode(self, architecture: Architecture) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A vector of fixed length: for each decision whether it is taken, and its value (one-hot, or 0 to 1)."""
        flat = self.flatten(architecture)
        numbers: list[float] = []
        for slot in self.slots:
            if slot.path in flat:
                numbers += [1.0, *slot.domain.encode(flat[slot.path])]
            else:
                numbers += [0.0] * (1 + slot.domain.encoded_size)
        return np.asarray(numbers)

    def as_dict(self) -> dict[str, Any]:
        """The declaration, for JSON; limits are not part of it."""
        return {name: part.as_dict() for name, part in self.parts.items()}

    @classmethod
    def from_dict(cls, declaration: Mapping[str, Any]) -> Space:
        """From :meth:`as_dict`.

        Raises
        ------
        ValueError, TypeError
            If it is no declaration; the message names the part.
        """
        return cls({name: _part(name, each) for name, each in declaration.items()})

    def _draw(self, draw: Callable[[], Architecture]) -> Architecture:
        for _ in range(_TRIES):
            if self.admits(architecture := draw()):
                return architecture
        raise RuntimeError(f"the limits of the space refused {_TRIES} draws; loosen them")


def _slots_of(name: str, part: Any, before: Mapping[str, Slot]) -> Iterator[Slot]:
    if isinstance(part, Domain):
        yield Slot(name, part, _conditions(part, "", before))
    elif isinstance(part, Cell):
        for edge in part.edges:
            yield Slot(f"{name}.{edge}", Choice(*part.operations))
    elif isinstance(part, Stack):
        if part.low < part.high:
            yield Slot(f"{name}.depth", Integer(part.low, part.high))
        for number in range(1, part.high + 1):
            deep: tuple[tuple[str, tuple[Value, ...]], ...] = ()
            if number > part.low:
                deep = ((f"{name}.depth", tuple(range(number, part.high + 1))),)
            own = {f"{name}.{number}.{key}" for key in part.part}
            for key, domain in part.part.items():
                conditions = _conditions(domain, f"{name}.{number}.", own)
                yield Slot(f"{name}.{number}.{key}", domain, deep + conditions)
    else:
        raise TypeError(f"{name}: expected a Choice, Integer, Float, Stack or Cell, got {part!r}")


def _conditions(domain: Domain, prefix: str, own: Any) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    return tuple(
        (prefix + name if prefix + name in own else name, values if isinstance(values, tuple) else (values,))
        for name, values in domain.when.items()
    )


def _check_conditions(slot: Slot, earlier: Mapping[str, Slot]) -> None:
    for path, values in slot.conditions:
        if path not in earlier:
            raise ValueError(f"{slot.path}: its condition names {path!r}, which is not decided before it")
        for value in values:
            problem = earlier[path].domain.problem(value)
            if problem:
                raise ValueError(f"{slot.path}: its condition on {path} cannot come true: {problem}")


def _flat(architecture: Architecture, parts: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in architecture.items():
        if name not in parts:  # "layers.1.width" is the name of a decision, but no place in an architecture
            raise ValueError(f"{name}: no such decision")
        part = parts[name]
        if isinstance(part, Stack):
            if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
                raise ValueError(f"{name}: expected a list of objects, got {value!r}")
            if not part.low <= len(value) <= part.high:
                raise ValueError(f"{name}: expected {part.low} to {part.high} of them, got {len(value)}")
            if part.low < part.high:
                flat[f"{name}.depth"] = len(value)
            for number, each in enumerate(value, start=1):
                flat |= {f"{name}.{number}.{key}": own for key, own in each.items()}
        elif isinstance(part, Cell):
            if not isinstance(value, dict):
                raise ValueError(f"{name}: expected an object of operations by edge, got {value!r}")
            flat |= {f"{name}.{edge}": own for edge, own in value.items()}
        else:
            flat[name] = value
    return flat


def _part(name: str, values: Any) -> Domain | Stack | Cell:
    if not isinstance(values, Mapping) or values.get("kind") not in ("choice", "integer", "float", "stack", "cell"):
        raise ValueError(f"{name}: expected kind choice, integer, float, stack or cell, got {values!r}")
    rest = {key: value for key, value in values.items() if key != "kind"}
    if "when" in rest:
        rest["when"] = {key: tuple(each) if isinstance(each, list) else each for key, each in rest["when"].items()}
    try:
        if values["kind"] == "choice":
            return Choice(*rest.pop("options"), **rest)
        if values["kind"] == "stack":
            rest["part"] = {key: _part(f"{name}.{key}", each) for key, each in rest["part"].items()}
        kinds: dict[str, Any] = {"integer": Integer, "float": Float, "stack": Stack, "cell": Cell}
        built: Domain | Stack | Cell = kinds[values["kind"]](**rest)
    except KeyError as error:
        raise ValueError(f"{name}: a {values['kind']} needs {error.args[0]!r}") from error
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error
    return built


def _same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def _among(value: Value, values: tuple[Value, ...]) -> bool:
    return any(_same(value, each) for each in values)
