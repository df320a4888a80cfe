"""Writing a picture so that a reader never finds half of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["write_picture"]


def write_picture(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write beside `path` and rename, so that `path` holds either the old file or the new one."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return path
