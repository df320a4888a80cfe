"""The studies of update rules: equal budgets, each rule once, and the readings of Table 7."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.optimizers import OPTIMIZERS, build_optimizer
from tinygrad5329.experiments.study import STUDIES, load_study

MOMENTUM = load_study(STUDIES / "momentum.toml")
READINGS = load_study(STUDIES / "two-readings.toml")
rows = pytest.mark.parametrize("row", [*MOMENTUM.rows, *READINGS.rows], ids=lambda row: row.name)


@rows
def test_every_row_makes_an_optimizer(row):
    model = build_network(row.configuration)
    made = build_optimizer(row.configuration, model)
    assert type(made[0]).__name__ == OPTIMIZERS[row.configuration.optimizer]
    assert sum(len(group["params"]) for each in made for group in each.param_groups) == len(list(model.parameters()))


def test_rules_have_the_same_small_budget():
    budgets = {(len(row.tuning.changes()), row.tuning.epochs, row.tuning.seed) for row in MOMENTUM.rows}
    assert budgets == {(5, 3, 0)}
    for row in MOMENTUM.rows:
        (key, rates), = row.tuning.grid.items()  # fmt: skip
        assert key == "lr"
        assert rates == sorted(rates) and rates[-1] / rates[0] >= 20
        assert all(b / a < 4 for a, b in pairwise(rates))


def test_every_rule_is_there_once_on_the_best_model():
    best = load_study(STUDIES / "best.toml").rows[0].configuration
    constant = [row.configuration for row in MOMENTUM.rows if row.configuration.schedule == "constant"]
    assert {c.optimizer for c in constant} >= {
        "sgd", "classical_momentum", "heavy_ball", "qhm", "aggmo", "adam", "adamw", "nadam", "muon",
    }  # fmt: skip
    assert len({(c.optimizer, str(c.options)) for c in constant}) == len(constant)
    for configuration in constant:
        assert configuration.differences(best).keys() <= {"optimizer", "lr", "options", "weight_decay"}
    assert MOMENTUM.reach == (0.50, 0.54)


def test_readings_share_runs_with_table_7():
    seventh = {row.configuration for row in load_study(STUDIES / "table-07.toml").rows}
    shared = [row.name for row in READINGS.rows if row.configuration in seventh]
    assert shared == ["0.9, printed, standardised", "0.999, printed, standardised", "0.999, averaged, standardised"]


def test_readings_differ_in_nothing_else():
    common = Configuration().changed({"lr": 0.05})
    for row in READINGS.rows:
        differences = row.configuration.differences(common)
        assert differences.keys() <= {"optimizer", "options", "scale", "lr"}
        momentum = row.configuration.options["momentum"]
        assert row.name.startswith(f"{momentum},")
        if row.configuration.lr != 0.05:
            assert row.configuration.lr / (1 - momentum) == pytest.approx(0.05 / (1 - 0.9))
