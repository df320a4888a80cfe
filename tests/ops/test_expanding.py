"""broadcast_shapes and sum_to_size."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: t.broadcast_shapes((2, 1), (3,), 1), (2, 3)),
    (lambda t, x: t.broadcast_shapes(), ()),
    (lambda t, x: t.broadcast_shapes((0, 1), (1, 4)), (0, 4)),
    (lambda t, x: x.sum_to_size(1, 3), [[3.0, 5.0, 7.0]]),
    (lambda t, x: x.sum_to_size((3,)), [3.0, 5.0, 7.0]),
    (lambda t, x: x.sum_to_size(2, 3), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x[None].sum_to_size(()), 15.0),
    (lambda t, x: gradient(t, lambda a: a.sum_to_size(2, 1), x), ([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]],)),
]
ERRORS = [
    (
        lambda t, x: t.broadcast_shapes((2,), (3,)),
        RuntimeError,
        "Shape mismatch: objects cannot be broadcast to a single shape: broadca",
    ),
    (
        lambda t, x: t.broadcast_shapes((-1,)),
        ValueError,
        "Attempting to broadcast a dimension with negative length! Got (-1,)",
    ),
    (
        lambda t, x: t.broadcast_shapes("a"),
        TypeError,
        "Input shapes should be ints, or tuples or lists of ints, got 'a'",
    ),
    (lambda t, x: x.sum_to_size(3, 3), RuntimeError, "size {[3, 3]} is not expandable to size {[2, 3]}."),
    (lambda t, x: x.sum_to_size(1, 2, 3), RuntimeError, "size {[1, 2, 3]} is not expandable to size {[2, 3]}."),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
