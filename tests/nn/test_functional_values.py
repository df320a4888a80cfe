"""Functions that no layer wraps, and options that no layer sets, against PyTorch."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

CASES = {
    "linear vector weight": (lambda F, x, y: F.linear(x, y[0]), (3, 4), (2, 4)),
    "linear scalar bias": (lambda F, x, y: F.linear(x, y, y[0, :1]), (3, 4), (2, 4)),
    "normalize": (lambda F, x, y: F.normalize(x), (3, 4), (1,)),
    "normalize 1": (lambda F, x, y: F.normalize(x, p=1.0, dim=0), (3, 4), (1,)),
    "normalize 3": (lambda F, x, y: F.normalize(x, p=3.0, dim=-1, eps=3.0), (3, 4), (1,)),
    "normalize two": (lambda F, x, y: F.normalize(x, dim=(0, 2)), (3, 4, 2), (1,)),
    "cosine": (lambda F, x, y: F.cosine_similarity(x, y), (3, 4), (3, 4)),
    "cosine broadcast": (lambda F, x, y: F.cosine_similarity(x, y, dim=-1), (3, 4), (4,)),
    "cosine eps": (lambda F, x, y: F.cosine_similarity(x, y, dim=0, eps=5.0), (3, 4), (3, 4)),
    "pairwise": (lambda F, x, y: F.pairwise_distance(x, y), (3, 4), (3, 4)),
    "pairwise 1": (lambda F, x, y: F.pairwise_distance(x, y, p=1.0, keepdim=True), (3, 4), (3, 4)),
    "pairwise equal": (lambda F, x, y: F.pairwise_distance(x, x.detach()), (3, 4), (1,)),
    "pad": (lambda F, x, y: F.pad(x, (1, 2)), (3, 4), (1,)),
    "pad value": (lambda F, x, y: F.pad(x, (1, 2, 0, 1), "constant", 3.5), (3, 4), (1,)),
    "pad negative": (lambda F, x, y: F.pad(x, (-1, 2)), (3, 4), (1,)),
    "gelu": (lambda F, x, y: F.gelu(x * 5), (3, 4), (1,)),
    "gelu tanh": (lambda F, x, y: F.gelu(x * 5, approximate="tanh"), (3, 4), (1,)),
    "relu6": (lambda F, x, y: F.relu6(x * 5), (3, 4), (1,)),
    "relu6 inplace": (lambda F, x, y: F.relu6(x * 5, inplace=True), (3, 4), (1,)),
    "alpha dropout": (lambda F, x, y: F.alpha_dropout(x), (3, 4), (1,)),
    "instance norm": (lambda F, x, y: F.instance_norm(x, weight=y, eps=1e-2), (3, 4, 5), (4,)),
    "softplus": (lambda F, x, y: F.softplus(x * 5, beta=2, threshold=3), (3, 4), (1,)),
    "layer norm": (lambda F, x, y: F.layer_norm(x, (4,), y, y * 2, 1e-3), (3, 4), (4,)),
    "layer norm list": (lambda F, x, y: F.layer_norm(x, [3, 4]), (2, 3, 4), (1,)),
    "batch norm": (lambda F, x, y: F.batch_norm(x, None, None, y, y * 2, True, eps=1e-2), (3, 4), (4,)),
    "batch norm 4d": (lambda F, x, y: F.batch_norm(x, None, None, y, None, True), (3, 4, 2, 2), (4,)),
}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradients(name, oracle):
    call, *shapes = CASES[name]
    torch = oracle.torch
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    mine = oracle.ours(inputs)
    expected, got = call(torch.nn.functional, *inputs), call(F, *mine)
    oracle.check(got, expected)
    weight = torch.randn_like(expected)
    (expected * weight).sum().backward()
    (got * oracle.ours(weight)).sum().backward()
    oracle.check_gradients(mine, inputs)


def test_softmax_dtype(oracle):
    torch = oracle.torch
    x = torch.randn(3, 4)
    for name in ("softmax", "log_softmax"):
        expected = getattr(torch.nn.functional, name)(x, 1, dtype=torch.float64)
        oracle.check(getattr(F, name)(oracle.ours(x), 1, dtype=tg.float64), expected)
        # Integers are welcome once a dtype says what to compute in.
        expected = getattr(torch.nn.functional, name)(torch.arange(4), 0, dtype=torch.float64)
        oracle.check(getattr(F, name)(tg.arange(4), 0, dtype=tg.float64), expected)


def test_one_hot(oracle):
    torch = oracle.torch
    for shape in [(), (4,), (2, 3)]:
        index = torch.randint(0, 5, shape)
        oracle.check(F.one_hot(oracle.ours(index), 5), torch.nn.functional.one_hot(index, 5))
        oracle.check(F.one_hot(oracle.ours(index)), torch.nn.functional.one_hot(index))


def test_normalize_into():
    x, out = tg.tensor([[3.0, 4.0]]), tg.empty(1, 2)
    assert F.normalize(x, out=out) is out
    assert tg.allclose(out, tg.tensor([[0.6, 0.8]]))


def test_zero_vectors_have_finite_gradients(oracle):
    torch = oracle.torch
    for call in (lambda F, x: F.normalize(x), lambda F, x: F.cosine_similarity(x, x + 1)):
        x = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
        mine = oracle.ours(x)
        expected, got = call(torch.nn.functional, x), call(F, mine)
        oracle.check(got, expected)
        expected.sum().backward()
        got.sum().backward()
        oracle.check_gradients([mine], [x])


def test_every_name_is_pytorchs(oracle):
    for name in F.__all__:
        assert hasattr(oracle.torch.nn.functional, name)
        assert hasattr(F, name)
