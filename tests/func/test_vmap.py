"""What ``vmap`` refuses, and how it treats random draws."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.func import vmap


def noisy(x):
    return x + tg.rand(())


def test_random_draws_are_refused_unless_asked_for():
    with pytest.raises(RuntimeError, match="randomness error mode"):
        vmap(noisy)(tg.zeros(3))


def test_the_same_or_different_draws():
    tg.manual_seed(0)
    different = vmap(noisy, randomness="different")(tg.zeros(3))
    tg.manual_seed(0)
    assert different.tolist() == tg.rand(3).tolist()
    tg.manual_seed(0)
    same = vmap(noisy, randomness="same")(tg.zeros(3))
    assert same.tolist() == [different[0].item()] * 3


def test_control_flow_on_values():
    assert vmap(lambda x: x * 2 if x > 0 else -x)(tg.tensor([1.0, -3.0])).tolist() == [2, 3]


def test_gradients_flow():
    x = tg.ones(2, 3, requires_grad=True)
    vmap(lambda r: r.square().sum())(x).sum().backward()
    assert x.grad.tolist() == [[2.0] * 3] * 2


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: vmap(lambda a: a)(tg.ones(())), "dimensionality 0"),
        (lambda: vmap(lambda a, b: a)(tg.ones(3), tg.ones(4)), r"sizes \[3, 4\]"),
        (lambda: vmap(lambda a: 3)(tg.ones(3)), "must only return Tensors"),
        (lambda: vmap(lambda a: a, in_dims=(0, 0))(tg.ones(3)), "not compatible with the structure of `inputs`"),
        (lambda: vmap(lambda a: a, in_dims=None)(tg.ones(3)), "expected `in_dims` to be int"),
        (lambda: vmap(lambda a, b: a, in_dims=(None, None))(tg.ones(3), 2), "at least one input"),
        (lambda: vmap(lambda a: a)(3), "non-Tensor arguments"),
        (lambda: vmap(lambda a: a, out_dims=(0, 0))(tg.ones(3)), "structure of `outputs`"),
        (lambda: vmap(lambda a: a, chunk_size=0)(tg.ones(3)), "chunk_size"),
        (lambda: vmap(lambda: 1)(), "no inputs"),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()
