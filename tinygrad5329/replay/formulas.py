"""What is known of a program's arrays without holding them, and which of its steps are formulas of one element."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.ops.dims import kept_shape, reduced_count
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.replay.elements import UFUNCS, Element, formula_of
from tinygrad5329.replay.symbols import Step, Var, symbols_in
from tinygrad5329.replay.traced import Traced

__all__ = ["ALONE", "Form", "forms_of", "formulas"]


class Form(NamedTuple):
    """An array as it was recorded.

    Attributes
    ----------
    shape, dtype, strides
        NumPy's; a NumPy scalar has the shape ().
    low, high : int
        Where its memory began and ended: two arrays with a gap between these shared none.
    ordered : bool
        Its elements lay one after the other, and could be written to.
    alone : bool
        It is ordered, a step made it, and when the recording ended nothing but the recorder knew it or a part of it.
    same : int
        The identity of the array, which two variables may have in common.
    """

    shape: tuple[int, ...]
    dtype: Any
    strides: tuple[int, ...]
    low: int
    high: int
    ordered: bool
    alone: bool
    same: int

    @property
    def shown(self) -> tuple[int, ...]:
        """The shape without what was only repeated."""
        return tuple([1 if step == 0 else n for n, step in zip(self.shape, self.strides, strict=True)])

    def overlaps(self, other: Form) -> bool:
        return self.low < other.high and other.low < self.high


def forms_of(recorder: Any, steps: list[Step]) -> dict[Var, Form]:
    """The forms of all arrays of a recording that has just ended."""
    makers = {symbol: step for step in steps for symbol in symbols_in(step.outs)}
    last = {symbol: i for i, step in enumerate(steps) for symbol in symbols_in((step.args, step.kwargs))}
    places = {id(step): i for i, step in enumerate(steps)}
    traced = recorder._kept_traced()
    times: dict[int, int] = {}
    for each in traced:
        times[id(each._plain)] = times.get(id(each._plain), 0) + 1
    forms = {}
    for each in traced:
        array, maker = each._plain, makers.get(each._var)
        if isinstance(array, np.generic):
            forms[each._var] = Form((), array.dtype, (), 0, 0, False, False, id(array))
        elif array is not None:
            alone = (
                maker is not None
                and maker.form in ("pull", "kernel", "call")
                and not maker.effect
                and array.base is None
                and array.flags.owndata
                and array.flags.carray
                and id(array) not in recorder.held
                # What a rule gave may be part of what it will be asked for once more.
                and not any(
                    s.hint == "aux" and last[s] > places[id(maker)]
                    for s in symbols_in(maker.args)
                    if isinstance(s, Var)
                )
                and sys.getrefcount(array) <= ALONE + _EACH * (times[id(array)] - 1)
            )
            low, high = np.lib.array_utils.byte_bounds(array) if array.size else (0, 0)
            forms[each._var] = Form(
                array.shape, array.dtype, array.strides, low, high, array.flags.carray, alone, id(array)
            )
    return forms


def formulas(step: Step, forms: dict[Var, Form]) -> dict[Var, Any] | None:
    """What the step computes for each element of its results, by their variables; None where it is more than that."""
    found = _CALLERS[step.form](step, forms) if step.form in _CALLERS else None
    if not found:
        return None
    shapes = set()
    for var, element in found.items():
        form = forms.get(var)
        if form is None or not isinstance(element, Element) or element.dtype != form.dtype:
            return None
        if not form.shape or 0 in form.shape:
            return None
        same = isinstance(element.formula, Var) and forms[element.formula].same == form.same
        spread = type(element.formula) is tuple and step.label in _SPREADING
        if (isinstance(element.formula, Var) and not same) or not (form.ordered or same or spread):
            return None
        shapes.add(form.shape)
    return {var: element.formula for var, element in found.items()} if len(shapes) == 1 else None


#: Reductions whose gradient is spread over what they summed up.
_SPREADING = ("sum", "mean")


def _real(symbols: Any, forms: dict[Var, Form]) -> Any:
    """The one dtype of the floats among the arguments, any for masks alone; None if there are others."""
    dtypes = {forms[each].dtype for each in symbols_in(symbols) if each in forms}
    reals = dtypes - {np.dtype(bool)} or ({np.dtype("f4")} if dtypes else set())
    return reals.pop() if len(reals) == 1 and reals <= {np.dtype("f4"), np.dtype("f8")} else None


def _elements(values: Any, forms: dict[Var, Form], real: Any) -> list[Any]:
    return [
        Element(each, real, forms[each].dtype == bool) if isinstance(each, Var) and each in forms else each
        for each in values
    ]


def _call(step: Step, forms: dict[Var, Form]) -> dict[Var, Any] | None:
    real = _real(step.args, forms)
    if real is None or step.what not in UFUNCS or step.kwargs or step.effect or not isinstance(step.outs, Var):
        return None
    element = formula_of(lambda xp, *arguments: step.what(*arguments), _elements(step.args, forms, real), {})
    return None if element is None else {step.outs: element}


def _kernel(step: Step, forms: dict[Var, Form]) -> dict[Var, Any] | None:
    op = REGISTRY.get(step.label)
    real = _real(step.args, forms)
    if real is None or op is None or op.aux or op.view or op.outputs != 1 or not isinstance(step.outs, Var):
        return None
    forward = op.forward
    if step.what is not forward:
        # The compiled kernels take these arrays alone.
        if step.label not in _COMPILED or not forms[step.args[0]].ordered:
            return None
        forward = _COMPILED[step.label]
    element = formula_of(forward, _elements(step.args, forms, real), step.kwargs)
    return None if element is None else {step.outs: element}


def _pull(step: Step, forms: dict[Var, Form]) -> dict[Var, Any] | None:
    op = REGISTRY.get(step.label)
    g, saved = step.args
    if op is None or not isinstance(g, Var) or g not in forms:
        return None
    plan = step.what
    values = {
        name: plan.needs if place is None else saved[place]
        for rule, places in plan.calls
        for name, place in zip(_asks(rule), places, strict=True)
    }
    if step.label in _SPREADING:
        return _spread(step, g, values, forms)
    real = _real((g, *values.values()), forms)
    if real is None:
        return None
    rules = [rule for rule, _ in plan.calls]
    if step.label in _CHOOSING:
        rules = [op.rules[i] for i in plan.positions]
    elif plan.joint and rules[0] is not op.raw and step.label in _COMPILED_RULES:
        if not all(forms[each].ordered for each in (g, *symbols_in(tuple(values.values())))):
            return None
        rules = [_COMPILED_RULES[step.label]]
    results = []
    for rule in rules:
        asked = [plan.needs if name == "needs" else values.get(name, _UNKNOWN) for name in _asks(rule)]
        found = formula_of(rule, _elements([g, *asked], forms, real), {})
        if found is None:
            return None
        results += [found[i] for i in plan.positions] if isinstance(found, tuple) else [found]
    return {var: element for var, element in zip(step.outs, results, strict=True) if isinstance(var, Var)}


def _spread(step: Step, g: Var, values: dict[str, Any], forms: dict[Var, Form]) -> dict[Var, Any] | None:
    shape, axis = values["x_shape"], values["axis"]
    kept, form = kept_shape(shape, axis), forms[g]
    if form.dtype.char not in "fd" or (form.shape not in (kept, ()) and len(form.shape) == len(shape)):
        return None
    element = Element(g if form.shape == kept else ("spread", g, kept), form.dtype)
    return {
        step.outs[0]: element
        if step.label == "sum"
        else element.with_("div", element, float(reduced_count(shape, axis)))
    }


def _asks(rule: Any) -> tuple[str, ...]:
    code = rule.__code__
    return code.co_varnames[2 : code.co_argcount]  # type: ignore[no-any-return]


#: A value that a rule asks for and the recording did not keep.
_UNKNOWN = object()
#: Operations of which the rule for tensors, a formula, only chooses, and so gives the bits of the raw one.
_CHOOSING = (
    "relu", "leaky_relu", "hardtanh", "hardsigmoid", "hardswish", "softshrink", "hardshrink", "threshold",
)  # fmt: skip
#: What compiled kernels compute, where their formula is another than NumPy's: see ``fast/activation.py``.
_COMPILED: dict[str, Any] = {
    "relu": lambda xp, x: xp.where(x <= 0, 0.0, x),
    "sigmoid": lambda xp, x: x.with_("sigmoid", x),
}
_COMPILED_RULES: dict[str, Any] = {
    "sigmoid": lambda xp, g, out: (g * ((1 - out) * out),),
    "tanh": lambda xp, g, out: (g.with_("tanh_gradient", g, out),),
}
_CALLERS = {"call": _call, "kernel": _kernel, "pull": _pull}


def _references() -> tuple[int, int]:
    """The references to an array that a recording has and nobody else, and what a second variable adds."""
    array = np.empty(1)
    counts = []
    kept = []
    for _ in range(2):
        kept.append(Traced.of(array, None, None))
        counts.append(sys.getrefcount(array))
    # As those see it who ask, whose own name for the array stands in place of this one.
    return counts[0], counts[1] - counts[0]


ALONE, _EACH = _references()
