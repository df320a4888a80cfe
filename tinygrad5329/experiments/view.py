"""Showing how the runs go: a bar where someone watches, a line a run in a pipe."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad5329.experiments.runner import Task

__all__ = ["View", "in_words"]


class View:
    """Runs done, running, and the time left.

    The bar is drawn on ``sys.stderr`` if that is a terminal; the lines go to ``sys.stdout``.

    Parameters
    ----------
    total : int
        Runs to make.
    cost : float
        Of all of them; see ``Task.cost``.
    jobs : int
        How many run at a time.

    Raises
    ------
    ImportError
        On a terminal without tqdm.
    """

    def __init__(self, total: int, cost: float, jobs: int) -> None:
        self.total = total
        self.finished = 0
        self._cost = cost
        self._jobs = jobs
        self._cost_done = 0.0
        self._seconds_done = 0.0
        self._running: dict[str, float] = {}
        self._bar: Any = None
        if total and sys.stderr is not None and sys.stderr.isatty():
            try:
                from tqdm import tqdm  # type: ignore[import-untyped]
            except ImportError as error:
                raise ImportError("the progress bar needs tqdm: pip install 'tinygrad5329[train]'") from error
            form = "{desc} {bar} {n_fmt}/{total_fmt}{postfix}"
            self._bar = tqdm(total=total, desc="runs", bar_format=form, leave=False, dynamic_ncols=True)

    def expect(self, total: int, cost: float) -> None:
        """Change how many runs there are to make in all."""
        self.total, self._cost = total, cost
        if self._bar is not None:
            self._bar.total = total
            self._bar.refresh()

    def started(self, task: Task, text: str, seconds: float) -> None:
        """A run was started."""
        self._running[task.key] = time.monotonic()
        self.tick()

    def lost(self, task: Task, text: str, seconds: float) -> None:
        """A run was lost with its process, and is tried again."""
        self.say(f"{task.label}: {text}; it is tried again in another process")

    def done(self, task: Task, text: str, seconds: float) -> None:
        """A run ended with the status ``text``."""
        self._running.pop(task.key, None)
        self.finished += 1
        self._cost_done += task.cost
        self._seconds_done += seconds
        if self._bar is not None:
            self._bar.update(1)
            self.tick()
            if text != "ok":
                self.say(f"{task.label}: {text}")
            return
        status = "" if text == "ok" else f", {text}"
        left = self.left
        self.say(
            f"[{self.finished:>{len(str(self.total))}}/{self.total}] {task.label}: {seconds:.1f} s{status}; "
            f"{len(self._running)} running" + (f", about {in_words(left)} left" if left and self._to_go else "")
        )

    def tick(self) -> None:
        """Bring the bar up to date."""
        if self._bar is not None:
            left = self.left
            words = f", about {in_words(left)} left" if left is not None else ""
            self._bar.set_postfix_str(f"{len(self._running)} running{words}")

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take, by what the finished runs took; None before the first."""
        if not self._cost_done:
            return None
        now = time.monotonic()
        spent = sum(now - start for start in self._running.values())
        rest = (self._cost - self._cost_done) * self._seconds_done / self._cost_done
        return max(0.0, rest - spent) / self._jobs

    @property
    def _to_go(self) -> int:
        return self.total - self.finished

    def say(self, text: str) -> None:
        """Print a line without tearing the bar."""
        if self._bar is not None:
            self._bar.write(text, file=sys.stdout)
        else:
            print(text)
        sys.stdout.flush()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def in_words(seconds: float) -> str:
    """A duration to read: ``40 s``, ``3 min 20 s``, ``1 h 5 min``.

    Examples
    --------
    >>> in_words(40), in_words(200), in_words(3900)
    ('40 s', '3 min 20 s', '1 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
