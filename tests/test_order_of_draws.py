"""Random numbers like a tensor whose memory is permuted: laid out as its memory, and drawn in that order."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg

CALLS = {
    "rand_like": lambda t, x: t.rand_like(x),
    "randn_like": lambda t, x: t.randn_like(x),
    "randint_like": lambda t, x: t.randint_like(x, 100),
    "randint_like with low": lambda t, x: t.randint_like(x, low=5, high=9),
    "rand_like, contiguous": lambda t, x: t.rand_like(x, memory_format=t.contiguous_format),
    "dropout": lambda t, x: t.nn.functional.dropout(x + 1, 0.5),
    "dropout after softmax": lambda t, x: t.nn.functional.dropout(t.softmax(x, -1), 0.5),
    "dropout after log_softmax": lambda t, x: t.nn.functional.dropout(t.log_softmax(x, -1), 0.5),
    "dropout after relu": lambda t, x: t.nn.functional.dropout(t.relu(x + 1), 0.5),
    "dropout after elu": lambda t, x: t.nn.functional.dropout(t.nn.functional.elu(x + 1), 0.5),
}


def images(t):
    return t.zeros(2, 3, 4, 5).permute(0, 3, 1, 2)


def test_draws_follow_the_memory():
    tg.manual_seed(0)
    across = tg.rand_like(images(tg))
    tg.manual_seed(0)
    assert (across == tg.rand(2, 3, 4, 5).permute(0, 3, 1, 2)).all()
    assert across.stride() == images(tg).stride()
    assert tg.relu(images(tg)).stride() == images(tg).stride()
    assert tg.softmax(images(tg), 1).is_contiguous()


@pytest.mark.parametrize("name", CALLS)
def test_draws_are_those_of_torch(name):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    made = {}
    for library in (tg, torch):
        library.manual_seed(7)
        made[library] = CALLS[name](library, images(library))
    ours, theirs = made[tg], made[torch]
    assert tuple(ours.stride()) == tuple(theirs.stride())
    assert ours.flatten().tolist() == pytest.approx(theirs.flatten().tolist(), abs=1e-6)
