"""Scaled dot-product attention, multi-head attention and transformers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.attention import SDPBackend, sdpa_kernel

F = nn.functional

SHAPES = {
    "heads": ((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2)),
    "matrices": ((4, 5), (6, 5), (6, 2)),
    "one batch": ((3, 4, 5), (3, 6, 5), (3, 6, 2)),
    "three batches": ((2, 2, 3, 4, 5), (2, 2, 3, 6, 5), (2, 2, 3, 6, 2)),
    "broadcast": ((2, 1, 4, 5), (1, 3, 6, 5), (1, 3, 6, 2)),
}
OPTIONS = [{}, {"is_causal": True}, {"scale": 2.0, "is_causal": True}, {"dropout_p": 0.4}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", SHAPES)
def test_attention(name, options, oracle):
    inputs = [oracle.torch.randn(shape, dtype=oracle.torch.float64, requires_grad=True) for shape in SHAPES[name]]
    compare(oracle, inputs, None, options)


MASKS = [(4, 6), (1, 6), (3, 1, 6), (2, 1, 4, 6), (2, 3, 4, 6)]


@pytest.mark.parametrize("kind", ["bool", "float", "float with holes"])
@pytest.mark.parametrize("shape", MASKS, ids=str)
def test_masks(shape, kind, oracle):
    torch = oracle.torch
    inputs = [torch.randn(each, dtype=torch.float64, requires_grad=True) for each in SHAPES["heads"]]
    holes = torch.rand(shape) > 0.4
    mask = holes
    if kind != "bool":
        mask = torch.randn(shape, dtype=torch.float64)
        mask = (mask if kind == "float" else mask.masked_fill(holes, -math.inf)).requires_grad_()
    compare(oracle, inputs, mask, {})


def compare(oracle, inputs, mask, options):
    torch = oracle.torch
    ours, our_mask = oracle.ours(inputs), oracle.ours(mask)
    for library in (torch, tg):
        library.manual_seed(7)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        expected = torch.nn.functional.scaled_dot_product_attention(*inputs, mask, **options)
    found = F.scaled_dot_product_attention(*ours, our_mask, **options)
    # The dropout mask is scaled in float64 here, and with a rounded factor there.
    oracle.check(found, expected, rtol=1e-6, atol=1e-9)
    (expected * expected).sum().backward()
    (found * found).sum().backward()
    leaves = [*inputs, mask] if mask is not None and mask.requires_grad else inputs
    oracle.check_gradients([*ours, our_mask][: len(leaves)], leaves, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("mask", [tg.zeros(2, 3).bool(), tg.full((2, 3), -math.inf)])
def test_a_query_that_sees_nothing_gets_zeros(mask):
    q, k, v = (tg.randn(n, 4, requires_grad=True) for n in (2, 3, 3))
    out = F.scaled_dot_product_attention(q, k, v, mask)
    assert not out.any()
    out.sum().backward()
    assert not any(t.grad.any() for t in (q, k, v))


@pytest.mark.parametrize("size", [1.0, 1e3])
def test_large_and_small_scores_take_different_ways_to_the_same_weights(size):
    q, k, v = (tg.randn(1, 2, 5, 4).double() for _ in range(3))
    q = q * size
    scores = (q @ k.transpose(2, 3) / 2).masked_fill(tg.ones(5, 5).triu(1).bool(), -math.inf)
    expected = scores.softmax(-1) @ v
    found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-9)


def test_samples_are_computed_in_blocks_as_alone():
    q, k, v = (tg.randn(5, 2, 200, 4, requires_grad=True) for _ in range(3))
    F.scaled_dot_product_attention(q, k, v).square().sum().backward()
    alone = [t.detach()[3:4].clone().requires_grad_() for t in (q, k, v)]
    F.scaled_dot_product_attention(*alone).square().sum().backward()
    for whole, one in zip((q, k, v), alone, strict=True):
        np.testing.assert_allclose(whole.grad[3:4].numpy(), one.grad.numpy(), rtol=1e-4, atol=1e-6)


def test_backends_are_accepted():
    q = tg.randn(2, 3)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        one = F.scaled_dot_product_attention(q, q, q)
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.EFFICIENT_ATTENTION]):
        assert (F.scaled_dot_product_attention(q, q, q) == one).all()
    with pytest.raises(AssertionError, match="instance of SDPBackend"), sdpa_kernel("math"):
        pass


HEADS = {
    "plain": lambda nn: nn.MultiheadAttention(8, 2),
    "batch first, no bias, dropout": lambda nn: nn.MultiheadAttention(8, 4, 0.3, bias=False, batch_first=True),
    "more keys": lambda nn: nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True),
    "other dimensions": lambda nn: nn.MultiheadAttention(8, 2, kdim=6, vdim=4, add_zero_attn=True, batch_first=True),
}


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize("name", HEADS)
def test_multihead_attention(name, oracle):
    results = []
    for library in (tg, oracle.torch):
        library.manual_seed(2)
        layer = HEADS[name](library.nn)
        q, k, v = library.randn(3, 3, 8), library.randn(3, 3, layer.kdim), library.randn(3, 3, layer.vdim)
        padding = library.tensor([[False, False, True], [False] * 3, [True, False, False]])
        causal, floats = library.ones(3, 3).triu(1).bool(), library.randn(3 * layer.num_heads, 3, 3)
        found = []
        for need_weights, options in itertools.product(
            (True, False),
            (
                {},
                {"key_padding_mask": padding},
                {"attn_mask": causal, "is_causal": True},
                {"attn_mask": floats, "key_padding_mask": padding, "average_attn_weights": False},
            ),
        ):
            found += layer(q, k, v, need_weights=need_weights, **options)
            if layer.kdim == layer.vdim == 8:
                # One tensor thrice, one twice; and what a dropout that follows makes of the memory layout.
                found += [*layer(q, q, q, need_weights=need_weights), *layer(q, k, k, need_weights=need_weights)]
                found.append(library.nn.functional.dropout(found[-2]))
        found += layer(q[0], k[0], v[0])
        sum(out.square().sum() for out in found if out is not None).backward()
        found += [parameter.grad for parameter in layer.parameters()]
        results.append((repr(layer), list(layer.state_dict()), found))
    ours, theirs = results
    assert ours[:2] == theirs[:2]
    for mine, other in zip(ours[2], theirs[2], strict=True):
        assert (mine is None) == (other is None)
        if mine is not None:
            oracle.check(mine, other, rtol=1e-4, atol=2e-5)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True", "ignore:Support for mismatched")
@pytest.mark.parametrize(
    "options", [{}, {"batch_first": True, "norm_first": True, "activation": "gelu", "bias": False}], ids=str
)
def test_transformer(options, oracle):
    results = []
    for library in (tg, oracle.torch):
        nn = library.nn
        library.manual_seed(6)
        model = nn.Transformer(8, 2, 2, 1, 16, **options)
        mask = model.generate_square_subsequent_mask(4)
        padding = library.tensor([[False] * 3 + [True]] * 4)
        x, y = library.randn(4, 4, 8), library.randn(4, 4, 8)
        optimizer = library.optim.SGD(model.parameters(), lr=0.05)
        found = [mask, model.encoder(x, mask), model.encoder(x, mask, padding), model.encoder(x[0])]
        for _ in range(5):
            out = model(x, y, tgt_mask=mask, memory_key_padding_mask=padding)
            optimizer.zero_grad()
            (out - 1).square().mean().backward()
            optimizer.step()
            found.append(out)
        found.append(model.eval()(x, y, src_mask=mask))
        results.append((repr(model), list(model.state_dict()), found))
    ours, theirs = results
    assert ours[:2] == theirs[:2]
    for mine, other in zip(ours[2], theirs[2], strict=True):
        oracle.check(mine, other, rtol=1e-4, atol=2e-5)


def test_the_causal_mask_hides_what_comes():
    layer = nn.TransformerEncoderLayer(8, 2, 16).eval()
    model = nn.TransformerEncoder(layer, 2)
    x = tg.randn(6, 1, 8)
    other = x.clone()
    other[4:] = 0
    mask = nn.Transformer.generate_square_subsequent_mask(6)
    np.testing.assert_array_equal(model(x, mask)[:4].detach().numpy(), model(other, mask)[:4].detach().numpy())
    assert (model(x)[:4] != model(other)[:4]).any()
    assert model.layers[0].linear1.weight is not model.layers[1].linear1.weight


X = tg.ones(3, 2, 8)
LAYER = nn.MultiheadAttention(8, 2)
ERRORS = {
    "dtype": (lambda: F.scaled_dot_product_attention(X, X, X.double()), RuntimeError, "to have the same dtype"),
    "vector": (lambda: F.scaled_dot_product_attention(X[0, 0], X, X), RuntimeError, "at least 2 dimensional"),
    "features": (lambda: F.scaled_dot_product_attention(X, X[..., :4], X), RuntimeError, "(3, 2, 4)"),
    "mask": (
        lambda: F.scaled_dot_product_attention(X, X, X, tg.ones(3, 3).bool()),
        RuntimeError,
        "must match the size",
    ),
    "mask dtype": (
        lambda: F.scaled_dot_product_attention(X, X, X, tg.ones(2, 2).int()),
        RuntimeError,
        "attn_mask dtype",
    ),
    "dropout": (lambda: F.scaled_dot_product_attention(X, X, X, dropout_p=2.0), RuntimeError, "between 0 and 1"),
    "ints": (lambda: F.scaled_dot_product_attention(*[X.long()] * 3), RuntimeError, "floating point"),
    "heads": (
        lambda: F.scaled_dot_product_attention(X, X[:2], X[:2], enable_gqa=True),
        RuntimeError,
        "must divide the number of heads",
    ),
    "divisible": (lambda: nn.MultiheadAttention(8, 3), AssertionError, "divisible by num_heads"),
    "positive": (lambda: nn.MultiheadAttention(0, 3), ValueError, "greater than 0"),
    "width": (lambda: LAYER(*[X[..., :4]] * 3), AssertionError, "embedding dimension of 8, but got 4"),
    "dims": (lambda: LAYER(X, X[0], X[0]), AssertionError, "expected `key` and `value` to be 3-D"),
    "2D mask": (lambda: LAYER(X, X, X, attn_mask=tg.ones(2, 2)), RuntimeError, "should be (3, 3)"),
    "hint": (lambda: LAYER(X, X, X, is_causal=True), RuntimeError, "Need attn_mask"),
    "int mask": (lambda: LAYER(X, X, X, attn_mask=tg.ones(3, 3).int()), AssertionError, "only bool and floating"),
    "padding": (lambda: LAYER(X, X, X, tg.ones(3, 3).bool()), AssertionError, "(2, 3)"),
    "activation": (lambda: nn.TransformerEncoderLayer(8, 2, activation="tanh"), RuntimeError, "relu/gelu, not tanh"),
    "batch": (lambda: nn.Transformer(8, 2, 1, 1, 8)(X, X[:, :1]), RuntimeError, "batch number"),
    "d_model": (lambda: nn.Transformer(4, 2, 1, 1, 8)(X, X), RuntimeError, "equal to d_model, 4"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, error, message = ERRORS[name]
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert message in str(caught.value)
