"""Every schedule against PyTorch, against recorded values, and through a saved state."""

from __future__ import annotations

import json
import math
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import lr_scheduler

RECORDED_EVERY = 7


class Halving:
    """A function of the epoch that is an object, so that its attributes are part of the state."""

    def __init__(self, every):
        self.every = every

    def __call__(self, epoch):
        return 0.5 ** (epoch // self.every)


SCHEDULES = {
    "lambda": lambda S, o: S.LambdaLR(o, lambda epoch: 0.95**epoch),
    "lambda object": lambda S, o: S.LambdaLR(o, [Halving(3), Halving(5)]),
    "warm-up": lambda S, o: S.LambdaLR(o, lambda step: min(1.0, (step + 1) / 8)),
    "multiplicative": lambda S, o: S.MultiplicativeLR(o, [lambda epoch: 0.95, lambda epoch: 1 - 1 / (epoch + 9)]),
    "step": lambda S, o: S.StepLR(o, 7, 0.3),
    "multi step": lambda S, o: S.MultiStepLR(o, [30, 3, 9, 9], gamma=0.5),
    "constant": lambda S, o: S.ConstantLR(o, 0.4, 6),
    "linear": lambda S, o: S.LinearLR(o, 0.2, 0.7, 13),
    "exponential": lambda S, o: S.ExponentialLR(o, 0.93),
    "polynomial": lambda S, o: S.PolynomialLR(o, 40, 1.7),
    "cosine": lambda S, o: S.CosineAnnealingLR(o, 11, 0.001),
    "cosine restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 7),
    "cosine longer restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 5, 2, 0.001),
    "one cycle": lambda S, o: S.OneCycleLR(o, 0.5, total_steps=60),
    "one cycle linear": lambda S, o: S.OneCycleLR(o, 0.5, 61, anneal_strategy="linear", cycle_momentum=False),
    "one cycle of three phases": lambda S, o: S.OneCycleLR(
        o,
        [0.5, 0.2],
        epochs=12,
        steps_per_epoch=5,
        three_phase=True,
        pct_start=0.25,
        base_momentum=[0.7, 0.6],
    ),
    "cyclic": lambda S, o: S.CyclicLR(o, 0.01, 0.2, 7, 4),
    "cyclic halved": lambda S, o: S.CyclicLR(o, 0.01, [0.2, 0.3], 5, mode="triangular2", max_momentum=[0.9, 0.8]),
    "cyclic exponential": lambda S, o: S.CyclicLR(o, 0.01, 0.2, 5, mode="exp_range", gamma=0.97, cycle_momentum=False),
    "cyclic by cycle": lambda S, o: S.CyclicLR(o, 0.01, 0.2, 5, scale_fn=lambda x: 1 / x),
    "cyclic by batch": lambda S, o: S.CyclicLR(o, 0.01, 0.2, 5, scale_fn=Halving(9), scale_mode="iterations"),
    "sequential": lambda S, o: S.SequentialLR(
        o, [S.LinearLR(o, 0.1, 1, 5), S.CosineAnnealingLR(o, 20), S.ExponentialLR(o, 0.9)], [5, 30]
    ),
    "sequential with restarts": lambda S, o: S.SequentialLR(
        o, [S.ConstantLR(o, 0.1, 20), S.CosineAnnealingWarmRestarts(o, 10)], [20]
    ),
    "sequential of one": lambda S, o: S.SequentialLR(o, [S.StepLR(o, 3)], []),
    "chained": lambda S, o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)]),
    "chained sequential": lambda S, o: S.ChainedScheduler(
        [S.SequentialLR(o, [S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)], [10]), S.StepLR(o, 4)], o
    ),
}
schedules = pytest.mark.parametrize("make", SCHEDULES.values(), ids=SCHEDULES.keys())


def optimizer_of(library, name="SGD", lrs=(0.1, 0.03)):
    groups = [{"params": [library.zeros(1)], "lr": lr} for lr in lrs]
    return getattr(library.optim, name)(groups)


def hyperparameters(optimizer):
    """Everything that schedules change."""
    return [
        float(value)
        for group in optimizer.param_groups
        for value in (group["lr"], group["momentum"] if "momentum" in group else group["betas"][0])
    ]


def advance(optimizer, scheduler, steps):
    seen = []
    for _ in range(steps):
        seen.append(hyperparameters(optimizer))
        optimizer.step()
        scheduler.step()
    return seen


