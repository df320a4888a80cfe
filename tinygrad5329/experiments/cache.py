"""Finished runs on disk, each under a hash of all that decided it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import remove_partial_files, write_atomically
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.record_check import check_contents
from tinygrad5329.experiments.row import SCHEMA

__all__ = ["RunCache"]


class RunCache:
    """The folder of the runs' records, ``<key>.json``.

    Parameters
    ----------
    folder : path-like
        Made by :meth:`prepare`.
    code, fingerprint : str
        Digests of the code and of the data, which are part of every key.
    say : callable
        Told of a damaged file.
    """

    def __init__(
        self, folder: str | os.PathLike[str], code: str, fingerprint: str, say: Callable[[str], object] = print
    ) -> None:
        self.folder = Path(folder)
        self.code = code
        self.fingerprint = fingerprint
        self._say = say

    def key(self, configuration: Configuration) -> str:
        """The key of a run: equal for equal configuration, code and data, and for nothing else."""
        parts = {
            "schema": SCHEMA,
            "config": configuration.as_dict(),
            "code": self.code,
            "data": self.fingerprint,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]

    def path(self, key: str) -> Path:
        """Where the record of that key is."""
        return self.folder / f"{key}.json"

    def load(self, key: str) -> dict[str, Any] | None:
        """The record of a run that came to an end (trained, diverged or failed); None if there is none.

        A file that cannot be read as a record is renamed to ``<key>.json.damaged``, and said so.
        """
        path = self.path(key)
        try:
            record = check_contents(json.loads(path.read_text(encoding="utf-8")))
            if record["key"] != key or self.key(Configuration.from_dict(record["config"])) != key:
                raise ValueError("it is the record of another run")
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, RecursionError) as error:
            self._set_aside(path, error)
            return None
        return record

    def store(self, record: dict[str, Any]) -> Path:
        """Write a record, in one step."""
        text = json.dumps(_finite(record), indent=1, allow_nan=False)
        return write_atomically(self.path(record["key"]), text + "\n")

    def prepare(self) -> None:
        """Make the folder.

        Raises
        ------
        OSError
            If it cannot be made or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise type(error)(f"--out: {self.folder} cannot be made: {error.strerror}") from error
        if not os.access(self.folder, os.W_OK):
            raise PermissionError(f"--out: {self.folder} cannot be written")

    def tidy(self) -> None:
        """Remove what killed writers left in the folder; only while no one else writes there."""
        remove_partial_files(self.folder)

    def _set_aside(self, path: Path, error: Exception) -> None:
        damaged = path.with_name(path.name + ".damaged")
        os.replace(path, damaged)
        self._say(f"{path} is damaged ({error}); set aside as {damaged.name}, its run is made again")


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: None in their place, as in the loss of a run that overflowed."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
