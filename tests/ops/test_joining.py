"""cat, stack, split and their kin: values, dtypes and refusals."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    # cat
    (lambda t, x: t.cat([x, x]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.cat((x, x), dim=1), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: t.cat(tensors=[x, x], dim=-1), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: t.concat([x[0], x[1]]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: t.concatenate([x[0], x[1]], dim=0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: t.cat([x, t.tensor([])]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.cat([t.tensor([]), x], 1), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.cat([t.tensor([]), t.tensor([])]), (0,)),
    (lambda t, x: t.cat([x, x.long()]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.cat([x.long(), x.int()]), [[0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]]),
    (lambda t, x: t.cat([x, t.zeros(0, 3)]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.cat([t.zeros(2, 0), x], 1), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: into(t, lambda o: t.cat([x, x], out=o)),
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
    ),
    (
        lambda t, x: into(t, lambda o: t.cat([x, x], out=o), "float64"),
        ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: t.cat([a, b, a], 1), x, t.ones(2, 1)),
        ([[6.0, 8.0, 10.0], [20.0, 22.0, 24.0]], [[4.0], [11.0]]),
    ),
    (lambda t, x: t.cat([t.tensor([]), t.tensor([])], 1), (0,)),
    # stack
    (lambda t, x: t.stack([x[0], x[1]]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.stack([x[0], x[1]], dim=1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.stack(tensors=(x[0], x[1]), dim=-1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.stack([t.tensor(1.0), t.tensor(2)]), [1.0, 2.0]),
    (lambda t, x: t.stack([x[0], x[0].long()], -2), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.stack([t.zeros(0), t.zeros(0)]), (2, 0)),
    (lambda t, x: into(t, lambda o: t.stack([x[0], x[1]], out=o)), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: gradient(t, lambda a, b: t.stack([a, b, a], 1), t.ones(2), t.ones(2)), ([4.0, 10.0], [2.0, 5.0])),
    # split
    (lambda t, x: t.split(x, 2, 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.split(1), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
    (lambda t, x: x.split([1, 2], dim=1), ([[0.0], [3.0]], [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: t.split(x, split_size_or_sections=(0, 3), dim=-1), ((2, 0), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: t.split(x, 5), ([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],)),
    (lambda t, x: t.zeros(0).split(2), ((0,),)),
    (lambda t, x: t.zeros(0).split(0), ((0,),)),
    (lambda t, x: t.zeros(0).split([0, 0]), ((0,), (0,))),
    (lambda t, x: gradient(t, lambda a: a.split([1, 2], 1)[1], x), ([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]],)),
    (lambda t, x: t.split(tensor=x, split_size_or_sections=2), ([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],)),
    # chunk
    (lambda t, x: x.chunk(2, 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.chunk(input=x, chunks=2, dim=-1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.chunk(5, dim=1), ([[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.arange(10).chunk(4), ([0, 1, 2], [3, 4, 5], [6, 7, 8], [9])),
    (lambda t, x: t.arange(5).chunk(4), ([0, 1], [2, 3], [4])),
    (lambda t, x: t.zeros(0).chunk(3), ((0,), (0,), (0,))),
    # tensor_split
    (lambda t, x: t.tensor_split(x, 2, dim=1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.tensor_split(5, 1), ([[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]], (2, 0), (2, 0))),
    (lambda t, x: x.tensor_split((1,), 1), ([[0.0], [3.0]], [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: x.tensor_split([1, 2], dim=-1), ([[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.tensor_split([2, 1], 1), ([[0.0, 1.0], [3.0, 4.0]], (2, 0), [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: x.tensor_split([-1, 9], 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]], (2, 0))),
    (lambda t, x: x.tensor_split(t.tensor([1]), 1), ([[0.0], [3.0]], [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: x.tensor_split(t.tensor(2), 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.tensor_split(x, indices=[1], dim=0), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
    (lambda t, x: t.tensor_split(x, sections=2), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
    (lambda t, x: t.zeros(0).tensor_split(2), ((0,), (0,))),
    # unbind
    (lambda t, x: x.unbind(), ([0.0, 1.0, 2.0], [3.0, 4.0, 5.0])),
    (lambda t, x: t.unbind(x, dim=1), ([0.0, 3.0], [1.0, 4.0], [2.0, 5.0])),
    (lambda t, x: x.unbind(-1), ([0.0, 3.0], [1.0, 4.0], [2.0, 5.0])),
    (lambda t, x: t.zeros(2, 0).unbind(), ((0,), (0,))),
    (lambda t, x: t.zeros(0, 2).unbind(), ()),
    (lambda t, x: gradient(t, lambda a: a.unbind(1)[2], x), ([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]],)),
    # hstack and the like
    (lambda t, x: t.hstack([x, x]), [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]]),
    (lambda t, x: t.hstack((x[0], x[1])), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: t.hstack([t.tensor(1.0), t.tensor(2.0)]), [1.0, 2.0]),
    (lambda t, x: t.hstack([t.tensor(1.0), x[0]]), [1.0, 0.0, 1.0, 2.0]),
    (lambda t, x: t.vstack([x[0], x[1]]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.vstack([x, x[0]]), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.vstack([t.tensor(1.0), t.tensor(2.0)]), [[1.0], [2.0]]),
    (
        lambda t, x: into(t, lambda o: t.hstack([x, x], out=o)),
        [[0.0, 1.0, 2.0, 0.0, 1.0, 2.0], [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]],
    ),
    (
        lambda t, x: into(t, lambda o: t.vstack([x, x], out=o)),
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
    ),
    (lambda t, x: t.hsplit(x, 3), ([[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.hsplit(x, [1]), ([[0.0], [3.0]], [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: t.hsplit(t.arange(4), 2), ([0, 1], [2, 3])),
    (lambda t, x: t.hsplit(x, (1, 2)), ([[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.hsplit(3), ([[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.vsplit(2), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
    (lambda t, x: t.vsplit(x, 2), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
    (lambda t, x: t.vsplit(x, [1]), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
]
ERRORS = [
    # cat
    (lambda t, x: t.cat([]), ValueError, "cat(): expected a non-empty list of Tensors"),
    (lambda t, x: t.cat([x, 1.0]), TypeError, "expected Tensor as element 1 in argument 0, but got float"),
    (lambda t, x: t.cat([1.0]), TypeError, "expected Tensor as element 0 in argument 0, but got float"),
    (lambda t, x: t.cat(x), TypeError, "cat(): argument 'tensors' must be tuple of Tensors, not"),
    (lambda t, x: t.cat(x, 0), TypeError, "cat(): argument 'tensors' must be tuple of Tensors, not"),
    (lambda t, x: t.cat(1), TypeError, "cat(): argument 'tensors' must be tuple of Tensors, not int"),
    (lambda t, x: t.cat([x, x], 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: t.cat([x, x], -3), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: t.cat([x, x[0]]), RuntimeError, "Tensors must have same number of dimensions: got 2 and 1"),
    (lambda t, x: t.cat([x, x[:, :2]]), RuntimeError, "Sizes of tensors must match except in dimension 0. Expected"),
    (
        lambda t, x: t.cat([t.tensor(1.0), t.tensor(2.0)]),
        RuntimeError,
        "zero-dimensional tensor cannot be concatenated; use stack",
    ),
    (lambda t, x: t.cat([x, t.tensor(1.0)]), RuntimeError, "zero-dimensional tensor cannot be concatenated; use stack"),
    (lambda t, x: t.cat([x, x], dim=1.0), TypeError, "must be int, not float"),
    (lambda t, x: t.cat(dim=0), TypeError, "cat() missing 1 required positional argument: 'tensors'"),
    # stack
    (lambda t, x: t.stack([]), RuntimeError, "stack(): expected a non-empty list of Tensors"),
    (lambda t, x: t.stack([x, x[0]]), RuntimeError, "stack expects each tensor to be equal size, but got [2, 3]"),
    (lambda t, x: t.stack([x, x], 3), IndexError, "Dimension out of range (expected to be in range of [-3, 2],"),
    (lambda t, x: t.stack([x, x], -4), IndexError, "Dimension out of range (expected to be in range of [-3, 2],"),
    (lambda t, x: t.stack([x, 1]), TypeError, "expected Tensor as element 1 in argument 0, but got int"),
    (lambda t, x: t.stack([1, x]), TypeError, "expected Tensor as element 0 in argument 0, but got int"),
    (lambda t, x: t.stack(x), TypeError, "stack(): argument 'tensors' must be tuple of Tensors, not"),
    # split
    (lambda t, x: x.split(0), RuntimeError, "split expects split_size be positive, but got split_size=0"),
    (lambda t, x: x.split(-1), RuntimeError, "split expects split_size be positive, but got split_size=-1"),
    (lambda t, x: x.split([1, 1], 1), RuntimeError, "split_with_sizes expects split_sizes to sum exactly to 3"),
    (lambda t, x: x.split([4, -1], 1), RuntimeError, "split_with_sizes expects split_sizes to sum exactly to 3"),
    (lambda t, x: x.split(1, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.split([1], 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: t.tensor(1.0).split(1), RuntimeError, "split expects at least a 1-dimensional tensor"),
    (lambda t, x: t.tensor(1.0).split([1]), RuntimeError, "split expects at least a 1-dimensional tensor"),
    (lambda t, x: x.split("a"), TypeError, "split(): argument 'split_size' must be int, not str"),
    (lambda t, x: x.split(1.5), TypeError, "split(): argument 'split_size' must be int, not float"),
    (lambda t, x: x.split([1.0, 2.0], 1), TypeError, "split(): argument 'split_sizes' must be int, not float"),
    # chunk
    (lambda t, x: x.chunk(0), RuntimeError, "chunk expects `chunks` to be greater than 0, got: 0"),
    (lambda t, x: x.chunk(-1), RuntimeError, "chunk expects `chunks` to be greater than 0, got: -1"),
    (lambda t, x: x.chunk(1, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: t.tensor(1.0).chunk(1), RuntimeError, "chunk expects at least a 1-dimensional tensor"),
    (lambda t, x: x.chunk(1.5), TypeError, "chunk(): argument 'chunks' must be int, not float"),
    (lambda t, x: x.chunk("a"), TypeError, "chunk(): argument 'chunks' must be int, not str"),
    # tensor_split
    (lambda t, x: x.tensor_split(0), RuntimeError, "number of sections must be larger than 0, got 0"),
    (lambda t, x: x.tensor_split(-1), RuntimeError, "number of sections must be larger than 0, got -1"),
    (lambda t, x: x.tensor_split(2, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (
        lambda t, x: t.tensor(1.0).tensor_split(1),
        RuntimeError,
        "tensor_split expected at least a 1-dimensional tensor, but",
    ),
    (
        lambda t, x: t.tensor(1.0).tensor_split([1]),
        RuntimeError,
        "tensor_split expected at least a 1-dimensional tensor, but",
    ),
    (lambda t, x: x.tensor_split("a"), TypeError, "slice indices must be integers or None or have an __index__"),
    (
        lambda t, x: x.tensor_split(t.tensor([1.0])),
        RuntimeError,
        "tensor_split expected tensor_indices_or_sections to be long",
    ),
    (
        lambda t, x: x.tensor_split(t.tensor([[1]])),
        RuntimeError,
        "tensor_split expected tensor_indices_or_sections to be long",
    ),
    (lambda t, x: x.tensor_split([1.0]), TypeError, "slice indices must be integers or None or have an __index__"),
    # unbind
    (lambda t, x: x.unbind(2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: t.tensor(1.0).unbind(), IndexError, "Dimension specified as 0 but tensor has no dimensions"),
    # hstack and the like
    (lambda t, x: t.hstack([]), RuntimeError, "hstack(): expected a non-empty list of Tensors"),
    (lambda t, x: t.vstack([]), RuntimeError, "vstack(): expected a non-empty list of Tensors"),
    (lambda t, x: t.hstack([x, x[:1]]), RuntimeError, "Sizes of tensors must match except in dimension 1. Expected"),
    (lambda t, x: t.vstack([x, x[:, :1]]), RuntimeError, "Sizes of tensors must match except in dimension 0. Expected"),
    (lambda t, x: t.hstack([x, 1]), TypeError, "expected Tensor as element 1 in argument 0, but got int"),
    (lambda t, x: t.vstack([1, x]), TypeError, "expected Tensor as element 0 in argument 0, but got int"),
    (lambda t, x: t.hstack([1]), TypeError, "expected Tensor as element 0 in argument 0, but got int"),
    (lambda t, x: t.hstack(1), TypeError, "hstack(): argument 'tensors' must be tuple of Tensors, not"),
    (lambda t, x: t.hstack(x), TypeError, "hstack(): argument 'tensors' must be tuple of Tensors, not"),
    (lambda t, x: t.vstack(x), TypeError, "vstack(): argument 'tensors' must be tuple of Tensors, not"),
    (lambda t, x: t.hsplit(x, 2), RuntimeError, "hsplit attempted to split along dimension 1, but the size"),
    (lambda t, x: t.vsplit(x, 3), RuntimeError, "vsplit attempted to split along dimension 0, but the size"),
    (
        lambda t, x: t.hsplit(t.tensor(1.0), 1),
        RuntimeError,
        "hsplit requires a tensor with at least 1 dimension, but got",
    ),
    (lambda t, x: t.vsplit(x[0], 1), RuntimeError, "vsplit requires a tensor with at least 2 dimensions, but"),
    (lambda t, x: t.hsplit(x, 0), RuntimeError, "hsplit attempted to split along dimension 1, but the size"),
    (lambda t, x: x.tensor_split(), TypeError, "tensor_split() takes one of indices_or_sections, indices"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (lambda t, x: t.cat([x, x], out=x.long()), RuntimeError, "cat(): result type float32 can't be cast to the desired"),
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
