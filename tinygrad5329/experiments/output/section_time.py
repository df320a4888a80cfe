"""How long everything took, beside the report's seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinygrad5329.experiments.output.document import Cell, Section, Table
from tinygrad5329.experiments.output.formats import as_reported, count, seconds
from tinygrad5329.experiments.results import Outcome, RowResult, Run, StudyResult

__all__ = ["comparable_seconds", "distinct_seconds", "time_section"]

#: The tables whose seconds the report's total adds up.
_TOTALLED = range(3, 14)
#: Its training rows, features and classes: seconds on other data compare with nothing.
_REPORT_DATA = (50_000, 128, 10)


def time_section(outcome: Outcome) -> Section:
    """One line a study, and the total over distinct runs."""
    section = Section("time", "Seconds", "Seconds, table by table")
    lines: list[tuple[Cell | str, ...]] = []
    for result in outcome.studies:
        ours_once, known, named = _once(result), _known(result), _named(result)
        ratio = ""
        if known and named and not outcome.quick and _sized_like_the_reports(outcome):
            ratio = f"{known / named:,.1f}"
        rows = sum("training_seconds" in row.report for row in result.rows)
        below = f"{rows} of {len(result.rows)} rows" if 0 < rows < len(result.rows) else ""
        lines.append(
            (
                result.study.label,
                count(len(_runs_of(result))),
                seconds(result.seconds),
                seconds(_on_the_processor(_runs_of(result))),
                seconds(ours_once),
                Cell(as_reported("training_seconds", known) if known else "", below=below),
                Cell(ratio, below="of those rows" if below and ratio else ""),
            )
        )
    total = outcome.facts.get("total_seconds")
    ours = comparable_seconds(outcome)
    if ours is not None and total is not None:
        lines.append(
            (
                "Tables 3 to 13",
                "",
                "",
                "",
                Cell(seconds(ours), best=True),
                Cell(f"about {as_reported('training_seconds', total)}"),
                Cell(f"{total / ours:,.1f}", best=True),
            )
        )
    runs = _runs(outcome)
    lines.append(
        (
            "all distinct runs",
            count(len(runs)),
            Cell(seconds(distinct_seconds(outcome)), best=True),
            Cell(seconds(_on_the_processor(list(runs.values()))), best=True),
            "",
            "",
            "",
        )
    )
    section.add(
        Table(
            ("", "runs", "seconds, all seeds", "of the processor", "each row once", "the report", "ratio"),
            tuple(lines),
            caption="Seconds of training and inference, added up. A run that two studies share counts in both, and "
            "once in the last line. Seconds of the processor are those of training alone, and fewer where other work "
            "kept the machine busy. “Each row once” is the mean over the seeds, which is what the report's seconds "
            "compare with; the ratio is the report's seconds over ours, where the report's are known.",
        )
    )
    return section


def distinct_seconds(outcome: Outcome) -> float:
    """Seconds of all runs, each counted once."""
    return math.fsum(_spent(run) for run in _runs(outcome).values())


def comparable_seconds(outcome: Outcome) -> float | None:
    """Seconds of Tables 3 to 13 with every row once; None unless all of them were run, on data of the report's size.

    Of Table 7 the rows that are no reading of the report's formula count too.
    """
    if outcome.quick or not _sized_like_the_reports(outcome):
        return None
    tables = {number for result in outcome.studies for number in result.study.tables}
    if not tables.issuperset(_TOTALLED):
        return None
    counted = [result for result in outcome.studies if set(result.study.tables) & set(_TOTALLED)]
    return math.fsum(_once(result) for result in counted)


def _sized_like_the_reports(outcome: Outcome) -> bool:
    data = outcome.data
    rows = data["train_samples"] + data["validation_samples"]
    return (rows, data["features"], data["classes"]) == _REPORT_DATA


def _runs(outcome: Outcome) -> dict[str, Run]:
    return {run["key"]: run for result in outcome.studies for run in _runs_of(result)}


def _runs_of(result: StudyResult) -> list[Run]:
    """Of all rows and seeds, and of the tuning."""
    return [run for row in result.rows for run in (*row.runs, *(tried for _, tried in row.tried))]


def _on_the_processor(runs: Sequence[Run]) -> float:
    return math.fsum(float(run["training_cpu_seconds"] or 0) for run in runs)


def _spent(run: Run) -> float:
    return float(run["training_seconds"] or 0) + float(run["inference_seconds"] or 0)


def _once(result: StudyResult) -> float:
    """Each row once: the mean over its seeds, and its tuning."""
    return math.fsum(_row_once(row) + math.fsum(_spent(run) for _, run in row.tried) for row in result.rows)


def _row_once(row: RowResult) -> float:
    return math.fsum(map(_spent, row.runs)) / len(row.runs) if row.runs else 0.0


def _known(result: StudyResult) -> float:
    return math.fsum(row.report["training_seconds"] for row in result.rows if "training_seconds" in row.report)


def _named(result: StudyResult) -> float:
    """Ours, of the rows whose seconds the report gives."""
    return math.fsum(
        row.figures["training_seconds"].mean
        for row in result.rows
        if "training_seconds" in row.report and "training_seconds" in row.figures
    )
