"""Switches of PyTorch's top level: threads, determinism, precision, the default device."""

from __future__ import annotations

from typing import Any

from tinygrad5329.backends import threads as blas
from tinygrad5329.backends.device import CPU, as_device
from tinygrad5329.backends.device import device as Device
from tinygrad5329.compat.notice import notice

_told: dict[str, Any] = {"deterministic": False, "warn_only": False, "precision": "highest"}


def get_num_threads() -> int:
    """How many threads NumPy's linear algebra uses; where it cannot be asked, what the environment said at the start.

    Everything else runs on the thread that calls it.
    """
    return blas.count()


def set_num_threads(threads: int, /) -> None:
    """Let NumPy's linear algebra use so many threads, in training runs too; a notice where it cannot be told.

    RuntimeError, as PyTorch's, unless a positive int.
    """
    if type(threads) is not int or threads <= 0:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got {threads!r}")
    try:
        blas.set_count(threads, asked=True)
    except ImportError as error:
        notice(f"set_num_threads changes nothing: {error}")


def get_num_interop_threads() -> int:
    """1: operations run one after the other."""
    return 1


def set_num_interop_threads(threads: int, /) -> None:
    """Accepts a positive int (else RuntimeError); operations run one after the other anyway."""
    if type(threads) is not int or threads <= 0:
        raise RuntimeError(f"set_num_interop_threads expects a positive integer, but got {threads!r}")


def set_flush_denormal(mode: bool, /) -> bool:
    """False: denormal numbers are not flushed to zero, whatever `mode` asks."""
    return False


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remembers `mode`: every algorithm here gives the same numbers each time anyway."""
    _told.update(deterministic=bool(mode), warn_only=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was last told; at first False."""
    return _told["deterministic"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The `warn_only` that `use_deterministic_algorithms` was last told; at first False."""
    return _told["warn_only"]


def set_float32_matmul_precision(precision: str) -> None:
    """Remembers `precision`: "highest" (which products always have here), "high" or "medium"; else ValueError."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: expected 'highest', 'high' or 'medium', got {precision!r}")
    _told["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was last told; at first "highest"."""
    return _told["precision"]


def set_default_device(device: Any) -> None:
    """Accepts the CPU or None; RuntimeError for another device."""
    as_device(device)


def get_default_device() -> Device:
    """The CPU."""
    return CPU
