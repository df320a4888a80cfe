"""Steps that compute element by element, gathered into chains that one loop can run.

A chain holds steps over one shape. It stands where its first value is needed by something else, so that steps join
it across whatever is done in between. It never waits past a step that may write to what it reads, nor where waiting
would keep more memory than it saves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad5329.replay.elements import leaves
from tinygrad5329.replay.formulas import Form, formulas
from tinygrad5329.replay.program import Program
from tinygrad5329.replay.symbols import Step, Var, symbols_in

__all__ = ["Chain", "disturbs", "gather", "layout", "reads", "split_of"]

#: A longer loop runs out of registers, and takes long to compile.
_LONGEST = 48
_MOST_ARRAYS = 16
#: Steps that compute nothing: a chain may wait for them at no cost.
_LIGHT = ("read", "given", "grad", "wrap", "guard", "attribute")


class Chain:
    """Steps over one shape that one loop can run.

    Attributes
    ----------
    shape : tuple of int
    steps : list of Step
    formulas : dict
        What each value is, by its variable, in the order of the steps.
    split : int
        The axes before it are the loop's rows; 0 where one loop over all elements is enough.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.steps: list[Step] = []
        self.formulas: dict[Var, Any] = {}
        self.split = 0

    @property
    def inputs(self) -> set[Var]:
        """The arrays from elsewhere."""
        return {var for each in self.formulas.values() for var in leaves(each)} - self.formulas.keys()

    def takes(self, found: Iterable[Any], forms: dict[Var, Form]) -> bool:
        """Whether formulas would fit in."""
        everything = [*self.formulas.values(), *found]
        arrays = {var for each in everything for var in leaves(each)}
        if len({forms[var].dtype for var in arrays} - {np.dtype(bool)}) > 1:
            return False
        if len(everything) > _LONGEST or len(arrays - self.formulas.keys()) > _MOST_ARRAYS:
            return False
        return not _share_a_square(everything) and split_of(everything, self.shape, forms) is not None


def _share_a_square(everything: Iterable[Any]) -> bool:
    """Whether a tanh's gradient, which rounds ``1 - out * out`` once, would share the product with another formula.

    The compiler computes a product once, and one that is used twice is rounded on its own.
    """
    squares, outs = set(), set()
    stack = list(everything)
    while stack:
        formula = stack.pop()
        if type(formula) is tuple and formula[0] != "spread":
            if formula[0] == "mul" and formula[1] == formula[2]:
                squares.add(formula[1])
            elif formula[0] == "tanh_gradient":
                outs.add(formula[2])
            stack += formula[1:]
    return not squares.isdisjoint(outs)


def layout(shape: tuple[int, ...], whole: tuple[int, ...]) -> tuple[str, int] | None:
    """How an array goes into a loop over the shape `whole`: "all", "one", or "row" or "column" from an axis on."""
    if math.prod(shape) == 1:
        return "one", 0
    shape = (1,) * (len(whole) - len(shape)) + shape
    if shape == whole:
        return "all", 0
    for axis in range(1, len(whole)):
        if math.prod(shape[:axis]) == 1 and shape[axis:] == whole[axis:]:
            return "row", axis
        if math.prod(shape[axis:]) == 1 and shape[:axis] == whole[:axis]:
            return "column", axis
    return None


def _layouts(formula: Any, whole: tuple[int, ...], forms: dict[Var, Form]) -> Iterable[tuple[str, int] | None]:
    if isinstance(formula, Var):
        yield layout(forms[formula].shown, whole)
    elif type(formula) is tuple:
        if formula[0] == "spread":
            yield layout(formula[2], whole)
            return
        for each in formula[1:]:
            yield from _layouts(each, whole, forms)


def split_of(everything: Iterable[Any], whole: tuple[int, ...], forms: dict[Var, Form]) -> int | None:
    """The axis before which the rows are, 0 for a single loop; None where no two loops do."""
    found = {each for formula in everything for each in _layouts(formula, whole, forms)}
    if None in found:
        return None
    axes = {each[1] for each in found if each is not None} - {0}
    return min(axes, default=0) if len(axes) <= 1 else None


