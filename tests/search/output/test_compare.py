"""Studies compared."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from tinygrad5329.experiments.output.document import Table
from tinygrad5329.experiments.results import Figure
from tinygrad5329.search.output.compare import against_baseline, main
from tinygrad5329.search.output.comparison import best_curve, comparison_csv, contenders_of, lead_of
from tinygrad5329.search.output.record import RECORD_FILE, record_of, record_text
from tinygrad5329.search.trial import Trial

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")


def record(made, algorithm, seed=0, gain=0.0, **values):
    trials = made.trials(14, seed=seed, gain=gain)
    return record_of(made.study(trials, algorithm=algorithm, seed=seed, **values))


def folder_of(tmp_path, study):
    folder = tmp_path / f"{study.algorithm}-{study.seed}"
    folder.mkdir()
    (folder / RECORD_FILE).write_text(record_text(study), encoding="utf-8")
    return str(folder)


def test_writes_table_curves_and_verdicts(made, tmp_path, capsys):
    studies = [record(made, "random", seed) for seed in range(3)]
    studies += [record(made, "evolution", seed, gain=0.2) for seed in range(3)]
    supernet = {"supernet": {"steps": 5000, "seconds": 2.0}}
    studies += [record(made, "enas", seed, gain=-0.001, settings=supernet) for seed in range(2)]
    out = tmp_path / "out"
    assert main([*(folder_of(tmp_path, study) for study in studies), "--out", str(out)]) == 0
    assert str(out / "comparison.html") in capsys.readouterr().out
    text = (out / "comparison.md").read_text(encoding="utf-8")
    assert "- **On test rows**, better: evolution; within noise: enas; worse: none." in text
    assert "with 2 to 3 seeds the interval is wide" in text
    rows = [line for line in text.splitlines() if line.startswith("| evolution | 3 |")]
    assert len(rows) == 1 and "**" in rows[0] and " ± " in rows[0]
    for name in ("curves", "panels", "seeds"):
        assert (out / "figures" / f"comparison-{name}.svg").exists()
        assert f"(figures/comparison-{name}.svg)" in text
    assert len((out / "comparison.csv").read_text().splitlines()) == 1 + len(studies)


def test_one_seed_judges_nothing(made):
    section = against_baseline(contenders_of([record(made, "random"), record(made, "greedy", gain=0.3)]))
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert table.rows == (("greedy", "", "", "one seed only", "", "", "one seed only"),)


def test_without_random_search_there_is_nothing_to_beat(made):
    section = against_baseline(contenders_of([record(made, "greedy")]))
    assert not any(isinstance(block, Table) for block in section.blocks)


def test_leads_are_judged_by_welchs_interval():
    one, other = Figure((0.50, 0.51, 0.52)), Figure((0.51, 0.52, 0.53))
    assert lead_of(one, other).verdict == "within noise"  # type: ignore[union-attr]
    assert lead_of(one, Figure((0.41, 0.42, 0.43))).verdict == "better"  # type: ignore[union-attr]
    assert lead_of(one, Figure((0.61, 0.62, 0.63))).verdict == "worse"  # type: ignore[union-attr]
    assert lead_of(one, Figure((0.1,))) is None
    assert lead_of(None, one) is None


def test_the_largest_mean_comes_first_and_a_study_without_value_last(made):
    empty = replace(record(made, "tpe"), trials=())
    ordered = contenders_of([empty, record(made, "random"), record(made, "greedy", gain=0.1)])
    assert [each.algorithm for each in ordered] == ["greedy", "random", "tpe"]
    rows = list(csv.DictReader(io.StringIO(comparison_csv(ordered))))
    assert [row["validation_accuracy"] == "" for row in rows] == [False, False, True]


def test_curves_count_the_supernet(made):
    trials = [Trial(0, {}, "failed", None, 10), Trial(1, {}, "complete", 0.5, 20), Trial(2, {}, "complete", 0.6, 20)]
    study = record_of(made.study(trials, settings={"supernet": {"steps": 100, "seconds": 1.0}}))
    (contender,) = contenders_of([study])
    assert best_curve(contender, [0, 129, 130, 149, 150, 500]) == [[None, None, 0.5, 0.5, 0.6, 0.6]]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"task": "other"}, "different tasks"),
        ({"budget": {"steps": 1}}, "different budgets"),
        ({"algorithm": "random"}, "two studies of random with seed 0"),
    ],
)
def test_what_cannot_be_compared(made, tmp_path, capsys, change, complaint):
    one, other = record(made, "random"), replace(record(made, "greedy"), **change)
    folders = [folder_of(tmp_path, one)]
    (tmp_path / "other").mkdir()
    folders.append(folder_of(tmp_path / "other", other))
    assert main([*folders, "--out", str(tmp_path / "out")]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_study(tmp_path, capsys):
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no such file; name folders that a study wrote" in capsys.readouterr().err
