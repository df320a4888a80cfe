"""Common dtypes, what may be cast to what, and out=."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, into

VALUES = [
    (lambda t, x: t.result_type(t.tensor([1, 2]), 1.0), "float32"),
    (lambda t, x: t.result_type(t.tensor([1.0]), t.tensor(1, dtype=t.float64)), "float32"),
    (lambda t, x: t.result_type(t.tensor([1]), t.tensor(1.0, dtype=t.float64)), "float64"),
    (lambda t, x: t.result_type(t.tensor([1], dtype=t.int8), 1000), "int8"),
    (lambda t, x: t.result_type(1, 2.0), "float32"),
    (lambda t, x: t.result_type(True, 1), "int64"),
    (lambda t, x: t.result_type(1.0, 1j), "complex64"),
    (lambda t, x: t.result_type(t.tensor([1.0]), 1j), "complex64"),
    (lambda t, x: t.result_type(t.tensor([True]), 1), "int64"),
    (lambda t, x: t.result_type(t.tensor([1], dtype=t.uint8), t.tensor([1], dtype=t.int8)), "int16"),
    (lambda t, x: t.result_type(t.tensor([1], dtype=t.float16), t.tensor([1])), "float16"),
    (lambda t, x: t.result_type(t.tensor([1], dtype=t.float16), t.tensor([1.0])), "float32"),
    (lambda t, x: t.can_cast(t.float32, t.int64), False),
    (lambda t, x: t.can_cast(t.int64, t.float16), True),
    (lambda t, x: t.can_cast(t.int64, t.uint8), True),
    (lambda t, x: t.can_cast(t.bool, t.uint8), True),
    (lambda t, x: t.can_cast(t.uint8, t.bool), False),
    (lambda t, x: t.can_cast(from_=t.float64, to=t.float32), True),
    (lambda t, x: t.can_cast(t.complex64, t.float32), False),
    (lambda t, x: t.promote_types(t.uint8, t.int8), "int16"),
    (lambda t, x: t.exp(t.tensor([0])), [1.0]),
    (lambda t, x: x.exp().dtype, "float32"),
    (lambda t, x: t.tensor([1], dtype=t.uint8) + (-1), ("uint8", [0])),
    (lambda t, x: t.tensor([1], dtype=t.int8) + 200, ("int8", [-55])),
    (lambda t, x: into(t, lambda o: t.add(x, 1, out=o), "complex64").dtype, "complex64"),
    (lambda t, x: into(t, lambda o: t.add(x.long(), 1, out=o), "uint8"), ("uint8", [[1, 2, 3], [4, 5, 6]])),
    (lambda t, x: into(t, lambda o: t.add(x, x, out=o), "float16"), ("float16", [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]])),
]
ERRORS = [
    (lambda t, x: t.result_type(x, "a"), TypeError, "result_type(): argument 'tensor' must be Tensor or Number,"),
    (lambda t, x: t.result_type(None, x), TypeError, "result_type(): argument 'tensor' must be Tensor or Number,"),
    (lambda t, x: t.exp(1.0), TypeError, "exp(): argument 'input' must be Tensor, not float"),
    (lambda t, x: t.exp("a"), TypeError, "exp(): argument 'input' must be Tensor, not str"),
    (
        lambda t, x: into(t, lambda o: t.exp(x.long(), out=o), "int64"),
        RuntimeError,
        "exp(): result type float32 can't be cast to the desired",
    ),
    (
        lambda t, x: into(t, lambda o: t.add(x.long(), 1, out=o), "bool"),
        RuntimeError,
        "add(): result type int64 can't be cast to the desired",
    ),
    (lambda t, x: t.exp(x, out=x[0]), RuntimeError, "exp(): out has shape (3,) but the result has (2, 3); pass"),
    (lambda t, x: t.exp(x, out=[1]), TypeError, "exp(): argument 'out' must be Tensor, not list"),
    (
        lambda t, x: t.exp(x, out=x.clone().requires_grad_()),
        RuntimeError,
        "exp(): functions with out=... arguments don't support",
    ),
    (
        lambda t, x: t.exp(x.clone().requires_grad_(), out=x),
        RuntimeError,
        "exp(): functions with out=... arguments don't support",
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
