"""What was spent, and how far a study had come by then."""

from __future__ import annotations

from tinygrad5329.search.output.record import record_of
from tinygrad5329.search.output.spending import last_value, progress_of, spending_of, unit_of
from tinygrad5329.search.trial import Trial


def record(made, *trials, **values):
    return record_of(made.study(list(trials), **values))


def test_failed_and_pruned_trials_and_the_supernet_count(made):
    trials = made.trials(30)
    study = record(made, *trials, settings={"supernet": {"steps": 500, "seconds": 2.0}})
    parts = {part.kind: part for part in spending_of(study)}
    assert set(parts) == {"supernet", "complete", "pruned", "failed"}
    assert parts["failed"].steps == sum(each.steps for each in trials if each.state == "failed") > 0
    assert sum(part.steps for part in parts.values()) == 500 + sum(each.steps for each in trials)
    assert progress_of(study)[-1].spent == 500 + sum(each.steps for each in trials)
    assert progress_of(study, "seconds")[0].spent == 2.0 + trials[0].seconds


def test_the_best_so_far_moves_with_complete_trials_alone(made):
    trials = [
        Trial(0, {}, "failed", None, 10),
        Trial(1, {}, "complete", 0.5, 20),
        Trial(2, {}, "pruned", None, 5, reports=((5, 0.9),)),
        Trial(3, {}, "complete", 0.4, 20),
        Trial(5, {}, "complete", 0.6, 20),
    ]
    progress = progress_of(record(made, *trials))
    assert [(each.spent, each.best) for each in progress] == [(10, None), (30, 0.5), (35, 0.5), (55, 0.5), (75, 0.6)]


def test_the_unit_is_the_budgets(made):
    assert unit_of(record(made, budget={"seconds": 5})) == "seconds"
    assert unit_of(record(made, budget={"steps": 5})) == unit_of(record(made, budget=None)) == "steps"


def test_the_last_value_is_the_last_finite_report():
    assert last_value(Trial(0, {}, "pruned", reports=((1, 0.2), (2, float("nan"))))) == 0.2
    assert last_value(Trial(0, {}, "failed")) is None