def reads(item: Step | Chain) -> set[Var]:
    """The variables that a step or chain needs."""
    if isinstance(item, Chain):
        return item.inputs
    return {s for s in (*symbols_in(item.args), *symbols_in(item.kwargs)) if isinstance(s, Var)}


def disturbs(step: Step, inputs: Iterable[Var], forms: dict[Var, Form]) -> bool:
    """Whether the step may write to memory that is among `inputs`."""
    if step.form in ("live", "array"):
        return True
    if not step.effect or step.form == "grad" or (step.form == "draw" and step.kwargs.get("out") is None):
        return False
    touched = [forms[each] for each in reads(step) if each in forms]
    return any(each.overlaps(forms[var]) for each in touched for var in inputs)


class _Gathering:
    """One pass over a program."""

    def __init__(self, program: Program) -> None:
        self.forms = program.forms
        self.items: list[Step | Chain] = []
        self.open: list[Chain] = []
        self.uses: dict[Var, list[int]] = {}
        for i, step in enumerate(program.steps):
            for var in reads(step):
                self.uses.setdefault(var, []).append(i)
        for symbol in symbols_in(program.returned):
            self.uses.setdefault(symbol, []).append(len(program.steps))
        self.numbers = {id(step): i for i, step in enumerate(program.steps)}

    def close(self, chain: Chain) -> None:
        self.open.remove(chain)
        chain.split = split_of(chain.formulas.values(), chain.shape, self.forms) or 0
        self.items.append(chain)

    def add(self, step: Step) -> None:
        needed, found = reads(step), formulas(step, self.forms)
        shape = self.forms[next(iter(found))].shape if found else ()
        if not found or split_of(found.values(), shape, self.forms) is None:
            for chain in list(self.open):
                if (
                    needed & chain.formulas.keys()
                    or disturbs(step, chain.inputs, self.forms)
                    or (step.form not in _LIGHT and not self.worth_waiting(chain))
                ):
                    self.close(chain)
            self.items.append(step)
            return
        chain = self.chain_for(needed, found, shape)
        chain.steps.append(step)
        chain.formulas.update(found)

    def chain_for(self, needed: set[Var], found: dict[Var, Any], shape: tuple[int, ...]) -> Chain:
        """The open chain to which a step belongs; those that it must wait for are closed, or joined."""
        fitting = [c for c in self.open if c.shape == shape and c.takes(found.values(), self.forms)]
        sources = [c for c in self.open if needed & c.formulas.keys()]
        for chain in sources:
            if chain not in fitting:
                self.close(chain)
        sources = [c for c in sources if c in fitting]
        if sources:
            first = sources[0]
            for other in sources[1:]:
                if first.takes([*other.formulas.values(), *found.values()], self.forms):
                    self.open.remove(other)
                    first.steps += other.steps
                    first.formulas.update(other.formulas)
                else:
                    self.close(other)
            return first
        for chain in fitting:
            if needed & chain.inputs:
                return chain
        self.open.append(Chain(shape))
        return self.open[-1]

    def worth_waiting(self, chain: Chain) -> bool:
        """Whether the chain's results would take more memory than what only they are made of."""
        members = {self.numbers[id(step)] for step in chain.steps}
        kept = sum(var.nbytes for var in chain.formulas if not members.issuperset(self.uses.get(var, ())))
        dying = sum(var.nbytes for var in chain.inputs if members.issuperset(self.uses[var]))
        return kept > dying


def gather(program: Program) -> list[Step | Chain]:
    """The steps of a program in an order in which what one loop can run stands together."""
    gathering = _Gathering(program)
    for step in program.steps:
        gathering.add(step)
    for chain in list(gathering.open):
        gathering.close(chain)
    return gathering.items
