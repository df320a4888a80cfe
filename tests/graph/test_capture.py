"""Reading the tape: what becomes a node, an edge and a name."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import Graph, capture


def names(graph, kind):
    return [node.name for node in graph.nodes if node.kind == kind]


def edges(graph):
    def name(i):
        return graph.nodes[i].name

    return [(name(edge.source), name(edge.target)) for edge in graph.edges]


def test_operations_leaves_and_edges():
    w = tg.ones(4, 3, requires_grad=True)
    b = tg.zeros(4, requires_grad=True)
    x = tg.ones(2, 3, requires_grad=True)
    graph = capture((x @ w.t() + b).tanh(), {"w": w, "b": b}, {"x": x})
    assert names(graph, "parameter") == ["w", "b"]
    assert names(graph, "input") == ["x"]
    assert names(graph, "op")[-2:] == ["add", "tanh"]
    assert edges(graph)[-3:] == [("matmul", "add"), ("b", "add"), ("add", "tanh")]
    last = graph.nodes[-1]
    assert (last.shape, last.dtype, last.bytes, last.title) == ((2, 4), "float32", 32, "TanhBackward0")
    assert graph.outputs == [(last.id, 0)]


def test_every_source_stands_before_its_readers():
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    graph = capture((y * y.sin() + x * y).sum())
    assert all(edge.source < edge.target for edge in graph.edges)
    assert [node.id for node in graph.nodes] == list(range(len(graph.nodes)))


def test_shared_expression_is_one_node():
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    graph = capture(y * y + y, {"x": x})
    assert names(graph, "op") == ["exp", "mul", "add"]
    assert edges(graph).count(("exp", "mul")) == 2
    assert edges(graph).count(("exp", "add")) == 1


def test_the_same_before_and_after_backward():
    model = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.Tanh(), tg.nn.Linear(4, 1))
    loss = model(tg.ones(2, 3)).sum()
    before = capture(loss, model)
    assert any(node.saved for node in before.nodes)
    loss.backward()
    after = capture(loss, model)
    for node in (*before.nodes, *after.nodes):
        # All that is gone is what backward() frees.
        assert node in before.nodes or not node.saved
        node.saved = []
    assert after == before


def test_parameters_of_a_module_a_dict_and_pairs_are_the_same():
    model = tg.nn.Linear(3, 4)
    loss = model(tg.ones(2, 3)).sum()
    by_dict = capture(loss, dict(model.named_parameters()))
    by_pairs = capture(loss, model.named_parameters())
    assert by_dict == by_pairs
    assert names(by_dict, "parameter") == names(capture(loss, model), "parameter") == ["weight", "bias"]


def test_a_shared_parameter_has_one_node_and_all_its_names():
    model = tg.nn.Sequential(tg.nn.Linear(3, 3), tg.nn.Linear(3, 3))
    model[1].weight = model[0].weight
    graph = capture(model(tg.ones(2, 3)), model)
    (shared,) = [node for node in graph.nodes if node.name == "0.weight"]
    assert shared.aliases == ["1.weight"]
    assert [edge.target for edge in graph.edges if edge.source == shared.id] == [
        node.id for node in graph.nodes if node.name == "linear"
    ]


def test_leaf_without_a_name():
    x = tg.ones(3, requires_grad=True)
    (leaf,) = [node for node in capture(x * 2).nodes if node.kind == "leaf"]
    assert (leaf.name, leaf.shape, leaf.bytes) == ("", (3,), 12)


def test_input_without_grad_is_found_among_saved_values():
    model = tg.nn.Linear(3, 4)
    x = tg.ones(2, 3)
    graph = capture(model(x).sum(), model, {"x": x})
    (edge,) = [edge for edge in graph.edges if graph.nodes[edge.source].kind == "input"]
    assert not edge.differentiable
    assert graph.nodes[edge.target].name == "linear"


def test_input_that_cannot_be_found_warns():
    model = tg.nn.Linear(3, 4)
    x = tg.ones(2, 3)
    loss = model(x).sum()
    loss.backward()
    with pytest.warns(UserWarning, match="input 'x'.*before backward") as warned:
        graph = capture(loss, model, {"x": x})
    assert warned[0].filename == __file__
    assert names(graph, "input") == []


def test_one_input_needs_no_name():
    x = tg.ones(3, requires_grad=True)
    assert names(capture(x * 2, inputs=x), "input") == ["input"]


def test_frozen_parameter_is_shown():
    model = tg.nn.Sequential(tg.nn.Linear(3, 3), tg.nn.Linear(3, 3, bias=False))
    model[1].weight.requires_grad_(False)
    graph = capture(model(tg.ones(2, 3)), model)
    assert "1.weight" in names(graph, "parameter")


def test_several_outputs():
    x = tg.ones(4, 2, requires_grad=True)
    a, b = tg.split(x * 2, 2)
    graph = capture(a * b.exp())
    (split,) = [node for node in graph.nodes if "split" in node.name]
    assert split.outputs == [((2, 2), "float32"), ((2, 2), "float32")]
    assert split.bytes == 32
    assert sorted(edge.port for edge in graph.edges if edge.source == split.id) == [0, 1]
    both = capture((a, b))
    assert [port for _, port in both.outputs] == [0, 1]


def test_graph_of_a_gradient():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (g,) = tg.autograd.grad((x**3).sum(), x, create_graph=True)
    graph = capture((g * g).sum(), {"x": x})
    assert names(graph, "parameter") == ["x"]
    assert names(graph, "op")[-2:] == ["mul", "sum"]
    assert len(names(graph, "op")) > 3


def test_several_tensors_and_dicts():
    x = tg.ones(2, requires_grad=True)
    assert len(capture([x * 2, x * 3]).outputs) == 2
    assert len(capture({"a": x * 2, "b": x + 1}).outputs) == 2


def test_json_round_trip():
    a, b = tg.split(tg.ones(4, 2, requires_grad=True) * 2, 2)
    graph = capture((a * b).sum())
    assert Graph.from_json(graph.to_json()) == graph


def test_a_chain_of_100_000_operations():
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    graph = capture(y, {"x": x})
    assert len(graph.nodes) == 100_001
    assert len(graph.edges) == 100_000


def test_inferred_modules():
    model = tg.nn.Sequential(
        tg.nn.Linear(3, 4), tg.nn.GELU(), tg.nn.Residual(tg.nn.Sequential(tg.nn.Linear(4, 4), tg.nn.Tanh()))
    )
    graph = capture(model(tg.ones(2, 3)).sum(), model)
    where = {node.name: node.module for node in graph.nodes if node.kind == "op"}
    assert not graph.recorded
    assert where["linear"].endswith(".0")
    assert where["gelu"] == ""
    assert where["sum"] is None
    assert graph.class_of("") == "Sequential"
    assert graph.class_of("0") == "Linear"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (3.0, "before .item"),
        (np.ones(2), "before .item"),
        ("loss", "pass a tensor"),
        ([], "empty"),
        (tg.nn.Linear(2, 2), r"Pass inputs=x.*model\(x\)"),
    ],
)
def test_not_a_tensor(value, says):
    with pytest.raises(TypeError, match=says):
        capture(value)


def test_a_tensor_of_another_framework():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    with pytest.raises(TypeError, match=r"got torch\.Tensor.*tinygrad5329\.tensor"):
        capture(torch.ones(2, requires_grad=True).sum())


def test_nothing_on_the_tape():
    x = tg.ones(3, requires_grad=True)
    with tg.no_grad():
        y = x * 2
    for dead in (y, (x * 2).detach(), tg.ones(2) * 2):
        with pytest.raises(RuntimeError, match=r"nothing on the tape.*no_grad"):
            capture(dead)
    with pytest.raises(RuntimeError, match="is a leaf"):
        capture(x)


@pytest.mark.parametrize("params", [[tg.ones(2)], 5, {"w": 3.0}, tg.ones(2)])
def test_bad_names(params):
    x = tg.ones(3, requires_grad=True)
    with pytest.raises(TypeError, match="params"):
        capture(x * 2, params)
