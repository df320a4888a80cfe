"""The history of a training: one dict an epoch, and the same as CSV."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically

__all__ = ["read_history", "write_history"]


def write_history(path: str | os.PathLike[str], history: Iterable[Mapping[str, Any]]) -> Path:
    """Write ``history`` as CSV, one row an epoch; floats keep every digit.

    Columns are those of :class:`Trainer`: ``epoch``, ``train_loss``, ``train_accuracy``, ``val_loss``,
    ``val_accuracy``, ``lr`` (of the epoch's last step), ``seconds`` (of the epoch). The file is replaced
    in one step.
    """
    rows = list(history)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_atomically(path, text.getvalue())


def read_history(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read what :func:`write_history` wrote; ``epoch`` becomes int, the other columns float.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a cell is not a number; the message names file, row and column.
    """
    rows: list[dict[str, Any]] = []
    with open(path, newline="", encoding="utf-8") as file:
        for number, cells in enumerate(csv.DictReader(file), start=1):
            row: dict[str, Any] = {}
            for name, cell in cells.items():
                try:
                    if cell != "":  # a column that this epoch did not have
                        row[name] = int(cell) if name == "epoch" else float(cell)
                except (TypeError, ValueError) as error:
                    raise ValueError(
                        f"{path}: row {number}, column {name!r} should be a number but is {cell!r}"
                    ) from error
            rows.append(row)
    return rows
