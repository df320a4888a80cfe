"""Which decisions of a search mattered."""

from __future__ import annotations

from tinygrad5329.experiments.output.document import Paragraph, Pictures, Section
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.search.output.figures_decisions import (
    MOST_LINES,
    decisions_figure,
    importance_figure,
    shown_decisions,
)
from tinygrad5329.search.output.importance import FEWEST_TRIALS, importance_of
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.words import trials_words
from tinygrad5329.search.trial import complete_of

__all__ = ["decisions_section"]


def decisions_section(record: StudyRecord, gallery: Gallery) -> Section:
    """Importance, and parallel coordinates of the complete trials."""
    section = Section("decisions", "Which decisions mattered", "Which decisions mattered")
    complete = complete_of(record.trials)
    found = importance_of(record.space, record.trials)
    if found is None:
        few = len(complete) < FEWEST_TRIALS
        section.add(
            Paragraph(
                f"Too few trials to say: {trials_words(len(complete))} complete, and it takes {FEWEST_TRIALS}."
                if few
                else "All complete trials have the same value, or decided alike: no decision made a difference."
            )
        )
    else:
        clear = [each.path for each in found if each.beyond_chance]
        listed = ", ".join(f"`{path}`" for path in clear)
        section.add(
            Paragraph(
                f"Above what chance gives: {listed}." if clear else "No decision stands out from what chance gives."
            ),
            Pictures(
                (
                    gallery.hang(
                        "importance",
                        importance_figure(found),
                        "How much of the variance of the values each decision explains by itself (functional ANOVA, "
                        f"{len(found[0].shares)} random forests, {len(complete)} complete trials; shares add up to 1). "
                        "The dashed line is what 19 of 20 decisions stay below when the values are shuffled among the "
                        "trials; a bar that does not pass it says nothing. Decisions that fewer than a tenth of the "
                        "trials took are left out. A search that looks where values are good sees little of the rest: "
                        "the shares are those of this search, not of the space.",
                        wide=True,
                    ),
                )
            ),
        )
    figure = decisions_figure(record, shown_decisions(record, found))
    if figure is not None:
        order = "the most important ones, in that order" if found is not None else "in the order of the space"
        most = f" The best {MOST_LINES} trials." if len(complete) > MOST_LINES else ""
        section.add(
            Pictures(
                (
                    gallery.hang(
                        "decisions",
                        figure,
                        f"What the complete trials decided, {order}; each line is a trial, the better the stronger."
                        f"{most} Within a choice, trials stand from the worst, left, to the best, right. A line has a "
                        "gap where its trial did not take the decision.",
                        wide=True,
                    ),
                )
            )
        )
    return section
