"""Whether what a file says is a run: nothing that is read from a disk is believed before it was looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tinygrad5329.experiments.row import check_record

__all__ = ["check_contents"]

_STATUSES = ("ok", "diverged", "failed")
_NUMBERS = (
    "parameters", "best_epoch", "training_seconds", "training_cpu_seconds", "inference_seconds", "peak_memory_bytes",
)  # fmt: skip
_METRICS = ("accuracy", "precision", "recall", "f1")
_EPOCH = ("epoch", "train_accuracy", "val_accuracy", "lr", "seconds")
#: What may have overflowed, for which JSON has no number.
_LOSSES = ("train_loss", "val_loss")


def check_contents(record: Any) -> dict[str, Any]:
    """The record, if it has all that the report reads, with values of the right kind.

    Raises
    ------
    ValueError
        If it has not; the message says what is wrong.
    """
    record = dict(check_record(record))
    if record["status"] not in _STATUSES:
        raise ValueError(f"its status is {record['status']!r}")
    if not isinstance(record["config"], dict):
        raise ValueError("it has no configuration")
    for name in _NUMBERS:
        if record[name] is not None:
            _number(record, name)
    _number(record, "epochs")
    if not isinstance(record["history"], list) or len(record["history"]) != record["epochs"]:
        raise ValueError("its history is not one of its epochs")
    for epoch in record["history"]:
        _numbers("an epoch", epoch, _EPOCH, _LOSSES)
    classes = None
    if record["status"] != "failed":
        classes = _table("data", record["data"]).get("classes")
    for split in ("train", "validation", "test"):
        if record[split] is not None:
            _numbers(split, record[split], _METRICS, ("loss",))
            _square(split, record[split].get("confusion"), classes)
    if record["status"] == "ok" and (record["train"] is None or record["test"] is None):
        raise ValueError("it ended well and has no figures")
    return record


def _numbers(what: str, given: Any, names: tuple[str, ...], perhaps: tuple[str, ...]) -> None:
    table = _table(what, given)
    for name in names:
        _number(table, name)
    for name in perhaps:
        if table.get(name) is not None:
            _number(table, name)


def _table(what: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"{what}: expected keys and values, found {given!r:.40}")
    return given


def _number(table: Mapping[str, Any], name: str) -> None:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name}: expected a number, found {value!r:.40}")


def _square(split: str, confusion: Any, size: Any) -> None:
    rows = confusion if isinstance(confusion, list) else []
    counts = [count for row in rows if isinstance(row, list) and len(row) == size for count in row]
    if len(rows) != size or len(counts) != len(rows) ** 2 or any(type(count) is not int for count in counts):
        raise ValueError(f"{split}: its confusion matrix is not one of {size} classes")
