"""Arithmetic: alpha, rounding, integer rules, out= and refusals."""

# The rows are about the operators themselves.
# ruff: noqa: RUF005
from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    # add and sub
    (lambda t, x: t.add(x, 1), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    (lambda t, x: x.add(x, alpha=2), [[0.0, 3.0, 6.0], [9.0, 12.0, 15.0]]),
    (lambda t, x: t.add(input=x, other=x, alpha=-1), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: 1 + x, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    (lambda t, x: x + t.tensor([1, 2, 3]), [[1.0, 3.0, 5.0], [4.0, 6.0, 8.0]]),
    (lambda t, x: x.long() + 1.5, [[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]]),
    (lambda t, x: x + True, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    (lambda t, x: t.tensor([True]) + t.tensor([True]), [True]),
    (lambda t, x: t.tensor([True]) + 1, [2]),
    (lambda t, x: x.byte() + 255, ("uint8", [[255, 0, 1], [2, 3, 4]])),
    (lambda t, x: x.byte() + 300, ("uint8", [[44, 45, 46], [47, 48, 49]])),
    (lambda t, x: t.add(1, x), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    (lambda t, x: t.zeros(0, 3) + x[:1], (0, 3)),
    (lambda t, x: x[0] + np.float64(1.5), [1.5, 2.5, 3.5]),
    (lambda t, x: t.add(x.long(), x.long(), alpha=2), [[0, 3, 6], [9, 12, 15]]),
    (lambda t, x: into(t, lambda o: t.add(x, 1, out=o)), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    (
        lambda t, x: into(t, lambda o: t.add(x, 1, out=o), "float64", (2, 3)),
        ("float64", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    ),
    (lambda t, x: into(t, lambda o: t.add(x, 1, alpha=2, out=o)), [[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]),
    (lambda t, x: t.sub(x, 1), [[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0]]),
    (lambda t, x: x.subtract(x, alpha=2), [[0.0, -1.0, -2.0], [-3.0, -4.0, -5.0]]),
    (lambda t, x: 1 - x, [[1.0, 0.0, -1.0], [-2.0, -3.0, -4.0]]),
    (lambda t, x: t.rsub(x, 1), [[1.0, 0.0, -1.0], [-2.0, -3.0, -4.0]]),
    (lambda t, x: t.rsub(x, 1, alpha=2), [[1.0, -1.0, -3.0], [-5.0, -7.0, -9.0]]),
    (lambda t, x: t.subtract(x, 1), [[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0]]),
    (lambda t, x: t.sub(5, x), [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]),
    (lambda t, x: into(t, lambda o: t.sub(x, 1, out=o)), [[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0]]),
    (lambda t, x: t.add(t.tensor([True]), t.tensor([True]), alpha=2), [True]),
    (lambda t, x: t.add(t.tensor([True]), t.tensor([True]), alpha=True), [True]),
    (lambda t, x: t.add(t.tensor([True]), t.tensor([True]), alpha=False), [True]),
    (lambda t, x: t.add(1, 2), 3),
    (
        lambda t, x: gradient(t, lambda a, b: t.add(a, b, alpha=3), x, t.ones(3)),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [15.0, 21.0, 27.0]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: t.sub(a, b, alpha=3), x, t.ones(3)),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [-15.0, -21.0, -27.0]),
    ),
    (lambda t, x: gradient(t, lambda a: t.rsub(a, 1), x), ([[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]],)),
    # mul and div
    (lambda t, x: t.mul(x, 2), [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: x.multiply(other=x), [[0.0, 1.0, 4.0], [9.0, 16.0, 25.0]]),
    (lambda t, x: 3 * x, [[0.0, 3.0, 6.0], [9.0, 12.0, 15.0]]),
    (lambda t, x: t.tensor([True]) * t.tensor([True]), [True]),
    (lambda t, x: t.tensor([True]) * 2, [2]),
    (lambda t, x: x.long() * 0.5, [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]),
    (lambda t, x: into(t, lambda o: t.mul(x, 2, out=o)), [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: t.div(x, 2), [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]),
    (lambda t, x: x.divide(other=t.tensor([1, 2, 4])), [[0.0, 0.5, 0.5], [3.0, 2.0, 1.25]]),
    (lambda t, x: x.true_divide(2), [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]),
    (lambda t, x: t.true_divide(x, 2), [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]),
    (lambda t, x: 1 / t.tensor([1, 2]), [1.0, 0.5]),
    (lambda t, x: t.tensor([1, 2]) / t.tensor([2, 2]), [0.5, 1.0]),
    (lambda t, x: t.tensor([1.0, -1.0, 0.0]) / 0, ["inf", "-inf", "nan"]),
    (lambda t, x: t.div(t.tensor([7, -7]), 2, rounding_mode="floor"), [3, -4]),
    (lambda t, x: t.div(t.tensor([7, -7]), 2, rounding_mode="trunc"), [3, -3]),
    (lambda t, x: t.div(t.tensor([7.0, -7.0]), 2, rounding_mode="trunc"), [3.0, -3.0]),
    (lambda t, x: t.div(t.tensor([7.0, -7.0]), 2, rounding_mode="floor"), [3.0, -4.0]),
    (lambda t, x: t.div(t.tensor([7], dtype=t.uint8), 2, rounding_mode="trunc"), ("uint8", [3])),
    (lambda t, x: t.div(t.tensor([1.0]), 0, rounding_mode="floor"), ["inf"]),
    (lambda t, x: t.div(t.tensor([1.0]), 0, rounding_mode="trunc"), ["inf"]),
    (lambda t, x: t.tensor([7, -7]) // 2, [3, -4]),
    (lambda t, x: 7 // t.tensor([2, -2]), [3, -4]),
    (lambda t, x: t.floor_divide(x, 2), [[0.0, 0.0, 1.0], [1.0, 2.0, 2.0]]),
    (lambda t, x: x.floor_divide(other=2), [[0.0, 0.0, 1.0], [1.0, 2.0, 2.0]]),
    (lambda t, x: t.tensor([True]) // 2, [0]),
    (lambda t, x: into(t, lambda o: t.floor_divide(x, 2, out=o)), [[0.0, 0.0, 1.0], [1.0, 2.0, 2.0]]),
    (lambda t, x: into(t, lambda o: t.div(x, 2, out=o)), [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]),
    (
        lambda t, x: gradient(t, lambda a, b: a / b, x, t.tensor([1.0, 2.0, 4.0])),
        ([[1.0, 1.0, 0.75], [4.0, 2.5, 1.5]], [-12.0, -5.5, -2.25]),
    ),
    (lambda t, x: gradient(t, lambda a: t.div(a, 2, rounding_mode="floor"), x), ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],)),
    (lambda t, x: gradient(t, lambda a: t.div(a, 2, rounding_mode="trunc"), x), ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],)),
    # remainders
    (lambda t, x: t.tensor([7, -7]) % 3, [1, 2]),
    (lambda t, x: t.tensor([7.5, -7.5]) % 2, [1.5, 0.5]),
    (lambda t, x: 7 % t.tensor([2, -2]), [1, -1]),
    (lambda t, x: t.remainder(x, 2), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]),
    (lambda t, x: x.remainder(other=t.tensor([1.0, 2.0, 3.0])), [[0.0, 1.0, 2.0], [0.0, 0.0, 2.0]]),
    (lambda t, x: t.fmod(t.tensor([7, -7]), 3), [1, -1]),
    (lambda t, x: t.fmod(t.tensor([7.5, -7.5]), 2), [1.5, -1.5]),
    (lambda t, x: x.fmod(other=2), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]),
    (lambda t, x: x.fmod(0), [["nan", "nan", "nan"], ["nan", "nan", "nan"]]),
    (lambda t, x: x % 0, [["nan", "nan", "nan"], ["nan", "nan", "nan"]]),
    (lambda t, x: t.remainder(-7, t.tensor([2, 3])), [1, 2]),
    (lambda t, x: into(t, lambda o: t.remainder(x, 2, out=o)), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]),
    (lambda t, x: into(t, lambda o: t.fmod(x, 2, out=o)), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a % b, x, t.tensor([2.0, 3.0, 4.0])),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [-4.0, -5.0, -6.0]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a.fmod(b), x, t.tensor([2.0, 3.0, 4.0])),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [-4.0, -5.0, -6.0]),
    ),
    # neg, pow, lerp
    (lambda t, x: -x, [[-0.0, -1.0, -2.0], [-3.0, -4.0, -5.0]]),
    (lambda t, x: +x, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.neg(x), [[-0.0, -1.0, -2.0], [-3.0, -4.0, -5.0]]),
    (lambda t, x: x.negative(), [[-0.0, -1.0, -2.0], [-3.0, -4.0, -5.0]]),
    (lambda t, x: -t.tensor([1], dtype=t.uint8), ("uint8", [255])),
    (lambda t, x: into(t, lambda o: t.neg(x, out=o)), [[-0.0, -1.0, -2.0], [-3.0, -4.0, -5.0]]),
    (lambda t, x: x**2, [[0.0, 1.0, 4.0], [9.0, 16.0, 25.0]]),
    (lambda t, x: 2**x, [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]),
    (lambda t, x: t.pow(x, 0.5), [[0.0, 1.0, 1.4142], [1.7321, 2.0, 2.2361]]),
    (lambda t, x: x.pow(exponent=t.tensor([0.0, 1.0, 2.0])), [[1.0, 1.0, 4.0], [1.0, 4.0, 25.0]]),
    (lambda t, x: t.pow(2, x), [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]),
    (lambda t, x: t.pow(2.0, t.tensor([1, 2])), [2.0, 4.0]),
    (lambda t, x: t.tensor([2, 3]) ** 2, [4, 9]),
    (lambda t, x: t.tensor([2, 3]) ** 2.0, [4.0, 9.0]),
    (lambda t, x: t.tensor([2, 3]) ** 0.5, [1.4142, 1.7321]),
    (lambda t, x: t.tensor([2, 3]) ** t.tensor([0, -1]), [1, 0]),
    (lambda t, x: t.tensor([2, 1]) ** t.tensor([-1, -2]), [0, 1]),
    (lambda t, x: t.tensor([True, False]) ** True, [True, False]),
    (lambda t, x: t.tensor([True, False]) ** False, [True, True]),
    (lambda t, x: t.tensor([True, False]) ** 2, [1, 0]),
    (lambda t, x: t.tensor([2.0]) ** -1, [0.5]),
    (lambda t, x: t.tensor([0.0]) ** 0, [1.0]),
    (lambda t, x: t.tensor([2], dtype=t.int8) ** 10, ("int8", [0])),
    (lambda t, x: t.zeros(0) ** 2, (0,)),
    (lambda t, x: into(t, lambda o: t.pow(x, 2, out=o)), [[0.0, 1.0, 4.0], [9.0, 16.0, 25.0]]),
    (lambda t, x: into(t, lambda o: t.pow(2, x, out=o)), [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]),
    (lambda t, x: t.tensor([2]) ** -1.0, [0.5]),
    (lambda t, x: gradient(t, lambda a: a**3, x), ([[0.0, 6.0, 36.0], [108.0, 240.0, 450.0]],)),
    (lambda t, x: gradient(t, lambda a: a**0, x), ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],)),
    (
        lambda t, x: gradient(t, lambda a, b: a**b, x, t.tensor([0.0, 2.0, 3.0])),
        ([[0.0, 4.0, 36.0], [0.0, 40.0, 450.0]], [4.3944, 110.9035, 1223.714]),
    ),
    (lambda t, x: gradient(t, lambda a: 2**a, x), ([[0.6931, 2.7726, 8.3178], [22.1807, 55.4518, 133.0843]],)),
    (lambda t, x: t.lerp(x, x + 1, 0.5), [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]),
    (lambda t, x: x.lerp(end=x + 2, weight=t.tensor([0.0, 0.5, 1.0])), [[0.0, 2.0, 4.0], [3.0, 5.0, 7.0]]),
    (lambda t, x: into(t, lambda o: t.lerp(x, x, 0.5, out=o)), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.lerp(x, x, t.tensor(0.5, dtype=t.float64)), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: gradient(t, lambda a, b, w: t.lerp(a, b, w), x, t.ones(3), t.tensor(0.25)),
        ([[0.75, 1.5, 2.25], [3.0, 3.75, 4.5]], [1.25, 1.75, 2.25], -49.0),
    ),
]
ERRORS = [
    # add and sub
    (
        lambda t, x: into(t, lambda o: t.add(x, 1, out=o), "int64"),
        RuntimeError,
        "add(): result type float32 can't be cast to the desired",
    ),
    (lambda t, x: x + "a", TypeError, "unsupported operand type(s) for +: 'Tensor' and 'str'"),
    (lambda t, x: x + None, TypeError, "unsupported operand type(s) for +: 'Tensor' and 'NoneType'"),
    (lambda t, x: x + [1.0], TypeError, "unsupported operand type(s) for +: 'Tensor' and 'list'"),
    (lambda t, x: x + x.reshape(3, 2), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: x + t.zeros(2), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: t.add(x, "a"), TypeError, "add(): argument 'other' must be Tensor or Number, not str"),
    (lambda t, x: t.add(x, None), TypeError, "add(): argument 'other' must be Tensor or Number, not"),
    (lambda t, x: t.add(x, [1.0]), TypeError, "add(): argument 'other' must be Tensor or Number, not list"),
    (lambda t, x: t.add("a", x), TypeError, "add(): argument 'input' must be Tensor or Number, not str"),
    (
        lambda t, x: t.add(x.long(), 1, alpha=1.5),
        RuntimeError,
        "add(): for integral input tensors, argument alpha must not",
    ),
    (
        lambda t, x: t.add(x.long(), x.long(), alpha=1.5),
        RuntimeError,
        "add(): for integral input tensors, argument alpha must not",
    ),
    (lambda t, x: t.add(x, 1, alpha=1j), RuntimeError, "add(): for non-complex input tensors, argument alpha must"),
    (lambda t, x: t.add(x, x, alpha="a"), TypeError, "mul(): argument 'other' must be Tensor or Number, not str"),
    (lambda t, x: t.add(x, x, alpha=None), TypeError, "mul(): argument 'other' must be Tensor or Number, not"),
    (lambda t, x: t.add(x), TypeError, "add() missing 1 required positional argument: 'other'"),
    (
        lambda t, x: t.sub(x.long(), x.long(), alpha=1.5),
        RuntimeError,
        "sub(): for integral input tensors, argument alpha must not",
    ),
    (
        lambda t, x: t.tensor([True]) - t.tensor([True]),
        RuntimeError,
        "Subtraction, the `-` operator, with two bool tensors is not",
    ),
    (lambda t, x: t.tensor([True]) - 1, RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not"),
    (lambda t, x: 1 - t.tensor([True]), RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not"),
    (lambda t, x: x - True, RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not"),
    (lambda t, x: x - t.tensor([True]), RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not"),
    (
        lambda t, x: into(t, lambda o: t.add(x.requires_grad_(), 1, out=o)),
        RuntimeError,
        "add(): functions with out=... arguments don't support",
    ),
    # mul and div
    (
        lambda t, x: into(t, lambda o: t.div(x.long(), 2, out=o), "int64"),
        RuntimeError,
        "div(): result type float32 can't be cast to the desired",
    ),
    (lambda t, x: t.mul(x, "a"), TypeError, "mul(): argument 'other' must be Tensor or Number, not str"),
    (lambda t, x: t.mul(x, None), TypeError, "mul(): argument 'other' must be Tensor or Number, not"),
    (lambda t, x: t.mul(x, t.zeros(2)), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (
        lambda t, x: t.div(x, 2, rounding_mode="up"),
        RuntimeError,
        "div expected rounding_mode to be one of None, 'trunc', or",
    ),
    (
        lambda t, x: t.div(t.tensor([1]), 0, rounding_mode="floor"),
        RuntimeError,
        "ZeroDivisionError: integer division by zero",
    ),
    (
        lambda t, x: t.div(t.tensor([1]), 0, rounding_mode="trunc"),
        RuntimeError,
        "ZeroDivisionError: integer division by zero",
    ),
    (lambda t, x: t.tensor([1]) // 0, RuntimeError, "ZeroDivisionError: integer division by zero"),
    (lambda t, x: t.tensor([1]) // t.tensor([0]), RuntimeError, "ZeroDivisionError: integer division by zero"),
    (
        lambda t, x: t.tensor([True]) // t.tensor([True]),
        NotImplementedError,
        "\"div_floor_cpu\" not implemented for 'Bool': convert to a",
    ),
    (lambda t, x: t.div(x, "a"), TypeError, "div(): argument 'other' must be Tensor or Number, not str"),
    (lambda t, x: t.div(x, 2, "floor"), TypeError, "div() takes 2 positional arguments but 3 were given"),
    # remainders
    (lambda t, x: t.tensor([1]) % 0, RuntimeError, "ZeroDivisionError: remainder by zero of integers"),
    (lambda t, x: t.fmod(t.tensor([1]), 0), RuntimeError, "ZeroDivisionError: fmod by zero of integers"),
    (lambda t, x: t.fmod(t.tensor([1]), t.tensor([0])), RuntimeError, "ZeroDivisionError: fmod by zero of integers"),
    (
        lambda t, x: t.tensor([True]) % True,
        NotImplementedError,
        "\"remainder_cpu\" not implemented for 'Bool': convert to a",
    ),
    (
        lambda t, x: t.fmod(t.tensor([True]), True),
        NotImplementedError,
        "\"fmod_cpu\" not implemented for 'Bool': convert to a number",
    ),
    (lambda t, x: x % "a", TypeError, "unsupported operand type(s) for %: 'Tensor' and 'str'"),
    (lambda t, x: t.fmod(x, "a"), TypeError, "fmod(): argument 'other' must be Tensor or Number, not str"),
    # neg, pow, lerp
    (lambda t, x: -t.tensor([True]), RuntimeError, "Negation, the `-` operator, on a bool tensor is not"),
    (lambda t, x: t.neg(1), TypeError, "neg(): argument 'input' must be Tensor, not int"),
    (lambda t, x: t.neg("a"), TypeError, "neg(): argument 'input' must be Tensor, not str"),
    (lambda t, x: +t.tensor([True]), RuntimeError, "The `+` operator, on a bool tensor is not supported."),
    (lambda t, x: t.tensor([2]) ** -1, RuntimeError, "Integers to negative integer powers are not allowed."),
    (
        lambda t, x: t.tensor([True]) ** t.tensor([True]),
        NotImplementedError,
        "\"pow\" not implemented for 'Bool': convert to a number type",
    ),
    (lambda t, x: t.tensor([True]) ** -1, RuntimeError, "Integers to negative integer powers are not allowed."),
    (lambda t, x: x ** "a", TypeError, "unsupported operand type(s) for ** or pow(): 'Tensor' and"),
    (lambda t, x: t.pow(x, None), TypeError, "pow(): argument 'other' must be Tensor or Number, not"),
    (lambda t, x: x ** t.zeros(2), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: t.lerp(x, x.double(), 0.5), RuntimeError, "expected dtype tinygrad5329.float32 for `end`, but got"),
    (
        lambda t, x: t.lerp(x, x, t.tensor([0.5, 0.5, 0.5], dtype=t.float64)),
        RuntimeError,
        "expected dtype tinygrad5329.float32 for `weight` but got",
    ),
    (
        lambda t, x: t.lerp(x.long(), x.long(), 0.5),
        NotImplementedError,
        "\"lerp\" not implemented for 'int64': convert to floats first",
    ),
    (
        lambda t, x: t.lerp(x.long(), x.long(), 1),
        NotImplementedError,
        "\"lerp\" not implemented for 'int64': convert to floats first",
    ),
    (lambda t, x: t.lerp(x, 1.0, 0.5), TypeError, "lerp(): argument 'end' must be Tensor, not float"),
    (lambda t, x: t.lerp(1.0, x, 0.5), TypeError, "lerp(): argument 'input' must be Tensor, not float"),
    (lambda t, x: t.lerp(x, x, "a"), TypeError, "lerp(): argument 'weight' must be Tensor or Number, not str"),
    (lambda t, x: t.lerp(x, t.zeros(2), 0.5), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (
        lambda t, x: t.add(x, x, out=t.zeros(3)),
        RuntimeError,
        "add(): out has shape (3,) but the result has (2, 3); pass",
    ),
    (lambda t, x: t.add(x, 1, out=1), TypeError, "add(): argument 'out' must be Tensor, not int"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refused_here_alone(call, error, message):
    check_error(tg, call, error, message)
