"""Factories: dtypes as PyTorch infers them, values, and the options they share."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, tg.int64), (1.0, tg.float32), (True, tg.bool), ([1, 2.5], tg.float32), ([], tg.float32),
        ([True, False], tg.bool), ([1, True], tg.int64), (1j, tg.complex64), (np.float64(1), tg.float64),
        (np.array([1.0]), tg.float64), (np.array([1], np.int32), tg.int32), ([np.float32(1)], tg.float32),
    ],
)  # fmt: skip
def test_tensor_infers_dtypes(data, dtype):
    assert tg.tensor(data).dtype is dtype


def test_python_floats_are_not_rounded_on_the_way_to_float64():
    assert tg.tensor(0.1, dtype=tg.float64).item() == 0.1
    assert tg.as_tensor([0.1], dtype=tg.float64).item() == 0.1


def test_tensor_copies_and_as_tensor_does_not():
    array = np.zeros(2)
    assert tg.tensor(array).numpy() is not array
    assert tg.as_tensor(array).numpy() is array
    x = tg.zeros(2)
    assert tg.as_tensor(x) is x


def test_tensors_inside_lists():
    assert tg.tensor([tg.tensor(1), tg.tensor(2)]).tolist() == [1, 2]


def test_filled():
    assert tg.zeros(2, 3).tolist() == [[0.0] * 3] * 2
    assert tg.ones((2,), dtype=tg.int64).tolist() == [1, 1]
    assert tg.full((2,), 7).dtype is tg.int64 and tg.full((2,), 7.0).dtype is tg.float32
    assert tg.empty(0, 3).shape == (0, 3)
    assert tg.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert tg.zeros(tg.Size([2])).shape == (2,)
    assert tg.zeros(2, requires_grad=True).requires_grad


@pytest.mark.parametrize("make", [tg.zeros, tg.ones, tg.empty, tg.rand, tg.randn])
def test_the_size_may_be_named(make):
    assert make(size=(2, 3)).shape == make(2, 3).shape == make([2, 3]).shape
    assert make(size=()).shape == make(()).shape == ()
    assert tg.ones(1, dtype=tg.float64).new_zeros(size=(2,)).dtype is tg.float64
    with pytest.raises(TypeError, match="multiple values for argument 'size'"):
        make(2, size=(3,))
    with pytest.raises(TypeError, match="must be tuple of ints, not int"):
        make(size=3)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'size'"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda **o: tg.zeros(2, **o), lambda **o: tg.full((2,), 7, **o), lambda **o: tg.arange(2, **o),
        lambda **o: tg.linspace(0, 1, 2, **o), lambda **o: tg.rand(2, **o), lambda **o: tg.randn(2, **o),
        lambda **o: tg.randperm(2, **o), lambda **o: tg.normal(0.0, 1.0, (2,), **o),
    ],
)  # fmt: skip
def test_factories_write_into_out(make):
    whole = tg.full((4,), -9, dtype=tg.float64)
    part = whole[:2]
    tg.manual_seed(1)
    assert make(out=part) is part
    assert -9 not in whole[:2].tolist() and whole[2:].tolist() == [-9, -9]
    tg.manual_seed(1)
    assert tg.equal(part, make(dtype=tg.float64))
    assert make(out=tg.empty(0, dtype=tg.float64)).shape == (2,)
    with pytest.raises(RuntimeError, match="out has shape"):
        make(out=tg.empty(3, dtype=tg.float64))


def test_memory_layouts_are_refused_instead_of_ignored():
    for make in (tg.zeros, tg.randn, tg.arange, tg.eye):
        with pytest.raises(TypeError, match="argument 'layout' must be layout"):
            make(2, layout="sparse")
    for make in (tg.zeros_like, tg.randn_like):
        with pytest.raises(TypeError, match="argument 'layout' must be layout"):
            make(tg.ones(2), layout="sparse")
        with pytest.raises(TypeError, match="memory_format"):
            make(tg.ones(2), memory_format="channels_last")


def test_likes_and_news():
    x = tg.ones(2, 3, dtype=tg.float64)
    for make in (tg.zeros_like, tg.ones_like, tg.empty_like, tg.rand_like, tg.randn_like):
        assert make(x).shape == (2, 3) and make(x).dtype is tg.float64
    assert tg.full_like(x, 2).dtype is tg.float64
    assert tg.randint_like(x, 5).dtype is tg.float64
    assert x.new_zeros(4).dtype is tg.float64 and x.new_tensor([1]).dtype is tg.float64
    assert tg.zeros_like(x, dtype=tg.int8).dtype is tg.int8


def test_arange_and_linspace():
    assert tg.arange(end=3).tolist() == [0, 1, 2] and tg.arange(start=1, end=3).tolist() == [1, 2]
    with pytest.raises(TypeError, match="'end'"):
        tg.arange()
    assert tg.arange(5).tolist() == [0, 1, 2, 3, 4] and tg.arange(5).dtype is tg.int64
    assert tg.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75]
    assert tg.arange(5, 1, -2).tolist() == [5, 3]
    assert tg.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert tg.linspace(3, 7, 1).tolist() == [3]
    assert tg.logspace(0, 2, 3).tolist() == [1, 10, 100]
    with pytest.raises(RuntimeError, match="nonzero"):
        tg.arange(1, 2, 0)
    with pytest.raises(RuntimeError, match="inconsistent"):
        tg.arange(1, 2, -1)


def test_one_hot():
    assert tg.one_hot(tg.tensor([0, 2]), 3).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert tg.one_hot(tg.tensor([[1], [0]])).shape == (2, 1, 2)
    for labels, classes, message in [
        (tg.tensor([0.0]), 3, "LongTensor"), (tg.tensor([-1]), 3, "non-negative"),
        (tg.tensor([3]), 3, "smaller than num_classes"), (tg.tensor([], dtype=tg.int64), -1, "empty"),
    ]:  # fmt: skip
        with pytest.raises(RuntimeError, match=message):
            tg.one_hot(labels, classes)


def test_random_tensors_repeat_with_the_seed():
    tg.manual_seed(3)
    first = [tg.rand(2, 3), tg.randn(4), tg.randint(0, 10, (5,)), tg.randperm(6), tg.zeros(3).uniform_(-1, 1)]
    tg.manual_seed(3)
    again = [tg.rand(2, 3), tg.randn(4), tg.randint(0, 10, (5,)), tg.randperm(6), tg.zeros(3).uniform_(-1, 1)]
    assert all(tg.equal(a, b) for a, b in zip(first, again, strict=True))
    generator = tg.Generator().manual_seed(3)
    assert tg.equal(tg.rand(2, 3, generator=generator), first[0])
    state = tg.get_rng_state()
    x = tg.rand(3)
    tg.set_rng_state(state)
    assert tg.equal(tg.rand(3), x)


def test_random_tensors_are_pytorchs():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    for library in (torch, tg):
        library.manual_seed(11)
    for draw in (
        lambda t: t.rand(3, 5), lambda t: t.randn(40), lambda t: t.randn(7), lambda t: t.randint(-3, 9, (4, 4)),
        lambda t: t.randperm(20), lambda t: t.empty(6).uniform_(-2, 3), lambda t: t.empty(33).normal_(1, 2),
        lambda t: t.bernoulli(t.full((9,), 0.3)), lambda t: t.empty(50).bernoulli_(0.7),
        lambda t: t.multinomial(t.tensor([0.1, 0.2, 0.7]), 5, replacement=True), lambda t: t.normal(1.0, 2.0, (3, 3)),
    ):  # fmt: skip
        ours, theirs = draw(tg), draw(torch)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-6, atol=2e-6)


def test_randint_argument_forms():
    assert tg.randint(5, (2,)).shape == (2,)
    assert tg.randint(low=1, high=2, size=(2,)).tolist() == [1, 1]
    with pytest.raises(TypeError, match="randint"):
        tg.randint(5)
