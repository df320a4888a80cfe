"""``tinygrad5329.special``: values to rounding, edges, gradients where PyTorch has none, names."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg


def find(path, library=tg):
    for name in path.split("."):
        library = getattr(library, name)
    return library


#: Computed with 30 digits.
VALUES = [
    ("lgamma", [0.3, 1.00001, 7.5, 123.0, -2.3],
     [1.0957979948180756, -5.7720744027504825e-06, 7.534364236758733, 467.4121995716082, 0.36956666345500805]),
    ("digamma", [0.3, 1.4616321449683622, 30.0, -2.3],
     [-3.502524222200133, -9.241265521729427e-17, 3.384438132685525, 3.3173231575618227]),
    ("i0", [0.5, 12.0, 45.0], [1.0634833707413236, 18948.925349296307, 2.0834140751773148e18]),
    ("special.i1e", [-0.5, 12.0, 45.0], [-0.1564208031848717, 0.11146429929018098, 0.05897170313620064]),
    ("special.erfcx", [-3.0, 0.2, 30.0], [16205.988853999586, 0.8090195199015807, 0.01879588886141675]),
    ("special.log_ndtr", [-40.0, -0.5, 6.0], [-804.6084420137538, -1.1759117615936185, -9.865876455243758e-10]),
    ("special.ndtri", [1e-10, 0.3, 0.975], [-6.361340902404057, -0.5244005127080408, 1.9599639845400538]),
    ("special.bessel_j0", [0.5, 3.9, 5.01, 50.0],
     [0.9384698072408129, -0.4018260148876399, -0.17431543205674924, 0.055812327669251816]),
    ("special.bessel_j1", [-0.5, 3.9, 5.01, 50.0],
     [-0.2422684576748739, -0.02724403962077989, -0.32868309571784987, -0.09751182812517514]),
    ("special.bessel_y0", [0.5, 3.9, 5.01, 50.0],
     [-0.44451873350670656, 0.023375908198718962, -0.30997933991664645, -0.09806499547007708]),
    ("special.bessel_y1", [0.5, 3.9, 5.01, 50.0],
     [-1.471472392670243, 0.4078200195265379, 0.14447857825491056, -0.05679566856201477]),
    ("special.modified_bessel_k0", [0.01, 1.9, 2.1, 30.0],
     [4.721244730161095, 0.1288459792760475, 0.10078374088996693, 2.1324774964630563e-14]),
    ("special.scaled_modified_bessel_k1", [0.01, 1.9, 2.1, 30.0],
     [100.97864845824004, 1.0674709298145701, 1.0023680527405792, 0.2316541293777118]),
    ("special.airy_ai", [-20.0, -1.4, 1.4, 5.0],
     [-0.1764061270779847, 0.49170018106129076, 0.08203804980761069, 0.00010834442813607442]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "expected"), VALUES, ids=[row[0] for row in VALUES])
def test_values(name, x, expected):
    found = find(name)(tg.tensor(x, dtype=tg.float64)).numpy()
    oscillating = any(part in name for part in ("bessel_j", "bessel_y", "airy", "digamma"))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15 if oscillating else 0)
    single = find(name)(tg.tensor(x, dtype=tg.float32))
    assert single.dtype is tg.float32
    rounded = np.asarray(x, np.float32).astype(np.float64)
    np.testing.assert_allclose(single.numpy(), find(name)(tg.tensor(rounded)).numpy(), rtol=2e-7, atol=1e-7)


def test_values_of_two_arguments():
    a, x = tg.tensor([0.2, 5, 300, 2e4]).double(), tg.tensor([1e-3, 7, 280, 20300]).double()
    a[0], x[0] = 0.2, 1e-3
    lower = [0.273530102033034, 0.8270083921179286, 0.12260728267114314, 0.9827064487220966]
    np.testing.assert_allclose(tg.igamma(a, x).numpy(), lower, rtol=1e-13)
    x[2] = 420
    upper = [0.7264698979669659, 0.17299160788207135, 2.9600766709565617e-10]
    np.testing.assert_allclose(tg.igammac(a, x).numpy()[[0, 1]], upper[:2], rtol=1e-13)
    a[2] = 300
    np.testing.assert_allclose(tg.igammac(a, x).numpy()[2], upper[2], rtol=1e-12)
    np.testing.assert_allclose(tg.special.zeta(tg.tensor(3.5).double(), 2.25).item(), 0.08901224249238886, rtol=1e-14)
    found = tg.polygamma(2, tg.tensor([0.7, -1.3], dtype=tg.float64)).numpy()
    np.testing.assert_allclose(found, [-6.4349928741909235, 68.54941347116214], rtol=1e-13)


inf, nan = math.inf, math.nan
EDGES = [
    ("lgamma", [0, -1, inf, -inf, nan], [inf, inf, inf, inf, nan]),
    ("digamma", [0, -1, inf, nan], [-inf, nan, inf, nan]),
    ("special.erfcx", [-inf, -30, inf, nan], [inf, inf, 0, nan]),
    ("special.log_ndtr", [-inf, inf, nan], [-inf, 0, nan]),
    ("special.ndtri", [0, 1, 0.5, 1.5, nan], [-inf, inf, 0, nan, nan]),
    ("special.entr", [-1, 0, 1, inf, nan], [-inf, 0, 0, -inf, nan]),
    ("special.bessel_j0", [0, inf, nan], [1, 0, nan]),
    ("special.bessel_y0", [0, -1, inf], [-inf, nan, 0]),
    ("special.modified_bessel_k0", [0, -1, inf], [inf, nan, 0]),
    ("special.i1", [0, -inf, inf, nan], [0, -inf, inf, nan]),
    ("special.airy_ai", [inf, nan], [0, nan]),
    ("special.spherical_bessel_j0", [0], [1]),
    ("sinc", [0, 1], [1, 0]),
    ("logit", [0, 1, 2], [-inf, inf, nan]),
]


@pytest.mark.parametrize(("name", "x", "expected"), EDGES, ids=[row[0] for row in EDGES])
def test_edges(name, x, expected):
    found = find(name)(tg.tensor(x, dtype=tg.float64)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize("name", [row[0] for row in VALUES])
def test_against_scipy(name):
    scipy = pytest.importorskip("scipy.special", reason="oracle: pip install scipy")
    theirs = {
        "lgamma": "gammaln", "digamma": "psi", "special.modified_bessel_k0": "k0",
        "special.scaled_modified_bessel_k1": "k1e",
    }.get(name, name.removeprefix("special.").removeprefix("bessel_"))  # fmt: skip
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(0.01, 30, 400), rng.uniform(0.01, 1, 100)])
    if name == "special.ndtri":
        x = rng.uniform(0, 1, 500)
    if name == "special.airy_ai":
        expected = scipy.airy(x - 15)[0]
        x = x - 15
    else:
        expected = getattr(scipy, theirs)(x)
    tolerance = {"atol": 3e-14 if "airy" in name else 4e-15}
    np.testing.assert_allclose(find(name)(tg.tensor(x)).numpy(), expected, rtol=5e-14, **tolerance)


@pytest.mark.parametrize(("lo", "hi"), [(0.01, 1), (1, 30), (30, 150), (150, 3000)])
def test_incomplete_gamma_against_scipy(lo, hi):
    scipy = pytest.importorskip("scipy.special", reason="oracle: pip install scipy")
    rng = np.random.default_rng(4)
    a = rng.uniform(lo, hi, 300)
    x = a * rng.uniform(0.5, 1.6, 300)
    np.testing.assert_allclose(tg.igamma(tg.tensor(a), tg.tensor(x)).numpy(), scipy.gammainc(a, x), rtol=1e-11)
    np.testing.assert_allclose(tg.igammac(tg.tensor(a), tg.tensor(x)).numpy(), scipy.gammaincc(a, x), rtol=1e-11)


POLYNOMIALS = {
    "chebyshev_polynomial_t": lambda x: 4 * x**3 - 3 * x,
    "chebyshev_polynomial_u": lambda x: 8 * x**3 - 4 * x,
    "chebyshev_polynomial_v": lambda x: 8 * x**3 - 4 * x**2 - 4 * x + 1,
    "chebyshev_polynomial_w": lambda x: 8 * x**3 + 4 * x**2 - 4 * x - 1,
    "shifted_chebyshev_polynomial_t": lambda x: 4 * (2 * x - 1) ** 3 - 3 * (2 * x - 1),
    "hermite_polynomial_h": lambda x: 8 * x**3 - 12 * x,
    "hermite_polynomial_he": lambda x: x**3 - 3 * x,
    "laguerre_polynomial_l": lambda x: (6 - 18 * x + 9 * x**2 - x**3) / 6,
    "legendre_polynomial_p": lambda x: (5 * x**3 - 3 * x) / 2,
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    function, cubic = getattr(tg.special, name), POLYNOMIALS[name]
    x = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(function(tg.tensor(x), 3).numpy(), cubic(x), rtol=1e-13, atol=1e-13)
    degrees = function(tg.tensor(0.5), tg.tensor([-1, 0, 3.7])).numpy()
    np.testing.assert_allclose(degrees, [0, 1, cubic(0.5)], rtol=1e-6, atol=1e-7)
    t = tg.tensor(x, requires_grad=True)
    function(t, 3).sum().backward()
    step = 1e-6
    np.testing.assert_allclose(t.grad.numpy(), (cubic(x + step) - cubic(x - step)) / (2 * step), rtol=1e-6, atol=1e-6)


def test_errors():
    with pytest.raises(NotImplementedError, match="igamma"):
        tg.igamma(tg.tensor([1]), tg.tensor([2]))
    with pytest.raises(RuntimeError, match="negative n"):
        tg.polygamma(-1, tg.tensor([1.0]))
    with pytest.raises(TypeError, match="must be Tensor"):
        tg.lgamma(1.0)
    a = tg.tensor([1.0], requires_grad=True)
    with pytest.raises(NotImplementedError, match="derivative"):
        tg.igamma(a, tg.tensor([2.0])).backward()
    with pytest.raises(RuntimeError, match="above 100000"):
        tg.special.legendre_polynomial_p(tg.tensor(0.5), 10**7)


def test_every_name_of_pytorchs():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    assert sorted(tg.special.__all__) == sorted(torch.special.__all__)
