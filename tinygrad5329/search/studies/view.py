"""Showing how a study goes: a bar where someone watches, a line a trial in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.studies.ledger import Ledger
from tinygrad5329.search.studies.records import to_trial, visible
from tinygrad5329.search.trial import best_of

if TYPE_CHECKING:
    from tinygrad5329.search.space import Space
    from tinygrad5329.search.studies.trial_run import Begun

__all__ = ["View"]


class View:
    """Trials ended and running, what is spent of the budget, and the best value so far.

    The bar is drawn on ``sys.stderr`` if that is a terminal; the lines go to ``sys.stdout``.

    Parameters
    ----------
    ledger : Ledger
    space : Space
    shown : bool
        False for a study that says nothing.

    Raises
    ------
    ImportError
        On a terminal without tqdm.
    """

    def __init__(self, ledger: Ledger, space: Space, shown: bool) -> None:
        self._ledger = ledger
        self._space = space
        self._shown = shown
        self._running: set[int] = set()
        self._bar: Any = None
        if shown and sys.stderr is not None and sys.stderr.isatty():
            try:
                from tqdm import tqdm  # type: ignore[import-untyped]
            except ImportError as error:
                raise ImportError("the progress bar needs tqdm: pip install 'tinygrad5329[train]'") from error
            budget = ledger.budget
            form = "{desc} {bar} {n:,.0f}/{total:,.0f} " + budget.unit + "{postfix}"
            self._bar = tqdm(total=budget.amount, desc="search", bar_format=form, leave=False, dynamic_ncols=True)
            self.tick()

    def began(self, begun: Begun) -> None:
        """A trial was started."""
        self._running.add(begun.number)
        self.tick()

    def ended(self, begun: Begun, state: str, answer: dict[str, Any]) -> None:
        """A trial ended."""
        self._running.discard(begun.number)
        if not self._shown:
            return
        again = "; it is tried again" if state == "lost" else ""
        if begun.architecture is None:
            text = {"complete": "the shared weights are trained", "lost": "the shared weights' training was lost"}
            self.say(text.get(state, f"shared weights: {state}") + _why(answer) + again)
        elif self._bar is None or state not in ("complete", "pruned"):
            value = f" {answer['value']:.4f}" if state == "complete" else ""
            self.say(f"trial {begun.number}: {state}{value}{_why(answer)}{again}; {self._words()}")
        self.tick()

    def tick(self) -> None:
        """Bring the bar up to date."""
        if self._bar is not None:
            self._bar.n = min(self._ledger.spent(), self._bar.total)
            self._bar.set_postfix_str(self._words(spent=False))

    def say(self, text: str) -> None:
        """Print a line without tearing the bar."""
        if self._bar is not None:
            self._bar.write(text, file=sys.stdout)
        elif self._shown:
            print(text)
        sys.stdout.flush()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _words(self, spent: bool = True) -> str:
        stored = self._ledger.trials()
        trials = [read for each in visible(stored) if (read := to_trial(each, self._space, stored)) is not None]
        over = sum(trial.state not in ("running", "waiting") for trial in trials)
        best = best_of(trials)
        words = [f"{over} trials"] if not spent else []
        if self._running and not spent:
            words.append(f"{len(self._running)} running")
        if spent:
            total = self._ledger.spent(stored)
            shown = f"{total:,.0f}" if self._ledger.budget.unit == "steps" or total >= 100 else f"{total:.3g}"
            words.append(f"spent {shown} of {self._ledger.budget}")
        if best is not None:
            words.append(f"best {best.value:.4f}")
        return ", ".join(words)


def _why(answer: dict[str, Any]) -> str:
    return f" ({' '.join(str(answer['error']).split())})" if answer.get("error") else ""
