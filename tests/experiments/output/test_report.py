"""The whole report from a made outcome: files, order, figures, and what the numbers in it are."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import sys
from pathlib import Path

import pytest

from tinygrad5329.experiments.output import report
from tinygrad5329.experiments.output.figures_table import accuracy_figure
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_overview import differences_section, overview_section
from tinygrad5329.experiments.output.section_study import (
    judged_accuracy,
    judging_rows,
    plotted_rows,
    study_table,
    validation_accuracy,
)
from tinygrad5329.experiments.output.section_time import comparable_seconds
from tinygrad5329.experiments.output.tables_csv import results_csv, runs_csv
from tinygrad5329.experiments.results import Figure, Outcome
from tinygrad5329.experiments.study import load_studies
from tinygrad5329.utils.data.datasets import ArrayData

from .conftest import BEYOND, MOMENTUM, made_data, made_outcome, made_result, made_study
from .test_document import check

KEYS = ("baseline", "best", "staircase", "protocol", "table-08", "table-13")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Every kind of section; Table 8 has a row that diverged and one that failed."""
    folder = tmp_path_factory.mktemp("studies")
    studies = [study for study in load_studies() if study.key in KEYS]
    return made_outcome([*studies, *(made_study(folder, text) for text in (MOMENTUM, BEYOND))])


