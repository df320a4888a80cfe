"""How long each operation of a space takes on a machine, and with it how long a network will."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.atomic import write_atomically
from tinygrad5329.search.latency.measure import measure_in_turn
from tinygrad5329.search.networks.operations import build_operation
from tinygrad5329.training.environment import describe_environment

__all__ = ["LatencyTable"]

_FORMAT = "tinygrad5329 latency table 1"


@dataclass(frozen=True, eq=False)
class LatencyTable:
    """Seconds of one forward pass of each operation, by batch size.

    The latency of a network is taken to be the sum of those of its operations (Cai et al. 2019, "ProxylessNAS",
    appendix B): they run one after the other on one thread.

    Attributes
    ----------
    seconds : mapping of int to mapping of str to float
        By batch size and operation; the names are those of ``networks/operations.py``.
    machine : mapping of str to str
        What it was measured on (:func:`~tinygrad5329.training.environment.describe_environment`).

    Examples
    --------
    >>> table = LatencyTable({1: {"linear 64 32": 4e-6, "relu 32": 1e-6}}, {"CPU cores": "2"})
    >>> table.predict(["linear 64 32", "relu 32", "linear 64 32"], batch=1)
    9e-06
    """

    seconds: Mapping[int, Mapping[str, float]]
    machine: Mapping[str, str]

    @classmethod
    def measure(
        cls, operations: Iterable[str], batches: Iterable[int] = (1, 200), *, rounds: int = 100
    ) -> LatencyTable:
        """Measure operations on this machine, on one thread; the default generator is left as it was.

        Parameters
        ----------
        operations : iterable of str
            As :func:`~tinygrad5329.search.networks.operations.operations_of_space` names them.
        batches : iterable of int
            Rows of one pass.
        rounds : int
            As in :func:`~tinygrad5329.search.latency.measure.measure_in_turn`.

        Raises
        ------
        ValueError
            If an operation is none.
        """
        names = list(operations)
        state = tg.default_generator.get_state()
        try:
            seconds = {
                batch: measure_in_turn({name: build_operation(name, batch) for name in names}, rounds=rounds)
                for batch in batches
            }
        finally:
            tg.default_generator.set_state(state)
        return cls(seconds, describe_environment())

    def predict(self, operations: Iterable[str], batch: int = 1) -> float:
        """Seconds of operations one after the other.

        Raises
        ------
        ValueError
            If it was not measured for this batch size, or lacks an operation.
        """
        self.check_batch(batch)
        known = self.seconds[batch]
        names = list(operations)
        missing = [name for name in names if name not in known]
        if missing:
            raise ValueError(f"the latency table has no {missing[0]!r}; measure it for this space and these data")
        return math.fsum(known[name] for name in names)

    def check_batch(self, batch: int) -> None:
        """Complain if it was not measured for this batch size."""
        if batch not in self.seconds:
            there = ", ".join(map(str, sorted(self.seconds)))
            raise ValueError(f"the latency table is for batches of {there} rows, not {batch}; measure it for those")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as JSON."""
        return write_atomically(path, json.dumps(self._as_dict(), indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LatencyTable:
        """Read what :meth:`save` wrote.

        Raises
        ------
        OSError
            If it cannot be read.
        ValueError
            If it is no such file, or holds what is no time.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise type(error)(f"latency: {os.fspath(path)} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)}: no latency table: {error}") from error
        problem = _problem(values)
        if problem:
            raise ValueError(f"{os.fspath(path)}: no latency table: {problem}")
        seconds = {int(batch): dict(each) for batch, each in values["seconds"].items()}
        return cls(seconds, dict(values["machine"]))

    def fingerprint(self) -> str:
        """SHA-256 of its content, 16 digits."""
        return hashlib.sha256(json.dumps(self._as_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def _as_dict(self) -> dict[str, Any]:
        seconds = {str(batch): dict(each) for batch, each in self.seconds.items()}
        return {"format": _FORMAT, "machine": dict(self.machine), "seconds": seconds}


def _problem(values: Any) -> str | None:
    if not isinstance(values, dict) or values.get("format") != _FORMAT:
        return f"its 'format' is not {_FORMAT!r}"
    if not isinstance(values.get("machine"), dict):
        return "it has no 'machine'"
    seconds = values.get("seconds")
    if not isinstance(seconds, dict) or not seconds:
        return "it has no 'seconds'"
    for batch, each in seconds.items():
        if not batch.isdecimal() or int(batch) < 1 or not isinstance(each, dict):
            return f"seconds: {batch!r} is no batch size with its operations"
        for name, value in each.items():
            if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
                return f"seconds.{batch}.{name}: expected seconds above 0, got {value!r}"
    return None
