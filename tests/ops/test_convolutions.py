"""Convolutions of every geometry: against their definition, against PyTorch, in blocks, and their errors."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import convolution as kernels

from .tables import LIBRARIES, check_error


def geometry(seed):
    """Arrays and options of a random convolution."""
    rng = random.Random(seed)
    dims = rng.choice([1, 2, 3])

    def sizes(low, high):
        return tuple(rng.randint(low, high) for _ in range(dims))

    groups = rng.choice([1, 1, 2, 3])
    channels, out = groups * rng.randint(1, 3), groups * rng.randint(1, 3)
    values = np.random.default_rng(seed)
    x = values.normal(size=(rng.randint(0, 3), channels, *sizes(5, 8)))
    w = values.normal(size=(out, channels // groups, *sizes(1, 3)))
    how = {"stride": sizes(1, 3), "padding": sizes(0, 2), "dilation": sizes(1, 2), "groups": groups}
    return dims, x, w, values.normal(size=out), how


def defined(x, w, b, stride, padding, dilation, groups):
    """The sum that a convolution is, one output at a time."""
    dims = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    counts = [
        (n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], w.shape[2:], stride, dilation, strict=True)
    ]
    out = np.zeros((len(x), len(w), *counts))
    each, share = w.shape[1], len(w) // groups
    for o, place in itertools.product(range(len(w)), itertools.product(*map(range, counts))):
        first = o // share * each
        window = tuple(
            slice(i * s, i * s + d * (k - 1) + 1, d)
            for i, s, d, k in zip(place, stride, dilation, w.shape[2:], strict=True)
        )
        part = x[(slice(None), slice(first, first + each), *window)]
        out[(slice(None), o, *place)] = (part * w[o]).sum(tuple(range(1, dims + 2))) + b[o]
    return out


@pytest.mark.parametrize("seed", range(12))
def test_definition(seed):
    dims, x, w, b, how = geometry(seed)
    found = getattr(tg, f"conv{dims}d")(*map(tg.tensor, (x, w, b)), **how)
    np.testing.assert_allclose(found.numpy(), defined(x, w, b, **how), atol=1e-12)


@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("seed", range(20))
def test_against_oracle(seed, block, monkeypatch):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    # Small blocks take the samples, and the lines of one, in several steps.
    monkeypatch.setattr(kernels, "_BLOCK", block)
    dims, *arrays, how = geometry(100 + seed)
    results = []
    for library in (torch, tg):
        x, w, b = (library.tensor(each, requires_grad=True) for each in arrays)
        out = getattr(library, f"conv{dims}d")(x, w, b, **how)
        back = getattr(library, f"conv_transpose{dims}d")(out, w, None, **how)
        grads = library.autograd.grad((out * out).sum() + (back * back * back).sum(), [x, w, b])
        results.append([out, back, *grads])
    for theirs, ours in zip(*results, strict=True):
        expected = theirs.detach().numpy()
        np.testing.assert_allclose(
            ours.detach().numpy(), expected, rtol=1e-9, atol=1e-9 * (1 + abs(expected).max(initial=0))
        )


def test_a_transposed_convolution_is_the_adjoint():
    rng = np.random.default_rng(1)
    x, w, y = (tg.tensor(rng.normal(size=shape)) for shape in [(2, 3, 7, 6), (4, 3, 3, 2), (2, 4, 3, 5)])
    how = {"stride": (2, 1)}
    forward = (tg.conv2d(x, w, **how) * y).sum().item()
    assert forward == pytest.approx((tg.conv_transpose2d(y, w, **how) * x).sum().item())


def test_results_are_contiguous_and_do_not_touch_the_input():
    x = tg.randn(2, 3, 5, 5).transpose(2, 3)
    before = x.numpy().copy()
    assert tg.conv2d(x, tg.randn(4, 3, 3, 3), padding=1).is_contiguous()
    np.testing.assert_array_equal(x.numpy(), before)


def test_infinities_stay_where_they_are():
    x = tg.zeros(1, 1, 8)
    x[0, 0, 2] = float("inf")
    out = tg.conv1d(x, tg.ones(1, 1, 3))
    assert out[0, 0].tolist() == [float("inf")] * 3 + [0.0] * 3


ERRORS = {
    "channels": (
        lambda t, x: t.conv1d(t.ones(1, 1, 8), t.ones(2, 3, 5)),
        RuntimeError,
        "Given groups=1, weight of size [2, 3, 5], expected input[1, 1, 8] to have 3 channels, but got 1 channels",
    ),
    "too small": (lambda t, x: t.conv1d(t.ones(1, 3, 3), t.ones(2, 3, 5)), RuntimeError, "input size per channel: (3)"),
    "rank": (lambda t, x: t.conv2d(t.ones(3), t.ones(2, 3, 5, 5)), RuntimeError, "Expected 3D (unbatched) or 4D"),
    "weight": (lambda t, x: t.conv2d(t.ones(1, 3, 8, 8), t.ones(2, 3, 5)), RuntimeError, "4-dimensional weight"),
    "bias": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), t.ones(3)), RuntimeError, "2 elements"),
    "stride": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), stride=0), RuntimeError, "non-positive stride"),
    "padding": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), padding=-1), RuntimeError, "negative padding"),
    "dilation": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), dilation=0), RuntimeError, "dilation should"),
    "groups": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), groups=3), RuntimeError, "at least 3"),
    "two strides": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), stride=(1, 2)), RuntimeError, "1 values"),
    "float": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), stride=1.5), TypeError, "tuple of ints"),
    "string": (lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), padding="full"), RuntimeError, "'same'"),
    "same": (
        lambda t, x: t.conv1d(t.ones(1, 3, 8), t.ones(2, 3, 5), padding="same", stride=2),
        RuntimeError,
        "not supported for strided",
    ),
    "dtype": (lambda t, x: t.conv1d(t.ones(1, 3, 8).double(), t.ones(2, 3, 5)), RuntimeError, "Input type (Double)"),
    "no tensor": (lambda t, x: t.conv1d(t.ones(1, 3, 8), None), TypeError, "must be Tensor, not NoneType"),
    "output padding": (
        lambda t, x: t.conv_transpose1d(t.ones(1, 2, 8), t.ones(2, 3, 5), output_padding=1),
        RuntimeError,
        "output padding must be smaller",
    ),
    "transposed channels": (
        lambda t, x: t.conv_transpose1d(t.ones(1, 3, 8), t.ones(2, 3, 5)), RuntimeError, "to have 2 channels",
    ),
    "nothing left": (
        lambda t, x: t.conv_transpose1d(t.ones(1, 2, 1), t.ones(2, 3, 5), padding=4), RuntimeError, "too small",
    ),
}  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("case", ERRORS)
def test_errors(case, library):
    check_error(library, *ERRORS[case])


def test_an_infinity_reaches_only_the_weights_whose_windows_hold_it():
    x = tg.ones(2, 3, 8)
    x[0, 0, 0] = float("inf")
    w = tg.ones(3, 3, 3, requires_grad=True)
    x.requires_grad_()
    # The first element is in windows at the second and third place of the padded kernel's two steps alone.
    tg.conv1d(x, w, padding=1).sum().backward()
    assert tg.isinf(w.grad).nonzero().tolist() == [[o, 0, k] for o in range(3) for k in (0, 1)]
    assert not tg.isnan(w.grad).any()
