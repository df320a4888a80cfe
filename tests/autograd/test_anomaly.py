"""What ``detect_anomaly`` says and when."""

from __future__ import annotations

import gc
import warnings
import weakref

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.autograd import AnomalyError, AnomalyWarning, detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from tinygrad5329.autograd.value_range import range_of
from tinygrad5329.grad_mode import state


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.head = Head()

    def forward(self, x):
        return self.head(self.body(x))


class Head(nn.Module):
    def forward(self, h):
        return (h * 0).log().sum()


def test_the_first_infinity_is_named_with_module_and_line():
    with (
        np.errstate(all="ignore"),
        detect_anomaly(),
        pytest.warns(UserWarning, match=r"infinity .* log .*\(forward\) in Net.head") as found,
    ):
        Net()(tg.ones(1, 2))
    assert len(found) == 1
    assert found[0].filename == __file__


def test_the_backward_pass_raises_with_the_line_of_the_forward_pass():
    x = tg.tensor([-1.0], requires_grad=True)
    with np.errstate(all="ignore"), detect_anomaly(), pytest.warns(UserWarning, match="first NaN .* sqrt"):
        y = x.sqrt() * 2
        with pytest.raises(
            RuntimeError,
            match=r"(?s)^Function .SqrtBackward0. returned nan values in its 0th output\.\n.*py:\d+ .*first NaN",
        ):
            y.backward()


def test_infinities_that_were_given_are_no_anomaly():
    with detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = tg.zeros(2, 2).masked_fill(tg.tensor([[False, True], [False, False]]), float("-inf"))
        assert scores.softmax(-1).isfinite().all()


def test_check_nan_false_lets_nan_pass():
    x = tg.tensor([-1.0], requires_grad=True)
    with detect_anomaly(check_nan=False):
        x.sqrt().sum().backward()
    assert x.grad.isnan().all()


def test_nothing_stays_behind():
    with detect_anomaly():
        tg.ones(1) * 2
    assert not is_anomaly_enabled()
    y = tg.ones(1, requires_grad=True) * 2
    assert "site" not in (y.grad_fn.meta or {})
    with set_detect_anomaly(True):
        assert is_anomaly_enabled()
        with set_detect_anomaly(False):
            assert not is_anomaly_enabled()
        assert is_anomaly_enabled()
    assert not is_anomaly_enabled()


def error_of(loss):
    with pytest.raises(AnomalyError) as caught:
        loss.backward()
    return caught.value


def test_the_error_names_line_module_and_ranges():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 3)

        def forward(self, x):
            h = self.fc(x) * 0
            return h.sqrt() * 0

    with detect_anomaly():
        error = error_of(Root()(tg.ones(1, 2)).sum())
    assert isinstance(error, RuntimeError)
    assert error.operation == "sqrt"
    assert error.site.module == "Root"
    assert error.site.stack[0][0] == __file__
    assert "h.sqrt() * 0" in str(error)
    inputs, outputs = dict(error.inputs), dict(error.outputs)
    assert inputs["gradient coming in"] == range_of(np.zeros((1, 3), np.float32))
    assert inputs["x"].maximum == inputs["output"].minimum == 0
    assert outputs["gradient of x"].nans == 3
    assert "gradient of x: (1, 3) float32, nothing finite, 3 of 3 NaN" in str(error)


def test_the_error_draws_what_is_around_the_operation():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3), nn.ReLU())
    with detect_anomaly():
        h = model(tg.ones(1, 2)) * 0
        error = error_of((h.sqrt() * 0 + 1).sum())
    graph = error.graph
    names = [node.name for node in graph.nodes if node.kind == "op"]
    assert names == ["linear", "relu", "mul", "sqrt", "mul", "add"]
    assert graph.nodes[graph.center].name == "sqrt"
    assert graph.nodes[graph.center].gradient.maximum == 0
    assert [node.gradient.nans for node in graph.nodes if node.name == "mul"] == [3, 0]
    text = str(graph).splitlines()
    assert [line for line in text if line.endswith("<--")] == ["sqrt (1, 3) float32  value 0  grad 0  <--"]
    assert text[-1].startswith("linear (1, 3) float32  in Sequential.2  value ")
    assert text[-1].endswith("  ...")
    assert all("  " + line in str(error) for line in text)
    # Everything that takes a graph takes this one.
    assert "<svg" in graph._repr_svg_()
    assert "sqrt" in tg.graph.draw(graph, show_values=True, show_gradients=True).source
    assert tg.graph.Graph.from_json(graph.to_json()).nodes == graph.nodes


def test_a_neighbourhood_stays_small():
    x = tg.ones(2, requires_grad=True)
    with detect_anomaly():
        h = x
        for _ in range(300):
            h = h * 1
        y = (h * 0).sqrt() * 0
        for _ in range(300):
            y = y * 1
        error = error_of(y.sum())
    assert len(error.graph.nodes) <= 12
    assert len(str(error)) < 3000


def test_the_warning_draws_what_led_to_the_operation():
    with np.errstate(all="ignore"), detect_anomaly(), pytest.warns(AnomalyWarning) as found:
        Net()(tg.ones(1, 2))
    warning = found[0].message
    assert warning.operation == "log"
    assert dict(warning.inputs)["x"].maximum == 0
    assert dict(warning.outputs)["output"].infinities == 2
    assert warning.site.module == "Net.head"
    assert [node.name for node in warning.graph.nodes if node.kind == "op"] == ["linear", "relu", "mul", "log"]
    assert [node.name for node in warning.graph.nodes if node.kind == "parameter"] == [
        "Net.body.0.weight",
        "Net.body.0.bias",
    ]
    assert "value 2 inf  <--" in str(warning)


