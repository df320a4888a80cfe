"""The momentum study (4.2): how many epochs and seconds each update rule takes to some accuracies."""

from __future__ import annotations

from tinygrad5329.experiments.output.document import Cell, Paragraph, Pictures, Section, Table
from tinygrad5329.experiments.output.figures_momentum import rule_panels, time_to_reach
from tinygrad5329.experiments.output.formats import mean_and_spread
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_study import judged_accuracy, judging_rows, plotted_rows, study_section
from tinygrad5329.experiments.results import Figure, RowResult, StudyResult

__all__ = ["momentum_section"]

#: Of more rules that are equally quick their number is said.
_NAMED = 3


def momentum_section(result: StudyResult, gallery: Gallery) -> Section:
    """Time to each level and to the best epoch, the curves, and the usual table."""
    levels = result.study.reach
    named = [*(f"{level:.2f}" for level in levels), "best"]
    table = Table(
        ("update rule", *(f"{unit} to {level}" for level in named for unit in ("epochs", "seconds")), "best accuracy"),
        tuple((row.name, *_reached_cells(row, levels), *_best_cells(row)) for row in result.rows),
        caption=f"Until the accuracy on the {judging_rows(result)} rows first was that high: mean ± deviation of the "
        "seeds that got there, whose number stands below if some did not. Seconds are of training, on one core.",
    )
    plotted = plotted_rows(result)
    pictures = []
    if any(any(row.curves) for row in plotted):
        reached = [[_reach(row, level, 0) for level in levels] + [_to_best(row)[0]] for row in result.rows]
        in_seconds = [[_reach(row, level, 1) for level in levels] + [_to_best(row)[1]] for row in result.rows]
        names = [row.name for row in result.rows]
        pictures = [
            gallery.hang(
                "momentum-epochs",
                time_to_reach(names, reached, named, "epochs (logarithmic)"),
                "Epochs until each accuracy was reached: large markers are means, small ones seeds. Left is quicker; a "
                "missing marker means that no seed got there.",
            ),
            gallery.hang(
                "momentum-seconds",
                time_to_reach(names, in_seconds, named, "seconds of training (logarithmic)"),
                "The same in seconds: a rule that needs few epochs may still lose where its step costs more.",
            ),
        ]
        panels = gallery.hang(
            "momentum-panels",
            rule_panels(plotted, levels),
            f"Accuracy on the {judging_rows(result)} rows by epoch: one panel a rule, the means of all others in grey. "
            "The dot marks the best mean, also written below it; dotted lines are the levels of the table.",
            wide=True,
        )
        blocks = (_reading(result), table, Pictures(tuple(pictures)), Pictures((panels,)))
        return study_section(result, gallery, before=blocks, figures=False)
    return study_section(result, gallery, before=(table,))


def _reached_cells(row: RowResult, levels: tuple[float, ...]) -> list[Cell]:
    cells = []
    for level in levels:
        found = row.reached(level)
        if found is None:
            cells += [Cell("never", bad=True), Cell("")]
            continue
        epochs, seconds, runs = found
        below = f"{runs} of {len(row.runs)} seeds" if runs < len(row.runs) else ""
        cells.append(Cell(*mean_and_spread("stop_epoch", epochs), below))
        cells.append(Cell(*mean_and_spread("training_seconds", seconds)))
    return cells


def _best_cells(row: RowResult) -> list[Cell]:
    epochs, seconds = _to_best(row)
    if not epochs:
        return [Cell("never", bad=True), Cell(""), Cell("")]
    return [
        Cell(*mean_and_spread("stop_epoch", Figure(tuple(epochs)))),
        Cell(*mean_and_spread("training_seconds", Figure(tuple(seconds)))),
        Cell(*mean_and_spread("accuracy", judged_accuracy(row))),
    ]


def _reach(row: RowResult, level: float, which: int) -> list[float]:
    found = row.reached(level)
    return [] if found is None else list((found[0], found[1])[which].values)


def _to_best(row: RowResult) -> tuple[list[float], list[float]]:
    """Epochs and training seconds until each run's best epoch."""
    epochs, seconds = [], []
    for run in row.runs:
        if run["best_epoch"]:
            epochs.append(float(run["best_epoch"]))
            seconds.append(sum(epoch["seconds"] for epoch in run["history"][: run["best_epoch"]]))
    return epochs, seconds


def _reading(result: StudyResult) -> Paragraph | None:
    """The quickest rule to each level, and the best one, in a sentence."""
    parts = []
    for level in result.study.reach:
        complete = {
            row.name: found[0].mean
            for row in result.rows
            if (found := row.reached(level)) is not None and found[2] == len(row.runs)
        }
        if complete:
            epochs = min(complete.values())
            quickest = [f"“{name}”" for name in complete if complete[name] == epochs]
            first = (
                f"{', '.join(quickest)} {'is' if len(quickest) == 1 else 'are'}"
                if len(quickest) <= _NAMED
                else f"{len(quickest)} of {len(result.rows)} rules are"
            )
            parts.append(f"{first} first to reach {level:.2f} (after {epochs:.1f} epochs on average)")
    best = {row.name: figure.mean for row in result.rows if (figure := judged_accuracy(row)) is not None}
    if best:
        top = max(best, key=best.__getitem__)
        parts.append(f"“{top}” gets highest ({best[top]:.4f})")
    return Paragraph("; ".join(parts) + ".") if parts else None
