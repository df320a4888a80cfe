"""pad in its four modes: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    # constant
    (lambda t, x: t.nn.functional.pad(x, (1, 0)), [[0.0, 0.0, 1.0, 2.0], [0.0, 3.0, 4.0, 5.0]]),
    (
        lambda t, x: t.nn.functional.pad(x, [0, 1, 1, 0], value=9),
        [[9.0, 9.0, 9.0, 9.0], [0.0, 1.0, 2.0, 9.0], [3.0, 4.0, 5.0, 9.0]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x, pad=(1, 1), mode="constant", value=-1.5),
        [[-1.5, 0.0, 1.0, 2.0, -1.5], [-1.5, 3.0, 4.0, 5.0, -1.5]],
    ),
    (lambda t, x: t.nn.functional.pad(x, (-1, 1)), [[1.0, 2.0, 0.0], [4.0, 5.0, 0.0]]),
    (lambda t, x: t.nn.functional.pad(x, (0, 0, -1, 0)), [[3.0, 4.0, 5.0]]),
    (lambda t, x: t.nn.functional.pad(x, (-1, -1)), [[1.0], [4.0]]),
    (lambda t, x: t.nn.functional.pad(x, ()), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.nn.functional.pad(x.long(), (1, 0), value=2), [[2, 0, 1, 2], [2, 3, 4, 5]]),
    (lambda t, x: t.nn.functional.pad(x.long(), (1, 0), value=2.9), [[2, 0, 1, 2], [2, 3, 4, 5]]),
    (lambda t, x: t.nn.functional.pad(x > 2, (1, 0)), [[False, False, False, False], [False, True, True, True]]),
    (
        lambda t, x: t.nn.functional.pad(x > 2, (1, 0), value=True),
        [[True, False, False, False], [True, True, True, True]],
    ),
    (lambda t, x: t.nn.functional.pad(t.zeros(0, 2), (1, 0)).shape, (0, 3)),
    (lambda t, x: t.nn.functional.pad(t.zeros(0, 2), (0, 0, 1, 0)), [[0.0, 0.0]]),
    (lambda t, x: t.nn.functional.pad(t.tensor(5.0), ()), 5.0),
    (
        lambda t, x: gradient(t, lambda a: t.nn.functional.pad(a, (1, -1, 0, 1)), x),
        ([[2.0, 3.0, 0.0], [5.0, 6.0, 0.0]],),
    ),
    # other modes
    (
        lambda t, x: t.nn.functional.pad(x, (2, 1), mode="reflect"),
        [[2.0, 1.0, 0.0, 1.0, 2.0, 1.0], [5.0, 4.0, 3.0, 4.0, 5.0, 4.0]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (2, 1), mode="replicate"),
        [[0.0, 0.0, 0.0, 1.0, 2.0, 2.0], [3.0, 3.0, 3.0, 4.0, 5.0, 5.0]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (2, 1), mode="circular"),
        [[1.0, 2.0, 0.0, 1.0, 2.0, 0.0], [4.0, 5.0, 3.0, 4.0, 5.0, 3.0]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (3, 3), "circular"),
        [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (5, 5), "replicate")[:, :6],
        [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0, 3.0, 3.0]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x[None], (1, 0, 0, 1), mode="reflect"),
        [[[1.0, 0.0, 1.0, 2.0], [4.0, 3.0, 4.0, 5.0], [1.0, 0.0, 1.0, 2.0]]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x[None], (1, 0, 0, 1), mode="circular"),
        [[[2.0, 0.0, 1.0, 2.0], [5.0, 3.0, 4.0, 5.0], [2.0, 0.0, 1.0, 2.0]]],
    ),
    (
        lambda t, x: t.nn.functional.pad(x[None], (1, 0, 0, 1), mode="replicate"),
        [[[0.0, 0.0, 1.0, 2.0], [3.0, 3.0, 4.0, 5.0], [3.0, 3.0, 4.0, 5.0]]],
    ),
    (lambda t, x: t.nn.functional.pad(x[None], (-1, 1), mode="replicate"), [[[1.0, 2.0, 2.0], [4.0, 5.0, 5.0]]]),
    (lambda t, x: t.nn.functional.pad(x[None], (-1, 1), mode="reflect"), [[[1.0, 2.0, 1.0], [4.0, 5.0, 4.0]]]),
    (lambda t, x: t.nn.functional.pad(x[None], (-1, 1), mode="circular"), [[[1.0, 2.0, 1.0], [4.0, 5.0, 4.0]]]),
    (lambda t, x: t.nn.functional.pad(x, (0, 0), mode="reflect"), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.nn.functional.pad(x.long(), (1, 1), mode="circular"), [[2, 0, 1, 2, 0], [5, 3, 4, 5, 3]]),
    (lambda t, x: t.nn.functional.pad(x.long(), (1, 1), mode="reflect"), [[1, 0, 1, 2, 1], [4, 3, 4, 5, 4]]),
    (
        lambda t, x: t.nn.functional.pad(x, (1, 1), mode="reflect", value=0),
        [[1.0, 0.0, 1.0, 2.0, 1.0], [4.0, 3.0, 4.0, 5.0, 4.0]],
    ),
    (
        lambda t, x: gradient(t, lambda a: t.nn.functional.pad(a, (2, 1), "reflect"), x),
        ([[3.0, 12.0, 6.0], [9.0, 30.0, 18.0]],),
    ),
    (
        lambda t, x: gradient(t, lambda a: t.nn.functional.pad(a, (2, 1), "replicate"), x),
        ([[6.0, 4.0, 11.0], [24.0, 10.0, 23.0]],),
    ),
    (
        lambda t, x: gradient(t, lambda a: t.nn.functional.pad(a, (2, 1), "circular"), x),
        ([[9.0, 5.0, 7.0], [21.0, 17.0, 19.0]],),
    ),
    (lambda t, x: t.nn.functional.pad(t.zeros(2, 0), (0, 0), mode="circular"), (2, 0)),
]
ERRORS = [
    # constant
    (
        lambda t, x: t.nn.functional.pad(x, (1,)),
        RuntimeError,
        "Padding length must be divisible by 2 and at most twice the",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (1, 1, 1, 1, 1, 1)),
        RuntimeError,
        "Padding length must be divisible by 2 and at most twice the",
    ),
    (
        lambda t, x: t.nn.functional.pad(t.tensor(5.0), (1, 1)),
        RuntimeError,
        "Padding length must be divisible by 2 and at most twice the",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (-2, -2)),
        RuntimeError,
        "The input size 3, plus negative padding -2 and -2, resulted",
    ),
    (lambda t, x: t.nn.functional.pad(x, 1), TypeError, "pad(): argument 'pad' must be tuple of ints, not int"),
    (
        lambda t, x: t.nn.functional.pad(x, (1.0, 1)),
        TypeError,
        "pad(): argument 'pad' must be tuple of ints, not (1.0, 1)",
    ),
    (lambda t, x: t.nn.functional.pad(x, "a"), TypeError, "pad(): argument 'pad' must be tuple of ints, not str"),
    (lambda t, x: t.nn.functional.pad(1.0, (1, 1)), TypeError, "pad(): argument 'input' must be Tensor, not float"),
    (
        lambda t, x: t.nn.functional.pad(x, (1, 1), value="a"),
        TypeError,
        "pad(): argument 'value' must be float, not str",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (1, 1), "mirror"),
        NotImplementedError,
        "Unrecognised padding mode mirror: use constant, reflect,",
    ),
    # other modes
    (
        lambda t, x: t.nn.functional.pad(x, (3, 0), mode="reflect"),
        RuntimeError,
        "pad: padding (3, 0) does not fit mode 'reflect' at",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (0, 4), mode="circular"),
        RuntimeError,
        "pad: padding (0, 4) does not fit mode 'circular' at",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (1, 1), mode="reflect", value=1.0),
        RuntimeError,
        'Padding mode "reflect" doesn\'t take in value argument',
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (1, 1, 1, 1), mode="reflect"),
        NotImplementedError,
        "Only 2D, 3D, 4D, 5D padding with non-constant padding are",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (1,), mode="reflect"),
        RuntimeError,
        "Padding length must be divisible by 2 and at most twice the",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (), mode="reflect"),
        NotImplementedError,
        "Only 2D, 3D, 4D, 5D padding with non-constant padding are",
    ),
    (
        lambda t, x: t.nn.functional.pad(x[0], (1, 1), mode="replicate"),
        NotImplementedError,
        "Only 2D, 3D, 4D, 5D padding with non-constant padding are",
    ),
    (
        lambda t, x: t.nn.functional.pad(t.tensor(5.0), (1, 1), mode="circular"),
        RuntimeError,
        "Padding length must be divisible by 2 and at most twice the",
    ),
    (
        lambda t, x: t.nn.functional.pad(t.zeros(2, 0), (1, 1), mode="replicate"),
        RuntimeError,
        "pad: padding (1, 1) does not fit mode 'replicate' at",
    ),
    (
        lambda t, x: t.nn.functional.pad(t.zeros(2, 0), (1, 1), mode="reflect"),
        RuntimeError,
        "pad: padding (1, 1) does not fit mode 'reflect' at",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (-2, -2), mode="replicate"),
        RuntimeError,
        "pad: padding (-2, -2) does not fit mode 'replicate' at",
    ),
    (
        lambda t, x: t.nn.functional.pad(x, (-2, -2), mode="circular"),
        RuntimeError,
        "pad: padding (-2, -2) does not fit mode 'circular' at",
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
