"""Writing a file so that a reader finds either all of the old one or all of the new one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["PARTIAL_SUFFIX", "remove_partial_files", "write_atomically"]

PARTIAL_SUFFIX = ".partial"


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Replace the file at ``path`` by ``content`` in one step.

    The content goes to a temporary file in the same folder (a rename is atomic only within one file
    system), is flushed to the disk, and is then renamed over ``path``. A crash, a full disk or a
    ``kill -9`` at any moment leaves the previous file as it was.

    Parameters
    ----------
    path : path-like
        The file to write. Missing parent folders are made. A symbolic link is followed.
    content : bytes or str
        What to write; text is encoded as UTF-8.

    Returns
    -------
    pathlib.Path
        ``path``.

    Raises
    ------
    OSError
        If the folder cannot be written; the previous file is still there, the temporary one is not.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")
    # os.open, and not tempfile.mkstemp, whose files stay private (mode 0600) after the rename.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)
    return path


def remove_partial_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Delete what killed writers left behind in ``folder``; returns the files deleted."""
    leftovers = sorted(Path(folder).glob(f".*{PARTIAL_SUFFIX}"))
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return leftovers


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; some systems (Windows, some network disks) cannot, and need not."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
