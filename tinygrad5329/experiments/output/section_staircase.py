"""Figure 13: the staircase of all adjustments."""

from __future__ import annotations

import itertools

from tinygrad5329.experiments.output.document import Pictures, Section
from tinygrad5329.experiments.output.figures_staircase import Step, staircase
from tinygrad5329.experiments.output.formats import share, signed
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_study import study_section
from tinygrad5329.experiments.results import StudyResult

__all__ = ["staircase_section"]


def staircase_section(result: StudyResult, gallery: Gallery) -> Section:
    """The table of the steps and the staircase."""
    steps = [
        Step(
            row.name,
            row.figures["test_accuracy"].values if "test_accuracy" in row.figures else (),
            row.report.get("test_accuracy"),
            row.row.group,
        )
        for row in result.rows
    ]
    drawn = gallery.hang("figure-13-staircase", staircase(steps), _in_words(result), wide=True)
    return study_section(result, gallery, before=(Pictures((drawn,)),), figures=False)


def _in_words(result: StudyResult) -> str:
    words = (
        "Figure 13. Each bar is the test accuracy with its adjustment and all above it; the number behind is the "
        "change in points (hundredths). The thin black line is one deviation over the seeds to each side, an open "
        "diamond the report's accuracy where it is known. The axis does not start at zero."
    )
    done = [(row.name, row.figures["test_accuracy"].mean) for row in result.rows if "test_accuracy" in row.figures]
    if len(done) < 2:
        return words
    changes = {name: mean - before for (_, before), (name, mean) in itertools.pairwise(done)}
    most, least = max(changes, key=changes.__getitem__), min(changes, key=changes.__getitem__)
    return (
        f"{words} From {share(done[0][1])} to {share(done[-1][1])}: {most} changes most for the better "
        f"({signed(changes[most])}), {least} {'adds least' if changes[least] >= 0 else 'takes most away'} "
        f"({signed(changes[least])})."
    )
