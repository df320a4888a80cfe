"""``memory``: what the tape holds, by module and operation, each array once."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.autograd.graph import saved_tensors_hooks


def test_shared_arrays_count_once():
    x = tg.ones(100, requires_grad=True)
    a = (x * 2).exp()
    held = tg.graph.memory((a.tanh() + a * a).sum())
    found = {row.op: (row.count, row.bytes) for row in held}
    # exp keeps its output, which both products and tanh read.
    assert found == {"exp": (1, 400), "tanh": (1, 400)}
    assert held.total == 800
    assert held.leaves == 0


def test_parameters_live_anyway():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].weight.requires_grad_(False)
    x = tg.ones(16, 4)
    out = model(x)
    named = tg.graph.memory(out, model, x)
    assert {(row.module, row.op) for row in named} <= {("1", "relu"), ("2", "linear"), ("", "relu")}
    unnamed = tg.graph.memory(out)
    assert named.total <= unnamed.total
    assert named.leaves >= 8 * 4


def test_modules_that_were_recorded():
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5))
    with tg.graph.record_modules(model):
        out = model(tg.ones(16, 4))
    rows = {row.module: row for row in tg.graph.memory(out.sum())}
    assert rows["1"].op == "tanh" and rows["1"].bytes == 16 * 8 * 4
    assert rows["2"].op == "dropout"


def test_a_view_keeps_all_its_memory():
    x = tg.ones(10, 100, requires_grad=True)
    part = (x * 2)[0]
    assert tg.graph.memory((part * part).sum()).total == 4000


def test_largest_first_and_as_text():
    x = tg.ones(1000, requires_grad=True)
    held = tg.graph.memory([x.exp().sum(), x[:10].tanh()])
    assert [row.bytes for row in held] == sorted((row.bytes for row in held), reverse=True)
    text = str(held)
    assert text == held.table()
    assert "(1000)" in text and "exp" in text.splitlines()[2]
    assert "and 1 more" in held.table(row_limit=1)
    assert max(map(len, text.splitlines())) <= 120


def test_after_backward_nothing_is_held():
    x = tg.ones(10, requires_grad=True)
    loss = x.exp().sum()
    loss.backward(retain_graph=True)
    assert tg.graph.memory(loss).total == 40
    loss.backward()
    held = tg.graph.memory(loss)
    assert not held and held.total == 0 and held.freed == 1
    assert str(held).startswith("nothing is held")


def test_functions_of_the_user_and_packed_values():
    class Keeping(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x * 3)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = tg.ones(50, requires_grad=True)
    assert [(row.op, row.bytes) for row in tg.graph.memory(Keeping.apply(x))] == [("Keeping", 200)]
    with saved_tensors_hooks(lambda t: t.to(tg.float64), lambda t: t.to(tg.float32)):
        out = x.exp()
    assert tg.graph.memory(out).total == 400


def test_a_deep_graph():
    y = tg.ones(2, requires_grad=True)
    for _ in range(5_000):
        y = y * 1.0001
    held = tg.graph.memory(y)
    assert held.operations == 5_000


def test_nothing_on_the_tape():
    with tg.no_grad():
        out = tg.ones(3, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="no_grad"):
        tg.graph.memory(out)
    with pytest.raises(RuntimeError, match="leaf"):
        tg.graph.memory(tg.ones(3, requires_grad=True))
    with pytest.raises(TypeError, match=r"before \.item"):
        tg.graph.memory(1.0)


def test_a_tensor_of_another_framework():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="only graphs of tinygrad5329"):
        tg.graph.memory(torch.ones(3))
