"""``summary``: counts of parameters, multiply-accumulates and kept bytes, by module, from a real call."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def rows_of(found):
    return {row.path: row for row in found}


def test_a_plain_model():
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    found = tg.summary(model, tg.ones(5, 6))
    rows = rows_of(found)
    assert list(rows) == ["", "0", "1", "2"]
    assert [row.parameters for row in found] == [56 + 27, 56, 0, 27]
    assert [row.multiply_accumulates for row in found] == [5 * 48 + 5 * 24, 5 * 48, 0, 5 * 24]
    assert [row.output_shapes for row in found] == [(5, 3), (5, 8), (5, 8), (5, 3)]
    # Tanh keeps its output, which the next layer keeps too and which counts once; the input is the caller's.
    assert [row.activation_bytes for row in found] == [5 * 8 * 4, 0, 5 * 8 * 4, 0]
    assert [row.gradient_bytes for row in found] == [83 * 4, 56 * 4, 0, 27 * 4]
    assert found.total is found[0] and found.input_bytes == 5 * 6 * 4 and found.parameter_bytes == 83 * 4


def test_the_call_leaves_no_traces():
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    tg.manual_seed(3)
    expected = tg.rand(3)
    tg.manual_seed(3)
    tg.summary(model, tg.randn(5, 6, generator=tg.Generator().manual_seed(0)))
    assert tg.equal(tg.rand(3), expected)
    assert all(tg.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_buffers_that_the_call_replaces():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", tg.zeros(2))

        def forward(self, x):
            self.calls = self.calls + 1
            return x * self.calls

    model = Counting()
    before = model.calls
    tg.summary(model, tg.ones(2))
    assert model.calls is before and tg.equal(before, tg.zeros(2))


def test_lazy_modules():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
    found = tg.summary(model, tg.ones(5, 3, 6, 6))
    assert [row.class_name for row in found][1:] == ["Conv2d", "BatchNorm2d", "Flatten", "Linear"]
    assert found.total.parameters == 4 * 3 * 9 + 4 + 2 * 4 + 4 * 16 * 2 + 2
    assert found.total.multiply_accumulates == 5 * (16 * 4 * 27 + 64 * 2)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    tg.summary(model, tg.randn(5, 3, 6, 6))
    assert all(tg.equal(value, state[name]) for name, value in model.state_dict().items())


def test_it_leaves_no_traces_when_the_call_fails():
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x):
            self.norm(x)
            raise ValueError("on purpose")

    model = Failing()
    with pytest.raises(ValueError, match="on purpose"):
        tg.summary(model, tg.randn(4, 3))
    assert model.norm.num_batches_tracked.item() == 0
    assert tg.equal(model.norm.running_mean, tg.zeros(3))
    with tg.profiler.profile():  # which would refuse if the summary still listened
        pass


def test_shared_parameters_count_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(10, 4)
            self.head = nn.Linear(4, 10)
            self.head.weight = self.embedding.weight

        def forward(self, tokens):
            return self.head(self.embedding(tokens))

    found = tg.summary(Tied(), tg.tensor([[1, 2, 3]]))
    rows = rows_of(found)
    assert rows[""].parameters == 40 + 10
    assert (rows["embedding"].shared, rows["head"].shared) == (0, 40)
    assert "Shared" in str(found)


def test_a_module_under_two_names_and_frozen_parameters():
    block = nn.Linear(4, 4)
    block.bias.requires_grad_(False)
    found = tg.summary(nn.Sequential(block, nn.ReLU(), block), tg.ones(2, 4))
    rows = rows_of(found)
    assert list(rows) == ["", "0", "1"]
    assert rows["0"].aliases == ["2"] and rows["0"].calls == 2
    assert (rows[""].parameters, rows[""].trainable, rows[""].gradient_bytes) == (20, 16, 64)
    assert rows["0"].multiply_accumulates == rows[""].multiply_accumulates == 2 * 2 * 16
    text = str(found)
    assert "0 = 2" in text and "16 trainable, 4 frozen" in text


def test_dicts_several_inputs_and_recurrent_modules():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(6, 8, num_layers=2, batch_first=True, bidirectional=True)
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
            self.layers = nn.ModuleList([nn.Linear(16, 16)])
            self.cell = nn.GRUCell(16, 4)
            self.spare = nn.Linear(1, 1)

        def forward(self, batch, scale, *, shift):
            x, (h, _) = self.rnn(batch["x"])
            x, weights = self.attention(x, x, x)
            x = self.layers[0](x)
            state = None
            for step in range(x.shape[1]):
                state = self.cell(x[:, step], state)
            return {"out": x * scale + shift, "state": (h, state), "weights": weights}

    found = tg.summary(Model(), {"x": tg.ones(3, 5, 6)}, 2.0, shift=tg.ones(16))
    rows = rows_of(found)
    assert rows["rnn"].output_shapes == [(3, 5, 16), [(4, 3, 8), (4, 3, 8)]]
    assert rows[""].output_shapes == {"out": (3, 5, 16), "state": [(4, 3, 8), (3, 4)], "weights": (3, 5, 5)}
    assert rows["cell"].calls == 5
    assert rows["rnn"].multiply_accumulates == 15 * 2 * (4 * 8 * (6 + 8) + 4 * 8 * (16 + 8))
    assert rows["attention"].multiply_accumulates == 4 * 15 * 16 * 16 + 2 * 3 * 5 * 5 * 16
    # A container is not called, but what happens in it happens.
    assert rows["layers"].calls == 0 and rows["layers"].multiply_accumulates == 15 * 16 * 16
    assert rows["spare"].calls == 0
    text = str(found)
    assert "out (3, 5, 16) +3" in text and "not called" in text
    assert max(map(len, text.splitlines())) <= 120
    assert found.input_bytes == (3 * 5 * 6 + 16) * 4


def test_kept_bytes_are_those_that_memory_finds():
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 3))
    x = tg.randn(5, 6)
    found = tg.summary(model, x)
    held = tg.graph.memory(model(x), model, x)
    assert found.total.activation_bytes == held.total > 0


def test_evaluation_and_no_grad_do_not_change_what_is_counted():
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5)).eval()
    with tg.no_grad():
        found = tg.summary(model, tg.ones(5, 6))
    assert not found.training and "evaluation" in str(found)
    assert not model.training


def test_the_page_and_a_depth():
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4))), nn.ReLU())
    found = tg.summary(model, tg.ones(2, 4))
    page = found._repr_html_()
    assert page.count("<tr") == page.count("</tr>") == 1 + len(found) + 4
    assert "Sequential" in page
    text = found.table(depth=1)
    assert [line.split()[0] for line in text.splitlines()[2:5]] == ["(model)", "0", "1"]
    assert "3 modules further down" in text


def test_what_is_not_a_model_or_its_input():
    model = nn.Linear(3, 2)
    for call, words in (
        (lambda: tg.summary(model, (5, 3)), r"pass a tensor such as tg.zeros\(5, 3\)"),
        (lambda: tg.summary(model, np.ones((5, 3))), "from_numpy"),
        (lambda: tg.summary(tg.ones(3)), r"summary\(model, x\)"),
        (lambda: tg.summary(nn.Linear, tg.ones(3)), "pass an instance"),
        (lambda: tg.summary(model), "missing 1 required positional argument"),
    ):
        with pytest.raises(TypeError, match=words):
            call()


def test_tensors_and_models_of_another_framework():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"got torch\.Tensor"):
        tg.summary(nn.Linear(3, 2), torch.ones(5, 3))
    with pytest.raises(TypeError, match=r"got torch\.nn"):
        tg.summary(torch.nn.Linear(3, 2), torch.ones(5, 3))
