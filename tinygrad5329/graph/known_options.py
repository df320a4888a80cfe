"""What is said about an option that does not exist."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["explains_options"]

F = TypeVar("F", bound=Callable[..., Any])


def explains_options(function: F) -> F:
    """Let `function` say which options there are when it is given one that it does not know."""
    names = [each.name for each in inspect.signature(function).parameters.values()]

    @functools.wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        for name in options:
            if name not in names:
                close = difflib.get_close_matches(name, names, 1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                raise TypeError(
                    f"graph: {function.__name__}: unknown option {name!r}: {hint}Known are {', '.join(names)}"
                )
        return function(*args, **options)

    return wrapper  # type: ignore[return-value]
