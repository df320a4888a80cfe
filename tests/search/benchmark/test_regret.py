from __future__ import annotations

import math

import pytest

from tinygrad5329.search.benchmark import MiniBenchmark
from tinygrad5329.search.benchmark.curves import ONE_SHOT, TRAINED, Curve, quartiles, regret_curve
from tinygrad5329.search.benchmark.regret import TITLES, main, write_regret

TRIALS = 20
#: A pass over a mixture counts as many.
SUPERNET_STEPS = {"enas": 40, "rlnas": 40, "darts": 120, "darts2": 120}
SEEDS = 2


@pytest.fixture(scope="module")
def table():
    return MiniBenchmark()


@pytest.fixture(scope="module")
def curves(table):
    pytest.importorskip("optuna")
    cost = 3 * table.steps
    found = {}
    for name in TRAINED + ONE_SHOT:
        steps = TRIALS * cost if name in TRAINED else SUPERNET_STEPS[name]
        found[name] = [regret_curve(table, name, seed=seed, steps=steps) for seed in range(SEEDS)]
    return found


@pytest.mark.parametrize("name", TRAINED)
def test_the_best_so_far_only_gets_better(curves, table, name):
    for curve in curves[name]:
        assert list(curve.steps) == [3 * table.steps * number for number in range(1, len(curve.steps) + 1)]
        assert sorted(curve.regrets, reverse=True) == list(curve.regrets)
        assert len(curve.steps) == TRIALS or name == "greedy"


@pytest.mark.parametrize("name", TRAINED)
def test_reaches_a_loose_regret(curves, name):
    assert sum(curve.regrets[-1] for curve in curves[name]) / SEEDS < 0.03


def test_evolution_and_pnas_end_ahead_of_random_search(table):
    pytest.importorskip("optuna")

    def mean_regret(name, trials, seeds):
        steps = trials * 3 * table.steps
        ends = [regret_curve(table, name, seed=seed, steps=steps).regrets[-1] for seed in range(seeds)]
        return sum(ends) / seeds

    assert mean_regret("evolution", 100, 8) < 0.6 * mean_regret("random", 100, 8)
    assert mean_regret("pnas", 50, 2) < 0.3 * mean_regret("random", 50, 8)


def test_algorithms_and_seeds_differ(curves):
    # Evolution's first population is drawn as random search draws; from then on they part.
    for random, evolution in zip(curves["random"], curves["evolution"], strict=True):
        assert random.regrets[:10] == evolution.regrets[:10]
    ends = {name: tuple(curve.regrets for curve in curves[name]) for name in TRAINED}
    assert len(set(ends.values())) == len(TRAINED)
    assert all(one != other for one, other in ends.values())


@pytest.mark.parametrize("name", ONE_SHOT)
def test_supernets_spend_their_budget_and_choose_after_each_epoch(curves, table, name):
    for curve in curves[name]:
        assert curve.steps[-1] == SUPERNET_STEPS[name]
        assert len(curve.steps) >= 3
        assert sorted(set(curve.steps)) == list(curve.steps)
        assert set(curve.regrets) <= {table.regret(each) for each in table.architectures}


def test_quartiles_of_steps():
    one, other = Curve("random", 0, (10, 20), (0.4, 0.2)), Curve("random", 1, (20, 30), (0.6, 0.0))
    assert (one.at(19), one.at(20), one.at(99)) == (0.4, 0.2, 0.2)
    found = quartiles([one, other], [10, 20, 40])
    assert math.isnan(found.median[0])
    assert found.median[1:] == pytest.approx((0.4, 0.1))
    assert found.lower[1:] == pytest.approx((0.3, 0.05))
    assert found.upper[1:] == pytest.approx((0.5, 0.15))


def test_the_files(curves, tmp_path):
    pytest.importorskip("matplotlib")
    some = {name: curves[name] for name in ("random", "evolution", "greedy", "darts")}
    write_regret(some, tmp_path, [840, 8400])
    drawn = (tmp_path / "regret.svg").read_text()
    assert {name for name, title in TITLES.items() if title in drawn} == some.keys() - {"random"}
    assert (tmp_path / "regret.png").stat().st_size > 10_000
    rows = (tmp_path / "regret.csv").read_text().splitlines()
    assert rows[0] == "algorithm,runs,steps,lower quartile,median,upper quartile"
    assert len(rows) == 1 + 2 * len(some)


def test_budgets_and_names_that_cannot_be(table, capsys):
    with pytest.raises(ValueError, match="expected one of random, greedy"):
        regret_curve(table, "simulated annealing", seed=0, steps=10_000)
    with pytest.raises(ValueError, match="expected 840 or more, what one architecture costs, got 839"):
        regret_curve(table, "random", seed=0, steps=839)
    with pytest.raises(SystemExit):
        main(["--out", "nowhere", "--seeds", "0"])
    assert "--seeds: expected 1 or more, got 0" in capsys.readouterr().err
