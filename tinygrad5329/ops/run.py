"""Running a primitive: the steps of every operation, compiled for the inputs of one primitive.

What happens for each call is the same for all primitives: take the arrays out of the tensors, see which of
them need a gradient, run the forward, wrap and record its result. On small arrays these steps cost several
times what NumPy does, so they are written out for the inputs at hand, without loops or packed arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.dtypes import FLOATING, INEXACT
from tinygrad5329.grad_mode import state
from tinygrad5329.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad5329.ops.primitive import Primitive

__all__ = ["arrays_of", "compiled", "compiled_run"]

_NO_PARAMS: dict[str, Any] = {}


def arrays_of(values: Sequence[Any]) -> tuple[Any, ...]:
    """`values` for someone who looks at arrays: NumPy's scalars, which stand for 0-d arrays, as those."""
    return tuple([np.asarray(value) if isinstance(value, np.generic) else value for value in values])


def compiled_run(op: Primitive, in_float32: Callable[..., Any]) -> Callable[..., Any]:
    """The function that runs `op` on tensors or constants and records it if a gradient may be needed."""
    scope: dict[str, Any] = {
        "op": op, "forward": op.kernels.forward, "plans": {}, "state": state, "in_float32": in_float32,
        "Tensor": Tensor, "ndarray": np.ndarray, "new": object.__new__, "xp": NUMPY, "array": np.array,
        "arrays_of": arrays_of, "FLOATING": FLOATING, "INEXACT": INEXACT, "_NO_PARAMS": _NO_PARAMS,
    }  # fmt: skip
    return compiled("run", (_variadic if op.variadic else _fixed)(op), op, scope)


def compiled(name: str, source: str, op: Primitive, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function `name` of `source`. It counts as the package's code: errors say where a user called it."""
    scope["__name__"] = __name__
    exec(compile(source, f"{__file__}, {op.name}", "exec"), scope)
    return scope[name]


def _fixed(op: Primitive) -> str:
    count = len(op.inputs)
    inputs = ", ".join(f"t{i}" for i in range(count))
    arrays = ", ".join(f"a{i}" for i in range(count))
    params = ", **p" if op.params else ""
    lines = [f"def run({inputs}{params}):", "    m = 0"]
    if not params:
        lines.append("    p = _NO_PARAMS")
    for i in range(count):
        lines += _unwrapped(op, f"t{i}", f"a{i}", f"{1 << i}", f"({inputs},)", "    ")
    return "\n".join([*lines, *_finished(op, inputs, f"({inputs},)", arrays, f"({arrays},)", f"{inputs}, {arrays}")])


def _variadic(op: Primitive) -> str:
    lines = ["def run(*t, **p):", "    m = 0", "    bit = 1", "    a = []", "    for each in t:"]
    lines += [*_unwrapped(op, "each", "taken", "bit", "t", "        "), "        a.append(taken)", "        bit <<= 1"]
    return "\n".join([*lines, *_finished(op, "*t", "t", "*a", "a", "t, a")])


def _unwrapped(op: Primitive, t: str, array: str, bit: str, inputs: str, indent: str) -> list[str]:
    """Take the array out of one input and note in the mask whether it needs a gradient."""
    is_half = f"{array}.itemsize == 2 and {array}.dtype.kind in FLOATING"
    half = f"if {is_half}: return in_float32(op, {array}.dtype, {inputs}, p)"
    scalar = f"if not {array}.ndim and {array}.dtype.kind == 'f': {array} = {array}[()]"
    lines = [
        f"if isinstance({t}, Tensor):",
        f"    {array} = {t}._array",
        *([f"    {half}"] if op.widens else []),
        *([f"    {scalar}"] if op.scalars else []),
        f"    if {t}._view is not None: {t}._fresh_node()",
        f"    if {t}._rg: m |= {bit}",
        f"else: {array} = {t}",
    ]
    return [indent + line for line in lines]


def _finished(op: Primitive, inputs: str, all_inputs: str, arrays: str, all_arrays: str, recorded: str) -> list[str]:
    """Run the forward; wrap and record what it returns."""
    params = ", **p" if op.params else ""
    result, keep = ("out, aux", ", keep=m != 0") if op.aux else ("out", "")
    aux = "aux" if op.aux else "None"
    key = "(m, len(a))" if op.variadic else "m"
    plan = f"op.plan(m, {'len(a)' if op.variadic else len(op.inputs)})"
    lines = [
        "if m and not state.grad: m = 0",
        f"try: {result} = forward(xp, {arrays}{keep}{params})",
        f"except Exception as error: {result} = op.rescue(error, {all_arrays}, m != 0, p)",
        "watched = state.watched",
        "if watched and state._observer is not None:",
        f"    state._observer(op, {all_inputs}, arrays_of({all_arrays}), p, out)",
        f"if type(out) is tuple: return op.several({all_inputs}, {all_arrays}, m, out, {aux}, p)",
        "made = new(Tensor)",
        "if not isinstance(out, ndarray): out = array(out)",
        "made._array = out",
        "made._grad = made._version = made._view = made._hooks = None",
        "if m and out.dtype.kind in INEXACT:",
        f"    record = plans.get({key})",
        f"    if record is None: record = plans[{key}] = {plan}.record",
        f"    made._node = record(out, {aux}, p, made, watched, {recorded})",
        "    made._rg = True",
        "else:",
        "    made._node = None",
        "    made._rg = False",
    ]
    if op.view:
        lines.append(f"op.mark_view(made, {'t[0]' if op.variadic else 't0'})")
    lines.append("return made")
    return ["    " + line for line in lines]
