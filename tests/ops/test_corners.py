"""Values and derivatives in corners: at zero, at ties, at NaN and infinity, in mixed dtypes, as PyTorch has them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

NAN, INF = math.nan, math.inf
TIES = [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]
POINTS = [[0.0, 0.0], [1.0, 1.0], [1.0, 2.0]]

GRADIENTS = {
    "abs": (lambda t, x: t.abs(x), [-1.0, 0.0, NAN, INF]),
    "sign": (lambda t, x: t.sign(x) * x, [-1.0, 0.0, NAN, INF]),
    "sgn": (lambda t, x: t.sgn(x) * x, [-1.0, 0.0, NAN, INF]),
    "acosh": (lambda t, x: t.acosh(x), [-2.0, -1.0, 1.0, 3.0]),
    "sinc": (lambda t, x: t.sinc(x), [0.0, 0.5, 1.0]),
    "atan2": (lambda t, x, y: t.atan2(x, y), [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]),
    "0 ** x": (lambda t, x: 0**x, [-1.0, 0.0, 2.0]),
    "x ** y": (lambda t, x, y: x**y, [0.0, 0.0, 0.0, -1.0], [0.0, 2.0, -1.0, 0.5]),
    "var": (lambda t, x: t.var(x, correction=5), [2.0, 2.0, 3.0]),
    "amax": (lambda t, x: t.amax(x, 1), TIES),
    "max": (lambda t, x: t.max(x), TIES),
    "max dim": (lambda t, x: t.max(x, 1)[0], TIES),
    "median": (lambda t, x: t.median(x), TIES),
    "clamp": (lambda t, x: t.clamp(x, -1, 1), [-1.0, 1.0, 0.0, NAN]),
    "cdist inf": (lambda t, x, y: t.cdist(x, y, INF), POINTS, POINTS),
    "cdist 2": (lambda t, x, y: t.cdist(x, y), POINTS, POINTS),
    "pdist inf": (lambda t, x: t.nn.functional.pdist(x, INF), POINTS),
    "prod": (lambda t, x: t.prod(x, 0), [0.0, 0.0, 3.0]),
    "cumprod": (lambda t, x: t.cumprod(x, 0), [1.0, 0.0, 3.0]),
    "where": (lambda t, x: t.where(x > 0, t.sqrt(x), 0.0), [-1.0, 4.0]),
    "logsumexp": (lambda t, x: t.logsumexp(x, 1), [[-INF, -INF], [1.0, -INF]]),
    "xlogy": (lambda t, x, y: t.xlogy(x, y), [0.0, 0.0, 1.0], [0.0, NAN, 2.0]),
    "addcmul": (lambda t, x, y, z: t.addcmul(x, y, z, value=2), [1.0], [2.0, 3.0], [[4.0], [5.0]]),
    "addcdiv": (lambda t, x, y, z: t.addcdiv(x, y, z, value=-0.5), [1.0], [2.0, 3.0], [[4.0], [5.0]]),
}


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    f, *values = GRADIENTS[name]
    results = []
    for t in (tg, torch):
        inputs = [t.tensor(v, dtype=t.float64, requires_grad=True) for v in values]
        out = f(t, *inputs)
        out.sum().backward()
        results.append([out.detach().numpy(), *(x.grad.numpy() for x in inputs)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


VALUES = {
    "sign of NaN": lambda t: t.sign(t.tensor([NAN, -0.0, INF])),
    "alpha in the result's dtype": lambda t: t.add(t.ones(1), t.tensor([200], dtype=t.uint8), alpha=2),
    "alpha of sub": lambda t: t.sub(t.ones(1), t.tensor([200], dtype=t.uint8), alpha=2),
    "half and number": lambda t: t.full((3,), 0.1, dtype=t.float16) + 0.10001,
    "half and number in place": lambda t: t.full((3,), 0.1, dtype=t.float16).add_(0.10001),
    "half alpha": lambda t: t.full((3,), 0.1, dtype=t.float16).add_(t.ones(3, dtype=t.float16), alpha=0.3),
    "half addcmul": lambda t: t.addcmul(*(t.full((2,), v, dtype=t.float16) for v in (0.1, 3.3, 7.7)), value=3.14),
    "half addcmul in place": lambda t: t.full((2,), 0.1, dtype=t.float16).addcmul_(
        t.full((2,), 3.3, dtype=t.float16), t.full((2,), 7.7, dtype=t.float16), value=3.14
    ),
    "add_ alpha": lambda t: t.ones(3).add_(t.arange(3.0), alpha=0.5),
    "sub_ alpha": lambda t: t.ones(3).sub_(t.arange(3.0), alpha=0.5),
    "addcmul_": lambda t: t.ones(2, 2).addcmul_(t.full((2, 2), 3.0), t.tensor(2.0), value=2),
    "addcdiv_": lambda t: t.ones(2).addcdiv_(t.tensor([1.0, 2.0]), t.tensor([0.0, 4.0])),
    "addcmul of ints": lambda t: t.addcmul(t.tensor([1]), t.tensor([2]), t.tensor([3]), value=2),
    "float value of ints": lambda t: t.addcmul(t.tensor([1]), t.tensor([2]), t.tensor([3]), value=1.5),
    "addcmul of mixed": lambda t: t.addcmul(t.tensor([1]), t.tensor([2.5]), t.tensor([3])),
    "lerp by 0": lambda t: t.lerp(t.tensor([1.0, INF]), t.tensor([2.0, 3.0]), 0),
    "gather 0": lambda t: t.arange(6.0).reshape(2, 3).gather(0, t.tensor([[1, 0, 1]])),
    "gather 1": lambda t: t.arange(24.0).reshape(2, 3, 4).mT.gather(1, t.tensor([[[3, 0], [1, 1]]])),
    "gather nothing": lambda t: t.zeros(0, 3).gather(0, t.zeros(0, 3, dtype=t.int64)),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    ours, theirs = VALUES[name](tg), VALUES[name](torch)
    assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


ERRORS = {
    "bool operand with alpha": lambda t: t.sub(t.ones(1), t.tensor([True]), alpha=2),
    "too large": lambda t: t.empty(1 << 40, 1 << 40),
    "cdist of other batches": lambda t: t.cdist(t.ones(2, 2, 2), t.ones(3, 2, 2)),
    "in place on a leaf": lambda t: t.ones(2, requires_grad=True).addcmul_(t.ones(2), t.ones(2)),
    "in place on shared memory": lambda t: t.ones(1).expand(2).addcmul_(t.ones(2), t.ones(2)),
    "in place on integers": lambda t: t.tensor([1]).addcmul_(t.tensor([1.5]), t.tensor([1.5])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    with pytest.raises(Exception) as theirs:
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)):
        ERRORS[name](tg)


def test_curvature_of_sinc_at_zero():
    x = tg.zeros((), dtype=tg.float64, requires_grad=True)
    (slope,) = tg.autograd.grad(tg.sinc(x), x, create_graph=True)
    slope.backward()
    assert x.grad.item() == pytest.approx(-(math.pi**2) / 3)


def test_pdist_of_one_point_is_empty():
    assert F.pdist(tg.ones(1, 2), INF).shape == (0,)
