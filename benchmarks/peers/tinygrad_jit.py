"""tinygrad (the other one) under ``TinyJit``, on its CPU device."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinygrad import Context, Tensor, TinyJit
from tinygrad.nn.optim import SGD

from benchmarks.cases import Case
from benchmarks.program import DECAY, MOMENTUM, RATE, Program

_ROOT = 2**-0.5


def build(case: Case) -> Program:
    weights = {name: Tensor(array.copy()) for name, array in case.weights.items()}
    inputs, targets = Tensor(case.inputs), Tensor(case.targets)
    optimizer = SGD(list(weights.values()), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)

    def forward() -> Any:
        x = inputs.linear(weights["0.weight"].T, weights["0.bias"])
        x = 0.5 * x * (1 + (x * _ROOT).erf())
        return x.linear(weights["2.weight"].T, weights["2.bias"]).sparse_categorical_crossentropy(targets)

    @TinyJit
    def train() -> Any:
        optimizer.zero_grad()
        loss = forward()
        loss.backward()
        # Together: realized after the update, the loss would be computed again from the new weights.
        return loss.realize(*optimizer.schedule_step())

    def step() -> Any:
        with Context(TRAINING=1):
            return train().item()

    def check() -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
        loss = forward()
        loss.backward()
        gradients = {name: t.grad.numpy() for name, t in weights.items()}
        optimizer.zero_grad()
        return float(loss.item()), gradients

    return Program(check, step)
