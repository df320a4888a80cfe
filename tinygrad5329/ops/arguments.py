"""Arguments of the wrong type: what a failed call says about them, and the spellings that PyTorch takes as well.

A function checks no more than it must, so that a call costs little. Only when one has failed are its arguments held
against its signature: a TypeError then names the argument, its position and its type, as PyTorch's do; NumPy's
spellings and 0-d tensors in the place of numbers are translated, and the call is made again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from tinygrad5329.dtypes import dtype
from tinygrad5329.tensor import Tensor

__all__ = ["explain_all", "explain_methods", "explained", "explains_itself"]

F = TypeVar("F", bound=Callable[..., Any])

#: NumPy's names of arguments, which PyTorch takes for its own.
_SPELLINGS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}
#: What the annotations of the house's functions demand, and its name in PyTorch's messages.
_DEMANDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Tensor": (lambda v: isinstance(v, Tensor), "Tensor"),
    "int": (lambda v: hasattr(v, "__index__") and not isinstance(v, (bool, Tensor)), "int"),
    "float": (lambda v: hasattr(v, "__float__") and not isinstance(v, Tensor), "float"),
    "bool": (lambda v: isinstance(v, bool), "bool"),
    "str": (lambda v: isinstance(v, str), "str"),
    "dtype": (lambda v: isinstance(v, dtype), "torch.dtype"),
    "Sequence[Tensor]": (lambda v: isinstance(v, (tuple, list)), "tuple of Tensors"),
    "Sequence[int]": (lambda v: isinstance(v, (tuple, list)), "tuple of ints"),
}


def explains_itself(function: F) -> F:
    """A decorator for functions on the hot path that check their own arguments: nothing is put around them."""
    function.__dict__["explains_itself"] = True
    return function


def explained(function: Callable[..., Any], *, method: bool = False) -> Callable[..., Any]:
    """`function`, whose failed calls name the argument of a wrong type; of a `method` the first one has no position.

    Flags given by name are the exception: they are checked before, for every value can pass for a truth value.
    """
    flags = frozenset([name for name, kind in getattr(function, "__annotations__", {}).items() if kind == "bool"])

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs and flags:
            for name, value in kwargs.items():
                if value.__class__ is not bool and name in flags and not isinstance(value, np.bool_):
                    kind = type(value).__name__
                    raise TypeError(f"{function.__name__}(): argument '{name}' must be bool, not {kind}")
        try:
            return function(*args, **kwargs)
        except Exception:
            if not _translated(function, args, kwargs):
                complaint = _complaint(function, args, kwargs, method)
                if complaint is None:
                    raise
                raise TypeError(complaint) from None
        return call(*_numbers(function, args, kwargs), **kwargs)

    return call


def explain_all(namespace: dict[str, Any], names: Iterable[str], home: str) -> None:
    """Put :func:`explained` functions in the place of those that `names` lists; `home` is where they are found."""
    for name in names:
        function = namespace[name]
        if inspect.isfunction(function) and not _is_explained(function):
            namespace[name] = call = explained(function)
            call.__module__ = home


def explain_methods(cls: type, *modules: str) -> None:
    """The same for the methods of `cls` that come from `modules`, operators aside."""
    for name, member in list(vars(cls).items()):
        if not inspect.isfunction(member) or name.startswith("__") or _is_explained(member):
            continue
        if member.__module__.startswith(modules):
            setattr(cls, name, explained(member, method=True))


#: Shared by all that `explained` returns: what has it needs no other explanation around it.
_CODE = explained(len).__code__


def _is_explained(function: Any) -> bool:
    return function.__code__ is _CODE or "explains_itself" in function.__dict__


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _translated(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether another spelling of an argument, or a 0-d tensor for a number, was found, and made the plain one."""
    parameters = _signature(function).parameters
    changed = False
    for theirs, ours in _SPELLINGS.items():
        if theirs in kwargs and theirs not in parameters:
            if ours == "input":
                if args:
                    continue
                ours = next(iter(parameters), ours)
            if ours in kwargs:
                raise TypeError(f"{function.__name__}() got both '{ours}' and '{theirs}', which are the same") from None
            if ours in parameters:
                kwargs[ours] = kwargs.pop(theirs)
                changed = True
    for name, value in kwargs.items():
        if name in parameters and _is_number(parameters[name], value):
            kwargs[name] = value.item()
            changed = True
    return changed or any(map(_is_number, parameters.values(), args))


def _numbers(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    parameters = iter(_signature(function).parameters.values())
    return [
        each.item() if parameter is not None and _is_number(parameter, each) else each
        for each in args
        for parameter in [next(parameters, None)]
    ]


def _is_number(parameter: inspect.Parameter, value: Any) -> bool:
    """Whether `value` is a 0-d tensor outside the graph where a number of its kind is asked for."""
    if not isinstance(value, Tensor) or value._array.ndim or value.requires_grad:
        return False
    wanted = str(parameter.annotation).removesuffix(" | None")
    kinds = "iu" if wanted == "int" else "fiu" if wanted == "float" else ""
    return value._array.dtype.kind in kinds


def _complaint(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], method: bool) -> str | None:
    """What is wrong with the types of the arguments; None if nothing is."""
    signature = _signature(function)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return None
    for position, (name, parameter) in enumerate(signature.parameters.items(), 0 if method else 1):
        if name not in bound or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        value, wanted = bound[name], str(parameter.annotation)
        fits, what = _DEMANDS.get(wanted.removesuffix(" | None"), (None, ""))
        if fits is None or fits(value) or (value is None and wanted.endswith("None")):
            continue
        where = "" if parameter.kind is parameter.KEYWORD_ONLY or not position else f" (position {position})"
        return f"{function.__name__}(): argument '{name}'{where} must be {what}, not {type(value).__name__}"
    return None
