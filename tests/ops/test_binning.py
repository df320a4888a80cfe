"""bincount, histc, histogram and histogramdd."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value

VALUES = [
    (lambda t, x: t.bincount(t.tensor([1, 3, 1])), [0, 2, 0, 1]),
    (lambda t, x: t.bincount(t.tensor([1, 3, 1]), minlength=6), [0, 2, 0, 1, 0, 0]),
    (lambda t, x: t.tensor([1, 0, 1]).bincount(t.tensor([0.5, 1.0, 2.0])), [1.0, 2.5]),
    (lambda t, x: t.bincount(t.zeros(0, dtype=t.int64)), (0,)),
    (lambda t, x: x.histc(3), [2.0, 2.0, 2.0]),
    (lambda t, x: t.histc(x, bins=4, min=1, max=3), [1.0, 0.0, 1.0, 1.0]),
    (lambda t, x: t.histc(t.ones(3), 2), [0.0, 3.0]),
    (lambda t, x: t.histc(t.tensor([float("inf"), 1.0]), 2, 0, 2), [0.0, 1.0]),
    (lambda t, x: t.histogram(x, 2), ([3.0, 3.0], [0.0, 2.5, 5.0])),
    (
        lambda t, x: x.histogram(bins=3, range=(0.0, 3.0), weight=x + 1, density=True),
        ([0.1, 0.2, 0.7], [0.0, 1.0, 2.0, 3.0]),
    ),
    (lambda t, x: t.histogram(x, t.tensor([0.0, 1.0, 5.0])), ([1.0, 5.0], [0.0, 1.0, 5.0])),
    (lambda t, x: t.histogram(x, t.tensor([0.0, 1.0, 5.0])).bin_edges, [0.0, 1.0, 5.0]),
    (
        lambda t, x: t.histogramdd(x.reshape(3, 2), [2, 2]),
        ([[1.0, 0.0], [0.0, 2.0]], ([0.0, 2.0, 4.0], [1.0, 3.0, 5.0])),
    ),
    (
        lambda t, x: t.histogramdd(x.reshape(3, 2), 2, range=[0.0, 4.0, 0.0, 6.0], weight=x[0]),
        ([[0.0, 0.0], [0.0, 3.0]], ([0.0, 2.0, 4.0], [0.0, 3.0, 6.0])),
    ),
    (
        lambda t, x: t.histogramdd(x.reshape(3, 2), (t.tensor([0.0, 2.0, 4.0]), t.tensor([0.0, 6.0])), density=True),
        ([[0.0278], [0.0556]], ([0.0, 2.0, 4.0], [0.0, 6.0])),
    ),
]
ERRORS = [
    (lambda t, x: t.bincount(x), NotImplementedError, "\"bincount_cpu\" not implemented for 'Float'"),
    (lambda t, x: t.bincount(t.tensor([-1])), RuntimeError, "bincount only supports 1-d non-negative integral inputs."),
    (
        lambda t, x: t.bincount(t.tensor([[1]])),
        RuntimeError,
        "bincount only supports 1-d non-negative integral inputs.",
    ),
    (
        lambda t, x: t.bincount(t.tensor([1]), t.ones(2)),
        RuntimeError,
        "weights should be 1-d and have the same length as input",
    ),
    (lambda t, x: t.histc(x, 0), RuntimeError, "bins must be > 0"),
    (lambda t, x: t.histc(x.long()), NotImplementedError, "\"histogram_cpu\" not implemented for 'Long'"),
    (lambda t, x: t.histc(x, min=3, max=1), RuntimeError, "histc: max must be larger than min"),
    (lambda t, x: t.histogram(x, 0), RuntimeError, "torch.histogram(): bins must be > 0, but got 0"),
    (
        lambda t, x: t.histogram(x, t.tensor([1.0]).double()),
        RuntimeError,
        "torch.histogramdd(): input tensor and bins tensors should have the sam",
    ),
    (
        lambda t, x: t.histogramdd(x[0], [2]),
        RuntimeError,
        "torch.histogramdd(): input tensor should have at least 2 dimensions, b",
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