def rates(library, make, steps=60, name="SGD"):
    optimizer = optimizer_of(library, name)
    return advance(optimizer, make(library.optim.lr_scheduler, optimizer), steps)


@schedules
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_sixty_steps_are_pytorchs(oracle, make, name):
    np.testing.assert_allclose(rates(tg, make, name=name), rates(oracle, make, name=name), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("key", SCHEDULES)
def test_steps_are_the_recorded_ones(recorded, key):
    got = rates(tg, SCHEDULES[key])[::RECORDED_EVERY]
    np.testing.assert_allclose(got, recorded["schedules"][key], rtol=1e-12, atol=1e-15)


@schedules
def test_get_last_lr_is_what_was_set(make):
    optimizer = optimizer_of(tg)
    scheduler = make(lr_scheduler, optimizer)
    for _ in range(25):
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        scheduler.step()


@schedules
def test_a_loaded_state_goes_on_where_it_was_saved(make):
    """Through JSON, as checkpoints are written; the rates themselves travel with the optimizer."""
    expected = rates(tg, make, 50)[20:]
    optimizer = optimizer_of(tg)
    scheduler = make(lr_scheduler, optimizer)
    advance(optimizer, scheduler, 20)
    saved = json.loads(json.dumps([optimizer.state_dict(), scheduler.state_dict()]))
    optimizer = optimizer_of(tg, lrs=(7.0, 7.0))
    scheduler = make(lr_scheduler, optimizer)
    optimizer.load_state_dict(saved[0])
    scheduler.load_state_dict(saved[1])
    np.testing.assert_allclose(advance(optimizer, scheduler, 30), expected, rtol=1e-14)


@schedules
def test_pytorchs_state_is_taken_over(oracle, make):
    theirs = optimizer_of(oracle)
    their_scheduler = make(oracle.optim.lr_scheduler, theirs)
    advance(theirs, their_scheduler, 20)
    ours = optimizer_of(tg)
    scheduler = make(lr_scheduler, ours)
    assert set(scheduler.state_dict()) == set(their_scheduler.state_dict())
    ours.load_state_dict(theirs.state_dict())
    scheduler.load_state_dict(their_scheduler.state_dict())
    assert scheduler.get_last_lr() == their_scheduler.get_last_lr()
    np.testing.assert_allclose(
        advance(ours, scheduler, 30), advance(theirs, their_scheduler, 30), rtol=1e-12, atol=1e-15
    )


@schedules
def test_loading_leaves_the_state_as_it_is(make):
    optimizer = optimizer_of(tg)
    scheduler = make(lr_scheduler, optimizer)
    saved = scheduler.state_dict()
    keys = set(saved)
    scheduler.load_state_dict(saved)
    assert set(saved) == keys


@schedules
def test_a_tensor_rate_is_changed_in_place(make, oracle):
    def run(library):
        lrs = [library.tensor(lr, dtype=library.float64) for lr in (0.1, 0.03)]
        optimizer = optimizer_of(library, lrs=lrs)
        values = np.array(advance(optimizer, make(library.optim.lr_scheduler, optimizer), 30))
        assert all(group["lr"] is lr for group, lr in zip(optimizer.param_groups, lrs, strict=True))
        return values

    np.testing.assert_allclose(run(tg), run(oracle), rtol=1e-12, atol=1e-15)


@schedules
def test_resuming_needs_the_initial_rates(make):
    optimizer = optimizer_of(tg)
    with pytest.raises(KeyError, match=r"initial_lr.*param_groups\[0\]"):
        lr_scheduler.StepLR(optimizer, 3, last_epoch=4)


RESUMED = {
    "lambda": lambda S, o, e: S.LambdaLR(o, lambda epoch: 0.95**epoch, e),
    "multiplicative": lambda S, o, e: S.MultiplicativeLR(o, lambda epoch: 0.95, e),
    "step": lambda S, o, e: S.StepLR(o, 7, 0.3, e),
    "multi step": lambda S, o, e: S.MultiStepLR(o, [3, 9, 9, 30], last_epoch=e),
    "constant": lambda S, o, e: S.ConstantLR(o, 0.4, 16, e),
    "linear": lambda S, o, e: S.LinearLR(o, 0.2, 0.7, 23, e),
    "exponential": lambda S, o, e: S.ExponentialLR(o, 0.93, e),
    "polynomial": lambda S, o, e: S.PolynomialLR(o, 40, 1.7, e),
    "cosine": lambda S, o, e: S.CosineAnnealingLR(o, 11, 0.001, e),
    "cosine restarts": lambda S, o, e: S.CosineAnnealingWarmRestarts(o, 7, last_epoch=e),
    "one cycle": lambda S, o, e: S.OneCycleLR(o, 0.5, 60, last_epoch=e),
    "cyclic": lambda S, o, e: S.CyclicLR(o, 0.01, 0.2, 7, 4, last_epoch=e),
}


@pytest.mark.parametrize("make", RESUMED.values(), ids=RESUMED.keys())
def test_resuming_by_last_epoch_is_pytorchs(oracle, make):
    def run(library):
        optimizer = optimizer_of(library)
        advance(optimizer, make(library.optim.lr_scheduler, optimizer, -1), 13)
        return advance(optimizer, make(library.optim.lr_scheduler, optimizer, 12), 20)

    np.testing.assert_allclose(run(tg), run(oracle), rtol=1e-12, atol=1e-15)


GOING_TO = [
    "lambda",
    "step",
    "multi step",
    "constant",
    "linear",
    "exponential",
    "polynomial",
    "cosine",
    "cosine restarts",
]


@pytest.mark.parametrize("key", [*GOING_TO, "cosine longer restarts"])
def test_going_to_an_epoch_is_pytorchs_closed_form(oracle, key):
    def run(library):
        optimizer = optimizer_of(library)
        scheduler = SCHEDULES[key](library.optim.lr_scheduler, optimizer)
        optimizer.step()
        seen = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in (3, 9, 22, 5, None, 30, None, None):
                scheduler.step(epoch)
                seen.append(hyperparameters(optimizer))
        return seen

    np.testing.assert_allclose(run(tg), run(oracle), rtol=1e-12, atol=1e-15)


def test_closed_form_and_recursion_agree():
    for key in ("step", "multi step", "exponential", "polynomial", "linear", "cosine", "constant"):
        stepped = np.array(rates(tg, SCHEDULES[key], 20))
        optimizer = optimizer_of(tg)
        scheduler = SCHEDULES[key](lr_scheduler, optimizer)
        for epoch in range(20):
            scheduler.last_epoch = epoch
            np.testing.assert_allclose(scheduler._get_closed_form_lr(), stepped[epoch, ::2], rtol=1e-9, atol=1e-12)


def test_fractions_of_epochs_are_pytorchs(oracle):
    def run(library):
        optimizer = optimizer_of(library)
        scheduler = library.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4, 2, 0.001)
        seen = []
        for batch in range(60):
            optimizer.step()
            scheduler.step(batch / 3)
            seen.append(hyperparameters(optimizer))
        return seen

    np.testing.assert_allclose(run(tg), run(oracle), rtol=1e-12)


