"""Under which name this package's own things are printed: its own, or ``torch`` while it is lent that name."""

from __future__ import annotations

__all__ = ["lend_name", "spelled"]

_lent: list[str] = []


def spelled(name: str) -> str:
    """The dotted name of something of this package, as ``repr`` gives it.

    >>> spelled("float32")
    'tinygrad5329.float32'
    """
    return f"{_lent[-1] if _lent else 'tinygrad5329'}.{name}"


def lend_name(name: str | None) -> None:
    """Print things as `name`'s from here on, so that a script's output reads the same; None: as this package's."""
    _lent[:] = [] if name is None else [name]
