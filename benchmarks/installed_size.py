"""How much room a library takes on disk, alone and with what it needs."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["installed_mb"]


def installed_mb(distribution: str, module: str, *also: str) -> tuple[float, float]:
    """Megabytes of the distribution, and of it with its installed dependencies and those that are used `also`."""
    sizes = {name: _bytes(name) for name in _closure(distribution, *also)}
    own = next(iter(sizes))
    if sizes[own] < 100_000:  # An editable install lists no sources.
        sizes[own] = _sources(module)
    return sizes[own] / 1e6, sum(sizes.values()) / 1e6


def _closure(*distributions: str) -> Iterator[str]:
    """The distributions and what they require, without extras and without what is not installed."""
    seen, waiting = set(), [*distributions]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop(0)).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        yield name
        for requirement in found.requires or ():
            wanted = re.match(r"[A-Za-z0-9._-]+", requirement)
            if wanted and "extra ==" not in requirement:
                waiting.append(wanted[0])


def _bytes(name: str) -> int:
    files = importlib.metadata.distribution(name).files or []
    paths = (Path(str(file.locate())) for file in files if not str(file).endswith(".pyc"))
    return sum(path.stat().st_size for path in paths if path.is_file())


def _sources(module: str) -> int:
    """The Python files of a package, with subpackages that lie elsewhere."""
    files: set[Path] = set()
    for name in (module, f"{module}.nn", f"{module}.optim"):
        for folder in importlib.import_module(name).__path__:
            files.update(path.resolve() for path in Path(folder).rglob("*.py"))
    return sum(path.stat().st_size for path in files)
