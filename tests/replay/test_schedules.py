"""Learning-rate schedules beside a compiled step, which is replayed at the rates they set."""

from __future__ import annotations

import gc
import weakref

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, optim


def train(compiled: bool, schedule: str) -> tuple[list[float], object]:
    tg.manual_seed(3)
    model = nn.Linear(6, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    if schedule == "cosine":
        scheduler: object = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
    else:
        scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=8)

    def step(x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    called = tg.compile(step) if compiled else step
    losses = []
    for _ in range(8):
        losses.append(called(tg.randn(16, 6), tg.randint(0, 3, (16,))).item())
        scheduler.step()
    return losses, called


@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
def test_a_step_whose_optimizer_has_a_schedule_is_replayed(schedule: str) -> None:
    eager, _ = train(False, schedule)
    replayed, step = train(True, schedule)
    assert replayed == eager
    assert "def replay" in step.code


def test_a_schedule_does_not_keep_its_optimizer_alive() -> None:
    optimizer = optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    optim.lr_scheduler.StepLR(optimizer, 1)
    gone = weakref.ref(optimizer)
    gc.disable()
    try:
        del optimizer
        assert gone() is None
    finally:
        gc.enable()
