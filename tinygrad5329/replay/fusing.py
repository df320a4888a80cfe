"""A program made shorter before it is written out: chains as single loops, results written over what dies.

With NumPy's kernels a program stays as it is: there, writing over dying arrays alone saved 1 to 6 % of the time and at
most 13 % of the memory.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from tinygrad5329.backends.choice import TWINS, kernels_of
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.replay.chains import Chain, gather, reads
from tinygrad5329.replay.elements import UFUNCS, leaves, operations
from tinygrad5329.replay.formulas import Form, formulas
from tinygrad5329.replay.loops import Loop
from tinygrad5329.replay.program import Program, replaced
from tinygrad5329.replay.recomputing import recompute
from tinygrad5329.replay.symbols import Step, Var, symbols_in

__all__ = ["fused"]

#: Below this many bytes, writing into old memory takes as long as getting new.
_SMALL = 4096
#: On fewer elements than these, a call of a function of NumPy's takes as long whatever it computes.
_FEW = 1024
_UFUNCS = {name: function for function, name in reversed(UFUNCS.items())}
#: Operations whose forward is the function of NumPy's of this name, and nothing besides.
_FUNCTIONS = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tanh")


def fused(program: Program) -> Program:
    """A program with the same numbers, bit for bit, and fewer arrays, where compiled kernels are in use."""
    compiled = kernels_of("elementwise_chain")
    if compiled is None:
        return program
    program = copy.copy(program)
    program.forms = dict(program.forms)
    _without_aliases(program)
    items = gather(program)
    recompute(items, program)
    last: dict[Any, int] = {}
    for i, item in enumerate(items):
        last.update(dict.fromkeys(reads(item), i))
    last.update(dict.fromkeys(symbols_in(program.returned), len(items)))
    steps: list[Step] = []
    for i, item in enumerate(items):
        if isinstance(item, Chain):
            results = [var for var in item.formulas if last.get(var, -1) > i]
            if _is_short(item):
                # A view that one of several gives would be written to by the next.
                one = len(item.steps) == 1
                steps += [_overwriting(step, i, last, program.forms) if one else step for step in item.steps]
            else:
                steps += _looped(item, results, i, last, program.forms, compiled)
        else:
            steps.append(_overwriting(item, i, last, program.forms))
    program.steps = steps
    return program


def _without_aliases(program: Program) -> None:
    """A step that hands on the array it got is left out."""
    instead: dict[Any, Any] = {}
    kept = []
    for step in program.steps:
        step = copy.copy(step)
        step.args, step.kwargs = replaced(step.args, instead), replaced(step.kwargs, instead)
        found = formulas(step, program.forms) or {}
        instead.update({var: formula for var, formula in found.items() if isinstance(formula, Var)})
        if not found or any(not isinstance(formula, Var) for formula in found.values()):
            kept.append(step)
    program.steps, program.returned = kept, replaced(program.returned, instead)
    # Two variables that are left for one array: each is in use while the other is.
    known: dict[int, Var] = {}
    for var in [s for step in kept for s in symbols_in(step.outs) if s in program.forms]:
        other = known.setdefault(program.forms[var].same, var)
        if other is not var and var not in instead:
            for each in (var, other):
                program.forms[each] = program.forms[each]._replace(alone=False)


def _is_short(chain: Chain) -> bool:
    """Whether the steps are better left as they are: they compute little, or are one loop as it is."""
    steps = [step for step in chain.steps if not _spreads(step)]
    own = {symbol for step in chain.steps for symbol in symbols_in(step.outs)}
    if not chain.formulas.keys() <= own:
        return False
    if len(steps) < 2 and any(step.label in TWINS for step in steps):
        return True
    count = sum(map(operations, chain.formulas.values()))
    return count < (2 if math.prod(chain.shape) >= _FEW else 4)


def _spreads(step: Step) -> bool:
    return step.form == "pull" and step.label in ("sum", "mean")


def _looped(
    chain: Chain, results: list[Var], place: int, last: dict[Any, int], forms: dict[Var, Form], compiled: Any
) -> list[Step]:
    """The chain as a loop, after those of its steps that give a view where all of it is needed elsewhere."""
    views = [
        step for step in chain.steps
        if _spreads(step) and set(symbols_in(step.outs)) & set(results) and not reads(step) & chain.formulas.keys()
    ]  # fmt: skip
    shown = {symbol for step in views for symbol in symbols_in(step.outs)}
    results = [var for var in results if var not in shown]
    if not results:
        return views
    seen = {var for step in views for var in reads(step)}
    dying = {var for var in chain.inputs if last[var] == place and var not in seen}
    arrays = {var for each in chain.formulas.values() for var in leaves(each)}
    reals = {forms[var].dtype for var in arrays} - {np.dtype(bool)} or {np.dtype("f4")}
    loop = Loop(chain, results, dying, forms)
    step = loop.step(compiled(loop.text, reals.pop().name))
    step.into = loop.into
    return [*views, step]


def _overwriting(step: Step, place: int, last: dict[Any, int], forms: dict[Var, Form]) -> Step:
    """The step with ``out=``, if it is one function of NumPy's and an operand of its shape dies."""
    function, operands = _as_function(step, forms)
    if function is None or not isinstance(step.outs, Var):
        return step
    out = forms[step.outs]
    if step.outs.nbytes < _SMALL:
        return step
    for var in operands:
        form = forms.get(var) if isinstance(var, Var) else None
        if (
            form is not None
            and form.alone
            and last[var] == place
            and form.shape == out.shape
            and (form.dtype == out.dtype)
        ):
            return Step(
                "call", function, tuple(operands), {"out": var}, step.outs, where=step.where, label=step.label,
                into={step.outs: var},
            )  # fmt: skip
    return step


def _as_function(step: Step, forms: dict[Var, Form]) -> tuple[Any, Any]:
    """The function of NumPy's that a step is, and its operands."""
    if step.form == "kernel" and step.label in _FUNCTIONS and step.what is REGISTRY[step.label].forward:
        form = forms.get(step.args[0]) if isinstance(step.args[0], Var) else None
        is_real = form is not None and form.dtype.char in "fd"
        return (getattr(np, step.label), step.args) if is_real else (None, ())
    found = formulas(step, forms)
    if not found or len(found) != 1:
        return None, ()
    (formula,) = found.values()
    if type(formula) is not tuple or any(type(each) is tuple for each in formula[1:]):
        return None, ()
    return _UFUNCS.get(formula[0]), formula[1:]
