"""The optimizers' compiled passes against NumPy's, over steps that begin and go on, options on and off."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="pip install 'tinygrad5329[fast]'")

import tinygrad5329 as tg
from tinygrad5329.backends import choice
from tinygrad5329.fast import update

CASES = [
    ("sgd_update", tg.optim.SGD, {}),
    ("sgd_update", tg.optim.SGD, {"momentum": 0.9, "weight_decay": 1e-2}),
    ("sgd_update", tg.optim.SGD, {"momentum": 0.9, "nesterov": True, "maximize": True}),
    ("sgd_update", tg.optim.SGD, {"momentum": 0.9, "dampening": 0.3}),
    ("classical_momentum_update", tg.optim.ClassicalMomentum, {"weight_decay": 1e-2}),
    ("classical_momentum_update", tg.optim.ClassicalMomentum, {"nesterov": True, "maximize": True}),
    ("heavy_ball_update", tg.optim.HeavyBall, {"weight_decay": 1e-2}),
    ("qhm_update", tg.optim.QHM, {"weight_decay": 1e-2}),
    ("qhm_update", tg.optim.QHM, {"nu": 1.0, "momentum": 0.9}),
    ("aggmo_update", tg.optim.AggMo, {"weight_decay": 1e-2}),
    ("aggmo_update", tg.optim.AggMo, {"betas": (0, 0.5), "maximize": True}),
    ("adam_update", tg.optim.Adam, {"weight_decay": 1e-2}),
    ("adam_update", tg.optim.AdamW, {"amsgrad": True}),
    ("adam_update", tg.optim.AdamW, {"maximize": True}),
    ("rmsprop_update", tg.optim.RMSprop, {"momentum": 0.9, "weight_decay": 1e-2}),
    ("adagrad_update", tg.optim.Adagrad, {"lr_decay": 1e-2}),
    ("adadelta_update", tg.optim.Adadelta, {"weight_decay": 1e-2}),
    ("adamax_update", tg.optim.Adamax, {"weight_decay": 1e-2}),
    ("nadam_update", tg.optim.NAdam, {"decoupled_weight_decay": True, "weight_decay": 1e-2}),
    ("radam_update", tg.optim.RAdam, {"weight_decay": 1e-2}),
]


@pytest.fixture(autouse=True)
def chosen():
    before = choice.current()
    yield
    choice.use(before)


def trained(name, optimizer, options, dtype):
    """Parameters after seven steps: a small one, and one larger than a block of the NumPy passes."""
    choice.use(name)
    numbers = np.random.default_rng(3)
    parameters = [tg.from_numpy(numbers.normal(size=shape).astype(dtype)).requires_grad_() for shape in ((5, 7), 70000)]
    rule = optimizer(parameters, lr=0.01, **options)
    for _ in range(7):
        for p in parameters:
            p.grad = tg.from_numpy(numbers.normal(size=p.shape).astype(dtype))
        rule.step()
    return [p.detach().numpy() for p in parameters]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("slot", "optimizer", "options"), CASES)
def test_both_paths_agree(slot, optimizer, options, dtype, monkeypatch):
    calls = []
    twin = update.KERNELS[slot]
    monkeypatch.setitem(update.KERNELS, slot, lambda *args, **kwargs: calls.append(slot) or twin(*args, **kwargs))
    ours = trained("fast", optimizer, options, dtype)
    assert calls
    for fast, numpy in zip(ours, trained("numpy", optimizer, options, dtype), strict=True):
        np.testing.assert_allclose(fast, numpy, rtol=3e-5 if dtype == "float32" else 1e-12, atol=1e-6)


def test_every_rule_is_here():
    assert {slot for slot, *_ in CASES} == set(update.KERNELS)
