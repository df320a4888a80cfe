"""An outcome of all studies, made up but of the form that the runs give."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad5329.experiments.results import Outcome, StudyResult, row_result, study_result
from tinygrad5329.experiments.study import Study, load_studies, load_study
from tinygrad5329.utils.data.datasets import ArrayData

CLASSES = 4
ENVIRONMENT = {"tinygrad5329": "0.0", "Python": "3.11", "NumPy": "2", "CPU cores": "2"}


def made_run(config: dict[str, Any], top: float, seed: int, *, status: str = "ok") -> dict[str, Any]:
    """A run whose accuracy rises towards ``top``."""
    key = hashlib.sha256(json.dumps([config, seed, status], sort_keys=True).encode()).hexdigest()[:16]
    draw = np.random.default_rng(int(key[:8], 16))
    epochs = {"ok": int(draw.integers(12, 30)), "diverged": 3, "failed": 0}[status]
    rise = 1 - np.exp(-np.arange(1, epochs + 1) / 4)
    accuracy = np.clip(top * rise + draw.normal(0, 0.004, epochs), 0, 1)
    history = [
        {
            "epoch": i + 1,
            "train_loss": 2.3 - 1.5 * float(rise[i]),
            "train_accuracy": min(1.0, float(accuracy[i]) * 1.2),
            "val_loss": 2.3 - float(rise[i]),
            "val_accuracy": float(accuracy[i]),
            "lr": 0.05,
            "seconds": 1.0,
        }
        for i in range(epochs)
    ]
    found = bool(epochs)

    def metrics(value: float, samples: int) -> dict[str, Any]:
        off = (1 - value) / (CLASSES - 1)
        shares = np.full((CLASSES, CLASSES), off) + np.eye(CLASSES) * (value - off)
        confusion = np.round(shares * samples / CLASSES).astype(int)
        return {
            "loss": 1.2,
            **dict.fromkeys(("accuracy", "precision", "recall", "f1"), value),
            "samples": samples,
            "confusion": confusion.tolist(),
        }

    test = float(accuracy.max()) - 0.005 if found else 0.0
    return {
        "schema": 1,
        "key": key,
        "config": config | {"seed": seed},
        "code": "c0de",
        "data": {"name": "made", "test_samples": 400} if found else None,
        "status": status,
        "error": {"ok": None, "diverged": "in epoch 4: the loss became nan", "failed": "MemoryError"}[status],
        "parameters": 17802 if found else None,
        "epochs": epochs,
        "best_epoch": int(accuracy.argmax()) + 1 if found else None,
        "train": metrics(min(1.0, test * 1.2), 4000) if found else None,
        "validation": metrics(test + 0.005, 400) if found and config["protocol"] == "validation" else None,
        "test": metrics(test, 400) if found else None,
        "training_seconds": float(epochs) * 1.1 if found else None,
        "training_cpu_seconds": float(epochs) if found else None,
        "inference_seconds": 0.0123 if found else None,
        "peak_memory_bytes": 10**8 if found else None,
        "history": history,
        "environment": ENVIRONMENT if found else None,
        "finished_at": "2026-01-01T00:00:00+0000",
    }


def made_result(
    study: Study, seeds: tuple[int, ...] = (0, 1, 2), *, quick: bool = False, protocol: str | None = None
) -> StudyResult:
    """Every row a little better than the one before; of the longest tables the last rows diverge and fail."""
    rows = []
    for number, row in enumerate(study.rows):
        config = row.configuration.as_dict() | {"quick": quick}
        config["protocol"] = protocol or config["protocol"]
        status = "ok"
        if len(study.rows) >= 6 and study.tables:
            status = {len(study.rows) - 1: "failed", len(study.rows) - 2: "diverged"}.get(number, "ok")
        top = 0.5 + 0.06 * number / max(1, len(study.rows) - 1)
        tried = []
        if row.tuning is not None:
            tried = [
                (change, made_run(config | {"epochs": 3} | {"lr": 0.1}, 0.4, 0)) for change in row.tuning.changes()[:2]
            ]
        runs = [made_run(config, top, seed, status=status if seed else "ok") for seed in seeds]
        if status == "failed":
            runs = [made_run(config, top, seed, status=status) for seed in seeds]
        rows.append(row_result(row, runs, tried[0][0] if tried else None, tried))
    return study_result(study, rows)


def made_outcome(
    studies: list[Study] | None = None, *, quick: bool = False, seeds: tuple[int, ...] = (0, 1, 2)
) -> Outcome:
    studies = load_studies() if studies is None else studies
    seeds_of = {study.key: seeds if quick else study.seeds or seeds for study in studies}
    return Outcome(
        studies=tuple(made_result(study, seeds_of[study.key], quick=quick) for study in studies),
        settings={
            "protocol": "validation",
            "seeds": sorted({seed for each in seeds_of.values() for seed in each} | set(seeds)),
            "quick": quick,
            "jobs": 2,
            "tables": None,
            "command": "tinygrad5329 report --jobs 2",
        },
        data={
            "name": "made",
            "fingerprint": "0123456789abcdef",
            "features": 6,
            "classes": CLASSES,
            "class_names": ["one", "two", "three", "four"],
            "train_samples": 3600,
            "validation_samples": 400,
            "test_samples": 400,
            "source": "made",
            "default": False,
        },
        environment=ENVIRONMENT,
        code="c0de",
        wall_seconds=123.4,
        runs_new=10,
        runs_found=5,
        facts={"total_seconds": 30000},
        finished_at="2026-01-01 00:00",
    )


def made_data(samples: int = 400, features: int = 6) -> ArrayData:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(samples + 100, features)).astype(np.float32)
    x[:, 1] **= 3
    y = np.arange(samples + 100) % CLASSES
    x[:, 0] += y
    return ArrayData(x[:samples], y[:samples], x[samples:], y[samples:], "made", CLASSES, features)


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    return made_outcome()


@pytest.fixture(scope="session")
def data() -> ArrayData:
    return made_data()


#: Studies of the two kinds with sections of their own that TOML files may or may not bring.
MOMENTUM = """
key = "momentum"
title = "Momentum, ten ways"
question = "Which rule is quickest?"
reach = [0.48, 0.54]
[base]
[tune]
epochs = 3
grid = { lr = [0.1, 0.05] }
[[rows]]
name = "SGD"
change.options = { momentum = 0.0 }
[[rows]]
name = "classical momentum"
[[rows]]
name = "Nesterov"
change.options = { momentum = 0.9, nesterov = true }
[[rows]]
name = "averaged"
change.options = { momentum = 0.9, dampening = 0.9 }
"""
BEYOND = """
key = "beyond"
title = "Past the report"
question = "How far does the same budget go?"
seeds = [0, 1, 2, 3, 4]
[base]
hidden = [256, 256]
residual = true
[[rows]]
name = "the best model"
[[rows]]
name = "+ cosine schedule"
change = { schedule = "cosine" }
[[rows]]
name = "+ label smoothing"
change = { schedule = "cosine", label_smoothing = 0.1 }
"""


def made_study(folder: Path, text: str) -> Study:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)
