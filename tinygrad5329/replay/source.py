"""From a program to one Python function over local variables, which reads like the step written by hand."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.replay.expressions import FUNCTIONS, expression_of
from tinygrad5329.replay.fusing import fused
from tinygrad5329.replay.program import Program
from tinygrad5329.replay.symbols import FixedTensor, GivenTensor, GradientOf, Made, Step, Var, symbols_in
from tinygrad5329.tape import Node, tick
from tinygrad5329.tensor import Tensor, bump_version, wrap

__all__ = ["MISS", "Source"]

#: What a replay returns when a guard inside it fails; nothing has been changed by then.
MISS = object()


class Source:
    """The text of a program, and the function that it makes.

    Attributes
    ----------
    text : str
        Python, one line a step, and the loops that are compiled for it.
    plan : list
        For each step: what it does, and the bytes of the arrays that are alive.
    """

    def __init__(self, program: Program) -> None:
        self._program = fused(program)
        self._scope: dict[str, Any] = {
            "NUMPY": NUMPY, "MISS": MISS, "wrap": wrap, "handed_out": _handed_out, "bump_version": bump_version,
            "errstate": np.errstate, "new_tuple": tuple.__new__,
            **{name: getattr(NUMPY, name) for name in FUNCTIONS},
        }  # fmt: skip
        #: Names of local variables, which no global may have.
        self._locals = {str(symbol) for step in self._program.steps for symbol in symbols_in(step.outs)}
        self._names: dict[int, str] = {}
        self._held: list[Any] = []
        self.plan: list[tuple[str, int]] = []
        #: Generators that a guard which fails puts back, with the variables of their states.
        self._drawn: dict[int, tuple[str, str]] = {}
        self._replay = self._written()
        self.text = "\n\n".join([self._replay, *self._loops()])

    def function(self) -> Callable[[Any, Any], Any]:
        """``replay(args, kwargs)``, which returns what the step would, or `MISS`."""
        exec(compile(self._replay, "<replay>", "exec"), self._scope)
        return self._scope.pop("replay")  # type: ignore[no-any-return]

    def _written(self) -> str:
        program = self._program
        last = program.last_uses()
        dying: dict[int, list[Any]] = {}
        for symbol, i in last.items():
            if isinstance(symbol, Var):
                dying.setdefault(i, []).append(symbol)
        lines: list[str] = []
        alive: dict[Var, int] = {}
        guarded = max((i for i, step in enumerate(program.steps) if step.form == "guard"), default=-1)
        for i, step in enumerate(program.steps):
            if step.form == "draw" and i < guarded:
                lines += self._state_kept(step)
            lines.append(self._line(step))
            for old in step.into.values():
                alive.pop(old, None)
            alive.update({s: s.nbytes for s in symbols_in(step.outs) if isinstance(s, Var) and s.nbytes})
            over = "".join(f", {new} over {old}" for new, old in step.into.items())
            self.plan.append((f"{step.label or step.form}{over}", sum(alive.values())))
            dead = dying.get(i, [])
            for symbol in dead:
                alive.pop(symbol, None)
            large = [str(symbol) for symbol in dead if symbol.holds > _SMALL]
            if large:
                lines.append(f"del {', '.join(large)}")
        for source, count in program.bumps.items():
            lines += [f"bump_version({self._value(source)}, 'a compiled step')"] * count
        lines.append(f"return {self._value(program.returned)}")
        body = "\n".join(f"        {line}" for text in lines for line in text.split("\n"))
        return f"def replay(args, kwargs):\n    with errstate(all='ignore'):\n{body}\n"

    def _loops(self) -> list[str]:
        """The text of the compiled loops, each under the names of the chains that run it."""
        names: dict[str, list[str]] = {}
        for step in self._program.steps:
            text = getattr(step.what, "text", None)
            if step.form == "call" and isinstance(text, str):
                names.setdefault(text, []).append(self._constant(step.what, step.label))
        return [f"# {', '.join(each)}\n{text}" for text, each in names.items()]

    # --- lines ---------------------------------------------------------------------------------------

    def _line(self, step: Step) -> str:
        return getattr(self, f"_{step.form}")(step)  # type: ignore[no-any-return]

    def _assigned(self, outs: Any, expression: str) -> str:
        if not symbols_in(outs):
            return expression
        return f"{_target(outs)} = {expression}"

    def _arguments(self, step: Step) -> str:
        given = [self._value(each) for each in step.args]
        given += [
            f"{name}={self._value(each)}"
            if name.isidentifier() and not keyword.iskeyword(name)
            else f"**{{{name!r}: {self._value(each)}}}"
            for name, each in step.kwargs.items()
        ]
        return ", ".join(given)

    def _call(self, step: Step) -> str:
        sign = _OPERATORS.get(step.what)
        if sign is not None and not step.kwargs and len(step.args) == 2:
            left, right = map(self._value, step.args)
            return self._assigned(step.outs, f"{left} {sign} {right}")
        return self._assigned(step.outs, f"{self._constant(step.what, step.label)}({self._arguments(step)})")

    def _method(self, step: Step) -> str:
        array, rest = self._value(step.args[0]), Step("", None, step.args[1:], step.kwargs)
        if step.what == "__getitem__":
            return self._assigned(step.outs, f"{array}[{self._value(step.args[1])}]")
        if step.what == "__setitem__":
            return f"{array}[{self._value(step.args[1])}] = {self._value(step.args[2])}"
        return self._assigned(step.outs, f"{array}.{step.what}({self._arguments(rest)})")

    def _attribute(self, step: Step) -> str:
        return self._assigned(step.outs, f"{self._value(step.args[0])}.{step.what}")

    def _draw(self, step: Step) -> str:
        generator = self._constant(step.what[0], "generator")
        return self._assigned(step.outs, f"{generator}.{step.what[1]}({self._arguments(step)})")

    def _kernel(self, step: Step) -> str:
        text = expression_of(step.what, len(step.args)) if step.operators and not step.kwargs else None
        if text is not None:
            return self._assigned(step.outs, text.format(*map(self._value, step.args)))
        function = self._constant(step.what, f"{step.label.strip('_')}_forward")
        outs, filled = step.outs, {}
        if type(outs) is tuple and outs and type(outs[0]) is str:
            _, outs, filled = outs
        before, after = [], []
        kwargs = dict(step.kwargs)
        for name, variables in filled.items():
            before.append(f"{name}_list = []")
            after.append(f"{_target(variables)} = {name}_list")
            kwargs[name] = _Text(f"{name}_list")
        arguments = self._arguments(Step("", None, (_Text("NUMPY"), *step.args), kwargs))
        return "\n".join([*before, self._assigned(outs, f"{function}({arguments})"), *after])

    def _pull(self, step: Step) -> str:
        plan, (g, saved) = step.what, step.args
        outs = list(step.outs)
        if plan.joint:
            # One rule returns something for every input, whether a gradient is needed there or not.
            everything: list[Any] = [None] * len(plan.needs)
            for position, out in zip(plan.positions, outs, strict=True):
                everything[position] = out
            outs = [tuple(everything)]
        lines = []
        for (rule, places), out in zip(plan.calls, outs, strict=True):
            arguments = [g, *(plan.needs if i is None else saved[i] for i in places)]
            text = expression_of(rule, len(arguments)) if step.operators and not plan.joint else None
            lines.append(self._assigned(out, self._applied(rule, text, arguments, f"{step.label}_backward")))
        return "\n".join(lines)

    def _applied(self, function: Any, text: str | None, arguments: Any, label: str) -> str:
        """A kernel or rule on its arguments: the expression, or a call."""
        values = list(map(self._value, arguments))
        if text is not None:
            return text.format(*values)
        return f"{self._constant(function, label)}({', '.join(['NUMPY', *values])})"

    def _read(self, step: Step) -> str:
        return f"{step.outs} = {self._value(step.what)}._array"

    def _given(self, step: Step) -> str:
        return f"{step.outs} = {step.what}"

    def _wrap(self, step: Step) -> str:
        array = self._value(step.args[0])
        return (
            f"{step.outs} = wrap({array})" if step.what is None else f"{step.outs} = handed_out({array}, {step.what!r})"
        )

    def _grad(self, step: Step) -> str:
        return f"{self._value(step.args[0])}._grad = {self._value(step.args[1])}"

    def _array(self, step: Step) -> str:
        return f"{self._value(step.args[0])}._array = {self._value(step.args[1])}"

    def _state_kept(self, step: Step) -> list[str]:
        """The state of a generator before its first draw, for a guard that comes after it."""
        generator = step.what[0]
        if id(generator) in self._drawn:
            return []
        name, state = self._constant(generator, "generator"), f"state{len(self._drawn)}"
        self._drawn[id(generator)] = name, state
        return [f"{state} = {name}.get_state()"]

    def _guard(self, step: Step) -> str:
        value = self._value(step.args[0])
        found = {"value": value, "shape": f"{value}.shape", "__bool__": f"bool({value})"}.get(
            step.what, f"int({value})"
        )
        lines = [f"if {found} != {step.args[1]!r}:"]
        lines += [f"    {name}.set_state({state})" for name, state in self._drawn.values()]
        return "\n".join([*lines, "    return MISS"]) if self._drawn else f"{lines[0]} return MISS"

    def _live(self, step: Step) -> str:
        if not isinstance(step.what, tuple):
            return f"{self._constant(step.what, step.label)}({self._arguments(step)})"
        owner, name = step.what
        return f"{self._constant(owner, type(owner).__name__.lower())}.{name}({self._arguments(step)})"

    # --- values --------------------------------------------------------------------------------------

    def _value(self, value: Any) -> str:
        if isinstance(value, (Var, Made, GivenTensor, _Text)):
            return str(value)
        if isinstance(value, FixedTensor):
            return self._constant(value.tensor, "p")
        if isinstance(value, GradientOf):
            return f"{self._value(value.tensor)}._grad"
        if type(value) is tuple:
            return f"({''.join(f'{self._value(each)}, ' for each in value)})"
        if hasattr(value, "_fields") and symbols_in(value):
            # Its constructor may take something else.
            return f"new_tuple({self._constant(type(value), type(value).__name__)}, {self._value(tuple(value))})"
        if type(value) is list:
            return f"[{', '.join(self._value(each) for each in value)}]"
        if type(value) is dict:
            pairs = [f"{self._constant(key, 'key')}: {self._value(each)}" for key, each in value.items()]
            return f"{{{', '.join(pairs)}}}"
        if type(value) is slice:
            return f"slice({self._value(value.start)}, {self._value(value.stop)}, {self._value(value.step)})"
        return self._constant(value, "c")

    def _constant(self, value: Any, hint: str) -> str:
        """A literal, or a global of the replay that holds the object."""
        if value is None or value is Ellipsis or type(value) in (bool, int, str):
            return "..." if value is Ellipsis else repr(value)
        if type(value) is float and value == value and abs(value) != float("inf"):
            return repr(value)
        name = self._names.get(id(value))
        if name is None:
            self._held.append(value)
            hint = "".join(c if c.isalnum() else "_" for c in hint.strip("_")) or "c"
            name = (
                hint
                if hint not in self._scope and hint.isidentifier() and len(hint) > 1
                else f"{hint}_{len(self._names)}"
            )
            while name in self._locals:
                name += "_"
            self._names[id(value)] = name
            self._scope[name] = value
        return name


#: NumPy's functions that operators call; on NumPy's scalars the operator is ten times as fast.
_OPERATORS = {np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/", np.matmul: "@"}


class _Text(str):
    """Source that stands as it is."""


#: Arrays below this many bytes are let go when the replay ends: naming them one by one takes longer.
_SMALL = 4096


def _target(outs: Any) -> str:
    if outs is None:
        return "_"
    if isinstance(outs, tuple):
        return f"({''.join(f'{_target(each)}, ' for each in outs)})"
    return str(outs)


class ReplayedNode(Node):
    """Stands for the graph of a tensor that a replay returns: the backward pass has been, as in the recording."""

    __slots__ = ("spoken",)

    outputs = None

    def __init__(self, array: Any, spoken: str) -> None:
        self.edges, self.saved, self.hooks, self.meta = (), None, None, None
        self.seq, self.shape, self.dtype, self.spoken = tick(), array.shape, array.dtype, spoken

    def name(self) -> str:
        return self.spoken


def _handed_out(array: Any, node: str) -> Tensor:
    t = wrap(array)
    t._node, t._rg = ReplayedNode(t._array, node), True
    return t
