"""``torch.compile`` and ``torch.jit``: functions and modules stay what they are, and run eagerly."""

from __future__ import annotations

from typing import Any

from tinygrad5329.compat.notice import notice

__all__ = ["compile", "ignore", "script", "trace"]

_NOTICE = "gives back what it is given: it runs eagerly here, and the options change nothing"


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """`model` itself (without it, a decorator that gives the function itself), with a notice the first time.

    Raises AssertionError, as PyTorch, if `model` is not callable.
    """
    if model is not None and not callable(model):
        raise AssertionError(f"compile: a callable function is expected, but {type(model)} is provided")
    if not disable:
        notice(f"torch.compile {_NOTICE}")
    return (lambda function: function) if model is None else model


def script(obj: Any, *, example_inputs: Any = None) -> Any:
    """`obj` itself, with a notice the first time. Raises RuntimeError if it is not callable."""
    if not callable(obj):
        raise RuntimeError(f"torch.jit: expected a function, class or module, got {type(obj).__name__}")
    notice(f"torch.jit {_NOTICE}")
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


def ignore(drop: Any = False) -> Any:
    """Marks nothing: the function itself, with or without parentheses."""
    return drop if callable(drop) else ignore
