"""The random engine against recorded streams of PyTorch."""

from __future__ import annotations

import copy
import hashlib
import pickle
import threading

import numpy as np
import pytest

from tinygrad5329 import random
from tinygrad5329.random import Generator
from tinygrad5329.random.permutation import shuffled


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


# ---------------------------------------------------------------- recorded values


def test_one_sequence_of_every_draw_matches_pytorch() -> None:
    # torch.manual_seed(1234) and then these draws, PyTorch 2.13.
    g = seeded(1234)
    assert g.uniform(4).tolist() == [
        0.028979241847991943,
        0.4018985629081726,
        0.25984418392181396,
        0.3666413426399231,
    ]
    close(g.normal(3), [-1.0115290880203247, 0.2167382389307022, -0.612273097038269])
    assert g.bernoulli(0.3, 12).tolist() == [1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert g.randperm(12).tolist() == [6, 9, 8, 7, 11, 2, 10, 5, 4, 3, 1, 0]
    close(g.normal(1), [0.5036107301712036])
    block = g.normal(20)
    close(block[:4], [-0.296791136264801, 1.5984976291656494, -0.04686056077480316, -1.5269923210144043])
    close(block[-4:], [0.7540221214294434, 0.13648998737335205, -2.3331661224365234, 1.5307860374450684])
    assert g.uniform(2, dtype=np.float64).tolist() == [0.5545997845436466, 0.7100737928776446]
    close(
        g.normal(17, dtype=np.float64)[[0, 8, 15, 16]],
        [0.7084922903257748, 0.8056473257920813, -0.11823079041820551, 1.1774954605837242],
        1e-14,
    )
    assert g.randint(-5, 100, 8).tolist() == [17, 57, 11, 76, 17, 61, 82, -5]
    assert g.randint(0, 2**40, 3).tolist() == [114298309600, 296001406843, 981940062016]
    assert g.uniform(4, -0.1, 0.7).tolist() == [
        0.04102277755737305,
        0.48830223083496094,
        0.42382603883743286,
        0.18594399094581604,
    ]
    close(g.exponential(3, 2.0), [1.5284128189086914, 0.0029135625809431076, 1.6012542247772217])
    weights = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    assert g.multinomial(weights, 3).tolist() == [2, 1, 3]
    assert g.multinomial(weights, 8, replacement=True).tolist() == [2, 3, 1, 1, 3, 3, 3, 1]
    assert g.bernoulli_each(np.array([0.1, 0.5, 0.9, 0.5, 0.5], np.float32)).tolist() == [0, 1, 0, 0, 0]
    assert g.random(4, np.uint8).tolist() == [237, 75, 15, 20]
    assert g.uniform(3, dtype=np.float16).tolist() == [0.67236328125, 0.369384765625, 0.58984375]
    assert g.randint(0, 2**27, 2).tolist() == [97187697, 616288]


def close(actual: np.ndarray, expected: list[float], rtol: float = 2e-6) -> None:
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol)


def test_long_draws_match_pytorch() -> None:
    assert digest(seeded(0).uniform(100003)) == "99f0566c49031852"
    assert digest(seeded(0).randperm(70001)) == "933c80245e54d5d3"
    mask = seeded(0).bernoulli(0.8, 100000)
    assert mask.dtype == np.float32
    assert digest(mask.astype(np.uint8)) == "14895f5ad4029439"


def test_mcg31_stream_matches_mkl() -> None:
    # viRngBernoulli of MKL 2024.2 on a stream of VSL_BRNG_MCG31, seeded with the first word of the generator.
    g = seeded(7)
    g.bernoulli_stream = "mcg31"
    mask = g.bernoulli(0.3, 20000, np.uint8)
    assert mask[:24].tolist() == [1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]
    assert mask.sum() == 6139
    assert digest(mask) == "6dca4d6ffdcaaec6"
    # It has taken one word, whatever the size.
    after = seeded(7)
    after.random(1, np.int32)
    assert g.random(3).tolist() == after.random(3).tolist()


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("stream", ["torch", "mcg31", "fast"])
def test_streams_have_the_right_mean(stream: str, p: float) -> None:
    g = seeded(1)
    g.bernoulli_stream = stream
    for size in (1, 7, 40001):
        mask = g.bernoulli(p, size, np.bool_)
        if p in (0.0, 1.0):
            assert mask.all() == mask.any() == bool(p)
    assert abs(mask.mean() - p) < 0.01


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100, 3000])
def test_shuffle_is_the_loop_of_swaps(n: int) -> None:
    for seed in range(20):
        words = np.random.default_rng(seed).integers(0, 2**32, n - 1, dtype=np.uint32)
        order = list(range(n))
        for i, word in enumerate(words.tolist()):
            j = i + word % (n - i)
            order[i], order[j] = order[j], order[i]
        assert shuffled(words).tolist() == order


