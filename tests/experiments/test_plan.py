"""Which runs are made: none twice, tuning before what it tunes, nothing after a mistake in a study."""

from __future__ import annotations

import pytest

from tinygrad5329.experiments import plan as module
from tinygrad5329.experiments.cache import RunCache
from tinygrad5329.experiments.plan import Plan
from tinygrad5329.experiments.row import failed_record
from tinygrad5329.experiments.settings import Settings
from tinygrad5329.experiments.study import load_study


@pytest.fixture
def planned(small, tmp_path, monkeypatch):
    """A plan of studies given as text, whose runs are made up; and the lists of labels that were made."""
    made = []
    accuracies = {}

    def make_up(tasks, cache, data, jobs, view):
        made.append([task.label for task in tasks])
        for task in tasks:
            judged = accuracies.get(task.configuration.lr, 0.5)
            base = small.made_up(judged=(judged,) if judged is not None else (), key=task.key)
            if judged == "failed":
                base = failed_record(task.configuration, task.key, "code", "lost")
            cache.store(base | {"config": task.configuration.as_dict()})

    monkeypatch.setattr(module, "make_runs", make_up)

    def plan(*texts, **settings):
        studies = []
        for number, text in enumerate(texts):
            path = tmp_path / f"study-{number}.toml"
            head = f'key = "study-{number}"\ntitle = "T"\nquestion = "Q"\n'
            path.write_text(head + text, encoding="utf-8")
            studies.append(load_study(path))
        cache = RunCache(tmp_path / "runs", "code", "data")
        cache.prepare()
        found = Plan(studies, Settings(data="small", **settings), small.source(), cache)
        found.check()
        return found

    plan.made = made
    plan.accuracies = accuracies
    return plan


ROWS = '[[rows]]\nname = "a"\nchange = { lr = 0.1 }\n[[rows]]\nname = "b"\nchange = { lr = 0.2 }\n'


def test_runs_are_made_once_and_shared(planned):
    first = planned(ROWS, '[[rows]]\nname = "c"\nchange = { lr = 0.1 }\n', seeds=(0, 1))
    assert first.make() == 4
    assert planned.made[0] == [
        "study-0, a, seed 0", "study-0, a, seed 1", "study-0, b, seed 0", "study-0, b, seed 1",
    ]  # fmt: skip
    one, other = ([run["key"] for run in first.result(study, study.rows[0]).runs] for study in first.studies)
    assert one == other
    assert planned(ROWS, seeds=(0, 1)).make() == 0
    assert planned(ROWS, seeds=(0, 1, 2)).make() == 2
    assert len(first.keys()) == 4


def test_a_failed_run_is_made_again(planned):
    planned.accuracies[0.1] = "failed"
    plan = planned(ROWS, seeds=(0,))
    plan.make()
    assert [run["error"] for run in plan.result(plan.studies[0], plan.studies[0].rows[0]).failed] == ["lost"]
    planned.accuracies.clear()
    again = planned(ROWS, seeds=(0,))
    assert again.make() == 1
    assert again.result(again.studies[0], again.studies[0].rows[0]).complete


TUNED = '[tune]\nepochs = 2\ngrid.lr = [0.1, 0.2, 0.3]\n[[rows]]\nname = "a"\n'


def test_the_best_try_is_taken_for_all_seeds(planned):
    planned.accuracies.update({0.1: 0.4, 0.2: 0.6, 0.3: 0.6})
    plan = planned(TUNED, seeds=(0, 1))
    assert plan.make() == 5
    tries, rows = [labels for labels in planned.made if labels]
    assert tries == [f"study-0, a, trying lr {lr}" for lr in (0.1, 0.2, 0.3)]
    assert rows == ["study-0, a, seed 0", "study-0, a, seed 1"]
    result = plan.result(plan.studies[0], plan.studies[0].rows[0])
    assert result.chosen == {"lr": 0.2}  # the first of equals
    assert [run["config"]["lr"] for run in result.runs] == [0.2, 0.2]
    assert [run["config"]["epochs"] for run in result.runs] == [80, 80]
    assert [(change["lr"], run["config"]["epochs"]) for change, run in result.tried] == [(0.1, 2), (0.2, 2), (0.3, 2)]
    assert planned(TUNED, seeds=(0, 1)).make() == 0


def test_tries_that_gave_nothing_are_passed_over(planned):
    planned.accuracies.update({0.1: None, 0.2: 0.3, 0.3: None})
    plan = planned(TUNED, seeds=(0,))
    plan.make()
    assert plan.result(plan.studies[0], plan.studies[0].rows[0]).chosen == {"lr": 0.2}
    planned.accuracies.update({0.2: None})


def test_tries_are_always_judged_on_validation_rows(planned):
    plan = planned(TUNED, seeds=(0,), protocol="report")
    plan.make()
    result = plan.result(plan.studies[0], plan.studies[0].rows[0])
    assert {run["config"]["protocol"] for _, run in result.tried} == {"validation"}
    assert {run["config"]["protocol"] for run in result.runs} == {"report"}


def test_a_study_with_a_protocol_of_its_own_keeps_it(planned):
    plan = planned('[base]\nprotocol = "validation"\n' + ROWS, seeds=(0,), protocol="report")
    assert plan.settings.configuration(plan.studies[0], plan.studies[0].rows[0], 0).protocol == "validation"


def test_seeds_are_those_asked_for_or_the_studys_or_three(planned):
    plan = planned(ROWS, "seeds = [7, 8]\n" + ROWS)
    assert [plan.settings.seeds_of(study) for study in plan.studies] == [(0, 1, 2), (7, 8)]
    assert [Settings(data="", quick=True).seeds_of(study) for study in plan.studies] == [(0,), (0,)]
    assert [Settings(data="", seeds=(4,)).seeds_of(study) for study in plan.studies] == [(4,), (4,)]


def test_quick_runs_are_short_and_say_so(planned):
    plan = planned('[base]\nwarmup_epochs = 5\n[tune]\nepochs = 9\ngrid.lr = [0.1]\n[[rows]]\nname = "a"\n', quick=True)
    study = plan.studies[0]
    final = plan.settings.configuration(study, study.rows[0], 0)
    ((_, tried),) = plan.settings.tries(study.rows[0])
    assert (final.quick, final.epochs, final.warmup_epochs) == (True, 2, 1)
    assert (tried.quick, tried.epochs, tried.warmup_epochs) == (True, 1, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[rows]]\nname = "a"\nchange = { optimizer = "lion" }', "study-0, row 'a': optimizer: expected one of"),
        ('[[rows]]\nname = "a"\nchange.options = { speed = 1 }', "study-0, row 'a': options: sgd has no 'speed'"),
        ('[[rows]]\nname = "a"\nchange = { extractor = "attention" }', "study-0, row 'a': extractor: attention reads"),
    ],
)
def test_a_row_that_cannot_be_is_told_before_the_first_run(planned, text, words):
    with pytest.raises(ValueError, match=words):
        planned(text)
    assert planned.made == []
