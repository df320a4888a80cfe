"""The section of a study: its question, its table beside the report's figures, its figures and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad5329.experiments.output.document import (
    Block,
    Cell,
    Finding,
    Items,
    Paragraph,
    Pictures,
    Section,
    Table,
)
from tinygrad5329.experiments.output.figures_table import (
    PlottedRow,
    accuracy_figure,
    curves_figure,
    off_axis,
    shown_range,
)
from tinygrad5329.experiments.output.formats import as_reported, change_in_words, count, mean_and_spread, share, signed
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.results import Figure, RowResult, StudyResult, best_judged

__all__ = [
    "judged_accuracy",
    "judging_rows",
    "plotted_rows",
    "study_figures",
    "study_section",
    "study_table",
    "validation_accuracy",
]

_COLUMNS = {
    "stop_epoch": "stop epoch",
    "train_accuracy": "train accuracy",
    "test_accuracy": "test accuracy",
    "train_f1": "train F1",
    "test_f1": "test F1",
    "training_seconds": "training s",
    "inference_seconds": "inference s",
    "parameters": "parameters",
}
_RATED = ("train_accuracy", "test_accuracy", "train_f1", "test_f1")


def study_section(
    result: StudyResult, gallery: Gallery, *, before: Sequence[Block | None] = (), figures: bool = True
) -> Section:
    """Everything about one study; ``before`` stands before its table, and ``figures`` leaves the usual ones out."""
    study = result.study
    title = study.title if study.label == study.title else f"{study.label}: {study.title}"
    section = Section(study.key, title, title)
    section.add(Paragraph(f"*{study.question}*"))
    if study.notes:
        section.add(Items(study.notes))
    section.add(*before, study_table(result), *_row_notes(result))
    if figures:
        section.add(study_figures(result, gallery))
    conclusion = study.conclusion
    if conclusion is not None:
        known = f" ({conclusion.source.rstrip('.')}.)" if conclusion.source else ""
        section.add(Paragraph(f"**The report's conclusion:** {conclusion.text}{known}"))
    if result.verdict is not None:
        section.add(Finding(result.verdict.kind, result.verdict.text))
    return section


def study_table(result: StudyResult) -> Table:
    """The report's figures and ours, row by row."""
    rows = result.rows
    tuned = any(row.chosen for row in rows)
    judged = any(validation_accuracy(row) for row in rows)
    best = {name: max((row.figures[name].mean for row in rows if name in row.figures), default=None) for name in _RATED}
    lines: list[tuple[Cell | str, ...]] = []
    group = ""
    for row in rows:
        if row.row.group != group:
            group = row.row.group
            lines.append((group,))
        cells = [_name(row)]
        if tuned:
            cells.append(Cell(change_in_words(row.chosen)))
        for name in _COLUMNS:
            figure = row.figures.get(name)
            marked = len(rows) > 1 and name in _RATED and figure is not None and figure.mean == best[name]
            cells.append(Cell(*mean_and_spread(name, figure), _reported(row, name), best=marked))
            if name == "stop_epoch" and judged:
                cells.append(Cell(*mean_and_spread("accuracy", validation_accuracy(row))))
        lines.append(tuple(cells))
    columns = ["", *(["chosen"] if tuned else []), *_COLUMNS.values()]
    if judged:
        columns.insert(3 if tuned else 2, "validation accuracy")
    return Table(
        tuple(columns),
        tuple(lines),
        words=frozenset({1}) if tuned else frozenset(),
        caption=_caption(result),
    )


def study_figures(result: StudyResult, gallery: Gallery) -> Pictures | None:
    """Accuracy of each row beside the curves of their trainings; None for a study of one row, or without a run."""
    plotted = plotted_rows(result)
    trained = [row for row in plotted if any(row.curves)]
    if len(trained) < 2:
        return None
    key = result.study.key
    judged = judging_rows(result)
    far = " A triangle names a value far to the left of the axis." if off_axis(plotted) else ""
    return Pictures(
        (
            gallery.hang(f"{key}-accuracy", accuracy_figure(plotted), _accuracy_in_words(result) + far),
            gallery.hang(
                f"{key}-curves",
                curves_figure(trained, judged),
                f"Accuracy on the {judged} rows, epoch by epoch: thick is the mean while all seeds train, thin each "
                f"seed. {_lengths_in_words(result)}{_cut_in_words(trained)}",
            ),
        )
    )


def plotted_rows(result: StudyResult) -> list[PlottedRow]:
    """A study's rows as figures need them."""
    return [
        PlottedRow(
            name=row.name,
            train=row.figures["train_accuracy"].values if "train_accuracy" in row.figures else (),
            test=row.figures["test_accuracy"].values if "test_accuracy" in row.figures else (),
            reported_train=row.report.get("train_accuracy"),
            reported_test=row.report.get("test_accuracy"),
            curves=[[epoch["val_accuracy"] for epoch in run["history"]] for run in row.runs if run["history"]],
        )
        for row in result.rows
    ]


