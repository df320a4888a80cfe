"""Pooling of every geometry: against its definition, against PyTorch, and its errors."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value

F = tg.nn.functional


def geometry(seed):
    """An array, with ties, infinities or NaNs in some, and the options of a random max pooling."""
    rng = random.Random(seed)
    dims = rng.choice([1, 2, 3])

    def sizes(low, high):
        return tuple(rng.randint(low, high) for _ in range(dims))

    kernel = sizes(1, 4)
    x = np.random.default_rng(seed).normal(size=(*rng.choice([(2, 3), (3,), (0, 2)]), *sizes(10, 12)))
    kind = rng.choice(["plain", "plain", "ties", "infinite", "nan"])
    if kind == "ties":
        x = np.round(x)
    elif kind == "infinite":
        x[...] = -np.inf
    elif kind == "nan":
        x.reshape(-1)[::7] = np.nan
    how = {
        "kernel_size": kernel,
        "stride": sizes(1, 4),
        "padding": tuple(rng.randint(0, k // 2) for k in kernel),
        "ceil_mode": rng.random() < 0.5,
    }
    return dims, x, how, sizes(1, 2), rng.random() < 0.5


@pytest.mark.parametrize("seed", range(60))
def test_against_oracle(seed):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    dims, array, how, dilation, include = geometry(seed)
    results = []
    for library in (torch, tg):
        functions = library.nn.functional
        x = library.tensor(array, requires_grad=True)
        peaks, places = getattr(functions, f"max_pool{dims}d")(x, **how, dilation=dilation, return_indices=True)
        plain = getattr(functions, f"max_pool{dims}d")(x, **how, dilation=dilation)
        means = getattr(functions, f"avg_pool{dims}d")(x, **how, count_include_pad=include)
        grads = [
            library.autograd.grad(each, x, library.ones_like(each) * 3)[0].detach() for each in (peaks, plain, means)
        ]
        results.append([peaks.detach(), places, plain.detach(), means.detach(), *grads])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-12)


def test_small_windows():
    x = tg.arange(12.0).reshape(1, 3, 4)
    assert F.max_pool2d(x, 2, stride=1).tolist() == [[[5, 6, 7], [9, 10, 11]]]
    assert F.avg_pool2d(x, 2, stride=1).tolist() == [[[2.5, 3.5, 4.5], [6.5, 7.5, 8.5]]]
    assert F.adaptive_avg_pool2d(x, (1, 3)).tolist() == [[[4.5, 5.5, 6.5]]]
    assert F.lp_pool2d(x, 1.0, (3, 1)).tolist() == [[[12, 15, 18, 21]]]


def test_gradients_of_overlapping_windows_add_up():
    x = tg.tensor([[[1.0, 5.0, 2.0, 3.0]]], requires_grad=True)
    F.max_pool1d(x, 3, stride=1).sum().backward()
    assert x.grad.tolist() == [[[0, 2, 0, 0]]]


VALUES = {
    "ceil": (lambda t, x: t.nn.functional.avg_pool1d(x, 2, ceil_mode=True), [[0.5, 2.0], [3.5, 5.0]]),
    "integers": (lambda t, x: t.nn.functional.avg_pool1d(x.long() - 3, 2), [[-2], [0]]),
    "unfold": (lambda t, x: t.nn.functional.unfold(x[None], 2), [[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]),
    "fold": (
        lambda t, x: t.nn.functional.fold(t.ones(4, 2), (2, 3), 2), [[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]],
    ),
    "unpool": (
        lambda t, x: t.nn.functional.max_unpool1d(x[:, :2], t.tensor([[1, 2], [0, 3]]), 2),
        [[0.0, 0.0, 1.0, 0.0], [3.0, 0.0, 0.0, 4.0]],
    ),
    "pixel shuffle": (lambda t, x: t.pixel_shuffle(t.arange(4).reshape(4, 1, 1), 2), [[[0, 1], [2, 3]]]),
    "pixel unshuffle": (lambda t, x: t.pixel_unshuffle(t.arange(4).reshape(1, 2, 2), 2), [[[0]], [[1]], [[2]], [[3]]]),
    "channel shuffle": (lambda t, x: t.channel_shuffle(t.arange(4).reshape(1, 4, 1), 2), [[[0], [2], [1], [3]]]),
}  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", VALUES)
def test_values(case, library):
    check_value(library, *VALUES[case])


ERRORS = {
    "too small": (lambda t, x: t.max_pool2d(t.ones(1, 2, 3, 3), 5), RuntimeError, "Output size is too small"),
    "rank": (lambda t, x: t.max_pool2d(t.ones(3, 3), 2), RuntimeError, "non-empty 3D or 4D (batch mode) tensor"),
    "kernel": (lambda t, x: t.max_pool2d(t.ones(1, 2, 3, 3), (1, 2, 3)), RuntimeError, "a list of 2 values"),
    "stride": (lambda t, x: t.max_pool2d(t.ones(1, 2, 3, 3), 2, 0), RuntimeError, "stride should be greater"),
    "padding": (lambda t, x: t.max_pool2d(t.ones(1, 2, 3, 3), 2, padding=2), RuntimeError, "at most half"),
    "bool": (lambda t, x: t.max_pool2d(t.ones(1, 2, 3, 3, dtype=t.bool), 2), NotImplementedError, "'Bool'"),
    "divisor": (
        lambda t, x: t.nn.functional.avg_pool2d(t.ones(1, 2, 3, 3), 2, divisor_override=0), RuntimeError, "not zero",
    ),
    "adaptive": (lambda t, x: t.nn.functional.adaptive_avg_pool2d(t.ones(1, 3, 3), -1), RuntimeError, "greater"),
    "adaptive rank": (lambda t, x: t.nn.functional.adaptive_max_pool2d(t.ones(2, 2), (2, 2)), ValueError, "at least 3"),
    "unpool index": (
        lambda t, x: t.nn.functional.max_unpool1d(t.ones(1, 1, 2), t.tensor([[[0, 9]]]), 2), RuntimeError, "index: 9",
    ),
    "unpool size": (
        lambda t, x: t.nn.functional.max_unpool1d(t.ones(1, 1, 2), t.tensor([[[0, 2]]]), 2, output_size=[9]),
        ValueError,
        "invalid output_size",
    ),
    "fractional": (lambda t, x: t.nn.functional.fractional_max_pool2d(x[None], 2), ValueError, "output_ratio"),
    "fold": (lambda t, x: t.nn.functional.fold(t.ones(1, 4, 5), 3, 2), RuntimeError, "sliding blocks 2 * 2 = 4"),
    "unfold": (lambda t, x: t.nn.functional.unfold(x[None], 4), RuntimeError, "must be at least one"),
    "shuffle": (lambda t, x: t.pixel_shuffle(t.ones(3, 2, 2), 2), RuntimeError, "not divisible by 4"),
}  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", ERRORS)
def test_errors(case, library):
    check_error(library, *ERRORS[case])
