"""Whether a conclusion holds: better, worse, or within what chance explains."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tinygrad5329.experiments.results import Figure, row_result
from tinygrad5329.experiments.study import Conclusion, load_studies
from tinygrad5329.experiments.verdict import judge, noise

STUDY = next(study for study in load_studies() if study.key == "table-11")


def judged(small, batch, layer, **change):
    rows = [
        row_result(row, [small.made_up(value, seed=seed, **change) for seed, value in enumerate(values)])
        for row, values in zip(STUDY.rows, (batch, layer), strict=True)
    ]
    return judge(STUDY, rows)


def test_a_clear_lead_holds(small):
    verdict = judged(small, (0.55, 0.551, 0.549), (0.53, 0.531, 0.529))
    assert verdict.kind == "holds"
    assert "0.5500 for “BatchNorm”, 0.5300 for “LayerNorm”" in verdict.text


def test_a_clear_defeat_does_not(small):
    verdict = judged(small, (0.53, 0.531, 0.529), (0.55, 0.551, 0.549))
    assert verdict.kind == "does not hold"
    assert "more by 0.0200" in verdict.text


@pytest.mark.parametrize("lead", [0.002, 0.0, -0.002])
def test_a_difference_within_noise_is_said_to_be_so(small, lead):
    verdict = judged(small, (0.55 + lead, 0.56 + lead, 0.54 + lead), (0.55, 0.56, 0.54))
    assert verdict.kind == "within noise"
    assert f"difference of {abs(lead):.4f} is within noise" in verdict.text


def test_the_rivals_are_the_rows_of_the_same_group(small):
    study = next(study for study in load_studies() if study.key == "table-07")
    study = replace(study, conclusion=Conclusion("0.9 is the best of the five.", best_row="0.9"))
    strength = {"0.9": 0.55, "0.98, averaged": 0.60}
    rows = []
    for row in study.rows:
        mean = strength.get(row.name, 0.5)
        runs = [small.made_up(mean + difference) for difference in (-0.001, 0.0, 0.001)]
        rows.append(row_result(row, runs))
    verdict = judge(study, rows)
    assert (verdict.kind, "averaged" in verdict.text) == ("holds", False)


def test_one_seed_is_judged_by_the_size_of_the_test_set(small):
    assert judged(small, (0.55,), (0.54,)).kind == "within noise"
    assert judged(small, (0.55,), (0.53,)).kind == "holds"
    assert judged(small, (0.55,), (0.53,), data={"test_samples": 100}).kind == "within noise"


def test_what_cannot_be_judged_is_not(small):
    assert judged(small, (), (0.5,)).kind == "not tested"
    assert judged(small, (0.5,), ()).kind == "not tested"
    quick = small.configuration(quick=True).as_dict()
    assert judged(small, (0.9,), (0.1,), config=quick).kind == "not tested"
    open_study = replace(STUDY, conclusion=Conclusion("Something."))
    assert judge(open_study, []).kind == "not tested"
    with pytest.raises(ValueError, match="no conclusion"):
        judge(replace(STUDY, conclusion=None), [])


def test_noise_is_welchs_interval():
    stats = pytest.importorskip("scipy.stats")
    one, other = (0.50, 0.53, 0.51), (0.52, 0.60, 0.55, 0.51)
    result = stats.ttest_ind(one, other, equal_var=False)
    low, high = result.confidence_interval(0.95)
    assert noise(Figure(one), Figure(other), 1) == pytest.approx((high - low) / 2)


def test_equal_runs_leave_no_noise():
    assert noise(Figure((0.5, 0.5)), Figure((0.4, 0.4)), 100) == 0.0


def test_a_single_run_has_the_binomial_one():
    wanted = 1.96 * math.sqrt((0.25 + 0.24) / 1000)
    assert noise(Figure((0.5,)), Figure((0.4, 0.4)), 1000) == pytest.approx(wanted)
