"""scatter, scatter_add, scatter_reduce and index_reduce: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, into

# What PyTorch says about its own deprecations.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
VALUES = [
    (lambda t, x: x.scatter(1, t.tensor([[2], [0]]), 9.0), [[0.0, 1.0, 9.0], [9.0, 4.0, 5.0]]),
    (lambda t, x: x.scatter(1, t.tensor([[2, 0], [0, 1]]), -x), [[-1.0, 1.0, -0.0], [-3.0, -4.0, 5.0]]),
    (lambda t, x: x.scatter(0, t.tensor([[1]]), value=7), [[0.0, 1.0, 2.0], [7.0, 4.0, 5.0]]),
    (lambda t, x: x.scatter(0, t.tensor([[1, 1, 0]]), x[1:], reduce="multiply"), [[0.0, 1.0, 10.0], [9.0, 16.0, 5.0]]),
    (lambda t, x: x.scatter_(0, t.tensor([[1, 1, 0]]), 2.0, reduce="add"), [[0.0, 1.0, 4.0], [5.0, 6.0, 5.0]]),
    (lambda t, x: x.scatter_(0, t.tensor([[1, 0, 1]]), t.ones(2, 3)), [[0.0, 1.0, 2.0], [1.0, 4.0, 1.0]]),
    (lambda t, x: t.tensor(5.0).scatter(0, t.tensor(0), t.tensor(2.0)), 2.0),
    (lambda t, x: x.scatter(0, t.zeros(0, 0, dtype=t.int64), x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.scatter_add(1, t.tensor([[0, 0, 2], [1, 1, 1]]), x), [[1.0, 1.0, 4.0], [3.0, 16.0, 5.0]]),
    (lambda t, x: x.long().scatter_add_(0, t.tensor([[0, 0], [0, 0]]), x.long()), [[3, 6, 2], [3, 4, 5]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.scatter(1, t.tensor([[2, 0]]), b), x, t.ones(1, 2)),
        ([[0.0, 2.0, 0.0], [4.0, 5.0, 6.0]], [[3.0, 1.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: (a * 1).scatter_add_(1, t.tensor([[2, 2, 0], [0, 1, 1]]), b), x, x),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[3.0, 3.0, 1.0], [4.0, 5.0, 5.0]]),
    ),
    (
        lambda t, x: x.scatter_reduce(1, t.tensor([[0, 0, 2], [1, 1, 1]]), x + 1, "sum", include_self=False),
        [[3.0, 1.0, 3.0], [3.0, 15.0, 5.0]],
    ),
    (
        lambda t, x: x.scatter_reduce(1, t.tensor([[0, 0, 2], [1, 1, 1]]), x + 1, "prod"),
        [[0.0, 1.0, 6.0], [3.0, 480.0, 5.0]],
    ),
    (
        lambda t, x: x.scatter_reduce(1, t.tensor([[0, 0, 2], [1, 1, 1]]), x + 1, "mean"),
        [[1.0, 1.0, 2.5], [3.0, 4.75, 5.0]],
    ),
    (
        lambda t, x: x.long().scatter_reduce(
            1, t.tensor([[0, 0, 2], [1, 1, 1]]), x.long() + 1, "mean", include_self=False
        ),
        [[1, 1, 3], [3, 5, 5]],
    ),
    (
        lambda t, x: x.scatter_reduce(1, t.tensor([[0, 0, 2], [1, 1, 1]]), x + 1, "amax"),
        [[2.0, 1.0, 3.0], [3.0, 6.0, 5.0]],
    ),
    (
        lambda t, x: x.scatter_reduce_(1, t.tensor([[0, 0, 2], [1, 1, 1]]), x - 9, "amin", include_self=False),
        [[-9.0, 1.0, -7.0], [3.0, -6.0, 5.0]],
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a.scatter_reduce(1, t.tensor([[0, 0, 2], [1, 1, 1]]), b, "prod"), x, x),
        ([[0.0, 2.0, 6.0], [4.0, 300.0, 6.0]], [[0.0, 0.0, 6.0], [400.0, 300.0, 240.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a.scatter_reduce(1, t.tensor([[0, 0, 1], [1, 1, 1]]), b, "amax"), x, x),
        ([[0.0, 0.0, 3.0], [4.0, 0.0, 6.0]], [[0.0, 1.0, 2.0], [0.0, 0.0, 5.0]]),
    ),
    (
        lambda t, x: gradient(
            t, lambda a, b: a.scatter_reduce(1, t.tensor([[0, 0, 1], [1, 1, 1]]), b, "mean", include_self=False), x, x
        ),
        ([[0.0, 0.0, 3.0], [4.0, 0.0, 6.0]], [[0.5, 0.5, 2.0], [1.6667, 1.6667, 1.6667]]),
    ),
    (lambda t, x: x.index_reduce(0, t.tensor([1, 1]), x + 1, "prod"), [[0.0, 1.0, 2.0], [12.0, 40.0, 90.0]]),
    (
        lambda t, x: x.index_reduce(0, t.tensor([0, 0]), x, "amax", include_self=False),
        [[3.0, 4.0, 5.0], [3.0, 4.0, 5.0]],
    ),
    (lambda t, x: x.index_reduce_(1, t.tensor([2]), x[:, :1], "mean"), [[0.0, 1.0, 1.0], [3.0, 4.0, 4.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.index_reduce(0, t.tensor([1, 1]), b, "amin"), x, x),
        ([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[4.0, 5.0, 6.0], [0.0, 0.0, 0.0]]),
    ),
    (lambda t, x: into(t, lambda o: t.scatter(x, 0, t.tensor([[0]]), 3.0, out=o)), [[3.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: into(t, lambda o: t.scatter_reduce(x, 0, t.tensor([[0]]), x, "sum", out=o)),
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
    ),
]
ERRORS = [
    (
        lambda t, x: x.scatter(0, t.tensor([[2]]), 1.0),
        RuntimeError,
        "scatter(): index 2 is out of bounds for dimension with size 2",
    ),
    (
        lambda t, x: x.scatter(0, t.tensor([[0]]), x.double()),
        RuntimeError,
        "scatter(): Expected self.dtype to be equal to src.dtype, got tinygrad5",
    ),
    (
        lambda t, x: x.scatter(0, t.tensor([0]), x),
        RuntimeError,
        "Index tensor must have the same number of dimensions as input tensor: ",
    ),
    (
        lambda t, x: x.scatter(0, t.tensor([[0.0]]), x),
        RuntimeError,
        "scatter(): Expected dtype int32/int64 for index, got tinygrad5329.floa",
    ),
    (
        lambda t, x: x.scatter_add(0, t.tensor([[0, 0, 0, 0]]), x),
        RuntimeError,
        "Size does not match at dimension 1 expected index [1, 4] to be no larg",
    ),
    (
        lambda t, x: x.scatter(0, t.tensor([[0]]), x, reduce="mean"),
        RuntimeError,
        "scatter(): reduce argument must be either add or multiply, got 'mean'",
    ),
    (
        lambda t, x: x.scatter(0, t.tensor([[0]]), 1.0, value=2),
        TypeError,
        "scatter() takes one of src, a tensor, and value, a number",
    ),
    (
        lambda t, x: x.scatter_reduce(0, t.tensor([[0]]), x, "add"),
        RuntimeError,
        "scatter_reduce(): reduce argument must be one of sum, prod, mean, amax",
    ),
    (
        lambda t, x: x.scatter_reduce(0, t.tensor([[0]]), x.int(), "sum"),
        RuntimeError,
        "scatter_reduce(): Expected self.dtype to be equal to src.dtype, got ti",
    ),
    (
        lambda t, x: x.index_reduce(0, t.tensor([0]), x[:1], "sum"),
        RuntimeError,
        "index_reduce(): reduce argument must be one of prod, mean, amax, amin,",
    ),
    (
        lambda t, x: x.requires_grad_().scatter_(0, t.tensor([[0]]), 1.0),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operat",
    ),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
