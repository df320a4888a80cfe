"""Notices: what a switch of PyTorch's does not do here, said once."""

from __future__ import annotations

import sys
import warnings
from functools import cache

__all__ = ["notice"]


@cache
def notice(text: str) -> None:
    """Warn with `text`, once in a process, of the user's line that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("tinygrad5329.compat."):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, UserWarning, stacklevel=level)
