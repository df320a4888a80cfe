"""What chains compute again instead of keeping it, and masks that are kept as bits.

A value that a few operations make of arrays that are still there anyway is made a second time where it is needed: it
costs less than writing it down and reading it back, and its memory is free in between. A mask of dropout has two
values, of which one is 0: a byte an element says as much.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np

from tinygrad5329.replay.chains import Chain, disturbs, reads, split_of
from tinygrad5329.replay.elements import leaves, operations
from tinygrad5329.replay.formulas import Form
from tinygrad5329.replay.program import Program
from tinygrad5329.replay.symbols import Step, Var, symbols_in

__all__ = ["recompute"]

#: Operations on an element that take less time than a write and a read of it.
_CHEAP = 8


class _Readers:
    """Who reads which variable, and who may write, by places in the program."""

    def __init__(self, items: list[Step | Chain], returned: set[Any]) -> None:
        self.places: dict[Var, list[int]] = {}
        self.returned = returned
        self.writers = [
            i for i, item in enumerate(items)
            if isinstance(item, Step) and (item.effect or item.form in ("live", "array"))
        ]  # fmt: skip
        for i, item in enumerate(items):
            for var in reads(item):
                self.places.setdefault(var, []).append(i)

    def of(self, var: Var) -> list[int]:
        return self.places.get(var, [])

    def writers_between(self, first: int, last: int) -> list[int]:
        return self.writers[bisect_left(self.writers, first) : bisect_left(self.writers, last)]

    def move(self, place: int, before: set[Var], after: set[Var]) -> None:
        """The item at `place` reads other variables now."""
        for var in before - after:
            self.places[var].remove(place)
        for var in after - before:
            self.places[var] = sorted([*self.places.get(var, []), place])


def recompute(items: list[Step | Chain], program: Program) -> None:
    """Change the formulas of chains so that they need less of other chains."""
    readers = _Readers(items, set(symbols_in(program.returned)))
    for place, item in enumerate(items):
        if isinstance(item, Chain):
            for var in list(item.formulas):
                _without(var, place, items, program.forms, readers)
    for item in items:
        if isinstance(item, Step) and item.form == "draw" and item.what[1] == "dropout_mask":
            _as_bits(item, items, program.forms, readers)


def _without(var: Var, place: int, items: list[Step | Chain], forms: dict[Var, Form], readers: _Readers) -> None:
    """Let later chains compute `var` themselves, if that saves keeping it."""
    chain: Any = items[place]
    if var in readers.returned or var not in chain.formulas:
        return
    # What is no chain needs the array itself; whoever comes afterwards does not.
    later = [i for i in readers.of(var) if i > place]
    last = max((i for i in later if not isinstance(items[i], Chain)), default=place)
    later = [i for i in later if i > last]
    users: list[Any] = [items[i] for i in later]
    if not later or any(user.shape != chain.shape for user in users):
        return
    given = {each for each in chain.formulas if each != var and any(i != place for i in readers.of(each))}
    formula = _expanded(chain.formulas[var], chain.formulas, given)
    if operations(formula) > _CHEAP:
        return
    needed = set(leaves(formula))
    whole = math.prod(chain.shape)
    if any(
        math.prod(forms[each].shown) * 4 > whole and max(readers.of(each), default=-1) < later[-1] for each in needed
    ):
        # It would be kept for this alone.
        return
    # Nor may its formula be taken for a value that is written over.
    writers: list[Any] = [items[i] for i in readers.writers_between(place, later[-1])]
    if any(disturbs(each, {var, *needed}, forms) for each in writers):
        return
    if any(not user.takes([formula], forms) for user in users):
        return
    for i, user in zip(later, users, strict=True):
        before = user.inputs
        user.formulas = {var: formula, **user.formulas}
        user.split = split_of(user.formulas.values(), user.shape, forms) or 0
        readers.move(i, before, user.inputs)


def _expanded(formula: Any, formulas: dict[Var, Any], given: set[Var]) -> Any:
    """The formula in terms of what a chain takes and gives."""
    if isinstance(formula, Var):
        inner = formula in formulas and formula not in given
        return _expanded(formulas[formula], formulas, given) if inner else formula
    if type(formula) is tuple and formula[0] != "spread":
        return (formula[0], *[_expanded(each, formulas, given) for each in formula[1:]])
    return formula


def _as_bits(draw: Step, items: list[Step | Chain], forms: dict[Var, Form], readers: _Readers) -> None:
    """Let the first chain that reads a mask of dropout say where it is not 0, for the later ones."""
    var = draw.outs
    places = readers.of(var) if isinstance(var, Var) else []
    users: list[Any] = [items[i] for i in places]
    if len(places) < 2 or var in readers.returned or not all(isinstance(user, Chain) for user in users):
        return
    form, p = forms[var], draw.args[0] if draw.args else draw.kwargs.get("p")
    if any(user.shape != form.shape for user in users) or type(p) is not float or not 0 < p < 1:
        return
    kind = np.float64 if form.dtype == np.float64 else np.float32
    scale = float(kind(1.0) / kind(1.0 - p))
    size = math.prod(form.shape)
    bits = Var(max(each.number for each in forms) + 1, "kept_", size, size)
    forms[bits] = form._replace(dtype=np.dtype(bool), strides=(), low=0, high=0, same=id(bits), alone=True)
    forms[bits] = forms[bits]._replace(strides=tuple(s // form.dtype.itemsize for s in form.strides))
    users[0].formulas[bits] = ("ne", var, 0.0)
    readers.places[bits] = places[1:]
    for i, user in zip(places[1:], users[1:], strict=True):
        before = user.inputs
        user.formulas = {var: ("where", bits, scale, 0.0), **user.formulas}
        readers.move(i, before, user.inputs)