def validation_accuracy(row: RowResult) -> Figure | None:
    """The best epoch's accuracy on validation rows; None under the report's protocol, or without a run."""
    values = tuple(
        accuracy
        for run in row.runs
        if run["config"]["protocol"] == "validation" and (accuracy := best_judged(run)) is not None
    )
    return Figure(values) if values else None


def judged_accuracy(row: RowResult) -> Figure | None:
    """The best epoch's accuracy on the rows that judged it, whichever they are; None without a run."""
    values = tuple(accuracy for run in row.runs if (accuracy := best_judged(run)) is not None)
    return Figure(values) if values else None


def judging_rows(result: StudyResult) -> str:
    """What the rows are called that training was stopped on."""
    protocols = {run["config"]["protocol"] for row in result.rows for run in row.runs}
    return {("validation",): "validation", ("report",): "test"}.get(tuple(sorted(protocols)), "judging")


def _name(row: RowResult) -> Cell:
    trouble = []
    if row.diverged:
        trouble.append(f"{row.diverged} of {len(row.runs)} diverged")
    if row.failed:
        trouble.append(f"{len(row.failed)} of {len(row.runs)} failed")
    return Cell(row.name, below="; ".join(trouble), bad=bool(trouble))


def _reported(row: RowResult, name: str) -> str:
    if name not in row.report:
        return ""
    known = as_reported(name, row.report[name])
    difference = row.differences.get(name)
    if difference is None:
        return f"report {known}"
    return f"report {known}\n{'the same' if difference == 0 else signed(difference, name)}"


def _row_notes(result: StudyResult) -> list[Block]:
    notes = [f"{row.name}: {row.row.note}" for row in result.rows if row.row.note]
    notes += [f"{row.name}: {run['error']}" for row in result.rows for run in row.failed[:1]]
    for row in result.rows:
        if row.diverged:
            epochs = ", ".join(count(run["epochs"]) for run in row.runs if run["status"] == "diverged")
            plural = "s" if row.diverged > 1 else ""
            notes.append(
                f"{row.name}: the loss of {row.diverged} of {len(row.runs)} runs was no longer finite (epoch{plural} "
                f"{epochs}). Their figures, where there are any, are those of the best epoch before."
            )
    return [Items(tuple(notes))] if notes else []


def _caption(result: StudyResult) -> str:
    seeds = sorted({run["config"]["seed"] for row in result.rows for run in row.runs})
    many = f"Mean ± standard deviation over the seeds {', '.join(map(str, seeds))}." if len(seeds) > 1 else ""
    one = f"One run, seed {seeds[0]}." if len(seeds) == 1 else ""
    known = {name for row in result.rows for name in row.report}
    report = (
        " Under ours: the report's figure, and ours minus it; where there is none, the report's is not known."
        if known
        else " None of the report's figures of this table is known."
        if result.study.tables
        else ""
    )
    return (many or one) + report


def _accuracy_in_words(result: StudyResult) -> str:
    means = {row.name: row.figures["test_accuracy"].mean for row in result.rows if "test_accuracy" in row.figures}
    if len(means) < 2:
        return "Test and training accuracy of each row."
    best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    ranked = (
        f"Test accuracy is highest for “{best}” ({share(means[best])}) and lowest for “{worst}” ({share(means[worst])})"
        if share(means[best]) != share(means[worst])
        else f"Test accuracy is {share(means[best])} in all rows"
    )
    gaps = {
        row.name: row.figures["train_accuracy"].mean - means[row.name]
        for row in result.rows
        if row.name in means and "train_accuracy" in row.figures
    }
    widest = max(gaps, key=gaps.__getitem__)
    return (
        f"{ranked}; training accuracy lies farthest above it for “{widest}” (by {share(gaps[widest])}). The two axes "
        "differ, and neither starts at zero."
    )


def _cut_in_words(rows: Sequence[PlottedRow]) -> str:
    lowest = shown_range(rows)[0]
    cut = [f"“{row.name}”" for row in rows if max(max(curve) for curve in row.curves) < lowest]
    return f" Below the axis: {', '.join(cut)}." if cut else ""


def _lengths_in_words(result: StudyResult) -> str:
    lengths = {row.name: row.figures["stop_epoch"].mean for row in result.rows if "stop_epoch" in row.figures}
    if len(lengths) < 2 or min(lengths.values()) == max(lengths.values()):
        return ""
    longest, shortest = max(lengths, key=lengths.__getitem__), min(lengths, key=lengths.__getitem__)
    return (
        f"“{longest}” trains longest ({count(round(lengths[longest]))} epochs), “{shortest}” stops first "
        f"({count(round(lengths[shortest]))})."
    )
