"""Size: a tuple of ints that stays one."""

# The rows are about the operators themselves.
# ruff: noqa: RUF005
from __future__ import annotations

import pytest

from .ops.tables import LIBRARIES, check_error, check_value

VALUES = [
    (lambda t, x: t.Size([2, 3]), (2, 3)),
    (lambda t, x: t.Size((2, 3)), (2, 3)),
    (lambda t, x: t.Size([]), ()),
    (lambda t, x: t.Size([2, 3]).numel(), 6),
    (lambda t, x: t.Size([]).numel(), 1),
    (lambda t, x: t.Size([2, 0]).numel(), 0),
    (lambda t, x: type(t.Size([2]) + t.Size([3])) is t.Size, True),
    (lambda t, x: t.Size([2]) + (3,), (2, 3)),
    (lambda t, x: type((3,) + t.Size([2])) is t.Size, True),
    (lambda t, x: (3,) + t.Size([2]), (3, 2)),
    (lambda t, x: type(t.Size([2]) * 2) is t.Size, True),
    (lambda t, x: 2 * t.Size([2]), (2, 2)),
    (lambda t, x: type(2 * t.Size([2])) is t.Size, True),
    (lambda t, x: type(t.Size([2, 3])[1:]) is t.Size, True),
    (lambda t, x: t.Size([2, 3])[0], 2),
    (lambda t, x: t.Size([2, 3])[-1], 3),
    (lambda t, x: t.Size([2, 3]) == (2, 3), True),
    (lambda t, x: t.Size([2, 3]) == [2, 3], False),
    (lambda t, x: hash(t.Size([2, 3])) == hash((2, 3)), True),
    (lambda t, x: len(t.Size([2, 3])), 2),
    (lambda t, x: repr(t.Size([2, 3])).rpartition(".")[2], "Size([2, 3])"),
    (lambda t, x: repr(t.Size([])).rpartition(".")[2], "Size([])"),
    (lambda t, x: str(t.Size([2])).rpartition(".")[2], "Size([2])"),
    (lambda t, x: x.shape.count(3), 1),
    (lambda t, x: x.shape.index(3), 1),
    (lambda t, x: tuple(x.shape), (2, 3)),
    (lambda t, x: isinstance(x.shape, tuple), True),
    (lambda t, x: t.Size(t.tensor([2, 3])), (2, 3)),
    (lambda t, x: t.Size([t.tensor(2)]), (2,)),
    (lambda t, x: t.Size(range(2)), (0, 1)),
    (lambda t, x: t.Size([-1]), (-1,)),
    (lambda t, x: t.Size([True]), (1,)),
    (lambda t, x: x.shape.numel() * 2, 12),
    (lambda t, x: a if (a := x.shape[:1]) else 0, (2,)),
    (lambda t, x: t.Size(), ()),
    (lambda t, x: __import__("copy").deepcopy(t.Size([2, 3])), (2, 3)),
]
ERRORS = [
    (lambda t, x: t.Size([2.0]), TypeError, "Size() takes an iterable of 'int' (item 0 is 'float')"),
    (lambda t, x: t.Size(["a"]), TypeError, "Size() takes an iterable of 'int' (item 0 is 'str')"),
    (lambda t, x: t.Size([None]), TypeError, "Size() takes an iterable of 'int' (item 0 is 'NoneType')"),
    (lambda t, x: t.Size(2), TypeError, "'int' object is not iterable"),
    (lambda t, x: t.Size("ab"), TypeError, "Size() takes an iterable of 'int' (item 0 is 'str')"),
    (lambda t, x: t.Size([2]) + [3], TypeError, "can only concatenate tuple (not list) to Size"),
    (lambda t, x: [3] + t.Size([2]), TypeError, 'can only concatenate list (not "Size") to list'),
    (lambda t, x: t.Size([2]) + 3, TypeError, "can only concatenate tuple (not int) to Size"),
    (lambda t, x: t.Size([2]) + (1.5,), TypeError, "Size() takes an iterable of 'int' (item 1 is 'float')"),
    (lambda t, x: t.Size([2]) * 1.5, TypeError, "can't multiply sequence by non-int of type 'float'"),
    (lambda t, x: t.Size([2])["a"], TypeError, "tuple indices must be integers or slices, not str"),
    (lambda t, x: t.Size([2])[5], IndexError, "tuple index out of range"),
    (lambda t, x: t.Size([2], [3]), TypeError, "Size.__new__() takes from 1 to 2 positional arguments but 3"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
