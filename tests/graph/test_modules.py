"""``record_modules``: paths while it is active, and nothing afterwards."""

from __future__ import annotations

import copy
import threading

import pytest

import tinygrad5329 as tg
from tinygrad5329.grad_mode import state
from tinygrad5329.graph import capture, record_modules


def paths(graph):
    return [(node.name, node.module) for node in graph.nodes if node.kind == "op"]


class Tied(tg.nn.Module):
    """Two parents that share one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.a = tg.nn.Sequential(tg.nn.Linear(3, 3))
        self.b = tg.nn.Sequential(self.a[0])

    def forward(self, x):
        return self.b(self.a(x) * 2)


def test_paths_and_classes():
    model = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.Residual(tg.nn.Linear(4, 4)))
    with record_modules(model):
        out = model(tg.ones(2, 3))
    graph = capture(out.sum())
    residual = [path for path, _ in model.named_modules() if path.startswith("1.")]
    assert graph.recorded
    assert paths(graph) == [("linear", "0"), ("linear", residual[0]), ("add", "1"), ("sum", None)]
    assert graph.class_of("") == "Sequential"
    assert graph.class_of("1") == "Residual"


def test_a_shared_module_is_noted_under_its_caller():
    model = Tied()
    with record_modules(model):
        out = model(tg.ones(2, 3))
    assert paths(capture(out)) == [("linear", "a.0"), ("mul", ""), ("linear", "b.0")]


def test_nothing_is_left_behind():
    model = tg.nn.Linear(3, 4)
    with record_modules(model):
        model(tg.ones(2, 3))
        assert state.scope is None
    assert state.scope is None
    assert "forward" not in model.__dict__
    assert model(tg.ones(2, 3)).grad_fn.meta is None


def test_an_error_in_forward_restores_the_outer_module():
    class Fails(tg.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    class Model(tg.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = tg.nn.Sequential(Fails())
            self.w = tg.nn.Parameter(tg.ones(3))

        def forward(self, x):
            try:
                self.inner(x)
            except ValueError:
                return x * self.w
            raise AssertionError

    model = Model()
    with record_modules(model):
        out = model(tg.ones(3))
        assert state.scope is None
    assert paths(capture(out)) == [("mul", "")]


def test_nested_contexts():
    model = tg.nn.Sequential(tg.nn.Linear(3, 3), tg.nn.Tanh())
    recorder = record_modules(model)
    with recorder, record_modules(model), recorder:
        out = model(tg.ones(1, 3))
        assert state.scope is None
    assert paths(capture(out)) == [("linear", "0"), ("tanh", "1")]
    assert "forward" not in model.__dict__


def test_another_thread_has_its_own_scope():
    model = tg.nn.Sequential(tg.nn.Linear(3, 3))
    seen = []
    model[0].register_forward_hook(lambda *args: other.start() or other.join())
    other = threading.Thread(target=lambda: seen.append(state.scope))
    with record_modules(model):
        model(tg.ones(1, 3))
    assert seen == [None]


def test_a_copy_made_meanwhile_runs_its_own_forward():
    model = tg.nn.Sequential(tg.nn.Linear(3, 3))
    with record_modules(model):
        twin = copy.deepcopy(model)
        with tg.no_grad():
            model[0].weight.zero_()
        assert (twin(tg.ones(1, 3)) != model(tg.ones(1, 3))).any()
    assert twin(tg.ones(1, 3)).grad_fn.meta is None


def test_not_a_module():
    with pytest.raises(TypeError, match=r"nn\.Module"):
        record_modules(tg.ones(2))


def test_tools_that_copy_notes_keep_calls_together():
    model = tg.nn.Sequential(tg.nn.RNNCell(3, 3), tg.nn.LayerNorm(3))
    with record_modules(model), tg.autograd.detect_anomaly():
        out = model(tg.ones(1, 3)).exp()
    assert [call.path for call in capture(out, model).calls] == ["", "0", "1"]
