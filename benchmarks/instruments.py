"""Clocks on the engine's layers, put on from outside and taken off again.

A clock wraps a function; time goes to the innermost clock that runs. What clocks cost falls on their own section
and on the one around it; both are measured beforehand and taken off.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from types import FunctionType
from typing import Any

__all__ = ["LAYERS", "Clocks", "Key", "Section", "attached"]

#: The layers of a step, in the order of the table.
LAYERS = {
    "script": "the step itself, outside everything below",
    "module": "Python of nn.Module and of forward()",
    "function": "functions and operators: arguments, promotion",
    "dispatch": "the compiled run: taking arrays out, wrapping the output",
    "kernel": "forwards on arrays",
    "record": "tape record: node, edges, saved values",
    "random": "random draws",
    "backward": "backward(): roots, taking gradients out",
    "walk": "the walk: order, delivery, sums of branches",
    "pull": "node.pull: version guards, sums of broadcasts",
    "rule": "gradient rules on arrays",
    "accumulate": "accumulation in .grad",
    "zero_grad": "zero_grad",
    "optimizer": "optimizer.step",
}

#: Layers whose inside is not split: an operation inside a rule belongs to the rule.
_CLOSED = frozenset(("kernel", "random", "rule", "zero_grad", "optimizer", "accumulate"))

Key = tuple[str, str]
#: Seconds, calls, and calls of other clocks inside.
Section = list[float]


class Clocks:
    """Sections of time by layer and name."""

    def __init__(self, now: Callable[[], float] = perf_counter) -> None:
        self._now = now
        self.sections: dict[Key, Section] = {}
        self._stack: list[list[Any]] = []
        self._own, self._around = 0.0, 0.0
        self._own, self._around = self._calibrate()

    def timed(self, function: Callable[..., Any], layer: str, name: str | Callable[[Any], str]) -> Callable[..., Any]:
        """`function` with a clock; a callable `name` gets the first argument."""
        stack, closed, now = self._stack, layer in _CLOSED, self._now

        def clocked(*args: Any, **kwargs: Any) -> Any:
            if not stack or stack[-1][2]:
                return function(*args, **kwargs)
            frame = [0.0, 0, closed]
            stack.append(frame)
            start = now()
            try:
                return function(*args, **kwargs)
            finally:
                took = now() - start
                stack.pop()
                self._add(layer, name if isinstance(name, str) else name(args[0]), took, frame)
                outer = stack[-1]
                outer[0] += took
                outer[1] += 1

        return clocked

    def _add(self, layer: str, name: str, took: float, frame: list[Any]) -> None:
        section = self.sections.get((layer, name))
        if section is None:
            section = self.sections[layer, name] = [0.0, 0, 0]
        section[0] += took - frame[0]
        section[1] += 1
        section[2] += frame[1]

    def run(self, step: Callable[[], Any]) -> dict[Key, Section]:
        """Run a step and return its sections, without what the clocks cost."""
        self.sections = {}
        now = self._now
        frame = [0.0, 0, False]
        self._stack.append(frame)
        start = now()
        try:
            step()
        finally:
            took = now() - start
            self._stack.pop()
        self._add("script", "step", took, frame)
        for section in self.sections.values():
            section[0] = max(0.0, section[0] - section[1] * self._own - section[2] * self._around)
        return self.sections

    def _calibrate(self) -> tuple[float, float]:
        """What a clock adds to its own section and to the one around it."""

        def nothing(*args: Any, **kwargs: Any) -> None:
            return None

        rounds, now = 2000, self._now
        clock = self.timed(nothing, "kernel", lambda first: "calibration")

        def clocked() -> None:
            for _ in range(rounds):
                clock(1, 2, keep=True)

        def bare() -> None:
            for _ in range(rounds):
                nothing(1, 2, keep=True)

        own, around = [], []
        for _ in range(15):
            start = now()
            bare()
            empty = (now() - start) / rounds
            found = self.run(clocked)
            own.append(found["kernel", "calibration"][0] / rounds - empty)
            around.append(found["script", "step"][0] / rounds)
        return sorted(own)[7], sorted(around)[7]


@contextmanager
def attached(clocks: Clocks, optimizer: Any = None) -> Iterator[None]:
    """Put clocks on the engine; inside, every primitive must have run once (its plans exist)."""
    before: list[tuple[Any, Any, bool, Any]] = []

    def put(owner: Any, attribute: Any, layer: str, name: str | Callable[[Any], str]) -> None:
        if isinstance(owner, dict):
            before.append((owner, attribute, True, owner[attribute]))
            owner[attribute] = clocks.timed(owner[attribute], layer, name)
            return
        own = attribute in getattr(owner, "__dict__", ()) or not hasattr(owner, "__dict__")
        original = getattr(owner, attribute)
        before.append((owner, attribute, own, original))
        setattr(owner, attribute, clocks.timed(original, layer, name))

    try:
        for owner, attribute, layer, name in _places(optimizer):
            put(owner, attribute, layer, name)
        yield
    finally:
        for owner, attribute, own, original in reversed(before):
            if isinstance(owner, dict):
                owner[attribute] = original
            elif own:
                setattr(owner, attribute, original)
            else:
                delattr(owner, attribute)


def _places(optimizer: Any) -> Iterator[tuple[Any, Any, str, str | Callable[[Any], str]]]:
    """Where the layers of the engine begin."""
    import tinygrad5329 as tg
    from tinygrad5329.nn import functional
    from tinygrad5329.ops import primitive

    yield primitive.OpNode, "pull", "pull", lambda node: node.op.name
    for op in primitive.REGISTRY.values():
        if not isinstance(op.run, FunctionType):
            continue  # It has not run yet, and nothing is compiled.
        # What a compiled run calls stands in the names that it was compiled with.
        names = op.run.__globals__
        yield names, "forward", "kernel", op.name
        for key in names["plans"]:
            yield names["plans"], key, "record", op.name
        yield op, "run", "dispatch", op.name
        for plan in op.plans.values():
            yield plan, "record", "record", op.name
            yield plan, "pull", "rule", op.name
    passes = sys.modules["tinygrad5329.autograd.backward"]
    yield tg.Tensor, "backward", "backward", "backward"
    yield passes, "walk", "walk", "walk"
    yield passes, "_accumulate", "accumulate", "accumulate"
    yield tg.nn.Module, "__call__", "module", lambda module: type(module).__name__
    for name, function in list(vars(functional).items()):
        if isinstance(function, FunctionType) and not name.startswith("_"):
            yield functional, name, "function", name
    for name, function in list(vars(tg.Tensor).items()):
        if isinstance(function, FunctionType) and name != "backward" and (name[0] != "_" or name in _OPERATORS):
            yield tg.Tensor, name, "function", name
    yield type(tg.default_generator), "dropout_mask", "random", "dropout_mask"
    if optimizer is not None:
        yield optimizer, "zero_grad", "zero_grad", "zero_grad"
        yield optimizer, "step", "optimizer", type(optimizer).__name__


_OPERATORS = frozenset(
    f"__{prefix}{name}__" for prefix in ("", "r") for name in ("add", "sub", "mul", "truediv", "pow", "matmul")
) | {"__neg__", "__getitem__"}
