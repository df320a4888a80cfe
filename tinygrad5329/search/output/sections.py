"""A study's page, section by section."""

from __future__ import annotations

from tinygrad5329.experiments.output.document import Document, Finding, Paragraph, Section, Tiles
from tinygrad5329.experiments.output.formats import count, share
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.section_decisions import decisions_section
from tinygrad5329.search.output.section_progress import progress_section, spending_section
from tinygrad5329.search.output.section_trials import settings_section, space_section, trials_section
from tinygrad5329.search.output.section_winner import costs_section, winner_section
from tinygrad5329.search.output.spending import spending_of
from tinygrad5329.search.output.winner import Winner
from tinygrad5329.search.output.words import architecture_words, budget_words, measure_text, trials_words
from tinygrad5329.search.trial import best_of

__all__ = ["compose"]


def compose(record: StudyRecord, winner: Winner | None, gallery: Gallery) -> Document:
    """All sections in order; figures go into the gallery."""
    sections = [
        _overview(record),
        progress_section(record, gallery),
        spending_section(record),
        decisions_section(record, gallery),
        costs_section(record, gallery),
        winner_section(record, winner),
        space_section(record),
        trials_section(record),
        settings_section(record),
    ]
    return Document(
        title=f"{record.algorithm} on {record.task}",
        lead=f"A search with {record.algorithm}, seed {record.seed}, {budget_words(record.budget)}.",
        label="",
        sections=[section for section in sections if section is not None],
    )


def _overview(record: StudyRecord) -> Section:
    section = Section("overview", "What was found", "Overview")
    if record.running:
        states = [trial.state for trial in record.trials]
        section.add(
            Finding(
                "still running",
                f"{trials_words(states.count('running')).capitalize()} under way, {states.count('waiting')} waiting. "
                "This page shows what was known when it was written.",
            )
        )
    best = best_of(record.trials)
    steps = sum(part.steps for part in spending_of(record))
    tiles = [("trials", count(len(record.trials))), ("training steps", count(steps))]
    if best is None:
        section.add(Tiles(tuple(tiles)))
        failed = sum(trial.state == "failed" for trial in record.trials)
        why = f" {trials_words(failed).capitalize()} failed; the [table of trials](#trials) says why." if failed else ""
        section.add(Finding("nothing found", f"No trial has come to its end with a value.{why}"))
        return section
    found = [(f"best {record.value_name}", share(best.value or 0.0))]
    names = {"test_accuracy": "its test accuracy", "parameters": "its parameters", "latency": "its latency"}
    found += [
        (label, measure_text(name, best.measures[name]))
        for name, label in names.items()
        if best.measures.get(name) is not None
    ]
    section.add(
        Tiles(tuple(found + tiles)),
        Paragraph(
            f"The {record.value_name} is the largest of many, each with noise of its own, and the search chose it for "
            "being large: expect less on new data. "
            + (
                "The test rows were never used by the search; each complete trial was judged on them once, at its end."
                if best.measures.get("test_accuracy") is not None
                else "No trial was judged on test rows."
            )
        ),
        Paragraph(f"The winner, [trial {best.number}](#winner): {architecture_words(best.architecture)}."),
    )
    return section
