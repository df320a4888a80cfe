"""diff, gradient and trapezoids: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    (lambda t, x: x.diff(), [[1.0, 1.0], [1.0, 1.0]]),
    (lambda t, x: t.diff(x, n=2), [[0.0], [0.0]]),
    (lambda t, x: x.diff(dim=0, prepend=t.zeros(1, 3)), [[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: x.diff(append=x[:, :1], n=1), [[1.0, 1.0, -2.0], [1.0, 1.0, -2.0]]),
    (lambda t, x: (x > 2).diff(), [[False, False], [False, False]]),
    (lambda t, x: x.diff(0), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.diff(7).shape, (2, 0)),
    (lambda t, x: into(t, lambda o: t.diff(x, out=o)), [[1.0, 1.0], [1.0, 1.0]]),
    (lambda t, x: gradient(t, lambda a: a.diff(n=2), x), ([[1.0, -2.0, 1.0], [2.0, -4.0, 2.0]],)),
    (
        lambda t, x: t.gradient(x)[1] if x.shape[0] > 2 else t.gradient(x**2, dim=1),
        ([[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]],),
    ),
    (lambda t, x: t.gradient(x[0] ** 2, spacing=2.0), ([0.5, 1.0, 1.5],)),
    (lambda t, x: t.gradient(x[0] ** 2, edge_order=2), ([0.0, 2.0, 4.0],)),
    (
        lambda t, x: t.gradient(x**2, spacing=[2.0, 0.5]),
        ([[4.5, 7.5, 10.5], [4.5, 7.5, 10.5]], [[2.0, 4.0, 6.0], [14.0, 16.0, 18.0]]),
    ),
    (
        lambda t, x: t.gradient(x[0] ** 2, spacing=(t.tensor([0.0, 1.0, 3.0]),), edge_order=2),
        ([0.8333, 1.1667, 1.8333],),
    ),
    (lambda t, x: gradient(t, lambda a: t.gradient(a**2, dim=1)[0], x), ([[-0.0, -4.0, 16.0], [-39.0, -16.0, 85.0]],)),
    (lambda t, x: t.trapezoid(x), [2.0, 8.0]),
    (lambda t, x: t.trapz(x, dx=2), [4.0, 16.0]),
    (lambda t, x: t.trapezoid(x, t.tensor([0.0, 1.0, 3.0])), [3.5, 12.5]),
    (lambda t, x: t.trapezoid(x, dim=0), [1.5, 2.5, 3.5]),
    (lambda t, x: t.trapezoid(x.long()), [2.0, 8.0]),
    (lambda t, x: t.cumulative_trapezoid(x, dx=0.5), [[0.25, 1.0], [1.75, 4.0]]),
    (lambda t, x: t.cumulative_trapezoid(x, x**2), [[0.5, 5.0], [24.5, 65.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: t.trapezoid(a, b), x, x**2),
        ([[0.5, 2.0, 1.5], [7.0, 16.0, 9.0]], [[-0.5, -1.0, 1.5], [-7.0, -2.0, 9.0]]),
    ),
]
ERRORS = [
    (lambda t, x: t.tensor(1.0).diff(), RuntimeError, "diff expects input to be at least one-dimensional"),
    (lambda t, x: x.diff(-1), RuntimeError, "order must be non-negative but got -1"),
    (
        lambda t, x: t.gradient(x[:, :1]),
        RuntimeError,
        "torch.gradient expected each dimension size to be at least edge_order+",
    ),
    (
        lambda t, x: t.gradient(x, edge_order=3),
        RuntimeError,
        "torch.gradient only supports edge_order=1 and edge_order=2.",
    ),
    (
        lambda t, x: t.gradient(x, spacing=[1.0]),
        RuntimeError,
        "torch.gradient expected spacing to be unspecified, a scalar, or a list",
    ),
    (
        lambda t, x: t.trapezoid(x, x[0, :2]),
        RuntimeError,
        "trapezoid: There must be one `x` value for each sample point",
    ),
    (lambda t, x: t.trapezoid(x, x, dx=1), TypeError, "trapezoid() takes x or dx, not both"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
