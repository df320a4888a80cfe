"""The memory that the tape holds along a step."""

from __future__ import annotations

import tinygrad5329 as tg
from tinygrad5329.graph import capture
from tinygrad5329.graph.timeline import held_bytes


def test_it_rises_and_falls():
    x = tg.ones(4, requires_grad=True)
    assert held_bytes(capture(x.exp().tanh())) == [0, 16, 32, 16, 0]


def test_shared_memory_counts_once_until_its_last_rule():
    x = tg.ones(4, requires_grad=True)
    y = x.exp()
    # exp keeps its output, and so do both products; the leaf's memory is its own.
    assert held_bytes(capture(y * y * x)) == [0, 16, 16, 32, 16, 16, 0]


def test_a_view_keeps_all_of_its_base():
    x = tg.ones(100, requires_grad=True)
    y = x.exp()[:2].square()
    assert max(held_bytes(capture(y.sum()))) == 400


def test_nothing_is_known_after_backward():
    x = tg.ones(4, requires_grad=True)
    y = x.exp().sum()
    y.backward()
    assert held_bytes(capture(y)) is None


def test_it_ends_with_nothing():
    model = tg.nn.Sequential(tg.nn.Linear(3, 8), tg.nn.GELU(), tg.nn.LayerNorm(8), tg.nn.Linear(8, 1))
    held = held_bytes(capture(model(tg.ones(5, 3)).sum(), model))
    assert held[0] == held[-1] == 0
    assert min(held) == 0
    assert max(held) == held[len(held) // 2]
