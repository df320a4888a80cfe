"""``torch.jit``: functions and modules stay what they are, and run eagerly."""

from __future__ import annotations

import builtins
import typing
from typing import Any, NoReturn

from tinygrad5329.compat.notice import notice
from tinygrad5329.nn.module import Module

__all__ = [
    *("Final", "ScriptModule", "annotate", "export", "freeze", "ignore", "interface", "is_scripting", "is_tracing"),
    *("isinstance", "load", "optimize_for_inference", "save", "script", "script_method", "trace", "unused"),
]

isinstance, Final = builtins.isinstance, typing.Final


class ScriptModule(Module):
    """A module that PyTorch would compile as it is made; here it is a `Module` like others."""


def script(obj: Any, *, example_inputs: Any = None) -> Any:
    """`obj` itself, with a notice the first time. Raises RuntimeError if it is not callable."""
    if not callable(obj):
        raise RuntimeError(f"torch.jit: expected a function, class or module, got {type(obj).__name__}")
    notice("torch.jit gives back what it is given: it runs eagerly here, and the options change nothing")
    return obj


def trace(
    func: Any,
    example_inputs: Any = None,
    *,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    example_kwarg_inputs: Any = None,
) -> Any:
    """`func` itself, as `script` gives it; it is not called on `example_inputs`."""
    return script(func)


def annotate(the_type: Any, the_value: Any) -> Any:
    """`the_value`."""
    return the_value


def script_method(fn: Any) -> Any:
    """`fn` itself: the method of a module, which runs as it is written."""
    return fn


export = interface = unused = script_method


def ignore(drop: Any = False) -> Any:
    """Marks nothing: the function itself, with or without parentheses."""
    return drop if callable(drop) else ignore


def freeze(mod: Any, preserved_attrs: list[str] | None = None, optimize_numerics: bool = True) -> Any:
    """`mod` itself."""
    return script(mod)


def optimize_for_inference(mod: Any, other_methods: list[str] | None = None) -> Any:
    """`mod` itself."""
    return script(mod)


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def save(m: Any, f: Any, _extra_files: Any = None) -> NoReturn:
    """RuntimeError: there is no compiled form to keep."""
    raise RuntimeError(
        "torch.jit.save: there is no compiled form to keep; torch.save(m.state_dict(), f) keeps the values"
    )


def load(f: Any, map_location: Any = None, _extra_files: Any = None) -> NoReturn:
    """RuntimeError: a file of TorchScript holds code."""
    raise RuntimeError("torch.jit.load: TorchScript is not run here; build the module, and load a state_dict into it")
