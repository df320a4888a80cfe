"""einsum: equations, sublists, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: t.einsum("ij,kj->ik", x, x), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum("ij,jk", x, x.t()), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum("ij->ji", x), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.einsum("ji", x), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.einsum("ij->", x), 15.0),
    (lambda t, x: t.einsum("ij->j", x), [3.0, 5.0, 7.0]),
    (lambda t, x: t.einsum("i,i", x[0], x[1]), 14.0),
    (lambda t, x: t.einsum("i,j->ij", x[0], x[1]), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: t.einsum("ii", x @ x.t()), 55.0),
    (lambda t, x: t.einsum("ii->i", x @ x.t()), [5.0, 50.0]),
    (lambda t, x: t.einsum("...ij,...jk->...ik", x[None], x.t()).shape, (1, 2, 2)),
    (lambda t, x: t.einsum("...j->...", x), [3.0, 12.0]),
    (lambda t, x: t.einsum("...,...", x, x), [[0.0, 1.0, 4.0], [9.0, 16.0, 25.0]]),
    (lambda t, x: t.einsum("i...->...", x), [3.0, 5.0, 7.0]),
    (lambda t, x: t.einsum("b...,b...->...", x, x), [9.0, 17.0, 29.0]),
    (lambda t, x: t.einsum("...j,j", x, x[0]), [5.0, 14.0]),
    (lambda t, x: t.einsum(" i j , k j -> i k ", x, x), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum("ij,kj->ik", [x, x]), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum("ij,kj->ik", (x, x)), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum(x, [0, 1], x, [2, 1], [0, 2]), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum(x, [0, 1], x, [2, 1]), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum(x, [Ellipsis, 1], [Ellipsis]), [3.0, 12.0]),
    (lambda t, x: t.einsum("ij,ij,kj->k", x, x, x), [75.0, 240.0]),
    (lambda t, x: t.einsum("ij,jk,kl->il", x, x.t(), x), [[42.0, 61.0, 80.0], [150.0, 214.0, 278.0]]),
    (lambda t, x: t.einsum("aB,cB->ac", x, x), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum("Ba,ca", x, x), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.einsum(",ij->ij", t.tensor(2.0), x), [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: t.einsum(",", t.tensor(2.0), t.tensor(3.0)), 6.0),
    (lambda t, x: t.einsum("", t.tensor(2.0)), 2.0),
    (lambda t, x: t.einsum("->", t.tensor(2.0)), 2.0),
    (lambda t, x: t.einsum("ij,j->i", t.zeros(0, 3), t.ones(3)), (0,)),
    (lambda t, x: t.einsum("ij,j->i", t.zeros(2, 0), t.ones(0)), [0.0, 0.0]),
    (lambda t, x: t.einsum("ij,kj->ik", x, x[:, :1]), [[0.0, 9.0], [0.0, 36.0]]),
    (lambda t, x: t.einsum("ij,ij->ij", x, x[:1]), [[0.0, 1.0, 4.0], [0.0, 4.0, 10.0]]),
    (lambda t, x: t.einsum("ij,ij->i", x, x[:, :1]), [0.0, 36.0]),
    (lambda t, x: t.einsum("ij,j->i", x.long(), x.long()[0]), [5, 14]),
    (lambda t, x: t.einsum("i,i->i", x[0], x[0]), [0.0, 1.0, 4.0]),
    (lambda t, x: t.einsum("bij,bjk->bik", t.ones(2, 1, 3), t.ones(2, 3, 1)), [[[3.0]], [[3.0]]]),
    (lambda t, x: t.einsum("iij->j", t.arange(8.0).reshape(2, 2, 2)), [6.0, 8.0]),
    (lambda t, x: t.einsum("iii->i", t.arange(8.0).reshape(2, 2, 2)), [0.0, 7.0]),
    (lambda t, x: t.einsum("ij->...", x), 15.0),
    (lambda t, x: t.einsum("i...,...i->...", x, x.t()), [9.0, 17.0, 29.0]),
    (
        lambda t, x: gradient(t, lambda a, b: t.einsum("ij,kj->ik", a, b), x, x),
        ([[6.0, 9.0, 12.0], [12.0, 19.0, 26.0]], [[9.0, 13.0, 17.0], [12.0, 18.0, 24.0]]),
    ),
    (lambda t, x: gradient(t, lambda a: t.einsum("ii->i", a), x @ x.t()), ([[1.0, 0.0], [0.0, 2.0]],)),
    (
        lambda t, x: gradient(t, lambda a, b: t.einsum("ij,j->", a, b), x, x[0]),
        ([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], [3.0, 5.0, 7.0]),
    ),
    (lambda t, x: t.einsum("...ij->ij", x[None]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
]
ERRORS = [
    (lambda t, x: t.einsum("ij,jk->ik", x), RuntimeError, "einsum(): fewer operands were provided than specified in"),
    (
        lambda t, x: t.einsum("ij->ij", x, x),
        RuntimeError,
        "einsum(): more operands were provided than specified in the",
    ),
    (
        lambda t, x: t.einsum("ij,jk->ik", x, x),
        RuntimeError,
        "einsum(): subscript j has size 2 for operand 1 which does",
    ),
    (lambda t, x: t.einsum("ijk->i", x), RuntimeError, "einsum(): the number of subscripts in the equation (3) does"),
    (lambda t, x: t.einsum("i->i", x), RuntimeError, "einsum(): the number of subscripts in the equation (1) does"),
    (
        lambda t, x: t.einsum("i...j...->i", x),
        RuntimeError,
        "einsum(): invalid subscript given for operand 0: 'i...j...'",
    ),
    (lambda t, x: t.einsum("i1->i", x), RuntimeError, "einsum(): invalid subscript given for operand 0: 'i1' in"),
    (lambda t, x: t.einsum("i.j->i", x), RuntimeError, "einsum(): invalid subscript given for operand 0: 'i.j' in"),
    (lambda t, x: t.einsum("ij->k", x), RuntimeError, "einsum(): output subscript k does not appear in the"),
    (lambda t, x: t.einsum("ij->ii", x), RuntimeError, "einsum(): output subscripts appear more than once in"),
    (lambda t, x: t.einsum("ij->i1", x), RuntimeError, "einsum(): output subscript 1 does not appear in the"),
    (lambda t, x: t.einsum("ii->i", x), RuntimeError, "einsum(): subscript i is repeated for an operand but the"),
    (lambda t, x: t.einsum("ij->i->j", x), RuntimeError, "einsum(): output subscript - does not appear in the"),
    (lambda t, x: t.einsum("ij-i", x), RuntimeError, "einsum(): invalid subscript given for operand 0: 'ij-i' in"),
    (lambda t, x: t.einsum("ij>i", x), RuntimeError, "einsum(): invalid subscript given for operand 0: 'ij>i' in"),
    (lambda t, x: t.einsum("i->...i...", x[0]), RuntimeError, "einsum(): output subscripts appear more than once in"),
    (lambda t, x: t.einsum("ij"), ValueError, "einsum(): must specify the equation string and at least one"),
    (lambda t, x: t.einsum(), ValueError, "einsum(): must specify the equation string and at least one"),
    (lambda t, x: t.einsum("ij", 1), TypeError, "expected Tensor as element 0 in argument 1, but got int"),
    (
        lambda t, x: t.einsum("ij,kj->ik", x, x.double()),
        RuntimeError,
        "expected m1 and m2 to have the same dtype, but got:",
    ),
    (
        lambda t, x: t.einsum("ij,kj->ik", x, x.long()),
        RuntimeError,
        "expected m1 and m2 to have the same dtype, but got:",
    ),
    (lambda t, x: t.einsum(1, x), TypeError, "einsum(): argument 'equation' must be str, not int"),
    (lambda t, x: t.einsum(x), ValueError, "einsum(): must specify the equation string and at least one"),
    (lambda t, x: t.einsum(x, [0, 60]), ValueError, "einsum(): subscripts in a list must be within [0, 52), got"),
    (lambda t, x: t.einsum(x, [0, -1]), ValueError, "einsum(): subscripts in a list must be within [0, 52), got"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
