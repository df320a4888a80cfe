"""Tables of embeddings, looked up and in bags."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn

INDEX = np.array([[1, 3, 1, 0], [2, 2, 1, 4]])
FLAT = INDEX.reshape(-1)
OFFSETS = np.array([0, 3, 3])

TABLES = {
    "plain": (lambda nn: nn.Embedding(5, 3), INDEX),
    "int32": (lambda nn: nn.Embedding(5, 3), INDEX.astype(np.int32)),
    "one": (lambda nn: nn.Embedding(5, 3), INDEX[0, 0]),
    "none": (lambda nn: nn.Embedding(5, 3), INDEX[:0]),
    "padding": (lambda nn: nn.Embedding(5, 3, padding_idx=-4), INDEX),
    "padding 0": (lambda nn: nn.Embedding(5, 3, 0), INDEX),
    "frequency": (lambda nn: nn.Embedding(5, 3, padding_idx=2, scale_grad_by_freq=True), INDEX),
    "norm": (lambda nn: nn.Embedding(5, 3, max_norm=0.7), INDEX),
    "norm 1": (lambda nn: nn.Embedding(5, 3, max_norm=0.7, norm_type=1.0), INDEX),
    "sum": (lambda nn: nn.EmbeddingBag(5, 3, mode="sum"), INDEX),
    "mean": (lambda nn: nn.EmbeddingBag(5, 3), FLAT, OFFSETS),
    "max": (lambda nn: nn.EmbeddingBag(5, 3, mode="max"), FLAT, OFFSETS),
    "max of rows": (lambda nn: nn.EmbeddingBag(5, 3, mode="max", padding_idx=1), INDEX),
    "weighted": (lambda nn: nn.EmbeddingBag(5, 3, mode="sum"), FLAT, OFFSETS, np.linspace(-1, 1, 8)),
    "last offset": (lambda nn: nn.EmbeddingBag(5, 3, include_last_offset=True), FLAT, np.array([0, 3, 8])),
    "mean with padding": (lambda nn: nn.EmbeddingBag(5, 3, padding_idx=1, max_norm=1.0), FLAT, OFFSETS),
}


@pytest.mark.parametrize("name", TABLES)
def test_table(name, oracle):
    build, *inputs = TABLES[name]
    results = []
    for library in (oracle.torch, tg):
        library.manual_seed(3)
        table = build(library.nn)
        start = table.weight.detach().clone()
        table = table.double()
        out = table(*[library.tensor(each) for each in inputs])
        (out * out).sum().backward()
        results.append((repr(table), start, out, table.weight.grad, table.weight))
    theirs, ours = results
    assert ours[0] == theirs[0]
    oracle.check(ours[1], theirs[1], rtol=1e-6)
    for mine, other in zip(ours[2:], theirs[2:], strict=True):
        oracle.check(mine, other, rtol=1e-6)


def test_bags_scale_gradients_by_frequency_as_single_rows_do():
    # Not against PyTorch, whose CPU kernel looks the frequencies up at the wrong rows.
    weight = tg.randn(5, 3)
    gradients = []
    for table in (nn.Embedding, nn.EmbeddingBag):
        options = {"mode": "sum"} if table is nn.EmbeddingBag else {}
        layer = table(5, 3, scale_grad_by_freq=True, _weight=weight, **options)
        out = layer(tg.tensor(INDEX))
        (out if out.ndim == 2 else out.sum(1)).square().sum().backward()
        gradients.append(layer.weight.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-6)


def test_gradients_of_rows_that_occur_often_add_up():
    weight = tg.zeros(4, 2, requires_grad=True)
    nn.functional.embedding(tg.tensor([1, 1, 3, 1]), weight).sum().backward()
    assert weight.grad.tolist() == [[0, 0], [3, 3], [0, 0], [1, 1]]


def test_padding_gets_no_gradient_of_any_order():
    weight = tg.randn(4, 2, dtype=tg.float64, requires_grad=True)
    out = nn.functional.embedding(tg.tensor([1, 2]), weight, padding_idx=2)
    (g,) = tg.autograd.grad((out**3).sum(), weight, create_graph=True)
    (again,) = tg.autograd.grad((g * g).sum(), weight)
    assert g[1].all()
    assert not g[2].any()
    np.testing.assert_allclose(again[1].numpy(), (36 * weight[1] ** 3).detach().numpy())
    assert not again[2].any()


def test_from_pretrained():
    values = tg.arange(6.0).reshape(3, 2)
    table = nn.Embedding.from_pretrained(values)
    assert not table.weight.requires_grad
    assert table(tg.tensor([2])).tolist() == [[4, 5]]
    assert nn.Embedding.from_pretrained(values, freeze=False, padding_idx=1).weight.requires_grad
    bag = nn.EmbeddingBag.from_pretrained(values, mode="max")
    assert bag(tg.tensor([[0, 2]])).tolist() == [[4, 5]]


def test_later_writes_to_the_indices_do_not_matter():
    weight, index = tg.zeros(3, 1, requires_grad=True), tg.tensor([0, 1])
    out = nn.functional.embedding(index, weight)
    index.fill_(2)
    out.sum().backward()
    assert weight.grad.reshape(-1).tolist() == [1, 1, 0]


W = tg.ones(5, 3)
F = nn.functional
ERRORS = {
    "beyond": (lambda: F.embedding(tg.tensor([5]), W), IndexError, "index 5, the table has 5 rows"),
    "negative": (lambda: F.embedding(tg.tensor([-1]), W), IndexError, "index out of range in self"),
    "floats": (lambda: F.embedding(tg.tensor([0.5]), W), RuntimeError, "Long, Int"),
    "vector": (lambda: F.embedding(tg.tensor([0]), W[0]), RuntimeError, "'weight' must be 2-D"),
    "list": (lambda: F.embedding([0], W), TypeError, "must be Tensor, not list"),
    "padding": (lambda: F.embedding(tg.tensor([0]), W, padding_idx=5), AssertionError, "within num_embeddings"),
    "sparse": (lambda: nn.Embedding(5, 3, sparse=True), RuntimeError, "gradients are dense"),
    "shape": (lambda: nn.Embedding(5, 3, _weight=W.t()), AssertionError, "expected (5, 3)"),
    "no offsets": (lambda: F.embedding_bag(tg.tensor([0]), W), ValueError, "offsets has to be a 1D Tensor"),
    "offsets": (lambda: F.embedding_bag(tg.tensor([[0]]), W, tg.tensor([0])), ValueError, "offsets has to be None"),
    "start": (lambda: F.embedding_bag(tg.tensor([0]), W, tg.tensor([1])), RuntimeError, "offsets[0] has to be 0"),
    "end": (lambda: F.embedding_bag(tg.tensor([0]), W, tg.tensor([0, 2])), RuntimeError, "offsets[-1] of 2"),
    "order": (lambda: F.embedding_bag(tg.tensor([0, 1]), W, tg.tensor([0, 2, 1])), RuntimeError, "must not decrease"),
    "bag index": (lambda: F.embedding_bag(tg.tensor([[0, 7]]), W), RuntimeError, "Index 1 of input takes value 7"),
    "mode": (lambda: F.embedding_bag(tg.tensor([[0]]), W, mode="min"), ValueError, "sum, mean or max"),
    "weights": (
        lambda: F.embedding_bag(tg.tensor([[0]]), W, per_sample_weights=tg.ones(1, 1)),
        NotImplementedError,
        "mode='sum'",
    ),
    "weights' shape": (
        lambda: F.embedding_bag(tg.tensor([[0]]), W, mode="sum", per_sample_weights=tg.ones(2)),
        ValueError,
        "same shape as the input",
    ),
    "max by frequency": (
        lambda: F.embedding_bag(tg.tensor([[0]]), W, mode="max", scale_grad_by_freq=True),
        ValueError,
        "max mode",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, error, message = ERRORS[name]
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert message in str(caught.value)