@pytest.fixture(scope="module")
def written(full: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    files = report.write(full, folder, made_data())
    assert files[:4] == [folder / name for name in ("report.html", "report.md", "results.csv", "runs.csv")]
    assert set(files) == {path for path in folder.rglob("*") if path.is_file()}
    return folder


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_sections_in_order(written: Path) -> None:
    found = headings((written / "report.md").read_text(encoding="utf-8"))
    expected = ["What was run", "How ours differs", "Data exploration", "Tables 1 and 2", "Table 8", "Table 13",
                "Tables 14 and 15", "Figure 13", "The report's protocol", "Momentum", "Past the report",
                "The report checked against itself", "Seconds"]  # fmt: skip
    assert len(found) == len(expected)
    for title, start in zip(found, expected, strict=True):
        assert title.startswith(start)


def test_other_data_than_the_reports_are_said_to_be_so(written: Path) -> None:
    assert "all parameter counts differ" in (written / "report.md").read_text(encoding="utf-8")
    assert "all parameter counts differ" not in repr(differences_section(sized_like_the_reports()))


def sized_like_the_reports() -> Outcome:
    outcome = made_outcome([])
    return dataclasses.replace(outcome, data={**outcome.data, "features": 128, "classes": 10})


def test_the_page_is_one_whole_file(written: Path) -> None:
    html = (written / "report.html").read_text(encoding="utf-8")
    check(html)
    assert len(html) < 3_000_000
    figures = {path.stem for path in (written / "figures").glob("*.svg")}
    assert figures == {path.stem for path in (written / "figures").glob("*.png")}
    assert html.count("<figure") == html.count("<figcaption>") == len(figures)


def test_markdown_links_every_figure_that_is_there(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    linked = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert set(linked) == {f"figures/{path.name}" for path in (written / "figures").glob("*.svg")}


def test_the_tables_hold_ours_beside_the_reports(written: Path, full: Outcome) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    result = full.study("table-13")
    assert result is not None
    line = next(line for line in text.splitlines() if line.startswith("| Conv1d |"))
    accuracy = result.row("Conv1d").figures["test_accuracy"]
    assert f"{accuracy.mean:.4f} ± {accuracy.deviation:.4f}" in line
    assert "report 14,823, " in line and "report 135,184, −117,382" in line


def test_diverged_and_failed_rows_say_so(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    assert "2 of 3 diverged" in text and "3 of 3 failed" in text
    assert "MemoryError" in text and "no longer finite (epochs 3, 3)" in text


def test_every_verdict_is_shown(written: Path, full: Outcome) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    verdicts = [result.verdict for result in full.studies if result.verdict is not None]
    assert verdicts
    for verdict in verdicts:
        assert verdict.text in text
        assert verdict.kind.capitalize() in text


def test_what_the_reports_protocol_buys(written: Path, full: Outcome) -> None:
    result = full.study("protocol")
    assert result is not None
    ours, theirs = (
        result.row(f"best model, {name}").figures["test_accuracy"].mean for name in ("validation", "report")
    )
    text = (written / "report.md").read_text(encoding="utf-8")
    assert f"For the best model the report's protocol buys +{theirs - ours:.4f}" in text


def test_beyond_is_chosen_on_validation_rows(full: Outcome) -> None:
    from tinygrad5329.experiments.output.section_beyond import chosen_row

    result = full.study("beyond")
    assert result is not None
    chosen = chosen_row(result)
    assert chosen is not None and chosen.name == "+ label smoothing"
    best = validation_accuracy(chosen)
    assert best is not None and best.mean == max(validation_accuracy(row).mean for row in result.rows)  # type: ignore[union-attr]
    # Other test rows change nothing.
    worse = [dataclasses.replace(row, figures={**row.figures, "test_accuracy": result.rows[0].figures["test_accuracy"]})
             for row in result.rows]  # fmt: skip
    again = chosen_row(dataclasses.replace(result, rows=tuple(worse)))
    assert again is not None and again.name == chosen.name
    # A row past the budget is none to choose.
    large = dataclasses.replace(chosen, figures={**chosen.figures, "parameters": Figure((168_203.0,))})
    other = chosen_row(dataclasses.replace(result, rows=(*result.rows[:-1], large)))
    assert other is not None and other.name == "+ cosine schedule"


def test_a_figure_comes_out_the_same_again_and_has_one_name(full: Outcome) -> None:
    rows = plotted_rows(full.studies[0])
    one, other = (Gallery().hang("a", accuracy_figure(rows), "") for _ in range(2))
    assert one.svg == other.svg
    gallery = Gallery()
    gallery.hang("a", accuracy_figure(rows), "")
    with pytest.raises(ValueError, match="there is a figure 'a' already"):
        gallery.hang("a", accuracy_figure(rows), "")


def test_quick_is_said_everywhere(data: ArrayData, tmp_path: Path) -> None:
    studies = [study for study in load_studies() if study.key == "table-11"]
    report.write(made_outcome(studies, quick=True, seeds=(0,)), tmp_path, data)
    assert "<h1>The report, reproduced <span" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# The report, reproduced (quick run)")
    for name in ("results.csv", "runs.csv"):
        lines = list(csv.DictReader(io.StringIO((tmp_path / name).read_text(encoding="utf-8"))))
        assert {line.get("quick", line.get("config_quick")) for line in lines} == {"True"}
    drawings = list((tmp_path / "figures").glob("*.svg"))
    assert drawings
    assert all("quick run" in drawing.read_text(encoding="utf-8") for drawing in drawings)


def test_seeds_are_said_study_by_study_where_they_differ(full: Outcome) -> None:
    assert "over 3 seeds (5 in “Past the report”)" in repr(differences_section(full))
    assert "0, 1, 2; Past the report: 0, 1, 2, 3, 4" in repr(overview_section(full))


def test_seconds_are_set_against_the_reports_on_data_of_its_size_alone() -> None:
    every = made_outcome()
    assert comparable_seconds(every) is None
    size = {"features": 128, "classes": 10, "train_samples": 45_000, "validation_samples": 5_000}
    sized = dataclasses.replace(every, data={**every.data, **size})
    seconds = comparable_seconds(sized)
    assert seconds is not None and seconds > 0
    assert "times as many" in repr(overview_section(sized)) and "times as many" not in repr(overview_section(every))
    quick = dataclasses.replace(sized, settings={**sized.settings, "quick": True})
    assert comparable_seconds(quick) is None


def test_a_study_without_any_run_still_gives_a_page(data: ArrayData, tmp_path: Path) -> None:
    studies = [study for study in load_studies() if study.key in ("best", "table-11")]
    outcome = made_outcome(studies, seeds=())
    text = report.write(outcome, tmp_path, data)[1].read_text(encoding="utf-8")
    assert "no confusion matrices" in text.lower()


def test_under_the_reports_protocol_no_validation_accuracy_is_claimed() -> None:
    study = next(study for study in load_studies() if study.key == "table-11")
    ours, theirs = made_result(study), made_result(study, protocol="report")
    assert "validation accuracy" in study_table(ours).columns
    assert "validation accuracy" not in study_table(theirs).columns
    assert (judging_rows(ours), judging_rows(theirs)) == ("validation", "test")
    assert validation_accuracy(theirs.rows[0]) is None and judged_accuracy(theirs.rows[0]) is not None


def test_the_protocol_study_is_linked_only_where_it_is_there() -> None:
    studies = {study.key: study for study in load_studies()}
    alone, both = (made_outcome([studies[key] for key in keys]) for keys in (("best",), ("best", "protocol")))
    assert "](#protocol)" in repr(differences_section(both))
    assert "](#protocol)" not in repr(differences_section(alone))


def test_results_csv_leaves_unknown_figures_empty(full: Outcome) -> None:
    lines = list(csv.DictReader(io.StringIO(results_csv(full))))
    assert len(lines) == sum(len(result.rows) for result in full.studies)
    line = next(line for line in lines if line["study"] == "table-13" and line["row"] == "Conv1d")
    assert (line["training_seconds_report"], line["test_accuracy_report"], line["test_accuracy_difference"]) == (
        "14823",
        "",
        "",
    )
    assert float(line["parameters_difference"]) == 17802 - 135184


def test_runs_csv_has_each_run_once(full: Outcome) -> None:
    lines = list(csv.DictReader(io.StringIO(runs_csv(full))))
    keys = [line["key"] for line in lines]
    assert len(set(keys)) == len(keys)
    assert {"ok", "diverged", "failed"} == {line["status"] for line in lines}
    assert any("(tuning)" in line["rows"] for line in lines)
    assert all(line["config_hidden"].startswith("[") for line in lines)


def test_without_matplotlib_the_extra_is_named(
    full: Outcome, data: ArrayData, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[train\]'"):
        report.write(full, tmp_path, data)
    assert list(tmp_path.iterdir()) == []
