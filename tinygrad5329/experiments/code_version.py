"""A digest of the sources that can change a number, so that results of other code are not taken for those of this."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import tinygrad5329
from tinygrad5329 import nn, optim

__all__ = ["code_version", "counted_files"]

#: Rooms of the package that a run goes through, whole.
_ROOMS = ("autograd", "backends", "fast", "ops", "random", "utils")
#: Of these rooms what ``row.py`` imports, directly or not; the rest draws and writes.
_PARTLY = ("training", "experiments")
#: Modules beside the rooms that no number comes from.
_NOT_COUNTED = {"cli", "__main__", "doctor", "printing", "spelling", "atomic", "torch_file", "dlpack", "description"}


@lru_cache(maxsize=1)
def code_version() -> str:
    """The first 12 digits of the SHA-256 of those sources, names included.

    Examples
    --------
    >>> len(code_version())
    12
    """
    digest = hashlib.sha256()
    for name, path in counted_files():
        digest.update(f"{name}\n".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))  # as a checkout on Windows may have them
    return digest.hexdigest()[:12]


def counted_files() -> Iterator[tuple[str, Path]]:
    """The sources that count, by a name that does not depend on where they are installed, in a fixed order."""
    root = Path(tinygrad5329.__file__).parent
    yield from ((path.name, path) for path in sorted(root.glob("*.py")) if path.stem not in _NOT_COUNTED)
    folders = {name: root / name for name in _ROOMS}
    folders |= {"nn": Path(nn.__file__).parent, "optim": Path(optim.__file__).parent}
    for name, folder in sorted(folders.items()):
        for path in sorted(folder.rglob("*.py")):
            yield f"{name}/{path.relative_to(folder).as_posix()}", path
    for path in sorted(_imported(root, root / "experiments" / "row.py", set())):
        yield path.relative_to(root).as_posix(), path


def _imported(root: Path, path: Path, found: set[Path]) -> set[Path]:
    """A file and all that it imports from the rooms that count in part."""
    found.add(path)
    for node in ast.walk(ast.parse(path.read_bytes())):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        parts = node.module.split(".")
        if parts[0] == "tinygrad5329" and len(parts) > 1 and parts[1] in _PARTLY:
            base = root.joinpath(*parts[1:])
            candidates = [base.with_suffix(".py"), *(base / f"{each.name}.py" for each in node.names)]
            for each in candidates:
                if each.is_file() and each not in found:
                    _imported(root, each, found)
    return found
