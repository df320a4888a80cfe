"""``ArrayRecorder``: writes down what is computed with arrays while a step runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.replay.symbols import Step, Var, symbols_in
from tinygrad5329.replay.traced import Box, Traced, plain
from tinygrad5329.tensor import Tensor

__all__ = ["ArrayRecorder", "users_line"]

_copy = np.copy
#: Constants of these types are compared between two recordings and written into the program.
_NUMBERS = (bool, int, float, complex, np.generic)

#: Functions of NumPy's whose results have as many elements as the values say.
_VARYING = frozenset(
    [
        "nonzero",
        "flatnonzero",
        "argwhere",
        "unique",
        "compress",
        "extract",
        "repeat",
        "bincount",
        "where",
        "delete",
        "union1d",
    ]
)
#: Operations of which this holds for masks.
_PICKING = ("index", "pick")


class ArrayRecorder:
    """The steps of one run, as far as it has got, and what stands for the arrays in it.

    Parameters
    ----------
    given : dict
        The tensors and arrays among the arguments, by identity, with their paths.
    """

    def __init__(self, given: dict[int, tuple[Any, str]]) -> None:
        self.given = given
        self.steps: list[Step] = []
        self.refusal: str | None = None
        self._known: dict[int, Traced] = {}
        self._kept: list[Any] = []
        #: The identities of arrays that a forward has put among what it keeps for its rule.
        self.held: set[int] = set()
        self._count = 0
        self._thread = threading.get_ident()
        self._deaf = 0

    def tensor(self, t: Tensor) -> Any:
        """The symbol of a tensor."""
        raise NotImplementedError(f"{type(self).__name__} knows arrays alone")

    # --- whether it listens --------------------------------------------------------------------------

    def listens(self) -> bool:
        """Whether what happens now belongs to the program: in the recording thread, and not inside a kernel."""
        return not self._deaf and threading.get_ident() == self._thread

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """What happens inside is part of a step that is written down as a whole."""
        self._deaf += 1
        try:
            yield
        finally:
            self._deaf -= 1

    def refuse(self, reason: str) -> None:
        """Note why the step cannot be replayed; the first reason is the one that is told."""
        if self.refusal is None:
            self.refusal = f"{reason} ({users_line()})"

    # --- arrays --------------------------------------------------------------------------------------

    def new(self, hint: str, nbytes: int = 0, holds: int = 0) -> Var:
        """A variable that no step has yet."""
        self._count += 1
        return Var(self._count, hint, nbytes, holds)

    def trace(self, value: Any, hint: str) -> Any:
        """What a step gave, traced: arrays, or tuples and lists of them; other values stay what they are."""
        if isinstance(value, (np.ndarray, np.generic)):
            base = value.base if isinstance(value, np.ndarray) else None
            # A view of memory that no step gave counts as its own.
            own = 0 if base is not None and id(base) in self._known else value.nbytes
            return self._listen(value, self.new(hint, own, value.nbytes))
        if type(value) is tuple:
            return tuple([self.trace(each, hint) for each in value])
        if type(value) is list:
            return [self.trace(each, hint) for each in value]
        return value

    def _listen(self, value: Any, var: Var) -> Traced:
        traced = Traced.of(value, var, self)
        self._known[id(value)] = traced
        self._kept.append(traced)
        return traced

    def array_of_scalar(self, array: Any, scalar: Traced) -> None:
        """A tensor keeps `array` for a scalar; the replay makes one only if somebody needs it."""
        self._listen(array, scalar._var)._scalar = scalar

    def _make_array(self, traced: Traced) -> None:
        traced._var, source = self.new("t"), traced._scalar._var
        traced._scalar = None
        self.steps.append(Step("call", np.asarray, (source,), outs=traced._var, label="asarray"))

    def _kept_traced(self) -> list[Traced]:
        """All traced arrays of the recording."""
        return [each for each in self._kept if isinstance(each, Traced)]

    def symbol(self, value: Any) -> Any:
        """What stands for `value` in the program."""
        if isinstance(value, Traced):
            if value._recorder is not self:
                self.refuse("an array is reached in a way that cannot be followed")
            elif value._scalar is not None:
                self._make_array(value)
            return value._var
        if type(value) is Box:
            return value.var
        if isinstance(value, np.ndarray):
            known = self._known.get(id(value))
            if known is not None:
                return known._var
            if id(value) in self.given:
                return self._given_array(value)._var
            self.refuse(f"an array of unknown origin, of shape {value.shape}, is used")
            return None
        if isinstance(value, Tensor):
            return self.tensor(value)
        if isinstance(value, tuple):
            symbols = tuple([self.symbol(each) for each in value])
            if type(value) is tuple:
                return symbols
            if not symbols_in(symbols):
                return value
            if hasattr(value, "__dict__") or not hasattr(value, "_fields"):
                self.refuse(f"a {type(value).__name__} of arrays is used")
            return tuple.__new__(type(value), symbols)
        if isinstance(value, list):
            return [self.symbol(each) for each in value]
        if isinstance(value, dict):
            return {key: self.symbol(each) for key, each in value.items()}
        if isinstance(value, slice):
            return slice(self.symbol(value.start), self.symbol(value.stop), self.symbol(value.step))
        return value

    def _given_array(self, value: Any) -> Traced:
        path = self.given[id(value)][1]
        var = self.new("x")
        self.steps.append(Step("given", path, outs=var))
        return self._listen(value, var)

    def asarray(self, value: Any) -> Any:
        """An argument that is an array, as the step shall see it."""
        return self._known.get(id(value)) or self._given_array(value)

    def close(self) -> None:
        """Let go of the arrays, which know the recorder as it knows them."""
        self._known.clear()
        self._kept.clear()

    # --- computing -----------------------------------------------------------------------------------

    def add(self, form: str, what: Any, args: Any, kwargs: Any, run: Callable[[], Any], **about: Any) -> Any:
        """Run a step and write it down; its results are traced."""
        args_now = args
        args, kwargs = self.symbol(tuple(args)), self.symbol(kwargs)
        with self.deaf():
            result = run()
        step = Step(form, what, args, kwargs, where=users_line(), **about)
        known = self._known.get(id(result))
        if known is not None and isinstance(result, np.ndarray):
            # It wrote to an array, or gave back what it got.
            if step.effect:
                self.steps.append(step)
            return known
        self.steps.append(step)
        traced = self.trace(result, "t")
        step.outs = _vars(traced)
        if step.label in _VARYING or (step.label == "__getitem__" and _has_mask(plain(args_now))):
            self._hold_shapes(step, traced)
        if isinstance(result, _NUMBERS) and not isinstance(result, np.generic):
            self._hold(step, result)
        return traced

    def _hold(self, step: Step, value: Any) -> None:
        """The step gave a Python value, which the replay must find again."""
        step.outs = self.new("n")
        self.steps.append(Step("guard", "value", (step.outs, value), where=step.where))

    def _hold_shapes(self, step: Step, traced: Any) -> None:
        """The shapes of what the step gave depend on values, and must be the same in the replay."""
        for each in traced if isinstance(traced, (tuple, list)) else (traced,):
            if isinstance(each, Traced):
                self.steps.append(Step("guard", "shape", (each._var, each.shape), where=step.where))

    def call(self, function: Any, args: Any, kwargs: Any, effect: bool) -> Any:
        """A function of NumPy's."""
        out = kwargs.get("out")
        targets = (out if isinstance(out, tuple) else (out,)) if out is not None else args[:1]
        writes = [plain(each) for each in targets if isinstance(each, np.ndarray)] if effect else []
        return self.add(
            "call", function, args, kwargs, lambda: function(*plain(args), **plain(kwargs)),
            effect=effect, writes=writes, label=getattr(function, "__name__", str(function)),
        )  # fmt: skip

    def function(self, function: Any, args: Any, kwargs: Any) -> Any:
        """A pure function that is one step whatever it does inside."""
        return self.add(
            "call", function, args, kwargs, lambda: function(*plain(args), **plain(kwargs)),
            label=getattr(function, "__name__", str(function)),
        )  # fmt: skip

    def draw(self, generator: Any, name: str, draw: Any, args: Any, kwargs: Any) -> Any:
        """A draw of random numbers."""
        out = plain(kwargs.get("out"))
        return self.add(
            "draw", (generator, name), args, kwargs, lambda: draw(*plain(args), **plain(kwargs)),
            effect=True, writes=[] if out is None else [out], label=name,
        )  # fmt: skip

    def method(self, array: Traced, name: str, args: Any, kwargs: Any, effect: bool) -> Any:
        """A method of an array's."""
        own = plain(array)
        writes = [plain(kwargs["out"]) if kwargs.get("out") is not None else own] if effect else []
        return self.add(
            "method", name, (array, *args), kwargs, lambda: getattr(own, name)(*plain(args), **plain(kwargs)),
            effect=effect, writes=writes, label=name,
        )  # fmt: skip

    def attribute(self, array: Traced, name: str) -> Any:
        """An attribute that is an array."""
        return self.add("attribute", name, (array,), {}, lambda: getattr(plain(array), name), label=name)

    def decide(self, array: Traced, name: str, value: Any) -> None:
        """Control flow may go by `value`, which Python made of `array`: the replay goes on only if it is the same."""
        self.steps.append(Step("guard", name, (self.symbol(array), value), where=users_line()))

    def kernel(self, op: Any, forward: Any, inputs: Any, params: dict[str, Any]) -> Any:
        """The forward of an operation."""
        symbols, options = self.symbol(tuple(inputs)), self.symbol(params)
        # A forward may give more than its output by filling a list that it is handed.
        lists = {name: value for name, value in params.items() if type(value) is list and not value}
        with self.deaf():
            values = [
                each[()] if op.scalars and isinstance(each, np.ndarray) and not each.ndim and each.dtype.kind == "f"
                else each
                for each in plain(tuple(inputs))
            ]  # fmt: skip
            options_now = {name: value if name in lists else plain(value) for name, value in params.items()}
            result = forward(NUMPY, *values, **options_now)
        out, aux = result if op.aux else (result, None)
        operators = op.scalars and all(map(_is_scalar, values))
        step = Step("kernel", forward, symbols, options, where=users_line(), label=op.name, operators=operators)
        self.steps.append(step)
        traced = self.trace(out, f"{op.name.strip('_')}_")
        outs: Any = _vars(traced)
        if op.aux:
            box = None if aux is None else Box(aux, self.new("aux", *_nbytes(aux)))
            self._hold_parts(aux, (out, *values))
            outs = (outs, None if box is None else box.var)
        step.outs = outs
        if op.name in _PICKING and _has_mask((values, options_now)):
            self._hold_shapes(step, traced)
        filled = {}
        for name, value in lists.items():
            value[:] = [self.trace(each, name) for each in value]
            filled[name] = _vars(value)
        if filled:
            step.outs = ("filled", outs, filled)
        return (traced, box) if op.aux else traced

    def _hold_parts(self, aux: Any, around: Any) -> None:
        if isinstance(aux, (tuple, list, dict)):
            for each in aux.values() if isinstance(aux, dict) else aux:
                self._hold_parts(each, around)
        elif isinstance(aux, np.ndarray):
            part: Any = aux
            while isinstance(part, np.ndarray):
                self.held.add(id(part))
                part = part.base
        elif aux is not None and not isinstance(aux, (*_NUMBERS, str, np.dtype)):
            # Nobody knows what is in it.
            self.held.update(map(id, around))

    def pull(self, plan: Any, op: Any, g: Any, saved: Any) -> Any:
        """The gradient rules of an operation; what they do not ask for is not kept for them."""
        asked = {i for _, places in plan.calls for i in places}
        symbols = self.symbol(g), tuple([self.symbol(x) if i in asked else None for i, x in enumerate(saved)])
        value, values = plain(g), plain(tuple(saved))
        with self.deaf():
            result = plan.pull(NUMPY, value, values)
        operators = op.scalars and all(map(_is_scalar, (value, *(values[i] for i in asked if i is not None))))
        step = Step("pull", plan, symbols, where=users_line(), label=op.name, operators=operators)
        self.steps.append(step)
        traced = [self.trace(each, f"g_{op.name.strip('_')}_") for each in result]
        step.outs = tuple([_vars(each) for each in traced])
        return traced

    def whole(self, function: Any, args: Any, kwargs: Any, label: str) -> Any:
        """A function that is one step whatever it does inside: compiled kernels, draws of random numbers."""
        before = [(each, _copy(each)) for each in _arrays(plain((args, kwargs)))]
        holder: list[Any] = []

        def run() -> Any:
            holder.append(function(*plain(args), **plain(kwargs)))
            return holder[0]

        count = len(self.steps)
        result = self.add("call", function, args, kwargs, run, effect=True, label=label)
        writes = [each for each, old in before if each.tobytes() != old.tobytes()]
        next(step for step in self.steps[count:] if step.form == "call").writes = writes
        return result


def _has_mask(values: Any) -> bool:
    """Whether there are bool arrays among `values`."""
    return any(each.dtype == np.bool_ for each in _arrays(values))


def _is_scalar(value: Any) -> bool:
    """Whether a value is a real number, with which operators are enough."""
    return isinstance(value, (np.floating, float, int))


def _vars(traced: Any) -> Any:
    if isinstance(traced, Traced):
        return traced._var
    if isinstance(traced, (tuple, list)):
        return tuple([_vars(each) for each in traced])
    return None


def _arrays(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [each for item in value for each in _arrays(item)] if isinstance(value, (tuple, list)) else []


def _nbytes(value: Any) -> tuple[int, int]:
    """The memory of the arrays in `value`: without that of views, and with it."""
    arrays = _arrays(value)
    return sum(each.nbytes for each in arrays if each.base is None), sum(each.nbytes for each in arrays)


def users_line() -> str:
    """The line of the user's code that is running: the first outside this package and NumPy."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] not in ("tinygrad5329", "numpy", "contextlib"):
            return f"{frame.f_code.co_filename}, line {frame.f_lineno}"
        frame = frame.f_back
    return "unknown line"
