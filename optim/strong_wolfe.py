"""A line search for the strong Wolfe conditions (Nocedal and Wright 2006, section 3.5).

Along a direction of descent, with :math:`\\varphi(t)` the loss at step :math:`t`, it looks for a step with

.. math::
    \\varphi(t) \\le \\varphi(0) + c_1 t \\varphi'(0) \\qquad |\\varphi'(t)| \\le c_2 |\\varphi'(0)|

first by lengthening the step until two points bracket one (or one is found), then by narrowing the bracket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinygrad5329.tensor import Tensor

__all__ = ["Point", "strong_wolfe"]

_C1, _C2 = 1e-4, 0.9


@dataclass
class Point:
    """A step length, the loss and its gradient there, and the slope along the direction."""

    step: float
    loss: float
    grad: Tensor
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, step: float, reach: float, tolerance: float, max_evaluations: int
) -> tuple[Point, int]:
    """A point that satisfies the conditions, or the best that was found, and the number of evaluations.

    Parameters
    ----------
    evaluate : callable
        The point at a step length.
    start : Point
        The point at step 0.
    step : float
        The first step to try.
    reach : float
        Largest change of a parameter for a step of 1.
    tolerance : float
        Changes of all parameters below it end the search.
    max_evaluations : int
        Evaluations after the first.
    """
    low, high, n, found = _bracket(evaluate, start, step, max_evaluations)
    # PyTorch keeps the order of the bracket's ends beside their rank: interpolation is not quite symmetric.
    ends = [low, high]
    best = 0 if low.loss <= high.loss else 1
    is_stuck = False
    evaluations = n + 1
    while not found and n < max_evaluations:
        first, last = sorted(end.step for end in ends)
        if (last - first) * reach < tolerance:
            break
        step = _cubic_minimum(ends[0], ends[1])
        margin = 0.1 * (last - first)
        if min(last - step, step - first) >= margin:
            is_stuck = False
        elif is_stuck or not first < step < last:
            step = last - margin if abs(step - last) < abs(step - first) else first + margin
            is_stuck = False
        else:
            is_stuck = True
        new = evaluate(step)
        evaluations += 1
        n += 1
        if _is_too_high(new, start) or new.loss >= ends[best].loss:
            ends[1 - best] = new
            best = 0 if ends[0].loss <= ends[1].loss else 1
        else:
            found = abs(new.slope) <= -_C2 * start.slope
            if not found and new.slope * (ends[1 - best].step - ends[best].step) >= 0:
                ends[1 - best] = ends[best]
            ends[best] = new
    return ends[best], evaluations


def _bracket(
    evaluate: Callable[[float], Point], start: Point, step: float, max_evaluations: int
) -> tuple[Point, Point, int, bool]:
    """Two points around an acceptable step, how often it was lengthened, and whether the first is acceptable."""
    before, point = start, evaluate(step)
    for n in range(max_evaluations):
        if _is_too_high(point, start) or (n > 1 and point.loss >= before.loss):
            return before, point, n, False
        if abs(point.slope) <= -_C2 * start.slope:
            return point, point, n, True
        if point.slope >= 0:
            return before, point, n, False
        bounds = point.step + 0.01 * (point.step - before.step), point.step * 10
        before, point = point, evaluate(_cubic_minimum(before, point, bounds))
    return start, point, max(max_evaluations, 0), False


def _is_too_high(point: Point, start: Point) -> bool:
    return point.loss > start.loss + _C1 * point.step * start.slope


def _cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with their slopes is lowest, within bounds (by default, between them)."""
    if a.step > b.step:
        a, b = b, a
    low, high = bounds or (a.step, b.step)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = square**0.5
    lowest = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(lowest, low), high)
