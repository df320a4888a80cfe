"""meshgrid, cartesian_prod, combinations and unravel_index."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (
        lambda t, x: t.meshgrid(x[0], x[1, :2], indexing="ij"),
        ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [[3.0, 4.0], [3.0, 4.0], [3.0, 4.0]]),
    ),
    (
        lambda t, x: t.meshgrid(x[0], x[1, :2], indexing="xy"),
        ([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], [[3.0, 3.0, 3.0], [4.0, 4.0, 4.0]]),
    ),
    (lambda t, x: t.meshgrid([x[0], t.tensor(7.0)], indexing="ij"), ([[0.0], [1.0], [2.0]], [[7.0], [7.0], [7.0]])),
    (lambda t, x: t.cartesian_prod(t.tensor([1, 2]), t.tensor([3, 4])), [[1, 3], [1, 4], [2, 3], [2, 4]]),
    (lambda t, x: t.cartesian_prod(x[0]), [0.0, 1.0, 2.0]),
    (lambda t, x: t.combinations(x[0]), [[0.0, 1.0], [0.0, 2.0], [1.0, 2.0]]),
    (
        lambda t, x: t.combinations(x[0], 2, with_replacement=True),
        [[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [1.0, 1.0], [1.0, 2.0], [2.0, 2.0]],
    ),
    (lambda t, x: t.combinations(x[0], 4), (0, 4)),
    (lambda t, x: t.combinations(x[0], 0).shape, (0,)),
    (lambda t, x: t.unravel_index(t.tensor([4, 1]), (2, 3)), ([1, 0], [1, 1])),
    (lambda t, x: t.unravel_index(t.tensor(5), 6), (5,)),
    (lambda t, x: gradient(t, lambda a: t.combinations(a), x[0]), ([4.0, 7.0, 10.0],)),
    (lambda t, x: gradient(t, lambda a, b: t.cartesian_prod(a, b), x[0], x[1, :2]), ([4.0, 12.0, 20.0], [18.0, 24.0])),
    (
        lambda t, x: gradient(t, lambda a, b: t.meshgrid(a, b, indexing="xy")[0], x[0], x[1, :2]),
        ([5.0, 7.0, 9.0], None),
    ),
]
ERRORS = [
    (
        lambda t, x: t.meshgrid(x, indexing="ij"),
        RuntimeError,
        "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: (",
    ),
    (
        lambda t, x: t.meshgrid(x[0], indexing="a"),
        RuntimeError,
        'torch.meshgrid: indexing must be one of "xy" or "ij", but received: a',
    ),
    (
        lambda t, x: t.meshgrid(x[0], x[0].long(), indexing="ij"),
        RuntimeError,
        "torch.meshgrid expects all tensors to have the same dtype",
    ),
    (lambda t, x: t.cartesian_prod(x), RuntimeError, "Expect a 1D vector, but got shape [2, 3]"),
    (lambda t, x: t.combinations(x), RuntimeError, "Expect a 1D vector, but got shape [2, 3]"),
    (lambda t, x: t.combinations(x[0], -1), RuntimeError, "Expect a non-negative number, but got -1"),
    (
        lambda t, x: t.unravel_index(x, (2, 3)),
        TypeError,
        "expected 'indices' to be integer dtype, but got tinygrad5329.float32",
    ),
    (
        lambda t, x: t.unravel_index(t.tensor([4]), (2, -3)),
        ValueError,
        "'shape' cannot have negative values, but got (2, -3)",
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
