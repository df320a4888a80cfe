"""Compiled draws take the same words from the generator as NumPy's, and leave it in the same state."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.backends import choice
from tinygrad5329.random import Generator

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")


@pytest.fixture(autouse=True)
def chosen():
    before = choice.current()
    yield
    choice.use(before)


def drawn(name, draws):
    """What `draws` returns from a fresh generator with the kernels called `name`, and the state after it."""
    choice.use(name)
    generator = Generator().manual_seed(7)
    return [np.array(each) for each in draws(generator)], np.array(generator.get_state())


def same(draws):
    ours, after = drawn("fast", draws)
    theirs, expected = drawn("numpy", draws)
    for fast, plain in zip(ours, theirs, strict=True):
        assert fast.dtype == plain.dtype
        np.testing.assert_array_equal(fast, plain)
    np.testing.assert_array_equal(after, expected)
    return ours


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0, 1, 311, 312, 313, 624, 2000])
def test_masks_are_the_same(size, dtype):
    same(lambda g: [g.dropout_mask(0.2, (size,), np.dtype(dtype)), g.bernoulli(0.5, (3,), np.dtype(dtype))])


@pytest.mark.parametrize("odd", [1, 3, 623])
def test_after_an_odd_number_of_words(odd):
    same(lambda g: [g.uniform((odd,)), g.dropout_mask(0.3, (1000,)), g.uniform((5,)), g.dropout_mask(0.3, (700,))])


def test_draws_of_other_kinds_continue_the_stream():
    same(lambda g: [g.bernoulli(0.1, (40, 40)), g.normal((17,)), g.bernoulli(0.1, (9,), np.bool_), g.normal((3,))])


@pytest.mark.parametrize("p", [1e-12, 0.5, 1 - 1e-9])
def test_any_probability(p):
    (mask,) = same(lambda g: [g.dropout_mask(p, (5000,), np.float64)])
    assert set(np.unique(mask)) <= {0.0, 1 / (1 - p)}


def test_arrays_in_other_orders():
    def draws(generator):
        for out in (np.empty((30, 40), np.float32).T, np.empty((30, 80), np.float32)[:, ::2]):
            yield generator.dropout_mask(0.5, out=out)

    same(draws)


def test_a_state_that_is_set_is_the_one_that_is_drawn_from():
    choice.use("fast")
    generator = Generator().manual_seed(3)
    generator.bernoulli(0.5, (10,))
    state = generator.get_state()
    first = generator.bernoulli(0.5, (1000,))
    generator.set_state(state)
    np.testing.assert_array_equal(generator.bernoulli(0.5, (1000,)), first)
    copy = Generator()
    copy.set_state(state)
    np.testing.assert_array_equal(copy.bernoulli(0.5, (1000,)), first)


def test_a_state_in_another_form_is_refused(monkeypatch):
    generator = Generator().manual_seed(3)
    words = generator._words

    class Elsewhere:
        ctypes = words._bits.ctypes
        state = {"state": {"pos": 5, "key": np.zeros(624, np.uint32)}}

    monkeypatch.setattr(words, "_bits", Elsewhere())
    with pytest.raises(RuntimeError, match=r"backends\.use\('numpy'\)"):
        words.in_memory()
