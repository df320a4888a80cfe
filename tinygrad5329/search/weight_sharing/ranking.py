"""The best architectures under independent probabilities of each decision's options."""

from __future__ import annotations

import heapq
import itertools
import math
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

    Parameters
    ----------
    log_probabilities : mapping of str to sequence of float
        By path, in the order of the domain's values.
    defaults : mapping of str to value, optional
        What the other decisions come to.
    never : mapping of str to tuple, optional
        By path, options that are not to be taken.
    tries : int
        Complete architectures to look at, at most, where limits refuse many.

    Raises
    ------
    ValueError
        If a decision is neither among the probabilities nor among the defaults.
    RuntimeError
        If the limits refuse all that were looked at.
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
    for flat in itertools.islice(_by_loss(space, losses, defaults or {}), tries):
        architecture = space.unflatten(flat)
        if space.admits(architecture):
            found.append(architecture)
            if len(found) == count:
                break
    if not found:
        raise RuntimeError(f"the limits of the space refused the {tries} best architectures; loosen them")
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
