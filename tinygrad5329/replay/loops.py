"""From a chain to one step: a loop, written out for the compiler, and the function that hands it its arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.replay.chains import Chain, layout
from tinygrad5329.replay.formulas import Form
from tinygrad5329.replay.symbols import Step, Var

__all__ = ["Loop"]

_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "==",
    "ne": "!=", "and": "&", "or": "|",
}  # fmt: skip
_WRITTEN = {
    "neg": "-{0}", "not": "not {0}", "abs": "abs({0})", "sqrt": "sqrt({0})", "where": "{1} if {0} else {2}",
    "sigmoid": "logistic({0})", "tanh_gradient": "tanh_gradient(one, {0}, {1})",
}  # fmt: skip
#: Rows shorter than this run as one loop where they can.
_SHORT = 64


class Loop:
    """A chain as source.

    Attributes
    ----------
    text : str
        A function ``loop`` of arrays and numbers, which depends on the chain's formulas alone: equal chains of other
        layers are the same text.
    into : dict
        Which results are written over which inputs.
    """

    def __init__(self, chain: Chain, results: list[Var], dying: set[Var], forms: dict[Var, Form]) -> None:
        self._chain, self._forms = chain, forms
        self._arrays: dict[Any, str] = {}
        self._numbers: list[float] = []
        self._lines: list[str] = []
        self._known: dict[Any, str] = {}
        self._rows = chain.split or (1 if len(chain.shape) == 2 and chain.shape[1] >= _SHORT else 0)
        self.results = results
        values = [self._value(var) for var in results]
        self.into = self._overwritten(dying)
        self.text = self._loop(values)

    def step(self, run: Callable[..., Any]) -> Step:
        """The chain as a step that calls `run`, the compiled loop."""
        taken = [key for key in self._arrays]
        names = [f"x{i}" for i in range(len(taken))]
        lines, given = [], []
        for name, key in zip(names, taken, strict=True):
            line = self._handed(name, key)
            lines += line
            given.append(name)
        made = [var for var in self.results if var not in self.into]
        scope: dict[str, Any] = {"run": run, "copy": np.array, "empty": np.empty, "inf": math.inf, "nan": math.nan}
        outs = []
        m, n = self._sizes()
        for var in self.results:
            if var in self.into:
                # As it was handed in: the loop sees the same memory in another shape.
                outs.append(f"o{names[taken.index(self.into[var])][1:]}")
                continue
            i = made.index(var)
            scope[f"d{i}"] = self._forms[var].dtype
            lines.append(f"y{i} = empty({self._chain.shape}, d{i})")
            given.append(f"y{i}" if self._as_it_is() else f"y{i}.reshape({self._seen()})")
            outs.append(f"y{i}")
        lines.append(f"run({', '.join([*given, *map(repr, self._numbers), str(m), str(n)])})")
        lines.append(f"return {outs[0] if len(outs) == 1 else '(' + ', '.join(outs) + ')'}")
        exec("\n    ".join([f"def chain({', '.join(names)}):", *lines]), scope)
        function = scope.pop("chain")
        function.text = self.text
        label = "chain_" + "_".join(dict.fromkeys(step.label.strip("_") or step.form for step in self._chain.steps))
        outs_now: Any = self.results[0] if len(self.results) == 1 else tuple(self.results)
        return Step(
            "call", function, tuple([key[1] if type(key) is tuple else key for key in taken]), outs=outs_now,
            where=self._chain.steps[0].where, label=label[:40].rstrip("_"),
        )  # fmt: skip

    # --- the loop ------------------------------------------------------------------------------------

    def _value(self, formula: Any) -> str:
        """The name or expression of a formula, after lines for what it needs."""
        if isinstance(formula, Var) and formula in self._chain.formulas:
            return self._value(self._chain.formulas[formula])
        key = formula if isinstance(formula, Var) else repr(formula)
        if key not in self._known:
            self._known[key] = self._new_value(formula)
        return self._known[key]

    def _new_value(self, formula: Any) -> str:
        if isinstance(formula, float):
            self._numbers.append(formula)
            return f"c{len(self._numbers) - 1}"
        if isinstance(formula, Var) or formula[0] == "spread":
            name = self._arrays.setdefault(formula, f"x{len(self._arrays)}")
            return {"all": f"{name}[i]" if not self._rows else f"{name}r[j]", "one": name, "row": f"{name}[j]",
                    "column": f"{name}c"}[self._layout(formula)[0]]  # fmt: skip
        op, *operands = formula
        values = [self._value(each) for each in operands]
        text = f"{values[0]} {_SIGNS[op]} {values[1]}" if op in _SIGNS else _WRITTEN[op].format(*values)
        self._lines.append(f"t{len(self._lines)} = {text}")
        return f"t{len(self._lines) - 1}"

    def _form(self, key: Any) -> Form:
        return self._forms[key[1] if type(key) is tuple else key]

    def _layout(self, key: Any) -> tuple[str, int]:
        shape = key[2] if type(key) is tuple else self._forms[key].shown
        found = layout(shape, self._chain.shape)
        assert found is not None
        return found

    def _overwritten(self, dying: set[Var]) -> dict[Var, Var]:
        free = [
            key for key in self._arrays
            if isinstance(key, Var) and key in dying and self._forms[key].alone and self._layout(key)[0] == "all"
            and self._forms[key].shape == self._chain.shape
        ]  # fmt: skip
        into: dict[Var, Var] = {}
        for var in self.results:
            fitting = [key for key in free if self._forms[key].dtype == self._forms[var].dtype]
            if fitting:
                into[var] = fitting[0]
                free.remove(fitting[0])
        return into

    def _loop(self, values: list[str]) -> str:
        made = [var for var in self.results if var not in self.into]
        numbers = [f"c{i}" for i in range(len(self._numbers))]
        outs = [f"y{i}" for i in range(len(made))]
        head = [f"{name} = F({name})" for name in numbers]
        head += [
            f"{name} = F({name})" for key, name in self._arrays.items()
            if self._layout(key)[0] == "one" and self._form(key).dtype != bool
        ]  # fmt: skip
        rows, stores = [], []
        for key, name in self._arrays.items():
            kind = self._layout(key)[0]
            if kind == "column":
                rows.append(f"{name}c = {name}[i]")
            elif kind == "all" and self._rows:
                rows.append(f"{name}r = {name}[i]")
        rows += [f"{name}r = {name}[i]" for name in outs if self._rows]
        for var, value in zip(self.results, values, strict=True):
            target = self._arrays[self.into[var]] if var in self.into else outs[made.index(var)]
            stores.append(f"{target}{'r[j]' if self._rows else '[i]'} = {value}")
        body = [*self._lines, *stores]
        head.append("one = F(1)")
        parameters = ", ".join([*self._arrays.values(), *outs, *numbers, "m", "n"])
        if self._rows:
            body = ["for i in range(m):", *[f"    {line}" for line in rows], "    for j in range(n):",
                    *[f"        {line}" for line in body]]  # fmt: skip
        else:
            body = ["for i in range(n):", *[f"    {line}" for line in body]]
        return "\n    ".join([f"def loop({parameters}):", *head, *body]) + "\n"

    # --- the arrays ----------------------------------------------------------------------------------

    def _sizes(self) -> tuple[int, int]:
        shape = self._chain.shape
        return math.prod(shape[: self._rows]), math.prod(shape[self._rows :])

    def _seen(self) -> str:
        """The shape that the loop sees of a whole array."""
        m, n = self._sizes()
        return f"{m}, {n}" if self._rows else "-1"

    def _as_it_is(self) -> bool:
        return len(self._chain.shape) == (2 if self._rows else 1)

    def _handed(self, name: str, key: Any) -> list[str]:
        """Lines that make of an argument what the loop takes."""
        kind = self._layout(key)[0]
        form = self._form(key)
        if kind == "one":
            spot = "" if len(form.shape) == 0 else f"[{', '.join(['0'] * len(form.shape))}]"
            return [f"{name} = {'bool' if form.dtype == bool else 'float'}({name}{spot})"]
        lines = []
        if 0 in form.strides and type(key) is not tuple:
            where = [":1" if step == 0 else ":" for step in form.strides]
            lines.append(f"{name} = {name}[{', '.join(where)}]")
        if key in self.into.values():
            lines.append(f"o{name[1:]} = {name}")
        elif not form.alone:
            # Also a read-only one would be compiled for again.
            lines.append(f"if not {name}.flags.carray: {name} = copy({name}, order='C')")
        # An array may be the whole of it with fewer axes: of (1, n), (n,).
        if kind == "all" and not (self._as_it_is() and len(form.shape) == len(self._chain.shape)):
            lines.append(f"{name} = {name}.reshape({self._seen()})")
        elif kind != "all" and len(form.shape) != 1:
            lines.append(f"{name} = {name}.reshape(-1)")
        return lines
