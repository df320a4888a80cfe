"""Past the report: its study keeps to the budget, and what it adds to training touches training rows only."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.optimizers import build_optimizer
from tinygrad5329.experiments.study import STUDIES, load_study
from tinygrad5329.training import count_parameters

BUDGET = 168_202


def rows(dataset):
    return dataset.tensors[0].numpy()


def test_no_row_has_more_parameters_than_the_reports_best_model():
    study = load_study(STUDIES / "beyond.toml")
    counts = {row.name: count_parameters(build_network(row.configuration)) for row in study.rows}
    assert max(counts.values()) <= BUDGET, counts
    assert counts["improved"] == 166_370
    assert study.seeds == (0, 1, 2, 3, 4)


def test_the_first_row_is_the_best_model_and_choices_are_made_on_validation_rows():
    study, best = load_study(STUDIES / "beyond.toml"), load_study(STUDIES / "best.toml")
    assert study.rows[0].configuration == best.rows[0].configuration
    assert {row.configuration.protocol for row in study.rows} == {"validation"}


def test_each_row_that_leaves_one_out_leaves_one_out():
    study = load_study(STUDIES / "beyond.toml")
    improved = study.row("improved").configuration
    for row in study.rows[2:]:
        keys = set(row.configuration.differences(improved))
        assert len(keys - {"residual"}) == 1, (row.name, keys)


def test_feature_power_fades_features_and_keeps_their_mean_square(small):
    source = small.source()
    plain = rows(source.split(small.configuration()).train)
    faded = rows(source.split(small.configuration(feature_power=0.5)).train)
    weights = (faded / plain).mean(axis=0)
    np.testing.assert_allclose(weights[0] / weights, np.sqrt(np.arange(1, 9)), rtol=1e-4)
    assert np.mean(weights**2) == pytest.approx(1, rel=1e-4)
    assert faded.dtype == plain.dtype == np.float32


def test_the_mirror_is_found_on_training_rows_and_changes_no_split(small):
    source = small.source()
    without, with_ = (source.split(small.configuration(mirror=mirror)) for mirror in (False, True))
    assert without.mirror is None
    assert with_.mirror is not None
    for name in ("train", "judging", "test"):
        np.testing.assert_array_equal(rows(getattr(without, name)), rows(getattr(with_, name)))
    np.testing.assert_allclose(with_.mirror.centre.numpy(), rows(with_.train).mean(axis=0), atol=1e-6)


def test_a_run_with_all_of_it_repeats_itself(small):
    change = {"mirror": True, "feature_power": 0.5, "mixup": 0.3, "schedule": "cosine", "patience": 0, "epochs": 1}
    one, other, plain = small.record(**change), small.record(**change), small.record(**change | {"mirror": False})
    assert one["status"] == "ok"
    assert one["config"]["mirror"] is True
    assert [row["train_loss"] for row in one["history"]] == [row["train_loss"] for row in other["history"]]
    assert one["history"][0]["train_loss"] != plain["history"][0]["train_loss"]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_weight_decay_can_spare_biases_and_normalisations(small, optimizer):
    configuration = small.configuration(
        optimizer=optimizer, normalisation="batch", weight_decay=0.1, decay_matrices_only=True
    )
    model = build_network(configuration, 8, 3)
    groups = [group for each in build_optimizer(configuration, model) for group in each.param_groups]
    assert {p.dim(): group["weight_decay"] for group in groups for p in group["params"]} == {1: 0.0, 2: 0.1}
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
