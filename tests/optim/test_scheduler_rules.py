"""Schedulers: the order of calls, wrong arguments, and schedules of one's own."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import SGD, Adam, Optimizer, lr_scheduler
from tinygrad5329.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)


@pytest.fixture
def optimizer():
    return SGD([tg.zeros(1)], lr=0.1, momentum=0.5)


def test_all_schedulers_are_here(oracle):
    theirs = {name for name in oracle.optim.lr_scheduler.__all__}
    assert theirs <= set(lr_scheduler.__all__)


def test_arguments_are_pytorchs(oracle):
    import inspect

    for name in oracle.optim.lr_scheduler.__all__:
        ours, theirs = (
            [(p.name, p.default) for p in inspect.signature(getattr(m, name)).parameters.values()]
            for m in (lr_scheduler, oracle.optim.lr_scheduler)
        )
        assert ours == theirs, name


# --- order of calls ----------------------------------------------------------------------------------


def test_stepping_the_scheduler_first_warns(optimizer):
    scheduler = StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    scheduler.step()


def test_the_right_order_does_not_warn(optimizer):
    scheduler = StepLR(optimizer, 3)
    for _ in range(3):
        optimizer.step()
        scheduler.step()


def test_a_step_replaced_after_the_scheduler_was_made_warns(optimizer):
    scheduler = StepLR(optimizer, 3)
    optimizer.step = lambda closure=None: None
    with pytest.warns(UserWarning, match="has been overridden"):
        scheduler.step()


def test_a_step_replaced_before_the_scheduler_was_made_is_used(optimizer):
    optimizer.step = lambda closure=None: closure
    scheduler = StepLR(optimizer, 3)
    assert optimizer.step(7) == 7
    scheduler.step()


def test_two_schedulers_note_steps_once(optimizer):
    StepLR(optimizer, 3)
    noting = optimizer.step
    StepLR(optimizer, 3)
    assert optimizer.step is noting


def test_the_optimizer_steps_as_before(optimizer):
    p = optimizer.param_groups[0]["params"][0]
    p.grad = tg.ones(1)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    StepLR(optimizer, 3)
    assert optimizer.step(lambda: 42) == 42
    np.testing.assert_allclose(p.tolist(), [-0.1], rtol=1e-6)
    assert calls == [1]


def test_an_epoch_given_to_step_is_deprecated(optimizer):
    scheduler = StepLR(optimizer, 3)
    optimizer.step()
    with pytest.warns(UserWarning, match=r"epoch parameter in `scheduler.step\(\)`"):
        scheduler.step(4)
    assert scheduler.get_last_lr() == [pytest.approx(0.01)]


SMALL = {
    "LambdaLR": lambda o: LambdaLR(o, lambda e: 1.0),
    "MultiplicativeLR": lambda o: MultiplicativeLR(o, lambda e: 1.0),
    "StepLR": lambda o: StepLR(o, 2),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2]),
    "ConstantLR": ConstantLR,
    "LinearLR": LinearLR,
    "ExponentialLR": lambda o: ExponentialLR(o, 0.5),
    "PolynomialLR": lr_scheduler.PolynomialLR,
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 5),
    "CosineAnnealingWarmRestarts": lambda o: CosineAnnealingWarmRestarts(o, 5),
    "CyclicLR": lambda o: CyclicLR(o, 0.1, 0.2),
    "OneCycleLR": lambda o: OneCycleLR(o, 0.1, 10),
}


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL.keys())
def test_asking_for_get_lr_warns(optimizer, make):
    scheduler = make(optimizer)
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        scheduler.get_lr()


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL.keys())
def test_a_failing_get_lr_leaves_no_traces(optimizer, make, monkeypatch):
    scheduler = make(optimizer)
    optimizer.step()

    def fail():
        raise KeyError("from get_lr")

    monkeypatch.setattr(scheduler, "get_lr", fail)
    with pytest.raises(KeyError, match="from get_lr"):
        scheduler.step()
    assert scheduler._get_lr_called_within_step is False


# --- schedules of one's own --------------------------------------------------------------------------


def test_a_schedule_of_ones_own(optimizer):
    class Wave(lr_scheduler._LRScheduler):
        def get_lr(self):
            assert self._get_lr_called_within_step
            return [base_lr * (1 + self.last_epoch % 2) for base_lr in self.base_lrs]

    scheduler = Wave(optimizer)
    seen = []
    for _ in range(4):
        seen += scheduler.get_last_lr()
        optimizer.step()
        scheduler.step()
    assert seen == [0.1, 0.2, 0.1, 0.2]
    assert isinstance(scheduler, LRScheduler)


def test_a_schedule_needs_get_lr(optimizer):
    with pytest.raises(NotImplementedError, match=r"LRScheduler has no get_lr\(\)"):
        LRScheduler(optimizer)


def test_groups_added_later_are_noticed(optimizer):
    scheduler = StepLR(optimizer, 1)
    optimizer.add_param_group({"params": [tg.zeros(1)], "lr": 1.0})
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.01, 0.1])
    scheduler = LambdaLR(optimizer, lambda e: 1.0)
    optimizer.add_param_group({"params": [tg.zeros(1)]})
    optimizer.step()
    with pytest.raises(ValueError, match="zip"):
        scheduler.step()


# --- arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda o: StepLR([o], 3), TypeError, "list is not an Optimizer"),
        (lambda o: ReduceLROnPlateau(3), TypeError, "int is not an Optimizer"),
        (lambda o: CyclicLR(None, 0.1, 0.2), TypeError, "NoneType is not an Optimizer"),
        (lambda o: OneCycleLR("o", 0.1, 10), TypeError, "str is not an Optimizer"),
        (lambda o: LambdaLR(o, [min, max]), ValueError, "Expected 1 lr_lambdas, .* but got 2"),
        (lambda o: LambdaLR(o, 0.5), TypeError, "lr_lambda should be a function, but got float"),
        (lambda o: MultiplicativeLR(o, [0.5]), TypeError, "lr_lambda should be a function, but got float"),
        (lambda o: ConstantLR(o, 1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda o: LinearLR(o, 0.0), ValueError, "greater than 0 and less or equal to 1, but got 0.0"),
        (lambda o: LinearLR(o, 0.5, 1.5), ValueError, "Ending .* between 0 and 1, but got 1.5"),
        (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "positive integer T_0, but got 0"),
        (lambda o: CosineAnnealingWarmRestarts(o, 5, 1.5), ValueError, "integer T_mult >= 1, but got 1.5"),
        (lambda o: CosineAnnealingWarmRestarts(o, 5, 1, "0"), ValueError, "Expected float or int eta_min"),
        (lambda o: CosineAnnealingWarmRestarts(o, 5).step(-1), ValueError, "non-negative epoch, but got -1"),
        (lambda o: CyclicLR(o, 0.1, 0.2, mode="square"), ValueError, "mode is invalid .* 'square'"),
        (lambda o: CyclicLR(o, [0.1, 0.2], 0.2), ValueError, "base_lr has 2 values, param_groups has 1"),
        (lambda o: CyclicLR(o, 0.1, 0.2, base_momentum=[1, 2]), ValueError, "base_momentum has 2 values"),
        (lambda o: OneCycleLR(o, 0.1), ValueError, "either total_steps OR"),
        (lambda o: OneCycleLR(o, 0.1, 0), ValueError, "positive integer total_steps, but got 0"),
        (
            lambda o: OneCycleLR(o, 0.1, epochs=2.5, steps_per_epoch=2),
            ValueError,
            "integer epochs, but got 2.5",
        ),
        (lambda o: OneCycleLR(o, 0.1, epochs=2, steps_per_epoch=0), ValueError, "steps_per_epoch, but got 0"),
        (
            lambda o: OneCycleLR(o, 0.1, 10, pct_start=2.0),
            ValueError,
            "between 0 and 1 pct_start, but got 2.0",
        ),
        (
            lambda o: OneCycleLR(o, 0.1, 10, anneal_strategy="x"),
            ValueError,
            "'cos' or 'linear', instead got x",
        ),
        (lambda o: OneCycleLR(o, 0.1, 10, pct_start=0.1), ValueError, "phase 0 .* has no steps"),
        (lambda o: OneCycleLR(o, [0.1, 0.2], 10), ValueError, "max_lr has 2 values"),
        (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be < 1.0, but got 1.0"),
        (lambda o: ReduceLROnPlateau(o, mode="up"), ValueError, "mode up is unknown!"),
        (lambda o: ReduceLROnPlateau(o, threshold_mode="up"), ValueError, "threshold mode up is unknown!"),
        (lambda o: ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "expected 1 min_lrs, .* got 2"),
        (lambda o: SequentialLR(o, [], []), ValueError, "expects at least one scheduler"),
        (
            lambda o: SequentialLR(o, [StepLR(o, 1)], [3]),
            ValueError,
            "schedulers 1 and the number of milestones",
        ),
        (lambda o: SequentialLR(o, [3], []), TypeError, "at index 0 should have `optimizer`.* got a int"),
        (
            lambda o: SequentialLR(o, [ReduceLROnPlateau(o)], []),
            ValueError,
            "does not support `ReduceLROnPlateau`",
        ),
        (lambda o: SequentialLR(SGD([tg.ones(1)]), [StepLR(o, 1)], []), ValueError, "StepLR at index 0"),
        (lambda o: ChainedScheduler([]), ValueError, "expects at least one scheduler"),
        (lambda o: ChainedScheduler([3]), TypeError, "should have `optimizer`"),
        (
            lambda o: ChainedScheduler([ReduceLROnPlateau(o)]),
            ValueError,
            "does not support `ReduceLROnPlateau`",
        ),
        (
            lambda o: ChainedScheduler([StepLR(o, 1), StepLR(SGD([tg.ones(1)]), 1)]),
            ValueError,
            "StepLR at index 1, whose optimizer is another one",
        ),
    ],
)
def test_arguments_are_checked(optimizer, make, error, text):
    with pytest.raises(error, match=text):
        make(optimizer)


@pytest.mark.parametrize("make", [lambda o: CyclicLR(o, 0.1, 0.2), lambda o: OneCycleLR(o, 0.1, 10)])
def test_cycling_a_momentum_that_is_not_there(make):
    class Plain(Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1})

    with pytest.raises(ValueError, match="Plain has neither, so pass cycle_momentum=False"):
        make(Plain([tg.zeros(1)]))


def test_one_cycle_ends(optimizer):
    scheduler = OneCycleLR(optimizer, 0.1, 5)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    with pytest.raises(ValueError, match=r"Tried to step 6 times\. The specified number of total steps is 5"):
        scheduler.step()


def test_one_cycle_moves_momentum_against_the_rate(optimizer):
    scheduler = OneCycleLR(optimizer, 1.0, 10, pct_start=0.5)
    group = optimizer.param_groups[0]
    pairs = []
    for _ in range(10):
        pairs.append((group["lr"], group["momentum"]))
        optimizer.step()
        scheduler.step()
    assert pairs[0] == (pytest.approx(1 / 25), 0.95)
    assert pairs[4] == (pytest.approx(1.0), pytest.approx(0.85))
    assert pairs[9] == (pytest.approx(1 / 25e4), pytest.approx(0.95))


def test_cycling_adam_moves_beta1_alone():
    optimizer = Adam([tg.zeros(1)], betas=(0.9, 0.97))
    CyclicLR(optimizer, 0.1, 0.2, base_momentum=0.7, max_momentum=0.8)
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.97)


def test_a_saved_scale_fn_needs_one_to_go_to(optimizer):
    class Scale:
        def __init__(self):
            self.k = 2.0

        def __call__(self, x):
            return 1 / self.k

    saved = CyclicLR(optimizer, 0.1, 0.2, scale_fn=Scale()).state_dict()
    assert saved["_scale_fn_custom"] == {"k": 2.0}
    with pytest.raises(ValueError, match="attributes of a scale_fn"):
        CyclicLR(optimizer, 0.1, 0.2).load_state_dict(saved)
