"""Memory of a backward pass: it falls as the graph is passed, and an exception on the way leaves nothing behind."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from itertools import pairwise

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn

ARRAY = 4 * 65_536  # bytes of one activation
DEPTH = 20


@pytest.fixture(autouse=True)
def traced():
    """Sizes of arrays are counted, and nothing is freed by the collector."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


def chain(x, notice=None):
    """Operations each of which saves an array of its own; `notice` is called with each gradient on its way back."""
    for _ in range(DEPTH):
        x = x.sigmoid()
        if notice is not None:
            x.register_hook(notice)
    return x


def leaf():
    return tg.full((ARRAY // 4,), 0.5, requires_grad=True)


def test_a_graph_is_freed_as_backward_passes():
    in_use = []
    x = leaf()
    loss = chain(x, lambda g: in_use.append(tracemalloc.get_traced_memory()[0])).sum()
    before = tracemalloc.get_traced_memory()[0]
    assert before > DEPTH * ARRAY
    tracemalloc.reset_peak()
    loss.backward()
    after, peak = tracemalloc.get_traced_memory()
    assert len(in_use) == DEPTH
    # Each of the later nodes has let go of its array by the time the next gradient is there.
    assert all(late < early - ARRAY / 2 for early, late in pairwise(in_use[2:]))
    assert peak < before + 4 * ARRAY
    assert after < before - (DEPTH - 3) * ARRAY


def test_saved_arrays_are_gone_before_the_pass_ends():
    first = leaf().exp()
    late, saved = first, []
    for _ in range(3):
        late = late.exp()
        saved.append(weakref.ref(late._array))
    alive = []
    first.register_hook(lambda g: alive.extend(each() is not None for each in saved))
    loss = late.sum()
    del late
    loss.backward()
    assert alive == [False] * 3


def test_retain_graph_keeps_what_was_saved():
    loss = chain(leaf()).sum()
    before = tracemalloc.get_traced_memory()[0]
    loss.backward(retain_graph=True)
    assert tracemalloc.get_traced_memory()[0] >= before
    loss.backward()
    assert tracemalloc.get_traced_memory()[0] < before - (DEPTH - 3) * ARRAY


def refuse(g):
    raise KeyboardInterrupt


def fail_in_a_hook(x):
    middle = chain(x)
    middle.register_hook(refuse)
    chain(middle).sum().backward()


def fail_in_a_function(x):
    class Refusing(tg.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            ctx.save_for_backward(value)
            return value * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyboardInterrupt

    chain(Refusing.apply(chain(x))).sum().backward()


def fail_in_a_check(x):
    h = chain(x)
    y = h * h
    with tg.no_grad():
        h.zero_()
    y.sum().backward()


def fail_in_a_model(x):
    model = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.GELU(), nn.Dropout(0.2), nn.Linear(64, 4))
    next(model.parameters()).register_hook(refuse)
    nn.functional.cross_entropy(model(x.view(-1, 64)), tg.zeros(len(x) // 64, dtype=tg.int64)).backward()


@pytest.mark.parametrize("fail", [fail_in_a_hook, fail_in_a_function, fail_in_a_check, fail_in_a_model])
def test_an_exception_during_backward_leaves_nothing_behind(fail):
    x = leaf()

    def attempt():
        with pytest.raises((KeyboardInterrupt, RuntimeError)):
            fail(x)

    tracemalloc.stop()
    for _ in range(3):  # What is kept once, such as compiled code and freed lists, is not a leak.
        attempt()
    tracemalloc.start()
    attempt()
    gc.collect()  # Frames and their exception refer to each other; pytest keeps them that way.
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        attempt()
    gc.collect()
    assert tracemalloc.get_traced_memory()[0] < before + ARRAY / 4
    assert tg.is_grad_enabled()
    x.grad = None
    (x * 2).sum().backward()
    assert np.array_equal(x.grad.numpy(), np.full(ARRAY // 4, 2, np.float32))
