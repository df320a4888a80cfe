"""Checkpointed parts of a model: equal gradients, fewer kept values, equal random draws."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.autograd.graph import saved_tensors_hooks
from tinygrad5329.utils.checkpoint import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    get_device_states,
    set_checkpoint_early_stop,
    set_device_states,
)

KINDS = [
    pytest.param({"use_reentrant": False}, id="not reentrant"),
    pytest.param({"use_reentrant": False, "early_stop": False}, id="to the end"),
    pytest.param({"use_reentrant": True}, id="reentrant"),
]


@pytest.fixture
def model():
    tg.manual_seed(5)
    return nn.Sequential(nn.Linear(3, 5), nn.GELU(), nn.Dropout(0.5), nn.LayerNorm(5), nn.Linear(5, 2))


def gradients(model, run):
    tg.manual_seed(0)
    model.zero_grad()
    x = tg.arange(12.0).reshape(4, 3).requires_grad_()
    loss = run(x).square().sum()
    between = tg.rand(1)
    loss.backward()
    return [x.grad, *(p.grad.clone() for p in model.parameters()), between, tg.rand(1)]


@pytest.mark.parametrize("options", KINDS)
def test_gradients_and_draws_are_equal_bit_for_bit(model, options):
    calls = []

    def part(x):
        calls.append(tg.is_grad_enabled())
        return model(x)

    expected = gradients(model, model)
    found = gradients(model, lambda x: checkpoint(part, x, **options))
    assert all(tg.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert calls == [not options["use_reentrant"], True]


def test_without_the_random_state_masks_differ(model):
    expected = gradients(model, model)
    found = gradients(model, lambda x: checkpoint(model, x, use_reentrant=False, preserve_rng_state=False))
    assert not tg.equal(found[1], expected[1])


def test_nothing_but_numbers_is_kept(model):
    kept = []
    x = tg.ones(4, 3, requires_grad=True)
    with saved_tensors_hooks(lambda t: kept.append(t), lambda t: t):
        checkpoint(model, x, use_reentrant=False)
    assert not kept


def test_second_derivatives(model):
    model.eval()
    x = tg.randn(4, 3, requires_grad=True)

    def second(f):
        (g,) = tg.autograd.grad(f(x).square().sum(), x, create_graph=True)
        return tg.autograd.grad(g.square().sum(), x)[0]

    assert tg.equal(second(lambda t: checkpoint(model, t, use_reentrant=False)), second(model))


def test_early_stop_leaves_out_the_rest():
    calls = []

    def part(x):
        y = x.exp()
        calls.append(1)
        return y.relu()

    x = tg.ones(2, requires_grad=True)
    checkpoint(part, x, use_reentrant=False).sum().backward()
    with set_checkpoint_early_stop(False):
        checkpoint(lambda t: (part(t), t.exp())[1] + 0, x, use_reentrant=False).sum().backward()
    assert len(calls) == 4


def test_retained_graphs_and_nested_parts(model):
    model.eval()
    x = tg.randn(4, 3, requires_grad=True)

    def nested(t):
        return checkpoint(model[3:], checkpoint(model[:3], t, use_reentrant=False), use_reentrant=False)

    y = checkpoint(nested, x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    assert tg.equal(x.grad, first * 2)
    x.grad = None
    model(x).sum().backward()
    assert tg.equal(x.grad, first)


@pytest.mark.parametrize("segments", [1, 2, 3, 5])
def test_sequences(model, segments):
    expected = gradients(model, model)
    found = gradients(model, lambda x: checkpoint_sequential(model, segments, x, use_reentrant=False))
    assert all(tg.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_arguments_pass_through():
    result = checkpoint(lambda a, b, *, c: (a * b, c), tg.ones(1), 3, c="text", use_reentrant=False)
    assert result[0].item() == 3
    assert result[1] == "text"
    with tg.no_grad():
        assert not checkpoint(lambda a: a * 2, tg.ones(1, requires_grad=True), use_reentrant=False).requires_grad


def test_errors():
    x = tg.ones(2, requires_grad=True)
    sizes = iter([2, 1])
    y = checkpoint(lambda t: t[: next(sizes)].exp(), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"recomputed \(1,\)"):
        y.sum().backward()
    runs = iter([True, False])
    y = checkpoint(lambda t: t.exp().sin() if next(runs) else t * 1.0, x, use_reentrant=False)
    with pytest.raises(CheckpointError, match="different number"):
        y.sum().backward()
    with pytest.warns(UserWarning, match="use_reentrant"):
        checkpoint(lambda t: t * 2, x)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: c"):
        checkpoint(lambda t: t, x, use_reentrant=True, c=1)
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(lambda t: t, x, use_reentrant=False, determinism_check="maybe")


def test_there_are_no_other_devices():
    states = get_device_states(tg.ones(1))
    assert states == ([], [])
    set_device_states(*states)
    with pytest.raises(RuntimeError, match="no devices beside the CPU"):
        set_device_states([0], [tg.ones(1)])
