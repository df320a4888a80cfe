"""``Program``: the steps of a recording, put in order for a replay.

Guards on computed values come first, before anything is changed but generators, so that a replay that does not fit
can be given up without a trace. What nobody uses is left out. An array whose last holder takes it over is not copied.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tinygrad5329.replay.formulas import ALONE, forms_of
from tinygrad5329.replay.recorder import Recorder
from tinygrad5329.replay.symbols import Step, Var, alike, symbols_in

__all__ = ["Program", "replaced"]

#: Steps without an effect that may be left out where nobody uses what they give.
_IDLE = ("call", "method", "attribute", "read", "given")


class Program:
    """The steps of one recording and what it returns.

    Attributes
    ----------
    steps : list of Step
    returned : Any
        Symbols in the structure of what the step returned.
    bumps : dict
        How often the versions of tensors from outside are counted up.
    refusal : str or None
        Why it cannot be replayed.
    forms : dict
        What its arrays were, by their variables.
    """

    def __init__(self, recorder: Recorder, returned: Any) -> None:
        self.steps = list(recorder.steps)
        self.returned = returned
        self.bumps = dict(recorder.bumps)
        self.refusal = recorder.refusal
        if self.refusal is None:
            self._without_repeats()
            self._without_idle()
            self._without_copies(recorder)
            self._guards_first(recorder)
        self.forms = forms_of(recorder, self.steps) if self.refusal is None else {}
        for step in self.steps:
            step.writes = []

    def differs_from(self, other: Program) -> str | None:
        """Where two recordings of a step part, in words; None if they are the same."""
        for mine, theirs in zip(self.steps, other.steps, strict=False):
            if not mine.same_as(theirs):
                return f"{mine.label or mine.form} ({mine.where}) was {theirs.label or theirs.form} ({theirs.where})"
        if len(self.steps) != len(other.steps):
            return f"it took {len(self.steps)} steps after {len(other.steps)}"
        if not alike(self.returned, other.returned):
            return "it returned something else"
        return None if alike(self.bumps, other.bumps) else "it wrote to other tensors"

    def last_uses(self) -> dict[Any, int]:
        """For each variable, the number of the last step that needs it; the number of steps for what is returned."""
        last: dict[Any, int] = {}
        for i, step in enumerate(self.steps):
            for symbol in (*symbols_in(step.args), *symbols_in(step.kwargs), *symbols_in(step.outs)):
                last[symbol] = i
        for symbol in symbols_in(self.returned):
            last[symbol] = len(self.steps)
        return last

    def _without_repeats(self) -> None:
        """The number in a 0-d array is taken out once, as long as nobody writes to memory."""
        taken: dict[Any, Any] = {}
        instead: dict[Any, Any] = {}
        kept = []
        for step in self.steps:
            step.args, step.kwargs = replaced(step.args, instead), replaced(step.kwargs, instead)
            if step.form == "method" and step.what == "__getitem__" and step.args[1:] == ((),):
                if step.args[0] in taken:
                    instead[step.outs] = taken[step.args[0]]
                    continue
                taken[step.args[0]] = step.outs
            elif step.effect and step.form != "grad":
                taken.clear()
            kept.append(step)
        self.steps = kept
        self.returned = replaced(self.returned, instead)

    def _without_idle(self) -> None:
        used = set(symbols_in(self.returned))
        kept: list[Step] = []
        for step in reversed(self.steps):
            if step.form in _IDLE and not step.effect and not used.intersection(symbols_in(step.outs)):
                continue
            used.update(symbols_in(step.args))
            used.update(symbols_in(step.kwargs))
            kept.append(step)
        self.steps = kept[::-1]

    def _without_copies(self, recorder: Recorder) -> None:
        """A copy of an array that a step made for itself and that nobody needs any more is that array."""
        uses: dict[Any, list[int]] = {}
        for i, step in enumerate(self.steps):
            for symbol in {*symbols_in(step.args), *symbols_in(step.kwargs)}:
                uses.setdefault(symbol, []).append(i)
        kept_anyway = set(symbols_in(self.returned))
        makers = {symbol: step for step in self.steps for symbol in symbols_in(step.outs)}
        arrays = {traced._var: traced for traced in recorder._known.values()}
        instead: dict[Any, Any] = {}
        for i, step in enumerate(self.steps):
            if step.form != "method" or step.what != "copy" or len(step.args) != 1 or step.kwargs:
                continue
            var = step.args[0]
            maker, traced = makers.get(var), arrays.get(var)
            if maker is None or traced is None or var in kept_anyway or uses[var][-1] != i:
                continue
            if any(symbol.hint == "aux" and uses[symbol][-1] > i for symbol in symbols_in(maker.args)):
                # What the rule gave may be part of what it will be asked for once more.
                continue
            array = traced._plain
            if isinstance(array, np.generic) or (
                maker.form in ("pull", "kernel", "call")
                and isinstance(array, np.ndarray)
                and array.base is None
                and array.flags.owndata
                and sys.getrefcount(array) <= ALONE
            ):
                instead[step.outs] = var
                step.form = "nothing"
        if instead:
            self.steps = [step for step in self.steps if step.form != "nothing"]
            for step in self.steps:
                step.args, step.kwargs = replaced(step.args, instead), replaced(step.kwargs, instead)
            self.returned = replaced(self.returned, instead)

    def _guards_first(self, recorder: Recorder) -> None:
        known = {traced._var: traced for traced in recorder._kept_traced()}
        outside = [
            traced._plain
            for step in self.steps
            if step.form in ("read", "given") and (traced := known.get(step.outs)) is not None
        ]
        first = next((i for i, step in enumerate(self.steps) if _is_seen(step, outside)), len(self.steps))
        makers = {symbol: i for i, step in enumerate(self.steps) for symbol in symbols_in(step.outs)}
        arrays = {var: traced._plain for var, traced in known.items()}
        moved: set[int] = set()
        for i in range(first, len(self.steps)):
            if self.steps[i].form != "guard":
                continue
            needed: set[int] = set()
            stack = [i]
            while stack:
                j = stack.pop()
                if j not in needed:
                    needed.add(j)
                    if self.steps[j].form == "draw":
                        # One stream: what was drawn before it stays before it.
                        stack += [k for k in range(first, j) if self.steps[k].form == "draw"]
                    stack += [
                        makers[s]
                        for s in (*symbols_in(self.steps[j].args), *symbols_in(self.steps[j].kwargs))
                        if s in makers
                    ]
            late = {j for j in needed if j >= first}
            touched = [
                arrays[s] for j in needed for s in symbols_in((self.steps[j].args, self.steps[j].outs)) if s in arrays
            ]
            earlier = [step for step in self.steps[first:i] if step.effect]
            blocked = any(_is_seen(self.steps[j], outside) or self.steps[j].writes for j in late) or any(
                step.form in ("live", "array")
                or any(np.may_share_memory(w, t) for w in step.writes for t in touched if isinstance(t, np.ndarray))
                for step in earlier
            )
            if blocked:
                self.refusal = (
                    f"control flow depends on a value that is computed after the first change ({self.steps[i].where})"
                )
                return
            moved |= late
        order = [*range(first), *sorted(moved), *(i for i in range(first, len(self.steps)) if i not in moved)]
        self.steps = [self.steps[i] for i in order]


def _is_seen(step: Step, outside: list[Any]) -> bool:
    """Whether a step changes something that is there after the step has been given up."""
    if step.form == "draw":
        # The replay puts generators back.
        return step.kwargs.get("out") is not None or step.what[1] == "manual_seed"
    if not step.effect or step.form not in ("call", "method") or not step.writes:
        return step.effect
    return any(np.may_share_memory(written, each) for written in step.writes for each in outside)


def replaced(value: Any, instead: dict[Any, Any]) -> Any:
    """A nesting of symbols with others in place of some."""
    if isinstance(value, Var):
        return instead.get(value, value)
    if type(value) in (tuple, list):
        return type(value)(replaced(each, instead) for each in value)
    if type(value) is dict:
        return {key: replaced(each, instead) for key, each in value.items()}
    if hasattr(value, "_fields"):
        return tuple.__new__(type(value), [replaced(each, instead) for each in value])
    if isinstance(value, slice):
        return slice(*replaced((value.start, value.stop, value.step), instead))
    return value
