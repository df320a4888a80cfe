"""Times, sizes and counts as short text."""

from __future__ import annotations

__all__ = ["bytes_text", "count_text", "time_text"]


def time_text(microseconds: float) -> str:
    """
    >>> time_text(0), time_text(12.3456), time_text(1234.5), time_text(2.5e6)
    ('0.0us', '12.3us', '1.234ms', '2.500s')
    """
    if abs(microseconds) >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    if abs(microseconds) >= 1e3:
        return f"{microseconds / 1e3:.3f}ms"
    return f"{microseconds:.1f}us"


def bytes_text(count: float) -> str:
    """
    >>> bytes_text(0), bytes_text(1023), bytes_text(2048), bytes_text(3.5 * 2**20)
    ('0 B', '1023 B', '2.00 KB', '3.50 MB')
    """
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count:.0f} B"


def count_text(count: float) -> str:
    """
    >>> count_text(0), count_text(999), count_text(40960), count_text(1.5e9)
    ('0', '999', '40.96 K', '1.50 G')
    """
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count:.0f}"
