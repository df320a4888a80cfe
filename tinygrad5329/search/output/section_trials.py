"""The plain lists of a study's page: the space, all trials, the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tinygrad5329.experiments.output.document import Cell, Code, Paragraph, Section, Table
from tinygrad5329.experiments.output.formats import count, seconds, share
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.spending import last_value
from tinygrad5329.search.output.words import architecture_words, measure_name, measure_text, space_rows, value_words
from tinygrad5329.search.trial import Trial, best_of

__all__ = ["MOST_ROWS", "settings_section", "space_section", "trials_section"]

#: So many rows of trials the page shows; all are in the CSV file.
MOST_ROWS = 200


def space_section(record: StudyRecord) -> Section:
    """The space as a table."""
    section = Section("space", "What was searched", "What was searched")
    section.add(
        Paragraph(f"{len(record.space.slots)} decisions, counting those of repeated parts one by one."),
        Table(("decision", "can come to", "taken when"), tuple(space_rows(record.space)), frozenset({1, 2})),
    )
    return section


def trials_section(record: StudyRecord) -> Section:
    """The trials, the best first, as many as a page can bear."""
    section = Section("trials", "All trials", "All trials")
    if not record.trials:
        section.add(Paragraph("None yet."))
        return section
    ordered = sorted(record.trials, key=_place_in_table)
    best = best_of(record.trials)
    columns = [
        name
        for name in ("test_accuracy", "parameters", "latency")
        if any(trial.measures.get(name) is not None for trial in ordered)
    ]
    rows = tuple(_trial_row(trial, columns, trial is best) for trial in ordered[:MOST_ROWS])
    names = [measure_name(name).replace(" accuracy", "") for name in columns]
    header = ("trial", "state", record.value_name.removesuffix(" accuracy"), *names, "steps", "seconds", "architecture")
    section.add(Table(header, rows, frozenset({1, len(header) - 1}), "The best first; seconds are processor seconds."))
    if len(ordered) > MOST_ROWS:
        section.add(Paragraph(f"And {count(len(ordered) - MOST_ROWS)} more: `trials.csv` has all of them."))
    else:
        section.add(
            Paragraph("Also as `trials.csv`, with each decision in a column, and as `trials.json`.", quiet=True)
        )
    return section


def settings_section(record: StudyRecord) -> Section | None:
    """The command and the settings; None if there are none."""
    if not record.settings:
        return None
    section = Section("settings", "How to repeat it", "How to repeat it")
    command = record.settings.get("command")
    if command:
        section.add(Code(str(command)))
    rows = tuple(_setting_rows("", {name: each for name, each in record.settings.items() if name != "command"}))
    if rows:
        section.add(Table(("setting", "value"), rows, frozenset({1})))
    return section


def _trial_row(trial: Trial, columns: list[str], best: bool) -> tuple[Cell | str, ...]:
    value = last_value(trial)
    shown = "" if value is None else share(value)
    words = architecture_words(trial.architecture)
    error = trial.measures.get("error")
    return (
        str(trial.number),
        Cell(trial.state, bad=trial.state == "failed"),
        Cell(shown if trial.state == "complete" or not shown else f"({shown})", best=best),
        *(measure_text(name, trial.measures.get(name)) for name in columns),
        count(trial.steps),
        seconds(trial.seconds),
        Cell(words, below=str(error) if error else "", bad=trial.state == "failed"),
    )


def _place_in_table(trial: Trial) -> tuple[int, float, int]:
    states = {"complete": 0, "running": 1, "waiting": 2, "pruned": 3, "failed": 4}
    value = last_value(trial)
    return states[trial.state], -value if value is not None else float("inf"), trial.number


def _setting_rows(above: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rows of (name, value); what stands within another setting has its name before its own."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and name == "space":
            continue  # it has a section of its own
        if isinstance(value, Mapping):
            yield from _setting_rows(f"{above}{name}.", value)
        else:
            words = ", ".join(map(value_words, value)) if isinstance(value, (list, tuple)) else value_words(value)
            yield above + name, words