def test_warm_up_is_linear():
    seen = rates(tg, SCHEDULES["warm-up"], 12)
    np.testing.assert_allclose(np.array(seen)[:, 0], np.minimum(np.arange(1, 13) / 8, 1) * 0.1, rtol=1e-14)


COMPOSITE_FIRST = {
    "chained": lambda S, o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)], o),
    "sequential": lambda S, o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)], [10]),
}


@pytest.mark.filterwarnings("ignore:Detected call of")
@pytest.mark.parametrize("first", COMPOSITE_FIRST.values(), ids=COMPOSITE_FIRST.keys())
def test_a_composite_first_part_is_pytorchs(oracle, first):
    def make(S, o):
        return S.SequentialLR(o, [first(S, o), S.StepLR(o, 4)], [15])

    np.testing.assert_allclose(rates(tg, make), rates(oracle, make), rtol=1e-12)


def test_a_composite_part_begins_at_its_milestone():
    optimizer = optimizer_of(tg, lrs=(1.0,))
    S = lr_scheduler
    late = S.ChainedScheduler([S.ConstantLR(optimizer, 0.5, 2), S.ExponentialLR(optimizer, 0.1)])
    inner = S.SequentialLR(optimizer, [S.ConstantLR(optimizer, 0.25, 9), S.StepLR(optimizer, 1, 0.5)], [2])
    scheduler = S.SequentialLR(optimizer, [S.ExponentialLR(optimizer, 0.5), late, inner], [2, 6])
    seen = []
    for _ in range(11):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    expected = [1.0, 0.5, 0.5, 0.05, 0.01, 0.001, 0.25, 0.25, 1.0, 0.5, 0.25]
    np.testing.assert_allclose(seen, expected, rtol=1e-12)
    assert math.isclose(scheduler.get_last_lr()[0], optimizer.param_groups[0]["lr"])
