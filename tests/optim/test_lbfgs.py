"""L-BFGS: the path of PyTorch, its line search, its state."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import LBFGS
from tinygrad5329.optim.strong_wolfe import Point, strong_wolfe

OPTIONS = [
    {"line_search_fn": line_search, "lr": 1.0 if line_search else 1e-3, **options}
    for line_search in (None, "strong_wolfe")
    for options in ({}, {"history_size": 3}, {"max_iter": 4}, {"max_eval": 6}, {"max_iter": 1})
]


class Valley:
    """A curved valley over two parameters, with one that has no gradient."""

    def __init__(self, library, **options):
        values = ([-1.2, 0.7, 0.3], [[1.0], [2.0]], [5.0])
        self.params = [library.tensor(v, dtype=library.float64).requires_grad_() for v in values]
        self.optimizer = library.optim.LBFGS(self.params, **options)

    def closure(self):
        self.optimizer.zero_grad()
        x, y, _ = self.params
        loss = (100 * (y[1:].sum() - x**2) ** 2).sum() + ((1 - x) ** 2).sum() + (y**4).sum() * 0.1
        loss.backward()
        return loss

    def run(self, steps):
        return [self.optimizer.step(self.closure).item() for _ in range(steps)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_path_is_pytorchs(oracle, options):
    ours, theirs = Valley(tg, **options), Valley(oracle, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        np.testing.assert_allclose(ours.run(5), theirs.run(5), rtol=1e-6)
    for p, q in zip(ours.params, theirs.params, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-3, atol=1e-3)
    one, other = (each.optimizer.state_dict()["state"] for each in (ours, theirs))
    assert list(one) == list(other) == [0]
    assert set(one[0]) == set(other[0])
    for key in ("func_evals", "n_iter"):
        assert one[0][key] == other[0][key]
    assert len(one[0]["old_dirs"]) == len(other[0]["old_dirs"])


def test_states_travel_from_pytorch(oracle):
    theirs = Valley(oracle, lr=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs.run(2)
        ours = Valley(tg, lr=1e-3)
        for p, q in zip(ours.params, theirs.params, strict=True):
            p.detach().copy_(tg.tensor(q.detach().numpy()))
        ours.optimizer.load_state_dict(theirs.optimizer.state_dict())
        np.testing.assert_allclose(ours.run(2), theirs.run(2), rtol=1e-9)


def test_it_finds_the_minimum():
    valley = Valley(tg, line_search_fn="strong_wolfe", max_iter=100)
    valley.run(5)
    assert max(p.grad.abs().max().item() for p in valley.params[:2]) < 1e-3
    assert valley.params[2].item() == 5.0
    loss = valley.closure().item()
    assert valley.optimizer.step(valley.closure).item() == loss


def test_a_minimum_is_left_alone():
    w = tg.zeros(2, requires_grad=True)
    optimizer = LBFGS([w])

    def closure():
        optimizer.zero_grad()
        (w * w).sum().backward()
        return 0.0

    assert optimizer.step(closure) == 0.0
    assert optimizer.state[w] == {"func_evals": 1, "n_iter": 0}


def test_what_is_refused():
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        LBFGS([{"params": [tg.zeros(1)]}, {"params": [tg.zeros(1)]}])
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        LBFGS([tg.zeros(1)], line_search_fn="armijo").step(lambda: 1.0)


@pytest.mark.parametrize("function, slope", [
    (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    (lambda t: -t * math.exp(-t), lambda t: (t - 1) * math.exp(-t)),
    (lambda t: math.cos(t) - t / 10, lambda t: -math.sin(t) - 0.1),
])  # fmt: skip
@pytest.mark.parametrize("first", [1e-3, 0.5, 20.0])
def test_the_line_search_satisfies_its_conditions(function, slope, first):
    zero = tg.zeros(1)
    start = Point(0.0, function(0.0), zero, slope(0.0))
    found, n = strong_wolfe(lambda t: Point(t, function(t), zero, slope(t)), start, first, 1.0, 1e-9, 25)
    assert found.loss <= start.loss + 1e-4 * found.step * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)
    assert 1 <= n <= 26
