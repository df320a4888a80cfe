"""Attention in blocks of scores: what is kept, what is computed again, and how much memory that takes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import attention

attend = tg.nn.functional.scaled_dot_product_attention
SHAPES = (2, 3, 70, 20), (2, 3, 90, 20), (2, 3, 90, 17)
SEEN = tg.tensor(np.random.default_rng(6).uniform(size=(70, 90)) < 0.5)
SEEN[3] = False
WAYS = {
    "plain": {},
    "causal": {"is_causal": True},
    "sharp": {"scale": 20.0},
    "sharp, causal": {"scale": 20.0, "is_causal": True},
    "masked": {"attn_mask": SEEN},
    "dropout": {"dropout_p": 0.3},
    "dropout, causal": {"dropout_p": 0.3, "is_causal": True},
}


def run(options, shapes=SHAPES, *, twice=False):
    """The output and the gradients, and with `twice` those of the gradients' squares."""
    rng = np.random.default_rng(5)
    inputs = [tg.tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    tg.manual_seed(2)
    out = attend(*inputs, **options)
    found = [out, *tg.autograd.grad((out * out).sum(), inputs, create_graph=twice)]
    if twice:
        found += tg.autograd.grad(sum((g * g).sum() for g in found[1:]), inputs)
    return [t.detach().numpy() for t in found], tg.rand(3).numpy()


def agree(found, expected, bound):
    for ours, theirs in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=bound, atol=bound * abs(theirs).max())
    # Both took as many words from the generator.
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.fixture
def in_small_blocks(monkeypatch):
    def change():
        monkeypatch.setattr(attention, "_KEPT", 0)
        monkeypatch.setattr(attention, "_BLOCK", 1 << 9)
        monkeypatch.setattr(attention, "_ROWS", 16)

    return change


@pytest.mark.parametrize("way", WAYS)
def test_weights_are_kept_or_computed_again(way, in_small_blocks):
    expected = run(WAYS[way])
    in_small_blocks()
    agree(run(WAYS[way]), expected, 2e-5 if "sharp" not in way else 2e-4)


@pytest.mark.parametrize("columns", [5, 90])
@pytest.mark.parametrize("block", [1 << 9, 1 << 11, 1 << 13])
@pytest.mark.parametrize("causal", [False, True])
def test_blocks_of_any_size(block, causal, columns, monkeypatch):
    shapes = (2, 3, 70, 20), (2, 3, columns, 20), (2, 3, columns, 17)
    expected = run({"is_causal": causal}, shapes)
    monkeypatch.setattr(attention, "_BLOCK", block)
    agree(run({"is_causal": causal}, shapes), expected, 2e-5)


@pytest.mark.parametrize("way", ["plain", "dropout, causal"])
def test_second_order_where_weights_are_computed_again(way, in_small_blocks):
    shapes = (1, 2, 10, 4), (1, 2, 9, 4), (1, 2, 9, 3)
    expected = run(WAYS[way], shapes, twice=True)
    in_small_blocks()
    agree(run(WAYS[way], shapes, twice=True), expected, 1e-4)


@pytest.mark.parametrize("shape", [(70, 90), (1, 90), (3, 1, 90), (2, 1, 70, 90), (2, 3, 70, 90)])
def test_the_gradient_of_a_mask(shape, in_small_blocks):
    found = []
    for change in (lambda: None, in_small_blocks):
        change()
        rng = np.random.default_rng(5)
        q, k, v = (tg.tensor(rng.standard_normal(each)) for each in SHAPES)
        mask = tg.tensor(rng.standard_normal(shape), requires_grad=True)
        (attend(q, k, v, mask) ** 2).sum().backward()
        found.append(mask.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-4 * abs(found[0]).max())


def peak(length, **options):
    """Bytes at the highest point of one step, above the inputs."""
    inputs = [tg.randn(1, 2, length, 20, requires_grad=True) for _ in range(3)]
    tracemalloc.start()
    try:
        attend(*inputs, **options).sum().backward()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"dropout_p": 0.1}], ids=str)
def test_memory_grows_with_the_length_not_with_its_square(options, monkeypatch):
    monkeypatch.setattr(attention, "_KEPT", 0)
    monkeypatch.setattr(attention, "_BLOCK", 1 << 12)
    monkeypatch.setattr(attention, "_ROWS", 16)
    peak(64, **options)
    short, long = peak(256, **options), peak(512, **options)
    assert long < 2.2 * short
    # One array of all scores is 2.1 MB.
    assert long < 1.5e6


def test_the_largest_scores_of_rows_may_be_far_apart():
    # Rows that one shift serves, and rows that need their own.
    for distance in (20, 200):
        q = tg.linspace(-distance, distance, 50).reshape(1, 1, 50, 1).double()
        k, v = tg.linspace(0, 1, 40).reshape(1, 1, 40, 1).double(), tg.randn(1, 1, 40, 3).double()
        found = attend(q, k + 5, v, scale=1.0)
        np.testing.assert_allclose(found.numpy(), (q @ k.mT).softmax(-1).matmul(v).numpy(), rtol=1e-9, atol=1e-12)
