"""The best architectures under independent probabilities of each decision's options."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence

from tinygrad5329.search.domains import Value
from tinygrad5329.search.space import Architecture, Slot, Space

__all__ = ["default_of", "ranked"]


def ranked(
    space: Space,
    log_probabilities: Mapping[str, Sequence[float]],
    count: int,
    *,
    defaults: Mapping[str, Value] | None = None,
    never: Mapping[str, tuple[Value, ...]] | None = None,
    tries: int = 10_000,
) -> list[Architecture]:
    """The ``count`` best admitted architectures, the best first.

    An architecture is the better, the less it loses: the sum, over the decisions that it takes, of the
    log-probability of the slot's best option minus that of its own. So the first is the best option of each slot,
    and a deep network does not fall behind a shallow one for the mere number of its decisions.

    Where limits refuse so many that ``tries`` do not find ``count``, the rest are architectures drawn by their
    probabilities and at random, each improved by the best change of one decision as long as the limits let it, and
    what lies on these ways and beside their ends.

    Parameters
    ----------
    log_probabilities : mapping of str to sequence of float
        By path, in the order of the domain's values.
    defaults : mapping of str to value, optional
        What the other decisions come to.
    never : mapping of str to tuple, optional
        By path, options that are not to be taken.
    tries : int
        Complete architectures to look at in order, at most; and as many to draw.

    Raises
    ------
    ValueError
        If a decision is neither among the probabilities nor among the defaults.
    RuntimeError
        If the limits refuse all that were looked at and drawn.
    """
    losses: dict[str, list[tuple[float, Value]]] = {}
    for path, scores in log_probabilities.items():
        values = space[path].domain.values
        assert values is not None
        kept = [
            (score, value)
            for score, value in zip(scores, values, strict=True)
            if value not in (never or {}).get(path, ())
        ]
        if not all(math.isfinite(score) for score, _ in kept):
            raise ValueError(f"{path}: expected finite log-probabilities, got {list(scores)}")
        best = max(score for score, _ in kept)
        losses[path] = [(best - score, value) for score, value in kept]
    found: list[Architecture] = []
    ordered = _by_loss(space, losses, defaults or {})
    for flat in itertools.islice(ordered, tries):
        architecture = space.unflatten(flat)
        if space.admits(architecture):
            found.append(architecture)
            if len(found) == count:
                break
    if len(found) < count and next(ordered, None) is not None:
        known = [space.flatten(each) for each in found]
        climbed = _climbed(space, losses, defaults or {}, count, tries)
        found += [space.unflatten(flat) for flat in climbed if flat not in known][: count - len(found)]
    if not found:
        raise RuntimeError(
            f"the limits of the space refused the {tries} best architectures and {tries} drawn ones; loosen them"
        )
    return found


def default_of(slot: Slot, defaults: Mapping[str, Value]) -> Value:
    """What a decision comes to that the supernet does not cover.

    Raises
    ------
    ValueError
        If there is no default, or one that the domain does not have.
    """
    if slot.path not in defaults:
        raise ValueError(f"{slot.path}: the supernet does not cover it and the task has no default for it; add one")
    problem = slot.domain.problem(defaults[slot.path])
    if problem:
        raise ValueError(f"{slot.path}: the task's default is unfit: {problem}")
    return defaults[slot.path]


def _climbed(
    space: Space,
    losses: Mapping[str, list[tuple[float, Value]]],
    defaults: Mapping[str, Value],
    count: int,
    tries: int,
) -> list[dict[str, Value]]:
    """Admitted architectures, by path, that no change of one decision makes better, and those on the way; in order."""
    generator = random.Random(0)  # the same ranking for the same probabilities
    by_value = {path: {_typed(value): loss for loss, value in options} for path, options in losses.items()}

    def draw(even: bool) -> dict[str, Value]:
        def decide(slot: Slot) -> Value:
            if slot.path not in losses:
                return default_of(slot, defaults)
            options = losses[slot.path]
            weights = None if even else [math.exp(-loss) for loss, _ in options]
            return generator.choices([value for _, value in options], weights)[0]

        return space.flatten(space.complete(decide))

    def loss_of(flat: Mapping[str, Value]) -> float:
        return sum(by_value[path][_typed(value)] for path, value in flat.items() if path in losses)

    def changed(flat: Mapping[str, Value], path: str, value: Value) -> dict[str, Value]:
        def decide(slot: Slot) -> Value:
            if slot.path == path:
                return value
            if slot.path in flat:
                return flat[slot.path]
            return (
                min(losses[slot.path], key=lambda each: each[0])[1]
                if slot.path in losses
                else default_of(slot, defaults)
            )

        return space.flatten(space.complete(decide))

    def neighbours(flat: dict[str, Value]) -> list[dict[str, Value]]:
        others = (changed(flat, path, value) for path in flat if path in losses for _, value in losses[path])
        return sorted((each for each in others if space.admits(space.unflatten(each))), key=loss_of)

    draws = (draw(even=number % 2 == 1) for number in range(tries))
    starts = itertools.islice((each for each in draws if space.admits(space.unflatten(each))), count)
    found: dict[tuple[object, ...], dict[str, Value]] = {}
    for flat in starts:
        while tuple(flat.items()) not in found:
            found[tuple(flat.items())] = flat
            others = neighbours(flat)
            if loss_of(others[0]) < loss_of(flat):
                flat = others[0]
            else:
                found |= {tuple(each.items()): each for each in others}
    return sorted(found.values(), key=loss_of)


def _typed(value: Value) -> tuple[type, Value]:
    return type(value), value


def _by_loss(
    space: Space, losses: Mapping[str, list[tuple[float, Value]]], defaults: Mapping[str, Value]
) -> Iterator[dict[str, Value]]:
    # A partial architecture can always be completed without further loss, so best first finds each in its order.
    ties = itertools.count()
    queue: list[tuple[float, int, int, dict[str, Value]]] = [(0.0, 0, next(ties), {})]
    while queue:
        loss, depth, _, flat = heapq.heappop(queue)
        depth = -depth
        while depth < len(space.slots) and (
            not space.slots[depth].taken(flat) or space.slots[depth].path not in losses
        ):
            slot = space.slots[depth]
            if slot.taken(flat):
                flat = flat | {slot.path: default_of(slot, defaults)}
            depth += 1
        if depth == len(space.slots):
            yield flat
            continue
        path = space.slots[depth].path
        for more, value in losses[path]:
            # The deeper first among equals: it is nearer to its end.
            heapq.heappush(queue, (loss + more, -(depth + 1), next(ties), flat | {path: value}))
