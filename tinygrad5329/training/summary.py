"""What a finished run says in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.training.report import format_seconds

if TYPE_CHECKING:
    from tinygrad5329.training.run import RunResult

__all__ = ["format_confusion", "format_summary"]


def format_summary(result: RunResult) -> str:
    """Metrics, confusion matrix, and where the files are, as aligned text."""
    lines = ["", f"{'':<12}{'loss':>9}{'accuracy':>10}{'precision':>11}{'recall':>9}{'F1':>9}{'samples':>10}"]
    for split, m in result.metrics.items():
        lines.append(
            f"{split:<12}{m.loss:>9.4f}{m.accuracy:>10.4f}{m.precision:>11.4f}{m.recall:>9.4f}{m.f1:>9.4f}"
            f"{m.samples:>10,}"
        )
    test = result.metrics["test"]
    lines += ["", "test set, true class in rows, predicted class in columns", ""]
    lines += [format_confusion(test.confusion, result.data.class_names), ""]
    facts = {
        "test accuracy": f"{test.accuracy:.4f}",
        "test F1 (macro)": f"{test.f1:.4f}",
        "parameters": f"{result.parameters:,}",
        "training time": f"{format_seconds(result.seconds)}, {len(result.history)} epochs, best {result.best_epoch}",
        "report": str(result.folder / "report.html"),
    }
    lines += [f"{name:<17}{value}" for name, value in facts.items()]
    rest = [file.name for file in result.files if file.name != "report.html"]
    lines.append(_wrapped("also there", rest))
    return "\n".join(lines)


def format_confusion(confusion: np.ndarray[Any, Any], class_names: Sequence[str]) -> str:
    """A confusion matrix as aligned text; zeros are dots, so that the mistakes stand out.

    Examples
    --------
    >>> import numpy as np
    >>> print(format_confusion(np.array([[9, 1], [0, 12]]), ["cat", "dog"]))
           cat  dog
      cat    9    1
      dog    .   12
    """
    # The heads of columns are cut, so that ten classes with long names fit on 80 columns.
    heads = [name[:5] for name in class_names]
    width = max(3, len(str(int(confusion.max(initial=0)))), *map(len, heads)) + 2
    margin = max(map(len, class_names)) + 2
    lines = [" " * margin + "".join(f"{head:>{width}}" for head in heads)]
    for name, row in zip(class_names, confusion, strict=True):
        lines.append(f"{name:>{margin}}" + "".join(f"{count or '.':>{width}}" for count in row.tolist()))
    return "\n".join(line.rstrip() for line in lines)


def _wrapped(label: str, words: Sequence[str], width: int = 88) -> str:
    lines, line = [], f"{label:<17}"
    for index, word in enumerate(words):
        piece = word + (", " if index + 1 < len(words) else "")
        if len(line) + len(piece) > width and line.strip():
            lines.append(line.rstrip())
            line = " " * 17
        line += piece
    return "\n".join([*lines, line.rstrip()])