def test_without_a_tape_the_warning_still_shows_the_inputs():
    quiet = np.errstate(all="ignore")
    with quiet, tg.no_grad(), detect_anomaly(), pytest.warns(AnomalyWarning, match="infinity") as found:
        tg.zeros(3).log()
    graph = found[0].message.graph
    assert [(node.kind, node.shape) for node in graph.nodes] == [("leaf", (3,)), ("op", (3,))]


def test_an_infinite_gradient_is_a_warning():
    x = tg.zeros(2, requires_grad=True)
    with detect_anomaly(), pytest.warns(AnomalyWarning, match="SqrtBackward0. returned infinite values") as found:
        x.sqrt().sum().backward()
    assert len(found) == 1
    assert x.grad.isinf().all()
    assert dict(found[0].message.outputs)["gradient of x"].infinities == 2


def test_infinities_given_by_parameters_are_no_anomaly():
    with detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.functional.pad(tg.ones(2, requires_grad=True), (1, 1), value=float("-inf"))


def test_the_number_of_the_output_is_that_of_the_input():
    b = tg.ones(1, requires_grad=True)
    with detect_anomaly(), pytest.raises(RuntimeError, match=r"MulBackward0. returned nan values in its 1th output\."):
        tg.autograd.grad(tg.full((1,), float("inf")).mul(b) * 0, b)


def test_a_graph_recorded_before_says_so():
    y = tg.zeros(1, requires_grad=True).sqrt() * 0
    with detect_anomaly(), pytest.raises(RuntimeError, match="No forward pass information available"):
        y.backward()


def test_other_errors_of_the_backward_pass_name_the_line_too():
    x = tg.ones(2, requires_grad=True)
    with detect_anomaly(check_nan=False):
        y = x.exp()
        y.mul_(2)
        y = x.exp()
        z = (y * y).sum()
        with tg.no_grad():
            y.zero_()
        with pytest.raises(RuntimeError, match="modified by an inplace") as caught:
            z.backward()
    (note,) = caught.value.__notes__
    assert "Error detected in MulBackward0" in note
    assert "z = (y * y).sum()" in note


def test_a_recorded_backward_pass_names_the_rule_that_ran_the_operation():
    x = tg.zeros(2, requires_grad=True)
    with detect_anomaly(), pytest.warns(AnomalyWarning) as found:
        tg.autograd.grad(x.sqrt().sum(), x, create_graph=True)
    assert "rule of SqrtBackward0" in str(found[0].message)
    assert "SqrtBackward0 was recorded at" in str(found[0].message)


def test_a_function_of_the_users_is_named():
    class Bad(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    with detect_anomaly(), pytest.raises(AnomalyError, match=r"Function 'BadBackward' returned nan values"):
        Bad.apply(tg.ones(2, requires_grad=True)).sum().backward()


def test_blocks_may_be_nested_and_share_what_was_said():
    with np.errstate(all="ignore"), detect_anomaly(), pytest.warns(AnomalyWarning) as found:
        tg.zeros(1).log()
        with detect_anomaly(check_nan=False):
            tg.zeros(1).log()
        tg.zeros(1).log()
    assert len(found) == 1
    block = detect_anomaly()
    with block, block:
        assert is_anomaly_enabled()
    assert not is_anomaly_enabled()


@pytest.mark.parametrize("finder_first", [False, True])
def test_the_finder_and_a_recording_do_not_disturb_each_other(finder_first):
    x = tg.ones(2, requires_grad=True)
    both = [tg.graph.record(values=True), detect_anomaly()]
    outer, inner = reversed(both) if finder_first else both
    with outer:
        with inner:
            y = x.exp()
        z = y.tanh()
    assert state.observer is state.scope is None
    inside, after = tg.graph.capture(y, values=finder_first), tg.graph.capture(z, sites=True)
    assert inside.nodes[-1].site.partition(" ")[2] == after.nodes[-1].site.partition(" ")[2]
    assert x.exp().grad_fn.meta is None


def test_off_means_that_nothing_looks():
    with detect_anomaly():
        tg.ones(1) * 2
    assert not state.watched
    from tinygrad5329.autograd import anomaly

    assert anomaly.watcher() is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((0, 3)), "(0, 3) float64, empty"),
        (np.float32(2.5), "() float32, 2.5"),
        (np.array([1, 2]), "(2,) int64, 1 to 2"),
        (np.array([np.nan, np.inf, 1.0]), "(3,) float64, else 1, 1 of 3 NaN, 1 of 3 infinite"),
        (np.array([3 + 4j, 0]), "(2,) complex128, 0 to 5"),
        (np.full(2, -np.inf), "(2,) float64, nothing finite, 2 of 2 infinite"),
        (np.array([True, False]), "(2,) bool, 0 to 1"),
    ],
)
def test_ranges_in_words(value, text):
    assert str(range_of(value)) == text


def test_notes_keep_no_graph_alive():
    x = tg.ones(2, requires_grad=True)
    with detect_anomaly():
        (g,) = tg.autograd.grad((x * x.exp()).sum(), x, create_graph=True)
        alive = weakref.ref(x)
        gc.disable()
        try:
            del x, g
            assert alive() is None
        finally:
            gc.enable()


def test_a_rule_of_a_recorded_backward_pass_names_what_induced_it():
    x = tg.zeros(1, requires_grad=True)
    with detect_anomaly():
        (g,) = tg.autograd.grad((x**1.5).sum(), x, create_graph=True)
        with pytest.raises(AnomalyError, match="It was induced by PowBackward0, recorded at") as caught:
            tg.autograd.grad((g * 0).sum(), x)
    assert caught.value.operation
