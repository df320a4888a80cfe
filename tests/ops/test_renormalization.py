"""renorm: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: x.renorm(2, 0, 3.0), [[0.0, 1.0, 2.0], [1.2728, 1.6971, 2.1213]]),
    (lambda t, x: t.renorm(x, 1, 1, 4), [[0.0, 0.8, 1.1429], [3.0, 3.2, 2.8571]]),
    (lambda t, x: x.clone().renorm_(2, 0, 1), [[0.0, 0.4472, 0.8944], [0.4243, 0.5657, 0.7071]]),
    (lambda t, x: x.renorm(float("inf"), 0, 2), [[0.0, 1.0, 2.0], [1.2, 1.6, 2.0]]),
    (lambda t, x: gradient(t, lambda a: a.renorm(2, 0, 3.0), x + 1), ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],)),
]
ERRORS = [
    (lambda t, x: x.renorm(-1, 0, 1), RuntimeError, "renorm: non-positive-norm not supported"),
    (lambda t, x: x.renorm(2, 0, -1), RuntimeError, "renorm: expected maxnorm to be >= 0 but got -1"),
    (lambda t, x: x[0].renorm(1, 0, 1), RuntimeError, "renorm: input needs at least 2 dimensions, got 1 dimensions"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