# ---------------------------------------------------------------- seed and state


def test_seeds() -> None:
    assert Generator().initial_seed() == 67280421310721
    assert seeded(-1).initial_seed() == 2**64 - 1
    assert seeded(-(2**63)).initial_seed() == 2**63
    assert seeded(np.int64(5)).initial_seed() == 5
    assert seeded(-1).uniform(2).tolist() == [0.9937993884086609, 0.5713063478469849]
    # Only the low 32 bits reach the twister.
    assert seeded(2**40 + 5).uniform(3).tolist() == seeded(5).uniform(3).tolist()
    g = Generator()
    seed = g.seed()
    assert 0 <= seed < 2**53 and g.initial_seed() == seed
    for wrong in (True, 3.0, "1", None):
        with pytest.raises(RuntimeError, match="expected a long, but got"):
            g.manual_seed(wrong)  # type: ignore[arg-type]
    for wrong in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="Overflow"):
            g.manual_seed(wrong)


def test_seeding_forgets_the_kept_normal() -> None:
    g = seeded(3)
    first = g.normal(3)
    assert g.manual_seed(3) is g
    assert g.normal(3).tolist() == first.tolist()


@pytest.mark.parametrize("drawn", [0, 1, 623, 624, 625])
def test_state_carries_everything(drawn: int) -> None:
    g = seeded(11)
    g.uniform(drawn)
    g.normal(3)
    state = g.get_state()
    assert tuple(state.shape) == (5056,) and state.numpy().dtype == np.uint8
    expected = np.concatenate([g.normal(2), g.uniform(700), g.normal(40)])
    other = Generator()
    other.set_state(state)
    assert (other.get_state() == state).all() and other.initial_seed() == 11
    g.set_state(state)
    for copied in (other, g.clone_state()):
        again = np.concatenate([copied.normal(2), copied.uniform(700), copied.normal(40)])
        assert again.tolist() == expected.tolist()


def test_copies_and_pickles_go_on_alike() -> None:
    g = seeded(2)
    g.bernoulli_stream = "fast"
    g.normal(3)
    copies = [g.clone_state(), copy.deepcopy(g), pickle.loads(pickle.dumps(g))]
    expected = g.normal(5).tolist(), g.bernoulli(0.5, 50).tolist()
    for other in copies:
        assert (other.normal(5).tolist(), other.bernoulli(0.5, 50).tolist()) == expected


def test_bad_states_are_refused() -> None:
    g = Generator()
    with pytest.raises(TypeError, match="ByteTensor"):
        g.set_state(np.zeros(5056))
    with pytest.raises(RuntimeError, match=r"size 5056 but found .* 10"):
        g.set_state(np.zeros(10, np.uint8))
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        g.set_state(np.zeros(5056, np.uint8))


def test_module_functions_act_on_the_default_generator() -> None:
    state = random.get_rng_state()
    try:
        assert random.manual_seed(4) is random.default_generator
        assert random.initial_seed() == 4
        with random.fork_rng():
            inside = random.default_generator.uniform(3)
        with random.fork_rng(enabled=False):
            assert random.default_generator.uniform(3).tolist() == inside.tolist()
        assert random.default_generator.uniform(3).tolist() != inside.tolist()
        with pytest.raises(ZeroDivisionError), random.fork_rng([]):
            before = random.get_rng_state()
            random.default_generator.normal(3)
            _ = 1 / 0
        assert (random.get_rng_state() == before).all()
        with pytest.raises(RuntimeError, match="fork_rng"), random.fork_rng([0]):
            pass
        random.set_dropout_stream("fast")
        assert random.default_generator.bernoulli_stream == "fast"
        with pytest.raises(ValueError, match="'torch', 'mcg31', 'fast'"):
            random.set_dropout_stream("mt")
        assert random.initial_seed() == 4 and random.seed() == random.initial_seed()
    finally:
        random.set_dropout_stream("torch")
        random.set_rng_state(state)


