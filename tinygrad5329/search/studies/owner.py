"""Which process runs a trial, and whether it is still there."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["is_gone", "ownership"]

#: Those of this process that are entered.
_ENTERED: set[str] = set()


@contextmanager
def ownership() -> Iterator[dict[str, Any]]:
    """While entered, what trials of this process are marked with, as JSON: host, number and start of the process."""
    mark = secrets.token_hex(8)
    _ENTERED.add(mark)
    try:
        yield {"host": _host(), "pid": os.getpid(), "start": _start_of(os.getpid()), "mark": mark}
    finally:
        _ENTERED.discard(mark)


def is_gone(owner: dict[str, Any]) -> bool:
    """Whether what marked a trial has ended; False of other hosts, whose processes cannot be seen from here."""
    if owner["host"] != _host():
        return False
    if owner["pid"] == os.getpid() and owner["start"] == _start_of(os.getpid()):
        return owner["mark"] not in _ENTERED
    if os.name != "posix":
        return False
    start = _start_of(owner["pid"])
    return start is None or start != owner["start"]


def _host() -> str:
    # Containers can share their host's name, but not its process numbers.
    space = ""
    with contextlib.suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return f"{platform.node()} {space}".strip()


def _start_of(pid: int) -> str | None:
    """When the process began, so that a number that was given out again is not taken for it; None without one."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        # A zombie has ended; its number stays until its parent looks.
        return None if fields[0] in "ZX" else f"{_boot()} {fields[19]}"
    if os.name != "posix":
        return "unknown"
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip() or None


def _boot() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""
