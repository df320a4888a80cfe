"""The networks of the studies have the parameters that the report counts, and the best model is the best model."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.experiments.configuration import ACTIVATIONS, EXTRACTORS, Configuration
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.study import load_studies
from tinygrad5329.training import baseline, best_model, count_parameters

STUDIES = {study.key: study for study in load_studies()}
COUNTS = {
    "baseline": [17802],
    "table-03": [17802] * 4,
    "table-08": [35594, 17802, 8906, 27810, 20860, 13910, 6960],
    "table-09": [35594, 101386, 167178, 232970],
    "table-10": [101386, 101386, 102410, 102410, 168202],
    "table-11": [168202, 168202],
    "table-12": [168202] * 5,
    "table-13": [168202, 135184, 217610, 7754],
    "best": [168202],
}


@pytest.mark.parametrize("key", COUNTS)
def test_the_counts_are_the_reports(key):
    rows = STUDIES[key].rows
    assert [count_parameters(build_network(row.configuration)) for row in rows] == COUNTS[key]


def test_the_counts_in_the_study_files_are_those_of_the_networks():
    for study in STUDIES.values():
        for row in study.rows:
            if "parameters" in row.report:
                assert count_parameters(build_network(row.configuration)) == row.report["parameters"], row.name


@pytest.mark.parametrize(("key", "build"), [("best", best_model), ("baseline", baseline)])
def test_they_are_the_models_of_the_training_room(key, build):
    x = tg.randn(7, 128)
    tg.manual_seed(3)
    ours = build_network(STUDIES[key].rows[0].configuration)
    tg.manual_seed(3)
    theirs = build()
    assert [tuple(p.shape) for p in ours.parameters()] == [tuple(p.shape) for p in theirs.parameters()]
    np.testing.assert_array_equal(ours.eval()(x).detach().numpy(), theirs.eval()(x).detach().numpy())


@pytest.mark.parametrize("extractor", EXTRACTORS)
@pytest.mark.parametrize("features", [64, 128])
def test_every_extractor_gives_logits_and_every_parameter_a_gradient(extractor, features):
    configuration = STUDIES["best"].rows[0].configuration.changed({"extractor": extractor})
    model = build_network(configuration, features, 10)
    logits = model(tg.randn(5, features))
    assert tuple(logits.shape) == (5, 10)
    nn.CrossEntropyLoss()(logits, tg.arange(5)).backward()
    assert all(p.grad is not None and bool((p.grad != 0).any()) for p in model.parameters())


def test_the_convolution_sees_neighbours_and_a_zero_after_the_last():
    configuration = Configuration(hidden=[256], extractor="conv1d", activation="none")
    extractor = build_network(configuration).get_submodule("input")
    weight, bias = extractor.conv.weight.detach().numpy(), extractor.conv.bias.detach().numpy()
    x = tg.randn(3, 128)
    padded = np.pad(x.numpy(), ((0, 0), (0, 1)))
    wanted = [weight[f, 0, 0] * padded[:, :-1] + weight[f, 0, 1] * padded[:, 1:] + bias[f] for f in range(2)]
    np.testing.assert_allclose(extractor(x).detach().numpy(), np.concatenate(wanted, axis=1), rtol=1e-5, atol=1e-5)


def test_the_recurrence_gives_the_state_after_two_halves():
    configuration = Configuration(hidden=[256], extractor="rnn", activation="none")
    extractor = build_network(configuration).get_submodule("input")
    x = tg.randn(3, 128)
    weights = {name: p.detach().numpy() for name, p in extractor.rnn.named_parameters()}
    state = np.zeros((3, 256), np.float32)
    for half in np.split(x.numpy(), 2, axis=1):
        state = np.tanh(
            half @ weights["weight_ih_l0"].T
            + weights["bias_ih_l0"]
            + state @ weights["weight_hh_l0"].T
            + weights["bias_hh_l0"]
        )
    np.testing.assert_allclose(extractor(x).detach().numpy(), state, rtol=1e-4, atol=1e-5)


def test_features_that_do_not_fit_an_extractor_are_refused():
    best = STUDIES["best"].rows[0].configuration
    for extractor, features, words in (
        ("conv1d", 100, "multiple of its 100 features"),
        ("rnn", 63, "which 63 features do not make"),
        ("attention", 100, "tokens of 32"),
    ):
        with pytest.raises(ValueError, match=words):
            build_network(best.changed({"extractor": extractor}), features)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_activation_is_everywhere_or_nowhere(activation):
    best = STUDIES["best"].rows[0].configuration.changed({"activation": activation, "dropout": 0.0})
    kinds = [type(module).__name__.lower() for module in build_network(best).modules()]
    name = activation.replace("_", "")
    assert kinds.count(name) == (0 if activation == "none" else 3)
    assert "dropout" not in kinds
