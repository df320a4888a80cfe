"""Studies made up, but of the form that searches give; trained is nothing."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.trial import Trial

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class MadeTask:
    """A perceptron of one to three layers, judged by a formula."""

    name = "made"
    value_name = "validation accuracy"
    steps = 1000
    space = Space(
        {
            "layers": Stack(1, 3, {"width": Choice(8, 16, 32), "activation": Choice(*ACTIVATIONS)}),
            "optimizer": Choice("sgd", "adamw"),
            "sgd_lr": Float(0.005, 0.5, log=True, when={"optimizer": "sgd"}),
            "dropout": Choice(0.0, 0.2, 0.5),
        }
    )

    def build(self, architecture: Architecture) -> nn.Module:
        modules: list[nn.Module] = []
        before = 6
        for layer in architecture["layers"]:
            modules += [nn.Linear(before, layer["width"]), ACTIVATIONS[layer["activation"]]()]
            before = layer["width"]
        return nn.Sequential(*modules, nn.Linear(before, 4))

    def example(self) -> tg.Tensor:
        return tg.zeros(2, 6)

    def train(self, architecture: Architecture, *, seed: int, report: Any) -> Any:
        raise AssertionError("nothing here is trained")


@dataclass
class MadeStudy:
    """What a search hands over to be written."""

    trials: list[Trial]
    task: Any = field(default_factory=MadeTask)
    algorithm: str = "random"
    seed: int = 0
    budget: Any = field(default_factory=lambda: {"steps": 40_000})
    settings: dict[str, Any] = field(default_factory=lambda: {"jobs": 2, "data": "digits"})


def made_trials(task: Any, number: int, *, seed: int = 0, gain: float = 0.0, plain: bool = False) -> list[Trial]:
    """Trials whose value hangs on the optimizer and the depth; some pruned, some failed, unless ``plain``."""
    generator, noise = random.Random(f"made:{seed}"), np.random.default_rng(seed)
    trials = []
    for index in range(number):
        architecture = task.space.sample(generator)
        layers = architecture["layers"]
        rate = architecture.get("sgd_lr", 0.05)
        top = 0.46 + 0.03 * len(layers) + 0.04 * (architecture["optimizer"] == "sgd") + gain
        top += -0.02 * math.log10(rate / 0.05) ** 2 + float(noise.normal(0, 0.008))
        ends = [round(top * (1 - math.exp(-epoch / 2.5)), 4) for epoch in range(1, 11)]
        reports = tuple((100 * (epoch + 1), value) for epoch, value in enumerate(ends))
        latency = 2e-5 * sum(layer["width"] for layer in layers) ** 0.8 * (1 + float(noise.uniform(0, 0.2)))
        measures = {
            "parameters": sum(16 * layer["width"] for layer in layers),
            "latency": latency,
            "test_accuracy": round(top - 0.01 + float(noise.normal(0, 0.004)), 4),
        }
        kind = 0 if plain else index % 7
        if kind == 3:
            trials.append(Trial(index, architecture, "pruned", None, 300, 1.1, reports[:3], {"parameters": 100}))
        elif kind == 5 and index % 2:
            error = {"error": "DivergenceError: the loss is nan at step 120"}
            trials.append(Trial(index, architecture, "failed", None, 120, 0.5, ((100, math.nan),), error))
        else:
            spent = 3.0 + float(noise.uniform(0, 0.8)) + latency * 100
            trials.append(Trial(index, architecture, "complete", ends[-1], 1000, spent, reports, measures))
    return trials


class Made:
    """What tests make studies of."""

    task = MadeTask()

    def study(self, trials: list[Trial], **values: Any) -> MadeStudy:
        return MadeStudy(trials, **values)

    def trials(self, number: int, **options: Any) -> list[Trial]:
        return made_trials(self.task, number, **options)


@pytest.fixture(scope="session")
def made() -> Made:
    return Made()


@pytest.fixture(scope="session")
def written(made, tmp_path_factory) -> Path:
    """The folder of a study with trials of all ends."""
    from tinygrad5329.search.output.write import write_study

    folder = tmp_path_factory.mktemp("study")
    settings = {"command": "tinygrad5329 search --algo random", "data": "<b>digits</b>"}
    write_study(made.study(made.trials(30), settings=settings), folder)
    return folder
