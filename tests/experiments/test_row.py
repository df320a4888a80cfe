"""One run: what its record says, that it repeats itself, that divergence is a result."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.row import check_record, failed_record, train_row
from tinygrad5329.experiments.study import FIGURES

TIMES = {"training_seconds", "training_cpu_seconds", "inference_seconds", "peak_memory_bytes", "finished_at"}


def without_times(record):
    kept = {key: value for key, value in record.items() if key not in TIMES}
    kept["history"] = [{key: value for key, value in row.items() if key != "seconds"} for row in kept["history"]]
    return kept


def test_the_record_says_everything(small):
    record = small.record()
    json.dumps(record, allow_nan=False)
    check_record(record)
    assert (record["status"], record["error"], record["epochs"]) == ("ok", None, 3)
    assert record["parameters"] == 8 * 6 + 6 + 6 * 3 + 3
    assert [row["epoch"] for row in record["history"]] == [1, 2, 3]
    accuracies = [row["val_accuracy"] for row in record["history"]]
    assert record["best_epoch"] == 1 + accuracies.index(max(accuracies))
    for split, samples in (("train", 54), ("validation", 6), ("test", 30)):
        confusion = np.array(record[split]["confusion"])
        assert (confusion.sum(), record[split]["samples"]) == (samples, samples)
        assert record[split]["accuracy"] == pytest.approx(confusion.trace() / samples)
    assert record["validation"]["accuracy"] == pytest.approx(max(accuracies))
    assert record["training_seconds"] > 0 < record["inference_seconds"]
    assert record["peak_memory_bytes"] > 10_000_000
    assert record["environment"]["kernels"] in ("numpy", "fast")
    names = {name for name in FIGURES if name in record}
    assert names == {"parameters", "training_seconds", "inference_seconds"}


def test_it_repeats_itself_and_the_seed_matters(small):
    one = small.record()
    tg.rand(3)  # what others draw does not matter
    assert without_times(small.record()) == without_times(one)
    assert small.record(seed=1)["history"][0]["train_loss"] != one["history"][0]["train_loss"]


def test_the_report_protocol_has_no_validation_figures(small):
    record = small.record(protocol="report")
    assert record["validation"] is None
    best = record["history"][record["best_epoch"] - 1]
    assert record["test"]["accuracy"] == pytest.approx(best["val_accuracy"])


def test_training_stops_by_patience(small):
    record = small.record(epochs=50, patience=2, lr=1e-9)
    assert (record["epochs"], record["best_epoch"]) == (3, 1)
    assert small.record(epochs=5, patience=0, lr=1e-9)["epochs"] == 5


def test_divergence_before_the_first_epoch_has_no_figures(small):
    record = small.record(lr=1e30)
    assert (record["status"], record["epochs"], record["test"], record["best_epoch"]) == ("diverged", 0, None, None)
    assert "in epoch 1" in record["error"]
    json.dumps(record, allow_nan=False)


def test_divergence_later_keeps_the_best_epoch(small, monkeypatch):
    from tinygrad5329.experiments import row as module

    calls = []

    def evaluate_then_diverge(*args, **kwargs):
        calls.append(args)
        found = honest(*args, **kwargs)
        if len(calls) == 4:  # the warm-up, and two epochs
            found.loss_sum = math.inf
        return found

    honest = module.evaluate_totals
    monkeypatch.setattr(module, "evaluate_totals", evaluate_then_diverge)
    record = small.record()
    assert (record["status"], record["epochs"]) == ("diverged", 2)
    assert record["test"]["accuracy"] > 0
    assert "in epoch 3" in record["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"label_smoothing": 0.1},
        {"mixup": 0.4},
        {"input_noise": 0.5},
        {"ema": 0.9},
        {"max_norm": 0.01},
        {"schedule": "cosine"},
        {"schedule": "onecycle"},
        {"warmup_epochs": 1},
        {"dropout": 0.5},
        {"normalisation": "batch"},
        {"weight_decay": 0.5},
        {"scale": "none"},
        {"optimizer": "adamw"},
        {"optimizer": "muon"},
        {"options": {"nesterov": True}},
        {"hidden": [6, 6], "residual": True},
    ],
)
def test_every_key_changes_what_is_trained(small, change):
    changed = small.record(**change)
    assert changed["status"] == "ok"
    assert changed["history"][-1]["val_loss"] != small.record()["history"][-1]["val_loss"]


def test_dropping_blocks_changes_training_and_not_evaluation(small):
    blocks = {"hidden": [6, 6, 6], "residual": True}
    plain = small.record(**blocks)
    dropped = small.record(**blocks, stochastic_depth=0.5)
    assert plain["history"][0]["train_loss"] != dropped["history"][0]["train_loss"]
    x = tg.randn(4, 8)
    outputs = []
    for share in (0.0, 0.5):
        tg.manual_seed(0)
        model = build_network(small.configuration(**blocks, stochastic_depth=share), 8, 3).eval()
        outputs.append(model(x).detach().numpy())
    np.testing.assert_array_equal(*outputs)


def test_the_judged_weights_are_the_averaged_ones(small):
    def change(**options):
        losses = [row["val_loss"] for row in small.record(**options)["history"]]
        return abs(losses[-1] - losses[0])

    assert change(ema=0.9999) < 0.01 * change()


def test_a_failed_record_is_a_record(small):
    record = failed_record(small.configuration(), "key", "code", "out of memory")
    assert check_record(record)["status"] == "failed"


@pytest.mark.parametrize("record", [[], {}, {"schema": 2}, {"schema": 1, "key": "x"}])
def test_what_is_no_record_is_refused(record):
    with pytest.raises(ValueError, match="record"):
        check_record(record)


def test_the_source_is_asked_for_the_split_of_the_configuration(small):
    source = small.source()
    record = train_row(small.configuration(protocol="report"), source, "key", "code")
    assert record["data"] == source.facts("report", False).as_dict()
