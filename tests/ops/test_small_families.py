"""Functions of angles, logarithms, parts of numbers, bits; statistics; in-place variants: values and errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, into

VALUES = [
    (lambda t, x: t.atan2(t.tensor([1, -1]), t.tensor([-1, -1])), [2.3562, -2.3562]),
    (lambda t, x: t.hypot(t.tensor(3.0), t.tensor(4.0)), 5.0),
    (lambda t, x: t.copysign(t.tensor([1.0, -2.0]), -0.0), [-1.0, -2.0]),
    (lambda t, x: t.copysign(t.tensor([1, 2]), t.tensor([-1, 1])), [-1.0, 2.0]),
    (lambda t, x: t.ldexp(t.tensor([1, 3]), t.tensor([2, -1])), [4.0, 1.5]),
    (lambda t, x: t.frexp(t.tensor([0.0, -3.0, float("inf")])), ([0.0, -0.75, "inf"], ("int32", [0, 2, 0]))),
    (lambda t, x: t.frexp(x[0]).exponent, ("int32", [0, 1, 2])),
    (lambda t, x: t.signbit(t.tensor([-0.0, 0.0, -1.0])), [True, False, True]),
    (lambda t, x: t.isposinf(t.tensor([float("inf"), -float("inf"), 1.0])), [True, False, False]),
    (lambda t, x: t.isneginf(t.tensor([1, 2])), [False, False]),
    (lambda t, x: t.sgn(t.tensor([-2, 0, 3])), [-1, 0, 1]),
    (lambda t, x: t.nextafter(t.tensor([0.0]), t.tensor([1.0])) > 0, [True]),
    (lambda t, x: t.heaviside(t.tensor([1, 0, -1]), t.tensor([7, 8, 9])), [1, 8, 0]),
    (lambda t, x: t.fmax(t.tensor([1.0, float("nan")]), t.tensor([float("nan"), 2.0])), [1.0, 2.0]),
    (lambda t, x: t.fmin(t.tensor([3, 4]), t.tensor([3.5, 2.0])), [3.0, 2.0]),
    (lambda t, x: t.logaddexp(t.tensor([1000.0]), t.tensor([1000.0])), [1000.6932]),
    (lambda t, x: t.xlogy(t.tensor([0.0, 0.0, 2.0]), t.tensor([0.0, float("nan"), 3.0])), [0.0, "nan", 2.1972]),
    (lambda t, x: t.xlogy(2, t.tensor([3])), [2.1972]),
    (lambda t, x: t.special.xlog1py(t.tensor([0.0, 2.0]), -1.0), [0.0, "-inf"]),
    (lambda t, x: t.logit(t.tensor([0.0, 0.5, 2.0]), eps=0.1), [-2.1972, 0.0, 2.1972]),
    (lambda t, x: t.float_power(t.tensor([2]), 3), ("float64", [8.0])),
    (lambda t, x: t.float_power(2, t.tensor([-1])), ("float64", [0.5])),
    (lambda t, x: t.gcd(t.tensor([12, -4, 0]), t.tensor([18, 6, 0])), [6, 2, 0]),
    (lambda t, x: t.lcm(t.tensor([0, -4, 6]), t.tensor([0, 6, -4])), [0, 12, 12]),
    (lambda t, x: t.tensor([1, -1, 5]) << 2, [4, -4, 20]),
    (lambda t, x: 2 << t.tensor([3]), [16]),
    (lambda t, x: t.bitwise_left_shift(t.tensor([1, -1]), t.tensor([70, -1])), [0, 0]),
    (lambda t, x: t.bitwise_right_shift(t.tensor([-5, 5, 5]), t.tensor([70, -1, 1])), [-1, 0, 2]),
    (lambda t, x: t.mvlgamma(t.tensor([3.0]), 2), [1.5502]),
    (lambda t, x: t.nan_to_num(t.tensor([float("nan"), float("inf")]), posinf=1.0), [0.0, 1.0]),
    (lambda t, x: t.nan_to_num(t.tensor([float("-inf")], dtype=t.float16)), ("float16", [-65504.0])),
    (lambda t, x: t.cov(x), [[1.0, 1.0], [1.0, 1.0]]),
    (lambda t, x: t.cov(x, correction=0, fweights=t.tensor([1, 2, 1])), [[0.5, 0.5], [0.5, 0.5]]),
    (lambda t, x: t.cov(x[0], aweights=t.tensor([0.5, 1.0, 0.5])), 0.8),
    (lambda t, x: t.corrcoef(t.stack([x[0], -x[1]])), [[1.0, -1.0], [-1.0, 1.0]]),
    (lambda t, x: t.dist(x, x + 1, p=1), 6.0),
    (lambda t, x: t.vander(t.tensor([1, 2, 3]), 2), [[1, 1], [2, 1], [3, 1]]),
    (lambda t, x: t.vander(t.tensor([2.0]), increasing=True, N=3), [[1.0, 2.0, 4.0]]),
    (lambda t, x: (t.numel(x), t.is_floating_point(x), t.is_complex(x), t.is_signed(x)), (6, True, False, True)),
    (lambda t, x: (t.is_nonzero(x[0, 1]), t.is_same_size(x, x.T), t.get_device(x)), (True, False, -1)),
    (lambda t, x: x.clone().gt_(2), [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]),
    (lambda t, x: t.exp_(t.zeros(2)), [1.0, 1.0]),
    (lambda t, x: t.tensor([6, 3]).bitwise_and_(2), [2, 2]),
    (lambda t, x: t.tensor([1, 2]).bitwise_left_shift_(1), [2, 4]),
    (lambda t, x: x.clone().cumsum_(1), [[0.0, 1.0, 3.0], [3.0, 7.0, 12.0]]),
    (lambda t, x: into(t, lambda out: t.addcmul(x, x, x, value=2, out=out))[1], [21.0, 36.0, 55.0]),
    (lambda t, x: into(t, lambda out: t.logspace(0, 2, 3, out=out)), [1.0, 10.0, 100.0]),
    (lambda t, x: t.linspace(4.3, 0, 3, dtype=t.uint8), ("uint8", [4, 2, 0])),
    (lambda t, x: t.arange(1.5, 5.9, 1.9, dtype=t.int64), [1, 2, 3, 4]),
    (lambda t, x: t.hann_window(4), [0.0, 0.5, 1.0, 0.5]),
    (lambda t, x: t.hamming_window(4, True, 0.5, 0.4), [0.1, 0.5, 0.9, 0.5]),
    (lambda t, x: t.kaiser_window(5, False, 3.0), [0.2049, 0.7269, 1.0, 0.7269, 0.2049]),
    (lambda t, x: t.bartlett_window(1), [1.0]),
    (lambda t, x: t.blackman_window(0).shape[0], 0),
    (lambda t, x: t.signal.windows.exponential(4, center=1, sym=False), [0.3679, 1.0, 0.3679, 0.1353]),
    (lambda t, x: t.signal.windows.general_cosine(4, a=[0.1, 0.2, 0.7]), [0.6, -0.15, -0.15, 0.6]),
    (lambda t, x: t.signal.windows.nuttall(3), [0.0004, 1.0, 0.0004]),
    (lambda t, x: t.signal.windows.gaussian(3, std=0.5), [0.1353, 1.0, 0.1353]),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


ERRORS = [
    (lambda t, x: t.hypot(t.tensor([1]), t.tensor([2])), NotImplementedError, "not implemented for 'Long'"),
    (lambda t, x: t.heaviside(x, t.tensor(1)), RuntimeError, "different dtypes"),
    (lambda t, x: t.gcd(t.tensor([4]), 6), TypeError, "must be Tensor"),
    (lambda t, x: t.frexp(t.tensor([1])), RuntimeError, "floating-point"),
    (lambda t, x: t.tensor([1.5]) << 2, NotImplementedError, "not implemented"),
    (lambda t, x: x.clone().float_power_(2), RuntimeError, "requires dtype"),
    (lambda t, x: t.vander(x), RuntimeError, "one-dimensional"),
    (lambda t, x: t.cov(t.ones(2, 2, 2)), RuntimeError, "two or fewer"),
    (lambda t, x: t.cov(x, fweights=t.tensor([1, 2])), RuntimeError, "same numel"),
    (lambda t, x: t.is_nonzero(x), RuntimeError, "more than one value"),
    (lambda t, x: t.eq(2, x), TypeError, "must be Tensor"),
    (lambda t, x: t.bitwise_and(2, 3), TypeError, "must be Tensor"),
    (lambda t, x: t.arange(0, 1, 0), RuntimeError, "nonzero"),
    (lambda t, x: t.arange(0.0, float("inf")), RuntimeError, "unsupported range"),
    (lambda t, x: t.linspace(0, 1, 2.0), TypeError, "must be int"),
    (lambda t, x: t.linspace(0, 1, -1), RuntimeError, "non-negative"),
    (lambda t, x: t.hann_window(-1), RuntimeError, "non-negative"),
    (lambda t, x: t.signal.windows.hann(-2), ValueError, "non-negative"),
    (lambda t, x: t.signal.windows.gaussian(3, std=0), ValueError, "positive"),
    (lambda t, x: t.signal.windows.exponential(3, center=1), ValueError, "symmetric"),
    (lambda t, x: t.poisson(t.tensor([-1.0])), RuntimeError, "non-negative"),
    (lambda t, x: t.poisson(t.tensor([1])), NotImplementedError, "not implemented"),
    (lambda t, x: t.binomial(t.tensor([5]), t.tensor([0.5])), ValueError, "floating-point"),
    (lambda t, x: t.empty(2).cauchy_(1, 0.0), RuntimeError, "sigma"),
    (lambda t, x: t.empty(2).geometric_(1.5), RuntimeError, "in (0, 1)"),
    (lambda t, x: t.bernoulli(t.zeros(3), out=t.zeros(1).expand(3)), RuntimeError, "single memory"),
    (lambda t, x: t.nextafter(t.tensor([1]), t.tensor([2])), NotImplementedError, "not implemented"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)


def test_a_comparison_in_place_cuts_the_history():
    x = tg.ones(3, requires_grad=True)
    y = x * 2
    y.gt_(1)
    (y * x).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_draws_pass_zeros_back():
    p = tg.full((3,), 0.5, requires_grad=True)
    for draw in (tg.bernoulli(p), tg.normal(p, 1.0), tg.poisson(p)):
        draw.sum().backward()
    assert p.grad.tolist() == [0.0, 0.0, 0.0]


def test_logit_has_no_slope_outside():
    x = tg.tensor([0.05, 0.5, 0.95], requires_grad=True)
    tg.logit(x, eps=0.1).sum().backward()
    assert x.grad.tolist() == [0.0, 4.0, 0.0]


ENDS = np.random.default_rng(0).uniform(-10, 10, (40, 2)).tolist()
SPANS = [(a, b, 5 * i + 1) for i, (a, b) in enumerate(ENDS)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_sequences_are_pytorchs_to_the_last_bit(dtype):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    for a, b, n in SPANS:
        if dtype == "int64":
            a, b = round(10 * a), round(10 * b)
        for name, third in (("linspace", n), ("arange", (b - a) / n if dtype != "int64" else (1 if b > a else -1))):
            if name == "arange" and n < 2:
                continue
            ours = getattr(tg, name)(a, b, third, dtype=getattr(tg, dtype)).numpy()
            theirs = getattr(torch, name)(a, b, third, dtype=getattr(torch, dtype)).numpy()
            # PyTorch's vectors may differ with the processor, by a rounding.
            np.testing.assert_allclose(ours, theirs, rtol=3e-7 if dtype == "float32" else 1e-15, atol=1e-6)


def test_range_includes_its_end():
    with pytest.warns(UserWarning, match="deprecated"):
        assert tg.range(1, 4).tolist() == [1.0, 2.0, 3.0, 4.0]
