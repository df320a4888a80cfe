"""One report at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["locked"]

_NAME = ".lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes that ask for the same folder out of it while entered.

    The system lets go of a lock when its process ends, in whatever way; the empty file that stays behind means nothing.

    Raises
    ------
    BlockingIOError
        If another process is in.
    OSError
        If the folder cannot be written, or its file system knows no locks.
    """
    with open(folder / _NAME, "a", encoding="utf-8") as file:
        try:
            _take(file)
        except (BlockingIOError, PermissionError) as error:  # PermissionError: what Windows says
            raise BlockingIOError(
                f"--out: another report is at work in {folder.parent}; wait for its end, or name another folder"
            ) from error
        yield


def _take(file: IO[str]) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
