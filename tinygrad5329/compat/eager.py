"""``torch.compile``: functions and modules stay what they are, and run eagerly."""

from __future__ import annotations

from typing import Any

from tinygrad5329.compat.notice import notice

__all__ = ["compile", "disable"]


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
        notice("torch.compile gives back what it is given: it runs eagerly here, and the options change nothing")
    return (lambda function: function) if model is None else model


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """``torch.compiler.disable``: `fn` itself; nothing is compiled anyway. Without `fn`, such a decorator."""
    return (lambda function: function) if fn is None else fn
