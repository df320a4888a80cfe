"""What cannot be replayed runs eagerly, and one warning names the operation and the line."""

from __future__ import annotations

import random
import time
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.replay import CompiledStep


def refused(function, match, *arguments, times=4):
    """Call the compiled function; it must warn once, with a line of this file, and agree with the eager one."""
    run = CompiledStep(function)
    with pytest.warns(UserWarning, match=match) as record:
        results = [run(*arguments) for _ in range(times)]
    assert len(record) == 1 and record[0].filename == __file__, [str(each.message) for each in record]
    assert all(entry.source is None for entry in run._entries)
    return results


def test_values_that_are_read():
    x, kept = tg.tensor([1.0, 2.0]), []
    assert refused(lambda x: x.sum().item() * x, r"item\(\) reads.*test_refusals.py, line \d+", x)[0].tolist() == [3, 6]
    refused(lambda x: x * float(x.sum()), "reads", x)
    refused(lambda x: tg.tensor(x.tolist()), r"tolist\(\) reads", x)
    refused(lambda x: tg.from_numpy(x.numpy() * 2), r"numpy\(\) reads", x)
    refused(lambda x: kept.append(f"{x.sum():.2f}"), "reads", x)
    refused(lambda x: kept.append(str(x)), "printing", x)
    refused(lambda x: tg.tensor([float(v) for v in x]), "reads", x)
    assert kept[:2] == ["3.00", "3.00"] and kept[4] == str(x)


def test_control_flow_after_a_change():
    state = tg.zeros(2)

    def step(x):
        state.add_(1.0)
        mask = tg.rand(2) + state
        return x * mask if mask.sum() > 1 else x - mask

    refused(step, "control flow depends on a value that is computed after the first change", tg.ones(2))


def test_control_flow_that_goes_by_random_numbers():
    def step(x):
        first, mask = tg.randn(3), tg.rand(2)
        return first.sum() + (x * mask if mask.sum() > 1 else x - mask - tg.rand(2))

    run = CompiledStep(step)
    tg.manual_seed(0)
    expected = [step(tg.ones(2)).tolist() for _ in range(30)] + [tg.rand(1).item()]
    tg.manual_seed(0)
    assert [run(tg.ones(2)).tolist() for _ in range(30)] + [tg.rand(1).item()] == expected
    assert sum(entry.source is not None for entry in run._entries) == 2 and "set_state" in run.code


def test_distributions_that_check_their_values():
    mean, scale = (tg.zeros(8, requires_grad=True) for _ in range(2))

    def step(x):
        q = tg.distributions.Normal(mean, scale.exp())
        z = q.rsample((4,))
        p = tg.distributions.Normal(tg.zeros(8), tg.ones(8))
        loss = tg.distributions.kl_divergence(q, p).sum() - tg.distributions.Normal(z, 1.0).log_prob(x).mean()
        mean.grad = scale.grad = None
        loss.backward()
        return loss

    run, found = CompiledStep(step), []
    for each in (step, run):
        tg.manual_seed(0)
        found.append([(each(tg.full((8,), i / 3)).item(), mean.grad.tolist(), scale.grad.tolist()) for i in range(5)])
    assert found[0] == found[1]
    assert run._latest() is not None, run._entries[0].program.refusal


def test_control_flow_that_can_be_decided_before_the_first_change():
    w = tg.tensor([1.0], requires_grad=True)

    def step(x):
        w.grad = None
        (w * x).sum().backward()
        if (w.grad > 2).all():
            w.grad.zero_()
        return w.grad.clone()

    run = CompiledStep(step)
    found = [run(tg.full((1,), float(i % 4))).item() for i in range(16)]
    assert found == [0.0, 1.0, 2.0, 0.0] * 4
    assert sum(entry.source is not None for entry in run._entries) == 2


def test_tensors_that_are_kept():
    kept, history, model = [], {}, nn.Linear(2, 2)
    refused(lambda x: kept.append(x * 2), "that the step makes is kept outside: return it", tg.ones(2))
    assert len(kept) == 4 and kept[3].tolist() == [2.0, 2.0]

    def into_a_module(x):
        model.last = x * 2
        return model(x).detach()

    refused(into_a_module, "kept outside|changes", tg.ones(2))

    def into_a_dict(x):
        history["x"] = x + 1

    refused(into_a_dict, "kept outside|changes", tg.ones(2))


def test_python_state_that_changes():
    count, seen = 0, []

    def counting(x):
        nonlocal count
        count += 1
        return x * count

    results = refused(counting, "the step changes 'count'", tg.ones(1), times=4)
    assert [r.item() for r in results] == [1.0, 2.0, 3.0, 4.0]

    def listing(x):
        seen.append(len(seen))
        return x + seen[-1]

    assert [r.item() for r in refused(listing, "the step changes 'seen'", tg.zeros(1))] == [0.0, 1.0, 2.0, 3.0]


