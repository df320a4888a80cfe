"""What stopping on the test rows buys: the same rows under both protocols."""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad5329.experiments.output.document import Cell, Finding, Section, Table
from tinygrad5329.experiments.output.formats import mean_and_spread, share, signed
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_study import study_section, validation_accuracy
from tinygrad5329.experiments.results import RowResult, StudyResult
from tinygrad5329.experiments.verdict import noise

__all__ = ["protocol_section"]


def protocol_section(result: StudyResult, gallery: Gallery, test_samples: int) -> Section:
    """The two protocols side by side, and what the report's adds to test accuracy."""
    section = study_section(result, gallery)
    pairs = [pair for pair in _pairs(result) if all("test_accuracy" in row.figures for row in pair)]
    if not pairs:
        return section
    lines, words = [], []
    for held_out, stopped in pairs:
        ours, theirs = held_out.figures["test_accuracy"], stopped.figures["test_accuracy"]
        bought, bound = theirs.mean - ours.mean, noise(ours, theirs, test_samples)
        name = held_out.name.partition(",")[0]
        validation = validation_accuracy(held_out)
        optimism = "" if validation is None else signed(validation.mean - ours.mean)
        lines.append(
            (
                name,
                Cell(*mean_and_spread("test_accuracy", ours)),
                Cell(*mean_and_spread("test_accuracy", theirs)),
                Cell(signed(bought), best=bought > bound),
                share(bound),
                optimism,
            )
        )
        verb = "buys" if bought > bound else "changes nothing beyond noise:"
        words.append(
            f"For the {name} the report's protocol {verb} {signed(bought)} of test accuracy (noise {share(bound)})."
        )
    section.add(
        Table(
            (
                "",
                "test, stopped on validation rows",
                "test, stopped on the test rows",
                "difference",
                "noise (95 %)",
                "validation minus test",
            ),
            tuple(lines),
            caption="The last column is the same flattery, measured within the first protocol: how far the accuracy "
            "that chose the epoch lies above the test accuracy of that epoch.",
        ),
        Finding("what it buys", " ".join(words)),
    )
    return section


def _pairs(result: StudyResult) -> Iterator[tuple[RowResult, RowResult]]:
    """Rows that differ in their protocol alone."""
    for row in result.rows:
        for other in result.rows:
            if other.row.configuration.differences(row.row.configuration) == {"protocol": "report"}:
                yield row, other
