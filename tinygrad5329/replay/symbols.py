"""What a program is written in: variables for arrays, and the ways to the tensors outside the step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor

__all__ = ["FixedTensor", "GivenTensor", "GradientOf", "Made", "Step", "Var", "alike", "symbols_in"]


@dataclass(frozen=True)
class Var:
    """A local variable of the replay: the array (or tuple, or list) that a step gave.

    `nbytes` is the memory of its own, and `holds` that which it keeps alive, through views too.
    """

    number: int
    hint: str = field(compare=False)
    nbytes: int = field(compare=False, default=0)
    holds: int = field(compare=False, default=0)

    def __str__(self) -> str:
        return f"{self.hint}{self.number}"


@dataclass(frozen=True)
class Made:
    """A tensor that the step makes and that outlives it: a gradient, or what is returned."""

    number: int

    def __str__(self) -> str:
        return f"tensor{self.number}"


@dataclass(frozen=True, eq=False)
class FixedTensor:
    """A tensor that is there before the step and stays the same object: a parameter, a buffer."""

    tensor: Tensor
    number: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FixedTensor) and self.tensor is other.tensor

    def __hash__(self) -> int:
        return id(self.tensor)

    def __str__(self) -> str:
        return f"p{self.number}"


@dataclass(frozen=True)
class GivenTensor:
    """A tensor among the arguments: ``args[0]``, ``kwargs['x']``, ``args[1][2]``."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class GradientOf:
    """The gradient that a tensor has when the step begins."""

    tensor: Any

    def __str__(self) -> str:
        return f"{self.tensor}._grad"


@dataclass
class Step:
    """One line of a program.

    Attributes
    ----------
    form : str
        How it is written: "call", "method", "attribute", "kernel", "pull", "read", "wrap", "grad", "array",
        "guard" or "live".
    what : Any
        The function, or the name of the method or attribute.
    args, kwargs
        Symbols and constants, in any nesting of tuples, lists, dicts and slices.
    outs : Any
        A symbol or a nesting of them; None where nothing comes back.
    effect : bool
        It changes something besides its results: memory, a generator, a gradient.
    writes : list of arrays
        The memory it writes to, while recording.
    where : str
        The user's line.
    label : str
        What it is called.
    operators : bool
        All its inputs are real NumPy scalars, so that it may be written as an expression.
    into : dict
        Results that are written over an operand, by their variables.
    """

    form: str
    what: Any
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    outs: Any = None
    effect: bool = False
    writes: list[Any] = field(default_factory=list)
    where: str = ""
    label: str = ""
    operators: bool = False
    into: dict[Any, Any] = field(default_factory=dict)

    def same_as(self, other: Step) -> bool:
        """Whether both recordings did the same here."""
        return (
            self.form == other.form
            and alike(self.what, other.what)
            and alike(self.args, other.args)
            and alike(self.kwargs, other.kwargs)
            and alike(self.outs, other.outs)
        )


def alike(a: Any, b: Any) -> bool:
    """Whether two symbols or constants are the same in two recordings. Zeros of either sign differ, NaNs do not."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(alike, a.values(), b.values()))
    if isinstance(a, slice):
        return alike((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if isinstance(a, (float, complex, np.generic)):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    if isinstance(a, (int, str, bytes, np.dtype, Var, Made, FixedTensor, GivenTensor, GradientOf)):
        return bool(a == b)
    # The methods of one object are made anew at each access.
    return hasattr(a, "__self__") and a == b


def symbols_in(value: Any) -> list[Any]:
    """All symbols in a nesting of containers."""
    if isinstance(value, (Var, Made, FixedTensor, GivenTensor)):
        return [value]
    if isinstance(value, GradientOf):
        return [value, *symbols_in(value.tensor)]
    if isinstance(value, (tuple, list)):
        return [each for item in value for each in symbols_in(item)]
    if isinstance(value, dict):
        return [each for item in value.values() for each in symbols_in(item)]
    if isinstance(value, slice):
        return symbols_in((value.start, value.stop, value.step))
    return []
