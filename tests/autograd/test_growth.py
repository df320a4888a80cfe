"""Loops that keep appending to a graph are noticed once, at the line that appends; others are not."""

from __future__ import annotations

import inspect
import warnings

import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import growth
from tinygrad5329.ops.primitive import REGISTRY

#: Enough backward passes for two rounds of looks.
LONG = 2 * 4 * growth.EVERY + 20


@pytest.fixture(autouse=True)
def forgotten():
    growth._seen.__init__()
    yield
    growth._seen.__init__()
    for op in REGISTRY.values():
        assert getattr(op.run, "__name__", "") != "watched"


def losses(count=LONG):
    w = tg.ones(3, requires_grad=True)
    for _ in range(count):
        loss = (w * 2).sum()
        loss.backward()
        w.grad = None
        yield loss


def added_in_place():
    total = 0
    for loss in losses():
        total += loss  # here


def added():
    total = tg.zeros(())
    for loss in losses():
        total = total + loss  # here


def averaged():
    mean = 0
    for loss in losses():
        mean = 0.9 * mean + 0.1 * loss  # here


def added_unscaled():
    w = tg.ones(3, requires_grad=True)
    total = 0
    for _ in range(LONG):
        loss = (w * 2).sum()
        (-loss / 4 * tg.tensor(128.0)).backward()
        total += loss  # here


def told(function):
    """The warnings of a run: text and line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [(str(each.message), each.filename, each.lineno) for each in caught]


@pytest.mark.parametrize("function", [added_in_place, added, averaged, added_unscaled])
def test_the_line_is_named_once(function):
    ((text, file, line),) = told(function)
    assert "loss.item()" in text and file == __file__
    source, first = inspect.getsourcelines(function)
    assert "# here" in source[line - first]
    assert told(function) == []


def numbers():
    total = 0.0
    for loss in losses():
        total += loss.item()


def detached():
    total = 0
    for loss in losses():
        total += loss.detach()


def kept_in_a_list():
    kept = []
    for loss in losses():
        kept.append(loss)
    return sum(kept)


def summed_before_one_backward():
    w = tg.ones(3, requires_grad=True)
    total = 0
    for _ in range(LONG):
        total = total + (w * 2).sum()
    total.backward()


def gradients_accumulated():
    w = tg.ones(3, requires_grad=True)
    for _ in range(LONG):
        (w * 2).sum().backward()


def graph_kept_but_not_grown():
    w = tg.ones(3, requires_grad=True)
    shared = w.exp()
    for _ in range(LONG):
        (shared * 2).sum().backward(retain_graph=True)


@pytest.mark.parametrize(
    "function",
    [numbers, detached, kept_in_a_list, summed_before_one_backward, gradients_accumulated, graph_kept_but_not_grown],
)
def test_what_does_not_grow_is_left_alone(function):
    assert told(function) == []


def test_state_that_is_carried_on():
    def run():
        w = h = tg.ones(3, requires_grad=True)
        for _ in range(6 * growth.EVERY):
            h = h * w
            h.sum().backward(retain_graph=True)

    ((text, file, line),) = told(run)
    assert "retain_graph=True" in text and "detach()" in text and file == __file__
    source, first = inspect.getsourcelines(run)
    assert "retain_graph" in source[line - first]


def test_a_profile_in_between():
    def run():
        total = 0
        for number, loss in enumerate(losses()):
            with tg.profiler.profile():
                total += loss
                assert number >= 0

    assert len(told(run)) == 1
    # It stood behind the profiler then, and leaves when the operation next runs.
    tg.ones(1) + 1
