"""Small parameters' states lie together in memory, and nothing tells but the time of a step."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.ops.update import bundle
from tinygrad5329.ops.update.bundle import joined, split
from tinygrad5329.optim import SGD, Adam
from tinygrad5329.storage import root


@pytest.fixture
def numpy_kernels():
    """NumPy's, which alone take a bundle at once."""
    before = tg.backends.current()
    tg.backends.use("numpy")
    yield
    tg.backends.use(before)


def zeros(*shapes, dtype=tg.float32):
    return [(tg.zeros(shape, dtype=dtype), tg.ones(shape, dtype=dtype)) for shape in shapes]


def address(tensor):
    return tensor._array.ctypes.data


def test_states_lie_one_after_the_other():
    states = zeros((2, 3), (), (4,))
    before = [(a.tolist(), b.tolist()) for a, b in states]
    ((made, numbers),) = joined(states)
    assert numbers == [0, 1, 2] and made.sizes == (6, 1, 4)
    for i, whole in enumerate(made.states):
        assert [address(s[i]) - whole.ctypes.data for s in states] == [0, 24, 28]
        assert whole.tolist() == [float(i)] * 11
    assert [(a.tolist(), b.tolist()) for a, b in states] == before
    assert [a.shape for a, _ in states] == [(2, 3), (), (4,)]
    made.states[0][6] = 5.0
    assert states[1][0].item() == 5.0


def test_what_is_left_alone(monkeypatch):
    monkeypatch.setattr(bundle, "_SMALL", 6)
    monkeypatch.setattr(bundle, "_WHOLE", 10)
    states = [
        *zeros((6,), (7,), (3,), (2,), (6,)),
        *zeros((2,), (2,), dtype=tg.float16),
        *zeros((2,), dtype=tg.float64),
        *zeros((0,)),
        (tg.zeros(2, 3).T, tg.zeros(3, 2)),
    ]
    assert [(made.sizes, numbers) for made, numbers in joined(states)] == [((6, 3), [0, 2]), ((2, 6), [3, 4])]
    assert joined([(), ()]) == []


def test_split():
    whole = np.arange(6)
    assert [part.tolist() for part in split(whole, (1, 3))] == [[0], [1, 2, 3]]


def trained(kind, steps=2, **options):
    params = [tg.nn.Parameter(tg.full(shape, 0.5)) for shape in [(3, 4), (5,), ()]]
    optimizer = getattr(tg.optim, kind)(params, lr=0.1, **options)
    for _ in range(steps):
        for p in params:
            p.grad = p.detach() + 1
        optimizer.step()
    return optimizer, params


@pytest.mark.parametrize("kind, options", [("SGD", {"momentum": 0.9}), ("Adam", {"amsgrad": True}), ("AggMo", {})])
def test_a_state_has_its_memory_for_itself(kind, options, tmp_path):
    optimizer, params = trained(kind, **options)
    states = [t for p in params for t in optimizer.state[p].values() if t.shape == p.shape and t.ndim]
    for t in states:
        assert t.untyped_storage().nbytes() == t.numel() * 4
        assert root(t.numpy()).nbytes == t.numel() * 4
        assert root(copy.deepcopy(t).numpy()).nbytes == t.numel() * 4
    assert not np.shares_memory(states[0].numpy(), states[-1].numpy())
    tg.save(optimizer.state_dict(), tmp_path / "state")
    loaded = tg.load(tmp_path / "state")["state"][0]
    assert all(root(t.numpy()).nbytes == t.numel() * 4 for t in loaded.values() if t.ndim)


def test_parameters_stay_where_they_are():
    params = [tg.nn.Parameter(tg.ones(n)) for n in (3, 4)]
    seen = [p.detach().numpy() for p in params]
    for p in params:
        p.grad = tg.ones_like(p)
    SGD(params, lr=0.5, momentum=0.9).step()
    assert [a.tolist() for a in seen] == [[0.5] * 3, [0.5] * 4]


def test_a_state_that_others_have_seen_stays_where_it_is():
    optimizer, params = trained("SGD", momentum=0.9)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    held = [optimizer.state[p]["momentum_buffer"].numpy() for p in params]
    for p in params:
        p.grad = tg.ones_like(p)
    optimizer.step()
    for p, array in zip(params, held, strict=True):
        assert optimizer.state[p]["momentum_buffer"].numpy() is array


@pytest.mark.parametrize(
    "kind, options",
    [
        ("SGD", {"momentum": 0.9}),
        ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("SGD", {"momentum": 0.9, "dampening": 0.5, "maximize": True}),
        ("ClassicalMomentum", {}),
        ("ClassicalMomentum", {"weight_decay": 0.1, "nesterov": True}),
        ("ClassicalMomentum", {"maximize": True}),
        ("QHM", {"momentum": 0.9, "weight_decay": 0.1}),
        ("QHM", {"momentum": 0.9, "nu": 1.0, "maximize": True}),
        ("AggMo", {"weight_decay": 0.1}),
        ("AggMo", {"betas": (0.5,), "maximize": True}),
        ("Adam", {"weight_decay": 0.1, "maximize": True}),
        ("AdamW", {"amsgrad": True}),
    ],
)
def test_bundles_have_the_numbers_of_their_members(monkeypatch, numpy_kernels, kind, options):
    _, together = trained(kind, steps=5, **options)
    monkeypatch.setattr(bundle, "_SMALL", 0)
    _, alone = trained(kind, steps=5, **options)
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_allclose(a.tolist(), b.tolist(), rtol=1e-6)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "ClassicalMomentum", "QHM", "AggMo"])
def test_rules_that_take_bundles_get_them(kind):
    optimizer, params = trained(kind, **({"momentum": 0.9} if kind == "SGD" else {}))
    keys = [key for key, value in optimizer.state[params[0]].items() if value.shape == params[0].shape]
    for key in keys:
        addresses = [address(optimizer.state[p][key]) for p in params]
        assert [a - addresses[0] for a in addresses] == [0, 48, 68]


def test_half_of_a_bundle(numpy_kernels):
    """Where a gradient is missing, the others are updated one by one."""
    params = [tg.nn.Parameter(tg.ones(n)) for n in (3, 4)]
    optimizer = Adam(params, lr=0.1)
    for skipped in (None, 0, 1, None):
        for i, p in enumerate(params):
            p.grad = None if i == skipped else tg.ones_like(p)
        before = [p.tolist() for p in params]
        optimizer.step()
        assert [p.tolist() == old for p, old in zip(params, before, strict=True)] == [i == skipped for i in range(2)]
    assert params[0].tolist() == pytest.approx([0.7] * 3) and params[1].tolist() == pytest.approx([0.7] * 4)
