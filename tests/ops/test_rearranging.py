"""flip, roll, repeat, narrow and diagonal: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, put

VALUES = [
    # flip
    (lambda t, x: t.flip(x, (0,)), [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x.flip(0, 1), [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]),
    (lambda t, x: x.flip(-1), [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]),
    (lambda t, x: x.flip([0, -1]), [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]),
    (lambda t, x: x.flip(dims=(1,)), [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]),
    (lambda t, x: t.flip(input=x, dims=[1]), [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]),
    (lambda t, x: x.flip(()), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.tensor(5.0).flip(0), 5.0),
    (lambda t, x: t.tensor(5.0).flip(()), 5.0),
    (lambda t, x: t.zeros(0, 2).flip(0), (0, 2)),
    (lambda t, x: t.fliplr(x), [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]),
    (lambda t, x: x.flipud(), [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.flipud(x[0]), [2.0, 1.0, 0.0]),
    (lambda t, x: gradient(t, lambda a: a.flip(1), x), ([[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]],)),
    # roll
    (lambda t, x: t.roll(x, 1), [[5.0, 0.0, 1.0], [2.0, 3.0, 4.0]]),
    (lambda t, x: x.roll(1, 1), [[2.0, 0.0, 1.0], [5.0, 3.0, 4.0]]),
    (lambda t, x: x.roll(shifts=(1, -1), dims=(0, 1)), [[4.0, 5.0, 3.0], [1.0, 2.0, 0.0]]),
    (lambda t, x: t.roll(input=x, shifts=4, dims=-1), [[2.0, 0.0, 1.0], [5.0, 3.0, 4.0]]),
    (lambda t, x: x.roll((1, 1), (1, 1)), [[1.0, 2.0, 0.0], [4.0, 5.0, 3.0]]),
    (lambda t, x: t.tensor(5.0).roll(1), 5.0),
    (lambda t, x: t.zeros(0, 2).roll(1, 0), (0, 2)),
    (lambda t, x: gradient(t, lambda a: a.roll(1, 1), x), ([[2.0, 3.0, 1.0], [5.0, 6.0, 4.0]],)),
    # repeat and tile
    (lambda t, x: x.repeat(1, 2), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: x.repeat((2, 1, 1)), [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]]),
    (lambda t, x: x.repeat(repeats=(2, 1)), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.repeat(0, 1), (0, 3)),
    (lambda t, x: x.repeat(t.Size([1, 1])), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.tensor(5.0).repeat(2, 2), [[5.0, 5.0], [5.0, 5.0]]),
    (lambda t, x: t.tensor(5.0).repeat(()), 5.0),
    (lambda t, x: t.tile(x, (2,)), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: t.tile(input=x, dims=(1, 2)), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: x.tile(2), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: x.tile(2, 1), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.tile((2, 1, 1)), [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]]),
    (lambda t, x: x.tile(dims=(2,)), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: x.tile(()), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.tile(0), (2, 0)),
    (lambda t, x: gradient(t, lambda a: a.repeat(2, 2), x), ([[34.0, 38.0, 42.0], [58.0, 62.0, 66.0]],)),
    (lambda t, x: gradient(t, lambda a: a.tile(2), x), ([[5.0, 7.0, 9.0], [17.0, 19.0, 21.0]],)),
    # narrow
    (lambda t, x: t.narrow(x, 1, 1, 2), [[1.0, 2.0], [4.0, 5.0]]),
    (lambda t, x: x.narrow(dim=-1, start=-2, length=1), [[1.0], [4.0]]),
    (lambda t, x: x.narrow(1, t.tensor(1), 1), [[1.0], [4.0]]),
    (lambda t, x: x.narrow(1, 3, 0), (2, 0)),
    (lambda t, x: t.zeros(0).narrow(0, 0, 0), (0,)),
    (lambda t, x: gradient(t, lambda a: a.narrow(1, 1, 2), x), ([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]],)),
    # diagonal
    (lambda t, x: t.diagonal(x), [0.0, 4.0]),
    (lambda t, x: x.diagonal(1), [1.0, 5.0]),
    (lambda t, x: x.diagonal(offset=-1), [3.0]),
    (lambda t, x: x.diagonal(5), (0,)),
    (lambda t, x: t.diagonal(x, 0, dim1=1, dim2=0), [0.0, 4.0]),
    (lambda t, x: t.zeros(2, 3, 4).diagonal(dim1=-2, dim2=-1).shape, (2, 3)),
    (lambda t, x: t.zeros(0, 3).diagonal(), (0,)),
    (lambda t, x: gradient(t, lambda a: a.diagonal(1), x), ([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]],)),
    (lambda t, x: x.clone().diagonal().fill_(9), [9.0, 9.0]),
    (lambda t, x: put(x, ..., 0).diagonal().add_(1), [1.0, 1.0]),
]
ERRORS = [
    # flip
    (lambda t, x: x.flip(), TypeError, 'flip() missing 1 required positional arguments: "dims";'),
    (lambda t, x: x.flip(2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.flip(0, 0), RuntimeError, "flip: dim appears multiple times in the list of dims (0, 0)"),
    (lambda t, x: x.flip(0, -2), RuntimeError, "flip: dim appears multiple times in the list of dims (0, -2)"),
    (lambda t, x: x.flip(0.0), TypeError, "flip(): argument 'dims' must be tuple of ints, not (0.0,)"),
    (lambda t, x: x.flip("a"), TypeError, "flip(): argument 'dims' must be tuple of ints, not ('a',)"),
    (lambda t, x: t.flip(x, 0), TypeError, "flip(): argument 'dims' must be tuple of ints, not int"),
    (lambda t, x: t.fliplr(x[0]), RuntimeError, "Input must be >= 2-d."),
    (lambda t, x: t.flipud(t.tensor(1.0)), RuntimeError, "Input must be >= 1-d."),
    # roll
    (lambda t, x: x.roll((1, 2)), RuntimeError, "shifts and dimensions must align. shifts: 2, dims:0"),
    (lambda t, x: x.roll((1, 2), ()), RuntimeError, "shifts and dimensions must align. shifts: 2, dims:0"),
    (lambda t, x: x.roll((1, 2), 0), RuntimeError, "shifts and dimensions must align. shifts: 2, dims:1"),
    (lambda t, x: x.roll(1, (0, 1)), RuntimeError, "shifts and dimensions must align. shifts: 1, dims:2"),
    (lambda t, x: x.roll(1, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.roll(1.5), TypeError, "roll(): argument 'shifts' must be tuple of ints, not (1.5,)"),
    (lambda t, x: x.roll("a"), TypeError, "roll(): argument 'shifts' must be tuple of ints, not ('a',)"),
    (lambda t, x: x.roll((), ()), RuntimeError, "roll(): `shifts` required"),
    (lambda t, x: t.tensor(5.0).roll(1, 0), IndexError, "roll(): dimension specified as 0 but the tensor has no"),
    # repeat and tile
    (lambda t, x: t.tensor(5.0).repeat(), TypeError, "repeat() missing 1 required positional arguments:"),
    (lambda t, x: x.repeat(2), RuntimeError, "Number of dimensions of repeat dims can not be smaller than"),
    (lambda t, x: x.repeat(-1, 1), RuntimeError, "expand: negative dimensions are not allowed (inputs have"),
    (lambda t, x: x.repeat(1.0, 1), TypeError, "repeat(): argument 'repeats' must be tuple of ints, not"),
    (lambda t, x: x.repeat(), TypeError, "repeat() missing 1 required positional arguments:"),
    (lambda t, x: x.tile(-1), RuntimeError, "expand: negative dimensions are not allowed (inputs have"),
    (lambda t, x: x.tile(1.5), TypeError, "tile(): argument 'dims' must be tuple of ints, not (1.5,)"),
    (lambda t, x: t.tile(x, 2), TypeError, "tile(): argument 'dims' must be tuple of ints, not int"),
    # narrow
    (lambda t, x: x.narrow(1, 2, 2), RuntimeError, "start (2) + length (2) exceeds dimension size (3)."),
    (lambda t, x: x.narrow(1, 4, 0), IndexError, "start out of range (expected to be in range of [-3, 3], but"),
    (lambda t, x: x.narrow(1, -4, 1), IndexError, "start out of range (expected to be in range of [-3, 3], but"),
    (lambda t, x: x.narrow(1, 0, -1), RuntimeError, "start (0) + length (-1) exceeds dimension size (3)."),
    (lambda t, x: x.narrow(2, 0, 1), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.narrow(1, 0.5, 1), TypeError, "narrow(): argument 'start' must be int, not float"),
    (lambda t, x: x.narrow(1, 0, 1.0), TypeError, "narrow(): argument 'length' must be int, not float"),
    (lambda t, x: x.narrow(1, t.tensor([1]), 1), RuntimeError, "narrow(): start must be an 0-dim integral Tensor."),
    (lambda t, x: x.narrow(1, t.tensor([1, 0]), 1), RuntimeError, "narrow(): start must be an 0-dim integral Tensor."),
    (lambda t, x: x.narrow(1, t.tensor(1.0), 1), RuntimeError, "narrow(): start must be an 0-dim integral Tensor."),
    (lambda t, x: t.tensor(5.0).narrow(0, 0, 1), RuntimeError, "narrow() cannot be applied to a 0-dim tensor."),
    # diagonal
    (lambda t, x: x.diagonal(0, 0, 0), RuntimeError, "diagonal dimensions cannot be identical 0, 0"),
    (lambda t, x: x.diagonal(0, 0, -2), RuntimeError, "diagonal dimensions cannot be identical 0, 0"),
    (lambda t, x: x.diagonal(0, 0, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x[0].diagonal(), IndexError, "Dimension out of range (expected to be in range of [-1, 0],"),
    (lambda t, x: t.tensor(5.0).diagonal(), IndexError, "Dimension out of range (expected to be in range of [-1, 0],"),
    (lambda t, x: x.diagonal(0.5), TypeError, "must be int, not float"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
