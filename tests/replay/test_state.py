"""What a step leaves behind: versions, gradients, half-done work after an exception, and an engine as it was."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.random import Generator
from tinygrad5329.replay import CompiledStep
from tinygrad5329.tensor import Tensor


def ready(step):
    return step._entries[0].source is not None


def test_a_graph_from_outside_notices_what_a_replay_writes():
    batch_norm = nn.BatchNorm1d(3)

    def step(x):
        with tg.no_grad():
            return batch_norm(x)

    run = CompiledStep(step)
    for _ in range(4):
        running = batch_norm.running_mean
        w = tg.ones(3, requires_grad=True)
        loss = (w * running).sum()
        count = running._version_count
        run(tg.randn(4, 3))
        assert running._version_count > count
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()
    assert ready(run)


def test_in_place_writes():
    state, w = tg.zeros(3), tg.ones(3, requires_grad=True)

    def step(x):
        state.mul_(0.5).add_(x)
        state[0] = x.sum()
        y = x * 1.0
        y += w
        y[1:] *= w[1:]
        y.relu_()
        y.sum().backward()
        with tg.no_grad():
            w.sub_(w.grad, alpha=0.1)
        w.grad.zero_()
        return y.detach()

    run = CompiledStep(step)
    outs = []
    for each in (step, run):
        with tg.no_grad():
            state.zero_()
            w.fill_(1.0)
        w.grad = None
        outs.append([(each(tg.full((3,), i - 1.0)).tolist(), state.tolist(), w.tolist()) for i in range(6)])
    assert outs[0] == outs[1] and ready(run)


def test_results_are_fresh():
    w = tg.ones(2, requires_grad=True)

    def step(x):
        w.grad = None
        y = w * x
        y.sum().backward()
        return y.detach(), w.grad, x, w

    run = CompiledStep(step)
    results = [run(tg.full((2,), float(i))) for i in range(6)]
    assert [r[0][0].item() for r in results] == [r[1][0].item() for r in results] == list(range(6))
    assert all(r[3] is w for r in results) and results[-1][1] is w.grad
    assert not np.shares_memory(results[-1][0].numpy(), results[-2][0].numpy())
    x = tg.ones(2)
    assert run(x)[2] is x and ready(run)


@pytest.mark.parametrize("compiled", [False, True])
def test_an_exception_leaves_what_eager_leaves(compiled):
    model = nn.Linear(2, 3)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = CompiledStep(step) if compiled else step
    x, y = tg.randn(2, 2), tg.tensor([0, 1])
    for _ in range(3):
        run(x, y)
    before = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(IndexError):
        run(x, tg.tensor([0, 7]))
    assert all(p.grad is None for p in model.parameters())
    assert all(map(tg.equal, before, model.parameters()))
    run(x, y)
    assert model.weight.grad is not None
    optimizer.register_step_pre_hook(lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(x, y)
    assert model.weight.grad is not None


def test_the_engine_is_as_it_was_after_a_recording():
    def engine():
        ops = [(op.run, op.kernels, "plan" in vars(op)) for op in REGISTRY.values()]
        classes = [vars(cls).get(name) for cls in (Tensor, Optimizer, *Generator.__mro__) for name in sorted(vars(cls))]
        return ops, classes, tg.tensor.__globals__["np"] is np

    x = tg.ones(2, requires_grad=True)

    def failing():
        (x * 2).sum().backward()
        raise KeyError("inside")

    (x * 2).sum().backward()
    before = engine()
    run = CompiledStep(failing)
    with pytest.raises(KeyError):
        run()
    assert run._entries == [] and engine() == before
    CompiledStep(lambda: (x * 2).detach())()
    assert engine() == before
    assert type(x._array) is type((x * 2)._array) is np.ndarray


def test_other_threads_are_not_recorded():
    w, results, stop = tg.ones(2, requires_grad=True), [], threading.Event()

    def elsewhere():
        v = tg.ones(3, requires_grad=True)
        while not stop.is_set():
            v.grad = None
            (v * tg.arange(3.0)).sum().backward()
            results.append(v.grad.tolist())

    def step(x):
        w.grad = None
        for _ in range(20):
            x = F.gelu(x * w)
        x.sum().backward()
        return w.grad

    thread = threading.Thread(target=elsewhere)
    thread.start()
    run = CompiledStep(step)
    try:
        for _ in range(5):
            assert tg.equal(run(tg.ones(2)), step(tg.ones(2)))
    finally:
        stop.set()
        thread.join()
    assert ready(run) and "arange" not in run.code
    assert all(each == [0.0, 1.0, 2.0] for each in results)


def test_several_threads_call_one_step():
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))

    def step(x, w, scale):
        out = model(x).detach() @ w * scale
        (out * out).sum().backward()
        return out.detach()

    run, wrong = CompiledStep(step), []

    def work(number):
        try:
            for i in range(40):
                x, w = tg.full((4 + i % 2, 8), float(number)), tg.eye(4).requires_grad_()
                twin = tg.eye(4).requires_grad_()
                found, expected = run(x, w, float(number % 2)), step(x, twin, float(number % 2))
                if not (tg.equal(found, expected) and tg.equal(w.grad, twin.grad)):
                    wrong.append((number, i))
        except Exception as error:
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    assert len([entry for entry in run._entries if entry.source]) == 4


def test_a_recording_keeps_no_arrays():
    model = nn.Linear(64, 64)

    def step(x):
        model.zero_grad()
        model(x).tanh().sum().backward()

    step(tg.ones(4096, 64))
    run = CompiledStep(step)
    tracemalloc.start()
    try:
        for _ in range(3):
            run(tg.ones(4096, 64))
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Half of one of the step's arrays.
    assert ready(run) and kept < 4096 * 64 * 4 // 2


def test_custom_functions_and_second_derivatives():
    class Cube(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x * x

    w = tg.tensor([0.5, 1.5], requires_grad=True)

    def custom(x):
        w.grad = None
        Cube.apply(w * x).sum().backward()
        return w.grad

    def penalty(x):
        w.grad = None
        (g,) = tg.autograd.grad((w**3 * x).sum(), w, create_graph=True)
        (g * g).sum().backward()
        return w.grad

    for step in (custom, penalty):
        run = CompiledStep(step)
        for i in range(4):
            x = tg.tensor([1.0, 2.0]) + i
            assert tg.equal(run(x).clone(), step(x))
        assert ready(run), run._difference


def test_half_precision_and_shared_weights():
    embedding = nn.Embedding(5, 4)
    head = nn.Linear(4, 5, bias=False)
    head.weight = embedding.weight
    model = nn.ModuleList([embedding, head])

    def step(x):
        model.zero_grad()
        logits = head(embedding(x))
        loss = F.cross_entropy(logits, x) + logits.half().pow(2).mean().float()
        loss.backward()
        return loss, embedding.weight.grad

    run = CompiledStep(step)
    for i in range(4):
        x = tg.tensor([0, 1, 2, 2]) + i % 2
        assert [t.detach().clone().tolist() for t in run(x)] == [t.tolist() for t in step(x)]
    assert ready(run)


def test_the_code_reads_like_the_step():
    w = tg.ones(4, 4, requires_grad=True)

    def step(x):
        w.grad = None
        unused = x.detach() + 1
        del unused
        (x @ w).tanh().sum().backward()

    run = CompiledStep(step)
    assert "not recorded yet" in run.code and "not recorded yet" in run.memory_plan()
    for _ in range(3):
        run(tg.ones(512, 4))
    lines = run.code.splitlines()
    names = ("matmul_forward", "tanh", "tanh_backward", "matmul_backward", "_grad = tensor1")
    order = [next(i for i, line in enumerate(lines) if name in line) for name in names]
    assert lines[0] == "def replay(args, kwargs):" and order == sorted(set(order))
    assert any(line.strip().startswith("del ") for line in lines)
    assert ".copy()" not in run.code
    assert "<- peak" in run.memory_plan() and "matmul" in run.memory_plan()
