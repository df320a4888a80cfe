"""The report checked against itself: the text of ``errata.md`` with what was measured filled in."""

from __future__ import annotations

import re
from importlib import resources

from tinygrad5329.experiments.output.formats import figure_text
from tinygrad5329.experiments.results import Outcome
from tinygrad5329.experiments.study import FIGURES

__all__ = ["NOT_RUN", "errata_text", "measurements"]

#: What stands for a figure of a study that was not asked for.
NOT_RUN = "not run here"
_PLACE = re.compile(r"\{\{([^{}]+)\}\}")


def errata_text(outcome: Outcome | None = None) -> str:
    """The text as Markdown.

    Where it says ``{{study; row; figure}}`` stands the mean over the seeds of one of :data:`FIGURES`, with the
    deviation and the number of seeds that diverged; :data:`NOT_RUN` where the outcome has no such row.

    Parameters
    ----------
    outcome : Outcome, optional
        None: nothing was run.

    Examples
    --------
    >>> "{{" in errata_text()
    False
    """
    return _PLACE.sub(lambda found: _measured(*_parts(found[1]), outcome), _text())


def measurements() -> list[tuple[str, str, str]]:
    """The study, row and figure of every place that is filled in."""
    return [_parts(found[1]) for found in _PLACE.finditer(_text())]


def _text() -> str:
    return resources.files("tinygrad5329.experiments.output").joinpath("errata.md").read_text(encoding="utf-8")


def _parts(place: str) -> tuple[str, str, str]:
    study, row, figure = (part.strip() for part in place.split(";"))
    if figure not in FIGURES:
        raise ValueError(f"errata.md: {figure!r} is none of {', '.join(FIGURES)}")
    return study, row, figure


def _measured(study: str, row: str, figure: str, outcome: Outcome | None) -> str:
    result = outcome.study(study) if outcome is not None else None
    if result is None:
        return NOT_RUN
    found = result.row(row)
    value = figure_text(figure, found.figures.get(figure))
    diverged = f"{found.diverged} of {len(found.runs)} diverged" if found.diverged else ""
    return f"{value} ({diverged})" if value and diverged else value or diverged or NOT_RUN
