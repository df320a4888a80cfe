"""Past the report: what beats its best model with no more parameters, chosen on validation rows."""

from __future__ import annotations

from tinygrad5329.experiments.output.document import Block, Finding, Section, Table
from tinygrad5329.experiments.output.formats import count, figure_text, seeds_in_words, share, signed
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_best import model_pictures
from tinygrad5329.experiments.output.section_study import study_section, validation_accuracy
from tinygrad5329.experiments.results import RowResult, StudyResult
from tinygrad5329.experiments.verdict import noise

__all__ = ["beyond_section", "chosen_row"]

#: The report's best model's parameters, which the models of this section must not exceed.
BUDGET = 168_202
_TARGET = 0.02


def beyond_section(result: StudyResult, best: StudyResult | None, gallery: Gallery, test_samples: int) -> Section:
    """The ablation, the row that validation rows choose, and how far it lies above the report's best model.

    ``best`` is the study of the best model. A row with its configuration, here over as many seeds as the others,
    stands for it; so does the first row where the study is missing.
    """
    chosen = chosen_row(result)
    before: list[Block] = []
    if chosen is not None:
        reference = _reference(result, best)
        finding = _finding(chosen, reference, test_samples)
        if finding is not None:
            before.append(finding)
    changes = _changes(result, chosen)
    section = study_section(result, gallery, before=(*before, changes))
    if chosen is not None:
        section.add(
            model_pictures(
                result, chosen, gallery, ("beyond-loss", "beyond-accuracy-curve"), f"The chosen row ({chosen.name})"
            )
        )
    return section


def chosen_row(result: StudyResult) -> RowResult | None:
    """The row within :data:`BUDGET` with the highest mean accuracy on validation rows; None without one."""
    judged = {
        row.name: figure.mean
        for row in result.rows
        if (figure := validation_accuracy(row)) is not None
        and "test_accuracy" in row.figures
        and row.figures["parameters"].mean <= BUDGET
    }
    return result.row(max(judged, key=judged.__getitem__)) if judged else None


def _reference(result: StudyResult, best: StudyResult | None) -> RowResult:
    if best is None:
        return result.rows[0]
    same = [row for row in result.rows if row.row.configuration == best.rows[0].row.configuration]
    return same[0] if same else best.rows[0]


def _finding(chosen: RowResult, reference: RowResult, test_samples: int) -> Finding | None:
    ours, theirs = chosen.figures["test_accuracy"], reference.figures.get("test_accuracy")
    if theirs is None or chosen.row.configuration.quick or any(run["config"]["quick"] for run in chosen.runs):
        return None
    gain, bound = ours.mean - theirs.mean, noise(ours, theirs, test_samples)
    parameters = chosen.figures["parameters"].mean
    kind = "target reached" if gain >= _TARGET else "better" if gain > bound else "no gain beyond noise"
    return Finding(
        kind,
        f"Validation rows choose “{chosen.name}”: test accuracy {figure_text('test_accuracy', ours)} over "
        f"{seeds_in_words(len(ours.values))} with {count(parameters)} parameters (budget {count(BUDGET)}), against "
        f"{figure_text('test_accuracy', theirs)} for “{reference.name}”: {signed(gain)} (noise {share(bound)}; the "
        f"target was +{share(_TARGET)}).",
    )


def _changes(result: StudyResult, chosen: RowResult | None) -> Table | None:
    """What each row changes against the first and against the chosen one."""
    done = [row for row in result.rows if "test_accuracy" in row.figures and validation_accuracy(row) is not None]
    if chosen is None or len(done) < 2:
        return None
    references = [done[0]] if chosen is done[0] else [done[0], chosen]
    columns = [f"{name}, against “{row.name}”" for row in references for name in ("validation", "test")]
    lines = tuple((row.name, *(text for other in references for text in _gains(row, other))) for row in done)
    return Table(
        ("", *columns),
        lines,
        caption="Differences in mean accuracy. Rows were chosen on validation rows; the test rows only confirm it.",
    )


def _gains(row: RowResult, other: RowResult) -> tuple[str, str]:
    if row is other:
        return "", ""
    ours, theirs = validation_accuracy(row), validation_accuracy(other)
    on_validation = "" if ours is None or theirs is None else signed(ours.mean - theirs.mean)
    return on_validation, signed(row.figures["test_accuracy"].mean - other.figures["test_accuracy"].mean)
