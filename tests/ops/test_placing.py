"""index_put, index_copy, index_fill, index_add, put and masked_scatter: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    (lambda t, x: x.index_copy(0, t.tensor([1]), t.full((1, 3), 9.0)), [[0.0, 1.0, 2.0], [9.0, 9.0, 9.0]]),
    (lambda t, x: x.index_copy_(1, t.tensor([2, 0]), x[:, :2].clone()), [[1.0, 1.0, 0.0], [4.0, 4.0, 3.0]]),
    (lambda t, x: t.tensor(5.0).index_copy(0, t.tensor([0]), t.tensor(7.0)), 7.0),
    (
        lambda t, x: gradient(t, lambda a, b: a.index_copy(0, t.tensor([1]), b), x, x[:1]),
        ([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[4.0, 5.0, 6.0]]),
    ),
    (lambda t, x: x.index_fill(1, t.tensor([0, -1]), 9), [[9.0, 1.0, 9.0], [9.0, 4.0, 9.0]]),
    (lambda t, x: x.index_fill_(0, t.tensor([1]), t.tensor(2.0)), [[0.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (
        lambda t, x: gradient(t, lambda a, v: a.index_fill(1, t.tensor([0, 0]), v), x, t.tensor(3.0)),
        ([[0.0, 2.0, 3.0], [0.0, 5.0, 6.0]], 5.0),
    ),
    (lambda t, x: x.index_add_(0, t.tensor([0, 0]), t.ones(2, 3), alpha=2), [[4.0, 5.0, 6.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.long().index_add(0, t.tensor([1]), x[:1].long(), alpha=3), [[0, 1, 2], [3, 7, 11]]),
    (lambda t, x: t.index_add(x, 1, t.tensor([0]), t.ones(2, 1)), [[1.0, 1.0, 2.0], [4.0, 4.0, 5.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: (a * 1).index_add_(0, t.tensor([1, 1]), b), x, x),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[4.0, 5.0, 6.0], [4.0, 5.0, 6.0]]),
    ),
    (
        lambda t, x: x.index_put((t.tensor([0, 1]), t.tensor([2, 0])), t.tensor([8.0, 9.0])),
        [[0.0, 1.0, 8.0], [9.0, 4.0, 5.0]],
    ),
    (lambda t, x: x.index_put((t.tensor([0, 0]),), t.tensor(1.0), accumulate=True), [[2.0, 3.0, 4.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: x.index_put_([t.tensor([0, 1]), t.tensor([1])], t.tensor([7.0, 8.0])),
        [[0.0, 7.0, 2.0], [3.0, 8.0, 5.0]],
    ),
    (lambda t, x: x.index_put((x > 2,), t.tensor(0.0)), [[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.index_put((t.tensor([1, 1]),), b, accumulate=True), x, x),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[4.0, 5.0, 6.0], [4.0, 5.0, 6.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: (a * 1).index_put_((t.tensor([1]), t.tensor([0])), b), x, t.ones(1)),
        ([[1.0, 2.0, 3.0], [0.0, 5.0, 6.0]], [4.0]),
    ),
    (lambda t, x: x.put(t.tensor([1, -1]), t.tensor([8.0, 9.0])), [[0.0, 8.0, 2.0], [3.0, 4.0, 9.0]]),
    (lambda t, x: x.put_(t.tensor([0, 0]), t.tensor([1.0, 2.0]), accumulate=True), [[3.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.put(t.tensor([[4], [0]]), b), x, t.ones(2)),
        ([[0.0, 2.0, 3.0], [4.0, 0.0, 6.0]], [5.0, 1.0]),
    ),
    (lambda t, x: x.masked_scatter(x > 2, t.tensor([9.0, 8.0, 7.0, 6.0])), [[0.0, 1.0, 2.0], [9.0, 8.0, 7.0]]),
    (
        lambda t, x: x.masked_scatter_(t.tensor([True, False, True]), t.arange(10.0, 14.0)),
        [[10.0, 1.0, 11.0], [12.0, 4.0, 13.0]],
    ),
    (lambda t, x: t.masked_scatter(x[0], x > 2, t.arange(3.0)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.masked_scatter(a > 2, b), x, x),
        ([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[4.0, 5.0, 6.0], [0.0, 0.0, 0.0]]),
    ),
    (lambda t, x: x.masked_fill(x > 2, t.tensor(1)), [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]),
    (
        lambda t, x: into(t, lambda o: t.index_copy(x, 0, t.tensor([0]), x[1:], out=o)),
        [[3.0, 4.0, 5.0], [3.0, 4.0, 5.0]],
    ),
    (
        lambda t, x: into(t, lambda o: t.index_add(x, 0, t.tensor([0]), x[1:], out=o)),
        [[3.0, 5.0, 7.0], [3.0, 4.0, 5.0]],
    ),
]
ERRORS = [
    (
        lambda t, x: x.index_copy(0, t.tensor([2]), t.ones(1, 3)),
        IndexError,
        "index_copy(): index 2 is out of bounds for dimension with size 2",
    ),
    (
        lambda t, x: x.index_copy(0, t.tensor([0]), t.ones(3)),
        IndexError,
        "index_copy(): source has shape (3,) but index and self ask for (1, 3)",
    ),
    (
        lambda t, x: x.index_copy(0, t.tensor([0]), t.ones(1, 2)),
        RuntimeError,
        "index_copy(): source has shape (1, 2) but index and self ask for (1, 3",
    ),
    (
        lambda t, x: x.index_fill(0, t.tensor([2]), 1),
        IndexError,
        "index_fill(): index 2 is out of bounds for dimension with size 2",
    ),
    (
        lambda t, x: x.index_fill(0, t.tensor([0]), t.ones(2)),
        RuntimeError,
        "index_fill_ only supports a 0-dimensional value tensor, but got tensor",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([[0]]), t.ones(1, 3)),
        IndexError,
        "index_add(): Index is supposed to be a vector, but has the shape (1, 1",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0]), t.ones(1, 3).double()),
        RuntimeError,
        "index_add(): self (tinygrad5329.float32) and source (tinygrad5329.floa",
    ),
    (
        lambda t, x: x.put(t.tensor([9]), t.tensor([1.0])),
        IndexError,
        "put_(): index 9 is out of bounds for dimension with size 6",
    ),
    (
        lambda t, x: x.put(t.tensor([0]), t.tensor([1.0, 2.0])),
        IndexError,
        "put_(): Expected source and index to have the same number of elements,",
    ),
    (
        lambda t, x: x.masked_scatter(x > 0, t.ones(2)),
        RuntimeError,
        "masked_scatter: expected number of elements in mask, which is 5, to be",
    ),
    (
        lambda t, x: x.masked_scatter(x, t.ones(2)),
        RuntimeError,
        "masked_scatter_ only supports boolean masks, but got mask with dtype t",
    ),
    (
        lambda t, x: x.masked_scatter_(t.ones(2, 2, 3) > 0, t.ones(12)),
        RuntimeError,
        "masked_scatter_: output with shape [2, 3] doesn't match the broadcast ",
    ),
    (
        lambda t, x: x.index_put((t.tensor([5]),), t.tensor(1.0)),
        IndexError,
        "index 5 is out of bounds for dimension 0 with size 2 (indexing a tenso",
    ),
    (
        lambda t, x: x.index_put((t.tensor([0]),), t.tensor(1)),
        RuntimeError,
        "Index put requires the source and destination dtypes match, got tinygr",
    ),
    (
        lambda t, x: x.requires_grad_().index_add_(0, t.tensor([0]), t.ones(1, 3)),
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
