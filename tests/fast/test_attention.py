"""Attention by compiled kernels: what the comparison of all twins leaves out."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import attention, choice

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.transcendental import exp_of_score

F = tg.nn.functional


@kernel
def _exponentials(x, out):
    for i in range(x.size):
        out[i] = exp_of_score(x[i])


@pytest.fixture(autouse=True)
def chosen():
    """The kernels that the suite runs with are put back."""
    before = choice.current()
    yield
    choice.use(before)


def run(name, shapes, dtype, **options):
    """The output and the gradients with the kernels called `name`."""
    choice.use(name)
    rng = np.random.default_rng(5)
    inputs = [tg.tensor(rng.standard_normal(shape), dtype=dtype, requires_grad=True) for shape in shapes]
    tg.manual_seed(2)
    out = F.scaled_dot_product_attention(*inputs, **options)
    (out * out).sum().backward()
    return [out.detach().numpy(), *(t.grad.numpy() for t in inputs)]


SEEN = tg.tensor(np.random.default_rng(6).uniform(size=(70, 90)) < 0.5)
SEEN[3] = False
WAYS = {
    "plain": {},
    "causal": {"is_causal": True},
    "sharp": {"scale": 20.0},
    "sharp, causal": {"scale": 20.0, "is_causal": True},
    "masked": {"attn_mask": SEEN},
    "dropout": {"dropout_p": 0.3, "is_causal": True},
}


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
@pytest.mark.parametrize("way", WAYS)
def test_weights_that_are_computed_again(way, dtype, monkeypatch):
    monkeypatch.setattr(attention, "_KEPT", 0)
    monkeypatch.setattr(attention, "_BLOCK", 1 << 9)
    monkeypatch.setattr(attention, "_ROWS", 16)
    shapes = (2, 2, 70, 20), (2, 2, 90, 20), (2, 2, 90, 17)
    bound = 2e-5 if dtype == tg.float32 else 1e-13
    for fast, plain in zip(
        run("fast", shapes, dtype, **WAYS[way]), run("numpy", shapes, dtype, **WAYS[way]), strict=True
    ):
        np.testing.assert_allclose(fast, plain, rtol=bound, atol=bound * abs(plain).max())


@pytest.mark.parametrize("features", [3, 20])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite_stays_in_its_row(features):
    q, k, v = (np.random.default_rng(n).standard_normal((1, 2, 9, features)).astype("f") for n in range(3))
    q[0, 0, :4, 0] = np.nan, np.inf, -np.inf, 1e30
    found = []
    for name in ("fast", "numpy"):
        choice.use(name)
        found.append(F.scaled_dot_product_attention(*map(tg.from_numpy, (q, k, v))).numpy())
    np.testing.assert_allclose(*found, rtol=2e-6, atol=1e-6)
    assert np.isnan(found[0][0, 0, :3]).all() and np.isfinite(found[0][0, 0, 3:]).all()
    assert np.isfinite(found[0][0, 1]).all()


@pytest.mark.parametrize(("dtype", "low", "high"), [("float32", -87.3, 88.0), ("float64", -708.3, 709.0)])
def test_the_exponential_of_scores(dtype, low, high):
    x = np.concatenate([np.linspace(low, high, 200_003), np.linspace(-1, 1, 200_001)]).astype(dtype)
    out = np.empty_like(x)
    _exponentials(x, out)
    exact = np.exp(x.astype(np.longdouble))
    assert (abs(out - exact) / np.spacing(exact.astype(dtype))).max() < 1.1
    special = np.array([-np.inf, low - 1, -1e30, 0, -0.0, np.nan, np.inf], dtype)
    out = np.empty_like(special)
    _exponentials(special, out)
    np.testing.assert_array_equal(out, np.array([0, 0, 0, 1, 1, np.nan, np.nan], dtype))
