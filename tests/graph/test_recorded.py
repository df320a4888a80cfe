"""What capture knows beyond the tape: values, gradients, lines of code, calls, and what is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.grad_mode import state
from tinygrad5329.graph import Graph, capture, record, record_modules

nn = tg.nn


def neuron():
    a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(-3.0, requires_grad=True)
    with record(values=True):
        e = a * b
        out = (e + a).tanh()
    return capture(out, {"a": a, "b": b}, {"e": e, "out": out}, values=True, gradients=True)


def by_name(graph, name):
    return next(node for node in graph.nodes if name in (node.name, node.label))


def number(found):
    (value,) = found.values
    return value


def test_values_and_gradients_of_a_scalar_graph():
    graph = neuron()
    slope = 1 - np.tanh(-4) ** 2
    assert number(by_name(graph, "e").value) == -6
    assert number(by_name(graph, "add").value) == -4
    assert number(by_name(graph, "out").gradient) == 1
    assert number(by_name(graph, "e").gradient) == pytest.approx(slope, rel=1e-4)
    assert number(by_name(graph, "a").gradient) == pytest.approx(slope * (-3 + 1), rel=1e-4)
    assert number(by_name(graph, "b").gradient) == pytest.approx(slope * 2, rel=1e-4)
    assert by_name(graph, "e").name == "mul"


def test_gradients_leave_everything_as_it_was():
    model = nn.Linear(3, 2)
    model.weight.register_hook(lambda g: pytest.fail("hooks are the user's"))
    hidden = model(tg.ones(4, 3))
    hidden.retain_grad()
    loss = hidden.sum()
    hooks = hidden.grad_fn.hooks
    capture(loss, model, gradients=True)
    assert model.weight.grad is None
    assert hidden.grad is None
    assert hidden.grad_fn.hooks is hooks
    model.weight._hooks.clear()
    loss.backward()
    assert model.weight.grad is not None


def test_after_backward_the_gradients_of_leaves_are_known():
    w = tg.ones(3, requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    with pytest.warns(UserWarning, match="only the gradients of leaves.*retain_graph=True") as warned:
        graph = capture(loss, {"w": w}, gradients=True)
    assert warned[0].filename == __file__
    assert by_name(graph, "w").gradient.values == [2.0, 2.0, 2.0]
    assert by_name(graph, "mul").gradient is None


def test_after_a_backward_that_kept_the_graph_all_are():
    w = tg.ones(3, requires_grad=True)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    assert by_name(capture(loss, {"w": w}, gradients=True), "mul").gradient.mean == 1


def test_values_that_were_not_recorded_are_missed():
    x = tg.ones(3, requires_grad=True)
    with pytest.warns(UserWarning, match=r"values of 1 of 2 operations.*tg\.graph\.record") as warned:
        graph = capture((x * 2).sum(), {"x": x}, values=True)
    assert warned[0].filename == __file__
    assert by_name(graph, "sum").value.values == [6.0]
    assert by_name(graph, "mul").value is None


def test_values_are_those_of_their_moment():
    x = tg.ones(3, requires_grad=True)
    with record(values=True):
        y = x * 2
        y.add_(1)
        loss = y.sum()
    graph = capture(loss, {"x": x}, values=True)
    assert by_name(graph, "mul").value.mean == 2
    assert by_name(graph, "sum").value.values == [9.0]


def test_lines_of_code():
    x = tg.ones(3, requires_grad=True)
    with record():
        y = x.exp().sum()  # here
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (line,) = [n for n, text in enumerate(lines, 1) if text.endswith(" # here")]
    for node in capture(y, sites=True).nodes[1:]:
        assert node.site.endswith(f"test_recorded.py:{line} (test_lines_of_code)")


def test_lines_that_were_not_recorded():
    x = tg.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"does not know lines.*tg\.graph\.record\(model\)"):
        capture(x.exp(), sites=True)


def test_nothing_is_left_behind():
    x = tg.ones(3, requires_grad=True)
    with record(nn.Linear(2, 2), values=True):
        x.exp()
    assert state.observer is None
    assert state.scope is None
    assert x.exp().grad_fn.meta is None


def test_recording_and_the_anomaly_finder_share_the_operations():
    x = tg.tensor([0.0, 1.0], requires_grad=True)
    found = pytest.warns(UserWarning, match="first infinity")
    with np.errstate(all="ignore"), tg.autograd.detect_anomaly(), record(values=True), found:
        y = x.log()
    assert by_name(capture(y.sum(), values=False), "log").site


def test_a_module_is_called_with_its_inputs():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    x = tg.ones(2, 3)
    graph = capture(model, inputs=x, values=True, sites=True)
    assert [(node.kind, node.name, node.module) for node in graph.nodes if node.kind != "parameter"] == [
        ("input", "input", None),
        ("op", "linear", "0"),
        ("op", "tanh", "1"),
    ]
    assert all(node.value is not None for node in graph.nodes)
    assert [node.name for node in capture(model, inputs={"input": x}).nodes] == [node.name for node in graph.nodes]


def test_a_call_is_run_once_with_the_modules_of_its_model():
    model, calls = nn.Linear(3, 1), []

    def loss():
        calls.append(1)
        return model(tg.ones(2, 3)).square().mean()

    graph = capture(loss, model)
    assert len(calls) == 1
    assert [node.module for node in graph.nodes if node.kind == "op"] == ["", None, None]


def test_what_several_arguments_are_called():
    model = nn.LSTM(2, 3)
    state = (tg.zeros(1, 1, 3), tg.zeros(1, 1, 3))
    graph = capture(model, inputs=(tg.ones(4, 1, 2), state))
    assert {node.name for node in graph.nodes if node.kind == "input"} == {"input", "hx[0]", "hx[1]"}


def test_a_module_without_inputs():
    with pytest.raises(TypeError, match=r"capture\(Linear\).*Pass inputs=x"):
        capture(nn.Linear(2, 2))


def test_every_call_of_a_module_is_one():
    cell = nn.RNNCell(2, 3)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell

        def forward(self, x):
            h = tg.zeros(1, 3)
            for _ in range(3):
                h = self.cell(x, h)
            return h

    model = Model()
    with record_modules(model):
        out = model(tg.ones(1, 2))
    graph = capture(out, model)
    assert [(call.path, call.number) for call in graph.calls] == [("", 1), ("cell", 1), ("cell", 2), ("cell", 3)]


def test_a_recorded_backward_pass_is_told_apart():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    x = tg.ones(3, 2, requires_grad=True)
    with record(model):
        (g,) = tg.autograd.grad(model(x).sum(), x, create_graph=True)
        penalty = g.square().sum()
    graph = capture(penalty, model, {"x": x}, sites=True)
    phases = {(node.name, node.phase) for node in graph.nodes if node.kind == "op"}
    assert ("tanh", "") in phases
    assert ("square", "") in phases
    assert {"mul", "matmul"} <= {name for name, phase in phases if phase == "backward"}
    assert any(call.phase == "backward" and call.path == "1" for call in graph.calls)
    assert all("test_recorded.py" in node.site for node in graph.nodes if node.kind == "op")
    assert all(edge.source < edge.target for edge in graph.edges)


def test_orders_of_the_passes():
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    graph = capture((y * y.sin()).sum(), {"x": x})
    assert [(node.name, node.forward, node.backward) for node in graph.nodes] == [
        ("x", 0, 4), ("exp", 1, 4), ("sin", 2, 3), ("mul", 3, 2), ("sum", 4, 1),
    ]  # fmt: skip


def test_a_function_of_the_users():
    class Double(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x * 1)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    w = tg.ones(3, requires_grad=True)
    graph = capture(lambda: (Double.apply(w) * 3).sum(), {"w": w}, values=True, gradients=True, sites=True)
    double = by_name(graph, "Double")
    assert double.value is None
    assert double.gradient.values == [3.0, 3.0, 3.0]
    assert [(each.name, each.bytes) for each in double.saved] == [("saved", 12)]
    assert by_name(graph, "w").gradient.values == [6.0, 6.0, 6.0]


def test_what_is_kept_and_who_made_it():
    x = tg.ones(8, requires_grad=True)
    graph = capture((x.exp() * x).sum(), {"x": x})
    exp, mul = by_name(graph, "exp"), by_name(graph, "mul")
    ((name, source, kept),) = [(each.name, each.source, each.bytes) for each in exp.saved]
    assert (name, source, kept) == ("out", exp.id, 32)
    assert {(each.name, each.source, each.buffer >= 0) for each in mul.saved} == {("x", exp.id, True), ("y", 0, False)}
    # One array, though two operations keep it.
    assert exp.saved[0].buffer == next(each.buffer for each in mul.saved if each.name == "x")


def test_times_need_the_pass_that_is_timed():
    x = tg.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match="gradients=True"):
        capture(x.exp().sum(), times=True)
    timed = capture(x.exp().sum(), gradients=True, times=True)
    assert all(node.backward_seconds > 0 for node in timed.nodes if node.kind == "op")


def test_gradients_need_a_scalar():
    x = tg.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"scalar outputs.*output\.sum\(\)"):
        capture(x.exp(), gradients=True)


def test_json_keeps_everything():
    graph = neuron()
    assert Graph.from_json(graph.to_json()) == graph
    x = tg.tensor([np.nan, np.inf, 1.0], requires_grad=True)
    odd = capture((x * 2).sum(), {"x": x}, gradients=True)
    assert Graph.from_json(odd.to_json()) == odd
    assert "NaN" not in capture(lambda: (x * 2).sum(), {"x": x}, values=True).to_json()


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema": 2}'])
def test_json_of_something_else(text):
    with pytest.raises(ValueError, match="schema"):
        Graph.from_json(text)


def test_times_and_memory_of_a_profile():
    model = nn.Linear(3, 4)
    with tg.profiler.profile(profile_memory=True) as profile:
        loss = model(tg.ones(5, 3)).square().sum()
        loss.backward()
    graph = capture(loss, model, profile=profile)
    square = by_name(graph, "square")
    assert square.forward_seconds > 0
    assert square.backward_seconds > 0
    assert square.forward_bytes == 80
    assert Graph.from_json(graph.to_json()) == graph
    with pytest.raises(ValueError, match="none of the operations"):
        capture(model(tg.ones(5, 3)).sum(), profile=profile)
    with pytest.raises(TypeError, match=r"profile: expected .*profiler\.profile.*got bool"):
        capture(loss, profile=True)
