"""From the smallest architectures of a space to larger ones, a step at a time."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator, Mapping

from tinygrad5329.search.domains import Value
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Architecture, Slot, Space
from tinygrad5329.search.strategies.tried import key_of

__all__ = ["expansions", "largest_size", "size_of", "smallest"]

#: Operations of a cell's edge that compute nothing.
EMPTY = ("none", "skip")


def size_of(space: Space, architecture: Architecture) -> int:
    """How far it has grown: parts of its stacks above the fewest, and edges of its cells that compute something."""
    size = 0
    for name, part in space.parts.items():
        if isinstance(part, Stack):
            size += len(architecture[name]) - part.low
        elif isinstance(part, Cell) and _grows(part):
            size += sum(operation not in EMPTY for operation in architecture[name].values())
    return size


def largest_size(space: Space) -> int:
    """:func:`size_of` the largest architectures; 0 in a space without stacks and cells."""
    size = 0
    for part in space.parts.values():
        if isinstance(part, Stack):
            size += part.high - part.low
        elif isinstance(part, Cell) and _grows(part):
            size += len(part.edges)
    return size


def smallest(space: Space, limit: int, generator: random.Random) -> list[Architecture]:
    """All admitted architectures of size 0; ``limit`` random ones if there are more, or endlessly many."""
    fixed: dict[str, tuple[Value, ...]] = {}
    for name, part in space.parts.items():
        if isinstance(part, Stack):
            fixed[f"{name}.depth"] = (part.low,)
        elif isinstance(part, Cell) and _grows(part):
            fixed |= {f"{name}.{edge}": tuple(each for each in part.operations if each in EMPTY) for edge in part.edges}
    return _completions(space, fixed, limit, generator)


def expansions(
    space: Space, architecture: Architecture, limit: int, generator: random.Random
) -> Iterator[Architecture]:
    """The admitted architectures one larger that keep every decision of this one.

    A stack gets one more part behind, with every combination of its decisions; an edge of a cell that computes
    nothing gets an operation that does. ``limit`` random ones for a stack with more combinations, or endlessly many.
    """
    flat = space.flatten(architecture)
    kept: dict[str, tuple[Value, ...]] = {path: (value,) for path, value in flat.items()}
    for name, part in space.parts.items():
        if isinstance(part, Stack) and len(architecture[name]) < part.high:
            deeper = kept | {f"{name}.depth": (len(architecture[name]) + 1,)}
            yield from _completions(space, deeper, limit, generator)
        elif isinstance(part, Cell) and _grows(part):
            computing = tuple(each for each in part.operations if each not in EMPTY)
            for edge in part.edges:
                if architecture[name][edge] in EMPTY:
                    yield from _completions(space, kept | {f"{name}.{edge}": computing}, limit, generator)


def _grows(cell: Cell) -> bool:
    return any(each in EMPTY for each in cell.operations)


def _completions(
    space: Space, allowed: Mapping[str, tuple[Value, ...]], limit: int, generator: random.Random
) -> list[Architecture]:
    """Admitted architectures whose decisions have only allowed values; those not named may have any."""

    def values_of(slot: Slot) -> tuple[Value, ...] | None:
        return allowed.get(slot.path, slot.domain.values)

    with contextlib.suppress(_EndlessError):
        listed = list(itertools.islice(_walk(space, values_of), limit + 1))
        if len(listed) <= limit:
            return listed

    def decide(slot: Slot) -> Value:
        return generator.choice(allowed[slot.path]) if slot.path in allowed else slot.domain.sample(generator)

    # Limits of the space may refuse nearly all of them: a few draws for each that is wanted.
    drawn = (space.complete(decide) for _ in range(10 * limit))
    different = {key_of(space, each): each for each in drawn if space.admits(each)}
    return list(itertools.islice(different.values(), limit))


class _EndlessError(Exception):
    """A decision that is taken has no list of values."""


def _walk(space: Space, values_of: Callable[[Slot], tuple[Value, ...] | None]) -> Iterator[Architecture]:
    waiting: list[tuple[int, dict[str, Value]]] = [(0, {})]
    while waiting:
        index, flat = waiting.pop()
        while index < len(space.slots) and not space.slots[index].taken(flat):
            index += 1
        if index == len(space.slots):
            if space.admits(architecture := space.unflatten(flat)):
                yield architecture
            continue
        slot = space.slots[index]
        values = values_of(slot)
        if values is None:
            raise _EndlessError
        waiting.extend((index + 1, flat | {slot.path: value}) for value in reversed(values))
