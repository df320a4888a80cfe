"""Comparisons, logic, bits and closeness: values and refusals."""

# The rows are about the operators themselves.
# ruff: noqa: E711
from __future__ import annotations

import numpy as np
import pytest

from .tables import LIBRARIES, check_error, check_value, into

VALUES = [
    # comparisons
    (lambda t, x: t.eq(x, 2), [[False, False, True], [False, False, False]]),
    (lambda t, x: x.ne(other=2.0), [[True, True, False], [True, True, True]]),
    (lambda t, x: x < 2, [[True, True, False], [False, False, False]]),
    (lambda t, x: x > 2, [[False, False, False], [True, True, True]]),
    (lambda t, x: x <= t.tensor([1.0, 4.0, 2.0]), [[True, True, True], [False, True, False]]),
    (lambda t, x: x.gt(2), [[False, False, False], [True, True, True]]),
    (lambda t, x: x >= 5, [[False, False, False], [False, False, True]]),
    (lambda t, x: t.greater(x, 2), [[False, False, False], [True, True, True]]),
    (lambda t, x: x.greater_equal(2), [[False, False, True], [True, True, True]]),
    (lambda t, x: t.less(x, 2), [[True, True, False], [False, False, False]]),
    (lambda t, x: x.less_equal(2), [[True, True, True], [False, False, False]]),
    (lambda t, x: t.not_equal(x, 2), [[True, True, False], [True, True, True]]),
    (lambda t, x: t.le(input=x, other=x.long()), [[True, True, True], [True, True, True]]),
    (lambda t, x: t.eq(x, True), [[False, True, False], [False, False, False]]),
    (lambda t, x: x[0] == np.int64(2), [False, False, True]),
    (lambda t, x: t.zeros(0, 3) == x[:1], (0, 3)),
    (lambda t, x: t.tensor(1) == 1.5, False),
    (lambda t, x: t.tensor([1], dtype=t.uint8) == -1, [False]),
    (lambda t, x: t.tensor([2**53 + 1]) == 2.0**53, [True]),
    (lambda t, x: into(t, lambda o: t.eq(x, 2, out=o), "bool"), [[False, False, True], [False, False, False]]),
    (lambda t, x: into(t, lambda o: t.eq(x, 2, out=o), "float32"), [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: into(t, lambda o: t.lt(x, 2, out=o), "uint8"), ("uint8", [[1, 1, 0], [0, 0, 0]])),
    (lambda t, x: x == "a", False),
    (lambda t, x: x != None, True),
    (lambda t, x: x == None, False),
    (lambda t, x: t.tensor([1j]) == 1j, [True]),
    (lambda t, x: (x.requires_grad_() > 2).requires_grad, False),
    # logic
    (lambda t, x: t.logical_and(x, x > 2), [[False, False, False], [True, True, True]]),
    (lambda t, x: x.logical_or(x), [[False, True, True], [True, True, True]]),
    (lambda t, x: x.logical_xor(other=t.tensor([1, 0, 1])), [[True, True, False], [False, True, False]]),
    (lambda t, x: x.logical_not(), [[True, False, False], [False, False, False]]),
    (lambda t, x: t.logical_not(t.tensor([True, False])), [False, True]),
    (lambda t, x: into(t, lambda o: t.logical_not(x, out=o), "bool"), [[True, False, False], [False, False, False]]),
    (lambda t, x: into(t, lambda o: t.logical_not(x, out=o), "float32"), [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: into(t, lambda o: t.logical_and(x, x, out=o), "bool"), [[False, True, True], [True, True, True]]),
    (lambda t, x: into(t, lambda o: t.logical_and(x, x, out=o), "int64"), [[0, 1, 1], [1, 1, 1]]),
    (lambda t, x: t.logical_and(t.zeros(0), t.zeros(0)), (0,)),
    (lambda t, x: t.logical_and(t.tensor([1j]), t.tensor([0j])), [False]),
    # bits
    (lambda t, x: t.bitwise_and(t.tensor([5, 6]), 3), [1, 2]),
    (lambda t, x: t.tensor([5, 6]).bitwise_or(other=t.tensor([1, 8])), [5, 14]),
    (lambda t, x: t.bitwise_xor(t.tensor([True, False]), True), [False, True]),
    (lambda t, x: t.bitwise_and(3, t.tensor([5, 6])), [1, 2]),
    (lambda t, x: t.tensor([5, 6]) & 3, [1, 2]),
    (lambda t, x: 3 | t.tensor([5, 6]), [7, 7]),
    (lambda t, x: t.tensor([True, False]) ^ t.tensor([True, True]), [False, True]),
    (lambda t, x: t.tensor([5], dtype=t.uint8) & 3, ("uint8", [1])),
    (lambda t, x: t.tensor([5], dtype=t.uint8) & t.tensor([3], dtype=t.int8), ("int16", [1])),
    (lambda t, x: t.tensor([True]) & 3, [1]),
    (lambda t, x: ~t.tensor([5, -1]), [-6, 0]),
    (lambda t, x: ~t.tensor([5], dtype=t.uint8), ("uint8", [250])),
    (lambda t, x: ~t.tensor([True, False]), [False, True]),
    (lambda t, x: t.bitwise_not(t.tensor([0])), [-1]),
    (lambda t, x: into(t, lambda o: t.bitwise_not(t.tensor([0]), out=o), "int64"), [-1]),
    (lambda t, x: into(t, lambda o: t.bitwise_and(t.tensor([5]), 3, out=o), "int64"), [1]),
    (lambda t, x: into(t, lambda o: t.bitwise_and(t.tensor([5]), 3, out=o), "float32"), [1.0]),
    # finite or not
    (lambda t, x: t.isnan(t.tensor([1.0, float("nan"), float("inf")])), [False, True, False]),
    (lambda t, x: t.tensor([1.0, float("nan"), float("-inf")]).isinf(), [False, False, True]),
    (lambda t, x: t.isfinite(t.tensor([1.0, float("nan"), float("inf")])), [True, False, False]),
    (lambda t, x: t.isnan(t.tensor([1])), [False]),
    (lambda t, x: t.isfinite(t.tensor([True])), [True]),
    (lambda t, x: t.isinf(t.tensor([1])), [False]),
    (lambda t, x: t.isnan(t.zeros(0)), (0,)),
    (lambda t, x: t.isnan(t.tensor([complex("nan")])), [True]),
    # equal and close
    (lambda t, x: t.equal(x, x.clone()), True),
    (lambda t, x: x.equal(x + 1), False),
    (lambda t, x: x.equal(x[0]), False),
    (lambda t, x: t.equal(t.tensor([float("nan")]), t.tensor([float("nan")])), False),
    (lambda t, x: t.equal(t.zeros(0), t.zeros(0)), True),
    (lambda t, x: x.equal(x.double()), True),
    (lambda t, x: x.equal(x.long()), True),
    (lambda t, x: t.isclose(x, x + 1e-9), [[True, True, True], [True, True, True]]),
    (
        lambda t, x: t.isclose(
            t.tensor([1.0, float("nan"), float("inf")]), t.tensor([1.1, float("nan"), float("inf")]), rtol=0.2
        ),
        [True, False, True],
    ),
    (
        lambda t, x: t.isclose(t.tensor([1.0, float("nan")]), t.tensor([1.1, float("nan")]), atol=0.05, equal_nan=True),
        [False, True],
    ),
    (lambda t, x: t.isclose(x.long(), x.long() + 1), [[False, False, False], [False, False, False]]),
    (lambda t, x: t.isclose(x.long(), x.long() + 1, rtol=0, atol=1), [[True, True, True], [True, True, True]]),
    (lambda t, x: x.isclose(x, 1e-5, 1e-8, False), [[True, True, True], [True, True, True]]),
    (lambda t, x: t.allclose(x, x), True),
    (lambda t, x: x.allclose(x + 1), False),
    (lambda t, x: t.allclose(t.tensor([float("nan")]), t.tensor([float("nan")]), equal_nan=True), True),
    (lambda t, x: t.allclose(input=x, other=x, rtol=0.0, atol=0.0), True),
    (lambda t, x: t.allclose(t.zeros(0), t.zeros(0)), True),
    (lambda t, x: t.isclose(x > 2, x > 2), [[True, True, True], [True, True, True]]),
    (lambda t, x: t.isclose(x > 2, x > 2, rtol=0, atol=0), [[True, True, True], [True, True, True]]),
]
ERRORS = [
    # comparisons
    (lambda t, x: x == t.zeros(2), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: x < t.zeros(2), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: x < "a", TypeError, "'<' not supported between instances of 'Tensor' and 'str'"),
    (lambda t, x: x < None, TypeError, "'<' not supported between instances of 'Tensor' and"),
    (lambda t, x: x > [1.0], TypeError, "'>' not supported between instances of 'Tensor' and 'list'"),
    (lambda t, x: t.eq(x, "a"), TypeError, "eq(): argument 'other' must be Tensor or Number, not str"),
    (lambda t, x: t.eq(x, None), TypeError, "eq(): argument 'other' must be Tensor or Number, not"),
    (
        lambda t, x: t.tensor([1j]) < 1,
        NotImplementedError,
        '"lt_cpu" not implemented for complex numbers: they have no',
    ),
    (lambda t, x: t.lt(x, 1j), NotImplementedError, '"lt_cpu" not implemented for complex numbers: they have no'),
    (lambda t, x: x.eq(), TypeError, "eq() missing 1 required positional argument: 'other'"),
    # logic
    (lambda t, x: x.logical_and(1), TypeError, "logical_and(): argument 'other' must be Tensor, not int"),
    (lambda t, x: t.logical_and(1, x), TypeError, "logical_and(): argument 'input' must be Tensor, not int"),
    (lambda t, x: x.logical_and(t.zeros(2)), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: x.logical_and("a"), TypeError, "logical_and(): argument 'other' must be Tensor, not str"),
    (lambda t, x: t.logical_not(1), TypeError, "logical_not(): argument 'input' must be Tensor, not int"),
    (lambda t, x: t.logical_not("a"), TypeError, "logical_not(): argument 'input' must be Tensor, not str"),
    # bits
    (lambda t, x: x & x, NotImplementedError, "\"bitwise_and_cpu\" not implemented for 'float32': use"),
    (lambda t, x: x | 1, NotImplementedError, "\"bitwise_or_cpu\" not implemented for 'float32': use"),
    (lambda t, x: t.tensor([1]) ^ 1.5, NotImplementedError, "\"bitwise_xor_cpu\" not implemented for 'float32': use"),
    (lambda t, x: ~x, TypeError, "~ (operator.invert) is only implemented on integer and"),
    (lambda t, x: t.bitwise_not(x), NotImplementedError, "\"bitwise_not_cpu\" not implemented for 'float32': use"),
    (lambda t, x: t.bitwise_not(1), TypeError, "bitwise_not(): argument 'input' must be Tensor, not int"),
    (
        lambda t, x: t.bitwise_and(t.tensor([1]), "a"),
        TypeError,
        "result_type(): argument 'tensor' must be Tensor or Number,",
    ),
    (lambda t, x: t.tensor([1]) & "a", TypeError, "unsupported operand type(s) for &: 'Tensor' and 'str'"),
    (lambda t, x: t.tensor([1]) & None, TypeError, "unsupported operand type(s) for &: 'Tensor' and 'NoneType'"),
    (
        lambda t, x: t.bitwise_and(t.tensor([1, 2]), t.tensor([1, 2, 3])),
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b",
    ),
    (
        lambda t, x: t.tensor([1, 2]) & t.tensor([1, 2, 3]),
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b",
    ),
    # finite or not
    (lambda t, x: t.isnan(1.0), TypeError, "isnan(): argument 'input' must be Tensor, not float"),
    (lambda t, x: t.isinf("a"), TypeError, "isinf(): argument 'input' must be Tensor, not str"),
    (lambda t, x: t.isfinite(None), TypeError, "isfinite(): argument 'input' must be Tensor, not NoneType"),
    # equal and close
    (lambda t, x: x.equal(1), TypeError, "equal(): argument 'other' must be Tensor, not int"),
    (lambda t, x: t.equal(1, x), TypeError, "equal(): argument 'input' must be Tensor, not int"),
    (lambda t, x: t.isclose(x, x.double()), RuntimeError, "tinygrad5329.float32 did not match tinygrad5329.float64:"),
    (lambda t, x: t.isclose(x, x.long()), RuntimeError, "tinygrad5329.float32 did not match tinygrad5329.int64:"),
    (lambda t, x: t.allclose(x, x.double()), RuntimeError, "tinygrad5329.float32 did not match tinygrad5329.float64:"),
    (lambda t, x: t.isclose(x, 1.0), TypeError, "isclose(): argument 'other' must be Tensor, not float"),
    (lambda t, x: t.isclose(x, x, rtol=-1.0), RuntimeError, "rtol must be greater than or equal to zero, but got -1.0"),
    (lambda t, x: t.isclose(x, x, atol=-1.0), RuntimeError, "atol must be greater than or equal to zero, but got -1.0"),
    (lambda t, x: t.allclose(x, x, rtol=-1), RuntimeError, "rtol must be greater than or equal to zero, but got -1"),
    (lambda t, x: t.allclose(x, t.zeros(2)), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