def test_values_from_elsewhere_never_settle():
    run = CompiledStep(lambda x: x * random.random() + time.perf_counter())
    with pytest.warns(UserWarning, match="no two of 16 recordings were the same: mul"):
        found = {run(tg.zeros(1, dtype=tg.float64)).item() for _ in range(20)}
    assert len(found) == 20


def test_arrays_and_tensors_from_elsewhere():
    array = np.ones(2, np.float32)
    refused(lambda x: x + tg.from_numpy(array), "an array of unknown origin", tg.ones(2))
    batches = iter([tg.full((2,), float(i)) for i in range(9)])
    results = refused(lambda: next(batches) * 2, "reached in a way that is not watched")
    assert [r[0].item() for r in results] == [0.0, 2.0, 4.0, 6.0]


def test_graphs_across_the_border():
    w = tg.ones(2, requires_grad=True)
    loss = refused(lambda x: (w * x).sum(), r"whose graph is still needed: call backward\(\) inside", tg.ones(2))[-1]
    loss.backward()
    assert w.grad.tolist() == [1.0, 1.0]
    h = w * 2
    refused(lambda x: (h * x).detach(), "carries a graph from before the step", tg.ones(2))
    run = CompiledStep(lambda x: (x * 3).sum().backward())
    with pytest.warns(UserWarning, match="requires_grad|carries a graph"):
        for _ in range(3):
            w.grad = None
            run(w * 2)
            assert w.grad.tolist() == [6.0, 6.0]


def test_a_returned_loss_cannot_go_back_twice():
    w = tg.ones(2, requires_grad=True)

    def step(x):
        loss = (w * w * x).sum()
        loss.backward()
        return loss

    run = CompiledStep(step)
    for _ in range(4):
        loss = run(tg.ones(2))
        assert loss.requires_grad and loss.grad_fn.name() == "SumBackward0"
        with pytest.raises(RuntimeError, match="a second time"):
            loss.backward()


def test_hooks_and_tools():
    model, seen = nn.Linear(2, 2), []
    run = CompiledStep(lambda x: model(x).detach())
    for _ in range(3):
        run(tg.ones(1, 2))
    handle = model.register_forward_hook(lambda *args: seen.append(1))
    with pytest.warns(UserWarning, match="hooks of"):
        run(tg.ones(1, 2))
    run(tg.ones(1, 2))
    assert len(seen) == 2
    handle.remove()
    run(tg.ones(1, 2))
    with tg.autograd.detect_anomaly(), pytest.warns(UserWarning, match="anomaly mode"):
        run(tg.ones(1, 2))

    def trained(x):
        model.zero_grad()
        model(x).sum().backward()

    run = CompiledStep(trained)
    for _ in range(3):
        run(tg.ones(1, 2))
    handle = model.weight.register_hook(lambda g: g * 3)
    with pytest.warns(UserWarning, match="hooks"):
        run(tg.ones(1, 2))
    assert model.weight.grad.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    handle.remove()
    model.weight.register_post_accumulate_grad_hook(lambda p: p.grad.mul_(2))
    run(tg.ones(1, 2))
    assert model.weight.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_optimizers_with_closures_and_generators_that_tell():
    w = tg.ones(2, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    refused(lambda: optimizer.step(closure), "is called with a function")
    assert np.allclose(w.detach().numpy(), 0.8**4)
    refused(lambda x: x + tg.rand(2) + tg.get_rng_state().sum(), "Generator.get_state", tg.ones(2))


def test_fullgraph_raises():
    @tg.compile(fullgraph=True)
    def step(x):
        return x * x.sum().item()

    with pytest.raises(RuntimeError, match="compile: step runs eagerly: item"):
        step(tg.ones(2))


def test_what_compile_gives_back():
    model = nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert tg.compile(model) is model
        assert tg.compile(mode="reduce-overhead", dynamic=True)(model) is model
        named = tg.compile(backend="inductor")(F.relu)
    assert isinstance(named, CompiledStep) and named.__name__ == "relu" and named.__doc__ == F.relu.__doc__
    assert tg.compile(F.relu, disable=True) is F.relu
    bound = tg.compile(model.forward)
    for _ in range(3):
        with tg.no_grad():
            assert tg.equal(bound(tg.ones(1, 2)), model(tg.ones(1, 2)))


def test_one_compiled_step_inside_another():
    inner = tg.compile(lambda x: x * 2)
    outer = tg.compile(lambda x: inner(x) + 1)
    for i in range(5):
        assert outer(tg.full((2,), float(i))).tolist() == [2.0 * i + 1] * 2
        assert inner(tg.full((3,), float(i))).tolist() == [2.0 * i] * 3
    assert outer._entries[0].source is not None and inner._entries[0].source is not None
