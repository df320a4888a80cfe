"""The random engine against an installed PyTorch, number for number."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.random import Generator

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

FLOATS = [np.float32, np.float64, np.float16]
SIZES = [(0,), (), (1,), (3,), (15,), (16,), (17,), (5, 41), (2047,), (2048,), (16384,), (16385,), (99, 333)]
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-13, np.float16: 2e-3}


def pair(seed: int):
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def like(dtype):
    return getattr(torch, "bool" if dtype == np.bool_ else np.dtype(dtype).name)


def same(actual: np.ndarray, expected, tolerance: float = 0.0) -> None:
    expected = expected.numpy()
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    if tolerance:
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(actual, expected)


def same_state(generator: Generator, oracle) -> None:
    """Equal states, but for the last bits of a normal that is kept."""
    differ = np.flatnonzero(generator.get_state() != oracle.get_state().numpy())
    assert ((differ >= 5024) & (differ < 5027)).all(), differ


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_reals_match_oracle(shape, dtype) -> None:
    g, t = pair(5)
    kind, tolerance = like(dtype), TOLERANCE[dtype]
    ulp = 2 * float(np.finfo(dtype).eps)
    new = lambda: torch.empty(shape, dtype=kind)  # noqa: E731
    same(g.uniform(shape, dtype=dtype), torch.rand(shape, dtype=kind, generator=t))
    for low, high in ((-0.3, 0.3), (1, 1.001), (-3.3, 11.7), (5, 5), (0, 7.3)):
        same(g.uniform(shape, low, high, dtype), new().uniform_(low, high, generator=t))
    same(g.normal(shape, dtype=dtype), torch.randn(shape, dtype=kind, generator=t), tolerance)
    same(g.normal(shape, 1.5, 0.3, dtype), new().normal_(1.5, 0.3, generator=t), tolerance)
    same(g.exponential(shape, 1.7, dtype), new().exponential_(1.7, generator=t), ulp)
    same(g.log_normal(shape, 0.2, 0.5, dtype), new().log_normal_(0.2, 0.5, generator=t), 8 * ulp)
    same(g.geometric(0.2, shape, dtype), new().geometric_(0.2, generator=t))
    same(g.cauchy(shape, 0.1, 2, dtype), new().cauchy_(0.1, 2, generator=t), max(ulp, 1e-11))
    p = g.uniform(shape, dtype=dtype)
    same(g.bernoulli_each(p), torch.bernoulli(torch.rand(shape, dtype=kind, generator=t), generator=t))
    same_state(g, t)


@pytest.mark.parametrize("dtype", [*FLOATS, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_])
@pytest.mark.filterwarnings("ignore:.*is out of bounds:UserWarning")
def test_integers_and_masks_match_oracle(dtype) -> None:
    g, t = pair(-7)
    kind = like(dtype)
    ranges = [(0, 1), (0, 2), (-5, 5), (3, 100), (0, 3000), (2049, 2100), (-(2**20), 2**25), (0, 2**28 - 1)]
    ranges += [(0, 2**28), (-(2**30), 2**31 - 1), (2**24 + 1, 2**24 + 19), (-(2**62), 2**62 + 5)]
    for shape in SIZES:
        same(g.random(shape, dtype), torch.empty(shape, dtype=kind).random_(generator=t))
        for p in (0.2, 1 / 3, 0.0, 1.0, 0.999):
            same(g.bernoulli(p, shape, dtype), torch.empty(shape, dtype=kind).bernoulli_(p, generator=t))
        for low, high in ranges:
            try:
                expected = torch.randint(low, high, shape, dtype=kind, generator=t)
            except RuntimeError:
                with pytest.raises(RuntimeError, match="out of bounds"):
                    g.randint(low, high, shape, dtype)
            else:
                same(g.randint(low, high, shape, dtype), expected)
    same_state(g, t)


def test_choices_match_oracle() -> None:
    g, t = pair(3)
    for n in (0, 1, 2, 3, 10, 1000, 4097, 65537, 200000):
        same(g.randperm(n), torch.randperm(n, generator=t))
    same(g.randperm(9, np.float16), torch.randperm(9, dtype=torch.float16, generator=t))
    for dtype in (np.float32, np.float64):
        for shape in ((1,), (7,), (1000,), (4, 9), (3, 1), (50, 300), (0, 3)):
            for number, replacement in ((1, False), (1, True), (5, True), (100, True), (shape[-1], False)):
                weights = g.uniform(shape, dtype=dtype)
                expected = torch.rand(shape, dtype=like(dtype), generator=t)
                expected = torch.multinomial(expected, number, replacement, generator=t)
                same(g.multinomial(weights, number, replacement), expected)
    weights = torch.rand(5, 8, generator=t).T
    g.uniform((5, 8))
    same(g.multinomial(weights.numpy(), 2), torch.multinomial(weights, 2, generator=t))
    same_state(g, t)


@pytest.mark.parametrize("dtype", FLOATS)
def test_dropout_masks_match_oracle(dtype) -> None:
    g, _ = pair(8)
    with torch.random.fork_rng():
        torch.manual_seed(8)
        for p in (0.0, 0.2, 0.5, 1 / 3, 0.9, 1.0):
            for shape in ((4,), (32, 256), (50, 7)):
                x = torch.ones(shape, dtype=like(dtype))
                same(g.dropout_mask(p, shape, dtype), torch.nn.functional.dropout(x, p))


def test_views_are_filled_in_pytorchs_order() -> None:
    g, t = pair(9)
    rng = np.random.default_rng(0)
    for _ in range(60):
        sizes = rng.integers(1, 6, rng.integers(1, 5))
        base, axes = np.zeros(sizes, np.float32), rng.permutation(len(sizes)).tolist()
        cut = tuple(slice(int(rng.integers(0, 2)), None, int(rng.integers(1, 3))) for _ in axes)
        ours, theirs = base.transpose(axes)[cut], torch.from_numpy(base.copy()).permute(axes)[cut]
        if ours.size:
            same(g.uniform(out=ours), theirs.uniform_(generator=t))
            same(g.normal(out=ours), theirs.normal_(generator=t), 2e-6)
            same(g.bernoulli(0.4, out=ours), theirs.bernoulli_(0.4, generator=t))
            same(g.randint(0, 50, out=ours), theirs.random_(0, 50, generator=t))
            p = rng.random(sizes).transpose(axes)[cut]
            same(g.bernoulli_each(p, out=ours), theirs.bernoulli_(torch.from_numpy(p), generator=t))
    large = np.zeros((40000, 2), np.float32)
    strided = torch.zeros(40000, 2)[:, 0].normal_(generator=t)
    same(g.normal(out=large[:, 0]), strided, 2e-6)
    same_state(g, t)


def test_interleaved_draws_keep_step_with_oracle() -> None:
    g, t = pair(17)
    rng = np.random.default_rng(1)
    for _ in range(300):
        n = int(rng.choice([1, 2, 3, 5, 15, 16, 17, 100, 700]))
        draw = int(rng.integers(6))
        if draw == 0:
            same(g.uniform(n), torch.rand(n, generator=t))
        elif draw == 1:
            same(g.normal(n), torch.randn(n, generator=t), 2e-6)
        elif draw == 2:
            same(g.normal(n, dtype=np.float64), torch.randn(n, dtype=torch.float64, generator=t), 1e-13)
        elif draw == 3:
            same(g.bernoulli(0.3, n), torch.empty(n).bernoulli_(0.3, generator=t))
        elif draw == 4:
            same(g.randperm(n), torch.randperm(n, generator=t))
        else:
            same(g.randint(0, 10, n), torch.randint(0, 10, (n,), generator=t))
        same_state(g, t)


def test_states_pass_between_the_two() -> None:
    g, t = pair(21)
    for drawn in (0, 1, 623, 624, 2000):
        t.manual_seed(21)
        torch.randn(3, generator=t)
        torch.rand(drawn, generator=t)
        g.set_state(t.get_state())
        assert (g.get_state().numpy() == t.get_state().numpy()).all()
        t.set_state(torch.from_numpy(g.get_state().numpy()))
        same(g.normal(5), torch.randn(5, generator=t), 2e-6)
        same(g.uniform(5), torch.rand(5, generator=t))


def both(call):
    """What `call(library)` draws from one seed here and in PyTorch, and what comes after it."""
    results = []
    for library in (tg, torch):
        library.manual_seed(11)
        results.append([call(library).detach().numpy(), library.rand(3).numpy()])
    return results


RATES = np.random.default_rng(0).uniform(0, 40, 300)
COUNTS = np.random.default_rng(1).integers(0, 200, 300).astype(float)
CHANCES = np.random.default_rng(2).uniform(0, 1, 300)
DRAWS = {
    "poisson": lambda t: t.poisson(t.tensor(RATES, dtype=t.float32)),
    "poisson in float64": lambda t: t.poisson(t.tensor(RATES)),
    "binomial": lambda t: t.binomial(t.tensor(COUNTS, dtype=t.float32), t.tensor(CHANCES, dtype=t.float32)),
    "binomial in float64": lambda t: t.binomial(t.tensor(COUNTS), t.tensor(0.3, dtype=t.float64)),
    "cauchy_": lambda t: t.empty(40).cauchy_(1, 2),
    "log_normal_": lambda t: t.empty(7, 9).log_normal_(0.5, 0.7),
    "geometric_": lambda t: t.empty(40, dtype=t.int64).geometric_(0.3),
    "exponential_": lambda t: t.empty(40).exponential_(2.0),
    "bernoulli of p": lambda t: t.bernoulli(t.empty(40), 0.6),
    "bernoulli_ of a tensor": lambda t: t.empty(40).bernoulli_(t.full((40,), 0.3, dtype=t.float64)),
    "normal of tensors": lambda t: t.normal(t.full((40,), 0.3), t.full((40,), 2.0)),
    "random_": lambda t: t.empty(40, dtype=t.int64).random_(-3, 7),
    "randint_like": lambda t: t.randint_like(t.empty(40), 3, 9),
    "multinomial": lambda t: t.multinomial(t.full((40,), 0.3), 4),
}


@pytest.mark.parametrize("name", DRAWS)
def test_random_tensors_are_pytorchs(name):
    (ours, after), (theirs, after_theirs) = both(DRAWS[name])
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)
    np.testing.assert_array_equal(after, after_theirs)


def test_a_state_of_pytorchs_works_here():
    torch.manual_seed(4)
    torch.randn(3)
    g = tg.Generator()
    g.set_state(tg.tensor(torch.get_rng_state().numpy()))
    np.testing.assert_allclose(tg.randn(5, generator=g).numpy(), torch.randn(5).numpy(), rtol=1e-5)
