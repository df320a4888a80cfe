"""The functions that kernels call, against the standard library's in units in the last place."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

from tinygrad5329.backends import special
from tinygrad5329.fast import transcendental
from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.transcendental import erf, exp, expm1, log, log1p, logistic, tanh, upper_tail


@kernel
def _all(x, out):
    for i in range(x.size):
        out[0, i] = exp(x[i])
        out[1, i] = expm1(x[i])
        out[2, i] = log(x[i])
        out[3, i] = log1p(x[i])
        out[4, i] = tanh(x[i])
        out[5, i] = logistic(x[i])
        out[6, i] = erf(x[i])


@kernel
def _upper_tail(u, bell, out):
    for i in range(u.size):
        out[i] = upper_tail(u[i], bell[i])


#: The rows of `_all`, the function in the highest precision there is, and the bound that the docstrings state.
BOUNDS = {"exp": 1.1, "expm1": 1.8, "log": 1.0, "log1p": 1.5, "tanh": 1.5, "logistic": 2.5, "erf": 1.5}
every_function = pytest.mark.parametrize("name", BOUNDS)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
SPECIAL = [
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1.0,
    -1.0,
    5e-324,
    1e-40,
    -1e-40,
    1e30,
    -1e30,
    89.5,
    -104.5,
    710.5,
    -747.0,
]


def reference(name, x):
    """The function in extended precision, from arguments that are exact in it."""
    wide = x.astype(np.longdouble)
    if name == "logistic":
        return 1 / (1 + np.exp(-wide))
    if name == "erf":
        # The standard library's is exact to half a unit in float64.
        return np.array([math.erf(each) for each in x.tolist()], np.longdouble)
    return getattr(np, name)(wide)


def computed(x):
    out = np.empty((len(BOUNDS), x.size), x.dtype)
    _all(x, out)
    return dict(zip(BOUNDS, out, strict=True))


def arguments(dtype):
    """Every magnitude, more of the middle ones, and what lies around the joints of the approximations."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    spread = 2.0 ** rng.uniform(max(info.minexp, -900), 10, 20000) * rng.choice([-1, 1], 20000)
    joints = np.concatenate([c + rng.uniform(-1e-3, 1e-3, 1000) for c in (0.625, -0.625, 1.0, -1.0, 0.35, 1.41, 0.71)])
    limit = math.log(float(info.max))
    return np.concatenate([spread, joints, rng.normal(0, 2, 40000), rng.uniform(-limit, limit, 20000)]).astype(dtype)


@every_function
@every_dtype
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_largest_error(name, dtype):
    x = arguments(dtype)
    with np.errstate(all="ignore"):
        got, exact = computed(x)[name], reference(name, x)
        rounded = exact.astype(dtype)
        counts = np.isfinite(rounded) & (np.abs(rounded) >= np.finfo(dtype).tiny)
    if name == "logistic":
        counts &= x > (-88 if dtype == "float32" else -709)
    units = np.abs(got[counts].astype(np.longdouble) - exact[counts]) / np.spacing(np.abs(rounded[counts]))
    assert counts.sum() > 10000
    assert units.max() <= BOUNDS[name] + (0.5 if name == "erf" and dtype == "float64" else 0)
    assert units.max() > 0.5, "a test that sees no rounding sees nothing"


@every_function
@every_dtype
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values(name, dtype):
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL, dtype)
        got, exact = computed(x)[name], reference(name, x).astype(dtype)
    if name == "logistic":
        # Where exp(-x) overflows the result is 0, as in the NumPy kernel, and not the subnormal number.
        exact[x < (-88 if dtype == "float32" else -709)] = 0
    tiny = np.finfo(dtype).smallest_subnormal
    np.testing.assert_allclose(got, exact, rtol=4 * np.finfo(dtype).eps, atol=tiny)
    np.testing.assert_array_equal(np.signbit(got[:2]), np.signbit(exact[:2]))


@every_dtype
def test_upper_tail(dtype):
    u = np.concatenate([np.linspace(0, 5, 3000), np.linspace(5, 12, 500)]).astype(dtype)
    # With a bell of one the tail's own error shows: P(u) exp(u^2 / 2) = erfcx(u / sqrt(2)) / 2.
    got = np.empty_like(u)
    _upper_tail(u, np.ones_like(u), got)
    exact = special.erfc_scaled(u.astype(np.float64) * math.sqrt(0.5)) / 2
    units = np.abs(got - exact) / np.spacing(exact.astype(dtype))
    # The reference itself is right to a few units of float64.
    assert units.max() <= 5 + (3 if dtype == "float64" else 0)
    _upper_tail(np.array([0, np.inf], dtype), np.array([1, 0], dtype), got[:2])
    np.testing.assert_allclose(got[:2], [0.5, 0], rtol=1e-6)


def test_outside_kernels_they_say_what_they_are_for():
    for name in transcendental.__all__:
        with pytest.raises(NotImplementedError, match="kernels"):
            getattr(transcendental, name)(*[1.0] * (2 if name == "upper_tail" else 1))