def test_threads_share_one_stream_without_tearing_it() -> None:
    g = seeded(0)
    expected = sorted(seeded(0).uniform(4000).tolist())
    drawn: list[float] = []
    threads = [
        threading.Thread(target=lambda: drawn.extend(x for _ in range(100) for x in g.uniform(10).tolist()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == expected


# ---------------------------------------------------------------- arguments


def test_out_is_filled_in_place() -> None:
    base = np.zeros((4, 6), np.float32)
    assert seeded(0).uniform(out=base) is base
    assert (base == seeded(0).uniform((4, 6))).all()
    # A transposed view is filled in its order in memory.
    assert (seeded(0).uniform(out=np.empty((6, 4), np.float32).T) == base.reshape(6, 4).T).all()
    view = np.zeros((4, 12), np.float32)[:, ::2]
    assert (seeded(0).uniform(out=view) == base).all()
    scalar = seeded(0).uniform(())
    assert isinstance(scalar, np.ndarray) and scalar.shape == ()
    with pytest.raises(TypeError, match="not both"):
        Generator().normal(3, out=base)
    with pytest.raises(TypeError, match="give a shape"):
        Generator().normal()
    with pytest.raises(TypeError, match="not both"):
        Generator().bernoulli_each(base, np.float32, out=base)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (RuntimeError, "std >= 0.0, but found std -1", lambda g: g.normal(3, std=-1)),
        (NotImplementedError, "normal_kernel_cpu", lambda g: g.normal(3, dtype=np.int64)),
        (RuntimeError, "found from=2 > to=1", lambda g: g.uniform(3, 2, 1)),
        (RuntimeError, "from is out of bounds", lambda g: g.uniform(3, float("nan"), 1)),
        (RuntimeError, "to is out of bounds", lambda g: g.uniform(3, 0, 70000, np.float16)),
        (NotImplementedError, "not implemented", lambda g: g.uniform(3, dtype=np.int32)),
        (RuntimeError, "got from=5 >= to=5", lambda g: g.randint(5, 5, 3)),
        (RuntimeError, "to - 1 is out of bounds", lambda g: g.randint(0, 300, 3, np.int8)),
        (RuntimeError, "from is out of bounds", lambda g: g.randint(-1, 3, 3, np.uint8)),
        (RuntimeError, "to - 1 is out of bounds", lambda g: g.randint(0, 3, 3, np.bool_)),
        (RuntimeError, "to - 1 is out of bounds", lambda g: g.randint(0, 70000, 3, np.float16)),
        (RuntimeError, "but got p=2", lambda g: g.bernoulli(2, 3)),
        (RuntimeError, "but got p=nan", lambda g: g.bernoulli(float("nan"), 3)),
        (RuntimeError, "p_in", lambda g: g.bernoulli_each(np.array([0.5, 1.5]))),
        (NotImplementedError, "bernoulli_tensor", lambda g: g.bernoulli_each(np.array([1]))),
        (ValueError, "between 0 and 1", lambda g: g.dropout_mask(1.5, 3)),
        (NotImplementedError, "dropout", lambda g: g.dropout_mask(0.5, 3, np.int64)),
        (RuntimeError, "lambda=0", lambda g: g.exponential(3, 0)),
        (RuntimeError, "exponential_", lambda g: g.exponential(3, dtype=np.int64)),
        (RuntimeError, "sigma=0", lambda g: g.cauchy(3, 0, 0)),
        (RuntimeError, "std=0", lambda g: g.log_normal(3, 0, 0)),
        (RuntimeError, "got p=1", lambda g: g.geometric(1, 3)),
        (RuntimeError, "negative dimension -1", lambda g: g.randperm(-1)),
        (RuntimeError, "greater than 2049", lambda g: g.randperm(3000, np.float16)),
        (RuntimeError, "greater than 256", lambda g: g.randperm(300, np.uint8)),
        (NotImplementedError, "214748364", lambda g: g.randperm(2**28)),
        (RuntimeError, "1 or 2 dim", lambda g: g.multinomial(np.ones((2, 2, 2)), 1)),
        (RuntimeError, "floating-point", lambda g: g.multinomial(np.ones(2, np.int64), 1)),
        (RuntimeError, "n_sample <= 0", lambda g: g.multinomial(np.ones(2), 0)),
        (RuntimeError, "without replacement", lambda g: g.multinomial(np.ones(2), 3)),
        (RuntimeError, "sum of probabilities", lambda g: g.multinomial(np.zeros(2), 1)),
        (RuntimeError, "element < 0", lambda g: g.multinomial(np.array([-1.0, 1.0]), 1)),
        (RuntimeError, "element < 0", lambda g: g.multinomial(np.array([np.inf, 1.0]), 1)),
        (RuntimeError, "expected cpu", lambda g: Generator("cuda")),
    ],
)
def test_errors_are_pytorchs_and_draw_nothing(error, message, call) -> None:
    g = seeded(0)
    with pytest.raises(error, match=message):
        call(g)
    assert g.uniform(2).tolist() == seeded(0).uniform(2).tolist()


def test_integers_reach_the_ends_of_their_range() -> None:
    g = seeded(0)
    assert set(g.random(200, np.bool_).tolist()) == {False, True}
    assert set(g.randint(-3, 1, 200, np.int8).tolist()) == {-3, -2, -1, 0}
    wide = g.randint(-(2**63), 2**63, 2000)
    assert wide.min() < -(2**62) and wide.max() > 2**62
    assert g.random(2000).min() >= 0 and g.random(100, np.float32).max() <= 2**24
