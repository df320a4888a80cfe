"""How a search went, and what it cost."""

from __future__ import annotations

from tinygrad5329.experiments.output.document import Paragraph, Pictures, Section, Table
from tinygrad5329.experiments.output.formats import count, seconds
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.search.output.figures_progress import cost_figure, learning_curves_figure, progress_figure
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.spending import spending_of, unit_of

__all__ = ["progress_section", "spending_section"]


def progress_section(record: StudyRecord, gallery: Gallery) -> Section | None:
    """Best so far, learning curves, seconds a trial; None before the first trial."""
    if not record.trials:
        return None
    section = Section("progress", "How the search went", "How the search went")
    unit = "training steps" if unit_of(record) == "steps" else "processor seconds"
    picture = gallery.hang(
        "best-so-far",
        progress_figure(record),
        f"Each trial where it ended, the trials laid end to end in the order in which they were begun, on an axis of "
        f"all {unit} spent, those of pruned and failed trials included. A pruned trial stands at its last value, one "
        "without a value, or with one far below the others, on the floor, and one far above them at the top.",
        wide=True,
    )
    section.add(Pictures((picture,)))
    curves = learning_curves_figure(record)
    if curves is not None:
        caption = f"{record.value_name.capitalize()} of each trial as it trained, with a mark where it ended."
        section.add(Pictures((gallery.hang("learning-curves", curves, caption, wide=True),)))
    costs = cost_figure(record)
    if costs is not None:
        caption = "Processor seconds that each trial took, judging included."
        section.add(Pictures((gallery.hang("seconds", costs, caption, wide=True),)))
    return section


def spending_section(record: StudyRecord) -> Section:
    """Steps and seconds, by what became of the trials."""
    section = Section("budget", "What it cost", "What it cost")
    parts = spending_of(record)
    if not parts:
        section.add(Paragraph("Nothing has been spent yet."))
        return section
    steps, spent = sum(part.steps for part in parts), sum(part.seconds for part in parts)
    names = {"supernet": "shared weights (supernet)"}
    rows = [
        (
            names.get(part.kind, part.kind),
            count(part.trials) if part.trials else "",
            count(part.steps),
            f"{part.steps / steps:.1%}" if steps else "",
            seconds(part.seconds),
        )
        for part in parts
    ]
    rows.append(("all", count(sum(part.trials for part in parts)), count(steps), "", seconds(spent)))
    section.add(
        Table(("", "trials", "training steps", "share", "processor seconds"), tuple(rows)),
        Paragraph(
            "A training step is one batch through the forward and the backward pass. Every step counts, whatever "
            "became of its trial."
        ),
    )
    for unit, total in (("steps", float(steps)), ("seconds", spent)):
        if record.budget.get(unit):
            words = "training steps" if unit == "steps" else "processor seconds"
            shown = count(total) if unit == "steps" else seconds(total)
            limit = count(record.budget[unit]) if unit == "steps" else seconds(record.budget[unit])
            section.add(
                Paragraph(f"Of the budget of {limit} {words}, {shown} are spent ({total / record.budget[unit]:.1%}).")
            )
    return section
