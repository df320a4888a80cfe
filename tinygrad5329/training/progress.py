"""Showing how training goes: a bar where someone watches, one line an epoch everywhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from tinygrad5329.training.loops import Totals

# A bar redrawn for each of a thousand short steps a second would cost more than the steps.
_SECONDS_BETWEEN_REDRAWS = 0.1


class Progress:
    """One bar over all steps of a training, with loss, accuracy and time left, and a line an epoch.

    The bar (``tqdm.auto``: text in a terminal, a widget in a notebook) is drawn only where someone can
    watch it move: in a notebook, or where ``sys.stderr`` is a terminal. The lines go to ``sys.stdout``,
    so a pipe or a log file gets exactly one line an epoch.
    """

    def __init__(self, epochs: int, batches: int | None, done: int, *, enabled: bool) -> None:
        self._epochs = epochs
        self._batches = batches
        self._done = done
        self._enabled = enabled
        self._bar: Any = None
        self._pending = 0
        self._next_redraw = 0.0

    def __enter__(self) -> Progress:
        if self._enabled and _someone_watches():
            try:
                from tqdm.auto import tqdm  # type: ignore[import-untyped]
            except ImportError as error:
                raise ImportError(
                    "the progress bar needs tqdm: pip install 'tinygrad5329[train]', or pass progress=False"
                ) from error
            self._bar = tqdm(
                total=self._epochs * self._batches if self._batches is not None else None,
                initial=self._done,
                unit="step",
                leave=False,
                mininterval=0,  # step() below decides when to redraw
                miniters=1,
                dynamic_ncols=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.update(self._pending)
            self._bar.close()

    def step(self, epoch: int, totals: Totals, accuracy: bool) -> None:
        """Count one step of ``epoch``."""
        if self._bar is None:
            return
        self._pending += 1
        now = time.monotonic()
        if now < self._next_redraw:
            return
        self._next_redraw = now + _SECONDS_BETWEEN_REDRAWS
        self._bar.set_description(f"epoch {epoch}/{self._epochs}", refresh=False)
        figures = f"loss {totals.loss:.4f}" + (f", accuracy {totals.accuracy:.4f}" if accuracy else "")
        self._bar.set_postfix_str(figures, refresh=False)
        self._bar.update(self._pending)
        self._pending = 0

    def epoch(self, row: Mapping[str, Any], best: bool) -> None:
        """Print the line of a finished epoch; ``best`` marks the best one so far."""
        if not self._enabled:
            return
        self.say(format_epoch(row, self._epochs) + ("  *" if best else ""))

    def say(self, text: str) -> None:
        """Print a line without tearing the bar."""
        if not self._enabled:
            return
        if self._bar is not None:
            self._bar.write(text, file=sys.stdout)
        else:
            print(text)
        sys.stdout.flush()


def format_epoch(row: Mapping[str, Any], epochs: int) -> str:
    """One aligned line for one row of the history, short enough for a terminal of 80 columns."""
    parts = [f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"]
    for split in ("train", "val"):
        if f"{split}_loss" in row:
            accuracy = f" acc {row[f'{split}_accuracy']:.4f}" if f"{split}_accuracy" in row else ""
            parts.append(f"{split} loss {row[f'{split}_loss']:.4f}{accuracy}")
    return "  ".join([*parts, f"{row['seconds']:.1f} s"])


def _someone_watches() -> bool:
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    # In a notebook stderr is no terminal, yet tqdm draws a widget there.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
