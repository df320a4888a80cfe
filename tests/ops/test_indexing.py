"""Reading and writing by index, gather and its kin: values, gradients and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, gradient, into, put

VALUES = [
    # brackets
    (lambda t, x: x[0], [0.0, 1.0, 2.0]),
    (lambda t, x: x[-1, 1], 4.0),
    (lambda t, x: x[..., 1], [1.0, 4.0]),
    (lambda t, x: x[:, None, ::2], [[[0.0, 2.0]], [[3.0, 5.0]]]),
    (lambda t, x: x[1, ...], [3.0, 4.0, 5.0]),
    (lambda t, x: x[0, 1, ...], 1.0),
    (lambda t, x: x[True].shape, (1, 2, 3)),
    (lambda t, x: x[False], (0, 2, 3)),
    (lambda t, x: x[t.tensor(1)], [3.0, 4.0, 5.0]),
    (lambda t, x: x[t.tensor([1, 0, 1])], [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x[[1, 0]], [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[[True, False]], [[0.0, 1.0, 2.0]]),
    (lambda t, x: x[x > 2], [3.0, 4.0, 5.0]),
    (lambda t, x: x[:, [2, 0]], [[2.0, 0.0], [5.0, 3.0]]),
    (lambda t, x: x[t.tensor([0, 1]), t.tensor([2, 0])], [2.0, 3.0]),
    (lambda t, x: x[[0, 1], 1], [1.0, 4.0]),
    (lambda t, x: x[0, [2, 0]], [2.0, 0.0]),
    (lambda t, x: x[t.tensor([True, False]), 1], [1.0]),
    (lambda t, x: x[t.tensor([[0], [1]]), t.tensor([0, 2])], [[0.0, 2.0], [3.0, 5.0]]),
    (lambda t, x: x[range(1)], [[0.0, 1.0, 2.0]]),
    (lambda t, x: x[()], [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x[t.tensor(1, dtype=t.int32)], [3.0, 4.0, 5.0]),
    (lambda t, x: x[t.tensor(True)].shape, (1, 2, 3)),
    (lambda t, x: x[np.array([1, 0])], [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[np.int64(1)], [3.0, 4.0, 5.0]),
    (lambda t, x: x[np.array([True, False])], [[0.0, 1.0, 2.0]]),
    (lambda t, x: x[t.tensor(0) : t.tensor(1)], [[0.0, 1.0, 2.0]]),
    (lambda t, x: x[1:, 1:], [[4.0, 5.0]]),
    (lambda t, x: x[5:], (0, 3)),
    (lambda t, x: x[:, -100:100], [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x[[]], (0, 3)),
    (lambda t, x: x[:, t.tensor([], dtype=t.int64)], (2, 0)),
    (lambda t, x: x.reshape(1, 2, 3)[0, :, [0, 2]], [[0.0, 2.0], [3.0, 5.0]]),
    (lambda t, x: x.reshape(1, 2, 3)[0, None, [1, 0]], [[[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]]),
    (lambda t, x: x.reshape(1, 2, 3)[..., [1, 0], 2], [[5.0, 2.0]]),
    (lambda t, x: x.reshape(1, 2, 3)[0, :, t.tensor([True, False, True])], [[0.0, 2.0], [3.0, 5.0]]),
    (lambda t, x: x[None, [1, 0]].shape, (1, 2, 3)),
    (lambda t, x: t.tensor(5.0)[...], 5.0),
    (lambda t, x: t.tensor(5.0)[None], [5.0]),
    (lambda t, x: t.tensor(5.0)[()], 5.0),
    (lambda t, x: t.tensor(5.0)[t.tensor(True)], [5.0]),
    (lambda t, x: t.zeros(0, 3)[:, 1], (0,)),
    (lambda t, x: t.zeros(0, 3)[[]].shape, (0, 3)),
    # writing
    (lambda t, x: put(x, 0, 7), [[7.0, 7.0, 7.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: put(x, (0, 1), t.tensor(7.0)), [[0.0, 7.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: put(x, (slice(None), 1), t.tensor([7, 8])), [[0.0, 7.0, 2.0], [3.0, 8.0, 5.0]]),
    (lambda t, x: put(x, x > 2, 0), [[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: put(x, x > 2, t.tensor([7.0, 8.0, 9.0])), [[0.0, 1.0, 2.0], [7.0, 8.0, 9.0]]),
    (lambda t, x: put(x, [1, 0], t.tensor([7.0, 8.0, 9.0])), [[7.0, 8.0, 9.0], [7.0, 8.0, 9.0]]),
    (lambda t, x: put(x, ([0, 1], [2, 0]), -1.0), [[0.0, 1.0, -1.0], [-1.0, 4.0, 5.0]]),
    (lambda t, x: put(x, ..., True), [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
    (lambda t, x: put(x, (Ellipsis, [0]), t.tensor([[[7.0]]])), [[7.0, 1.0, 2.0], [7.0, 4.0, 5.0]]),
    (lambda t, x: put(x, (slice(None), [2, 0]), t.ones(1, 1, 2)), [[1.0, 1.0, 1.0], [1.0, 4.0, 1.0]]),
    (lambda t, x: put(x, slice(5, None), 3), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: put(x, None, 3), [[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: put(x.long(), 0, 7.9), [[7, 7, 7], [3, 4, 5]]),
    (lambda t, x: put(x.long(), 0, t.tensor(7.9)), [[7, 7, 7], [3, 4, 5]]),
    (lambda t, x: put(x.long(), (0, 0), True), [[1, 1, 2], [3, 4, 5]]),
    (lambda t, x: put(t.tensor(5.0), (), 7), 7.0),
    (lambda t, x: put(t.tensor(5.0), ..., 7), 7.0),
    (lambda t, x: put(x.reshape(1, 2, 3), (0, slice(None), [0, 2]), 9.0), [[[9.0, 1.0, 9.0], [9.0, 4.0, 9.0]]]),
    (lambda t, x: put(x, t.tensor([], dtype=t.int64), 3), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: put(x.bool(), 0, 2), [[True, True, True], [True, True, True]]),
    (lambda t, x: put(x.byte(), 0, -1), ("uint8", [[255, 255, 255], [3, 4, 5]])),
    (
        lambda t, x: gradient(t, lambda a, b: put(a * 1, 0, b), x, t.tensor([1.0, 2.0, 3.0])),
        ([[0.0, 0.0, 0.0], [4.0, 5.0, 6.0]], [1.0, 2.0, 3.0]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: put(a * 1, [0, 1], b), x, t.tensor(1.0)),
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], 21.0),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: put(a * 1, a > 2, b), x, t.tensor(1.0)),
        ([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], 15.0),
    ),
    (lambda t, x: gradient(t, lambda a: a[:, [2, 2, 0]], x), ([[3.0, 0.0, 3.0], [6.0, 0.0, 9.0]],)),
    (lambda t, x: gradient(t, lambda a: a[1:, ::2], x), ([[0.0, 0.0, 0.0], [1.0, 0.0, 2.0]],)),
    (lambda t, x: gradient(t, lambda a: a[a > 2], x), ([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]],)),
    # select
    (lambda t, x: x.select(1, -1), [2.0, 5.0]),
    (lambda t, x: t.select(x, dim=0, index=1), [3.0, 4.0, 5.0]),
    # index_select
    (lambda t, x: x.index_select(1, t.tensor([2, 0, 2])), [[2.0, 0.0, 2.0], [5.0, 3.0, 5.0]]),
    (lambda t, x: t.index_select(input=x, dim=-1, index=t.tensor([1], dtype=t.int32)), [[1.0], [4.0]]),
    (lambda t, x: x.index_select(0, t.tensor(1)), [[3.0, 4.0, 5.0]]),
    (lambda t, x: t.tensor(5.0).index_select(0, t.tensor([0])), 5.0),
    (lambda t, x: t.tensor(5.0).index_select(0, t.tensor(0)), 5.0),
    (lambda t, x: into(t, lambda o: t.index_select(x, 1, t.tensor([0]), out=o)), [[0.0], [3.0]]),
    (lambda t, x: x.index_select(1, t.tensor([], dtype=t.int64)), (2, 0)),
    (lambda t, x: gradient(t, lambda a: a.index_select(1, t.tensor([0, 0])), x), ([[3.0, 0.0, 0.0], [7.0, 0.0, 0.0]],)),
    # gather
    (lambda t, x: x.gather(1, t.tensor([[2, 0], [1, 1]])), [[2.0, 0.0], [4.0, 4.0]]),
    (lambda t, x: t.gather(input=x, dim=0, index=t.tensor([[1, 0]])), [[3.0, 1.0]]),
    (lambda t, x: t.gather(x, -1, t.tensor([[2]]), sparse_grad=False), [[2.0]]),
    (lambda t, x: t.tensor(5.0).gather(0, t.tensor(0)), 5.0),
    (lambda t, x: t.tensor(5.0).gather(0, t.tensor([0])), [5.0]),
    (lambda t, x: t.tensor(5.0).gather(0, t.tensor([0, 0])), [5.0, 5.0]),
    (lambda t, x: t.tensor([5.0, 6.0]).gather(0, t.tensor(1)), 6.0),
    (lambda t, x: x.gather(1, t.zeros(2, 0, dtype=t.int64)), (2, 0)),
    (lambda t, x: x.gather(1, t.tensor([], dtype=t.int64)), (0,)),
    (lambda t, x: into(t, lambda o: t.gather(x, 1, t.tensor([[2]]), out=o)), [[2.0]]),
    (lambda t, x: gradient(t, lambda a: a.gather(1, t.tensor([[2, 0, 2]])), x), ([[2.0, 0.0, 4.0], [0.0, 0.0, 0.0]],)),
    (lambda t, x: x.gather(1, t.tensor([[0]], dtype=t.int32)), [[0.0]]),
    # take_along_dim
    (lambda t, x: x.take_along_dim(t.tensor([[2], [0]]), 1), [[2.0], [3.0]]),
    (lambda t, x: t.take_along_dim(x, t.tensor([5, 0])), [5.0, 0.0]),
    (lambda t, x: t.take_along_dim(x, t.tensor([[0, 1, 0]]), dim=0), [[0.0, 4.0, 2.0]]),
    (lambda t, x: t.take_along_dim(x, t.tensor([[2]]), dim=1), [[2.0], [5.0]]),
    (lambda t, x: x.take_along_dim(x.argsort(1, descending=True), 1), [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]),
    (lambda t, x: into(t, lambda o: t.take_along_dim(x, t.tensor([5, 0]), out=o)), [5.0, 0.0]),
    # take
    (lambda t, x: x.take(t.tensor([[5, 0], [-1, -6]])), [[5.0, 0.0], [5.0, 0.0]]),
    (lambda t, x: t.take(x, t.tensor(2)), 2.0),
    (lambda t, x: x.t().take(t.tensor([1, 2])), [3.0, 1.0]),
    (lambda t, x: x.take(t.tensor([], dtype=t.int64)), (0,)),
    (lambda t, x: gradient(t, lambda a: a.take(t.tensor([1, 1, -1])), x), ([[0.0, 3.0, 0.0], [0.0, 0.0, 3.0]],)),
    # masked_select
    (lambda t, x: x.masked_select(x > 2), [3.0, 4.0, 5.0]),
    (lambda t, x: t.masked_select(x, t.tensor([True, False, True])), [0.0, 2.0, 3.0, 5.0]),
    (lambda t, x: t.tensor(5.0).masked_select(t.tensor([True, True])), [5.0, 5.0]),
    (lambda t, x: t.masked_select(t.tensor(5.0), t.tensor(True)), [5.0]),
    (lambda t, x: x.masked_select(t.zeros(2, 3, dtype=t.bool)), (0,)),
    (lambda t, x: into(t, lambda o: t.masked_select(x, x > 2, out=o)), [3.0, 4.0, 5.0]),
    (
        lambda t, x: gradient(t, lambda a: a.masked_select(t.tensor([True, False, True])), x),
        ([[1.0, 0.0, 2.0], [3.0, 0.0, 4.0]],),
    ),
    # masked_fill
    (lambda t, x: x.masked_fill(x > 2, 9), [[0.0, 1.0, 2.0], [9.0, 9.0, 9.0]]),
    (lambda t, x: t.masked_fill(x, t.tensor([True, False, True]), -1.0), [[-1.0, 1.0, -1.0], [-1.0, 4.0, -1.0]]),
    (lambda t, x: t.masked_fill(input=x, mask=x > 2, value=t.tensor(9)), [[0.0, 1.0, 2.0], [9.0, 9.0, 9.0]]),
    (lambda t, x: x.long().masked_fill(x > 2, 9), [[0, 1, 2], [9, 9, 9]]),
    (lambda t, x: t.tensor(5.0).masked_fill(t.tensor([True, False]), 1.0), [1.0, 5.0]),
    (lambda t, x: x.masked_fill_(x > 2, 9.0), [[0.0, 1.0, 2.0], [9.0, 9.0, 9.0]]),
    (
        lambda t, x: gradient(t, lambda a, v: a.masked_fill(t.tensor([True, False, True]), v), x, t.tensor(1.0)),
        ([[0.0, 2.0, 0.0], [0.0, 5.0, 0.0]], 14.0),
    ),
    (
        lambda t, x: gradient(t, lambda a, v: (a * 1).masked_fill_(t.tensor([True, False, True]), v), x, t.tensor(1.0)),
        ([[0.0, 2.0, 0.0], [0.0, 5.0, 0.0]], 14.0),
    ),
    (lambda t, x: x.long().masked_fill(x > 2, 1.5), [[0, 1, 2], [1, 1, 1]]),
    (lambda t, x: x.long().masked_fill(x > 2, t.tensor(1.5)), [[0, 1, 2], [1, 1, 1]]),
    # index_add
    (lambda t, x: x.index_add(0, t.tensor([1, 1]), t.ones(2, 3)), [[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]]),
    (lambda t, x: t.index_add(x, 1, t.tensor([0]), t.ones(2, 1), alpha=2), [[2.0, 1.0, 2.0], [5.0, 4.0, 5.0]]),
    (
        lambda t, x: t.index_add(input=x, dim=-1, index=t.tensor([2, 2], dtype=t.int32), source=t.ones(2, 2)),
        [[0.0, 1.0, 4.0], [3.0, 4.0, 7.0]],
    ),
    (lambda t, x: t.tensor(5.0).index_add(0, t.tensor(0), t.tensor(1.0)), 6.0),
    (lambda t, x: x.index_add(0, t.tensor(0), t.ones(1, 3)), [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.index_add(1, t.tensor([2, 2]), b, alpha=3), x, t.ones(2, 2)),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[9.0, 9.0], [18.0, 18.0]]),
    ),
    (
        lambda t, x: into(t, lambda o: t.index_add(x, 0, t.tensor([1]), t.ones(1, 3), out=o)),
        [[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]],
    ),
    # nonzero
    (lambda t, x: x.nonzero(), [[0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]),
    (lambda t, x: t.nonzero(x[0], as_tuple=True), ([1, 2],)),
    (lambda t, x: t.nonzero(x > 3, as_tuple=False), [[1, 1], [1, 2]]),
    (lambda t, x: t.argwhere(x > 3), [[1, 1], [1, 2]]),
    (lambda t, x: x.nonzero(as_tuple=True), ([0, 0, 1, 1, 1], [1, 2, 0, 1, 2])),
    (lambda t, x: t.tensor(0.0).nonzero().shape, (0, 0)),
    (lambda t, x: t.tensor(2.0).nonzero().shape, (1, 0)),
    (lambda t, x: t.tensor(2.0).nonzero(as_tuple=True), ([0],)),
    (lambda t, x: t.tensor(0.0).nonzero(as_tuple=True), ((0,),)),
    (lambda t, x: t.zeros(0, 2).nonzero(), (0, 2)),
    (lambda t, x: t.tensor(2.0).argwhere(), (1, 0)),
    (lambda t, x: into(t, lambda o: t.nonzero(x > 3, out=o), "int64"), [[1, 1], [1, 2]]),
]
ERRORS = [
    # brackets
    (lambda t, x: x[3], IndexError, "index 3 is out of bounds for dimension 0 with size 2"),
    (lambda t, x: x[0, 3], IndexError, "index 3 is out of bounds for dimension 1 with size 3"),
    (lambda t, x: x[0, -4], IndexError, "index -4 is out of bounds for dimension 1 with size 3"),
    (lambda t, x: x[0, 0, 0], IndexError, "too many indices for tensor of dimension 2 (shape (2, 3))"),
    (lambda t, x: t.tensor(5.0)[0], IndexError, "invalid index of a 0-dim tensor. Use `tensor.item()` in"),
    (lambda t, x: x[::-1], ValueError, "step must be greater than zero; use flip() to reverse a"),
    (lambda t, x: x[::0], ValueError, "step must be greater than zero; use flip() to reverse a"),
    (lambda t, x: x[1.0], IndexError, "only integers, slices (`:`), ellipsis (`...`), None and"),
    (lambda t, x: x[None, 5], IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
    (lambda t, x: x[:, 5], IndexError, "index 5 is out of bounds for dimension 1 with size 3"),
    (lambda t, x: x[..., 5], IndexError, "index 5 is out of bounds for dimension 1 with size 3"),
    (lambda t, x: x[x], IndexError, "tensors used as indices must be long, int, byte or bool"),
    (lambda t, x: x[[2]], IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda t, x: x[t.tensor([2])], IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda t, x: x[t.tensor([True])], IndexError, "mask along dimension 0; size of dimension is 2 but size of"),
    (
        lambda t, x: x[t.tensor([True, False, True])],
        IndexError,
        "mask along dimension 0; size of dimension is 2 but size of",
    ),
    (
        lambda t, x: x[t.tensor([[True, False]])],
        IndexError,
        "mask along dimension 0; size of dimension is 2 but size of",
    ),
    (lambda t, x: x[[0, 1], [0, 1, 2]], IndexError, "shape mismatch: indexing arrays could not be broadcast"),
    (
        lambda t, x: x[t.tensor([0, 1]), t.tensor([0, 5])],
        IndexError,
        "index 5 is out of bounds for dimension 1 with size 3",
    ),
    (lambda t, x: t.zeros(0, 3)[0], IndexError, "index 0 is out of bounds for dimension 0 with size 0"),
    (lambda t, x: x[{}], IndexError, "only integers, slices (`:`), ellipsis (`...`), None and"),
    (lambda t, x: x[1, "a"], TypeError, "only integers, slices (`:`), ellipsis (`...`), None and"),
    (lambda t, x: x[t.tensor([1j])], IndexError, "tensors used as indices must be long, int, byte or bool"),
    (lambda t, x: x[:1.5], TypeError, "slice indices must be integers or None or have an __index__"),
    # writing
    (
        lambda t, x: put(x, (slice(None), 0), t.tensor([[1.0], [2.0]])),
        RuntimeError,
        "shape mismatch: value tensor of shape [2, 1] cannot be",
    ),
    (lambda t, x: put(x, 2, 0), IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda t, x: put(x, (0, 0, 0), 0), IndexError, "too many indices for tensor of dimension 2 (shape (2, 3))"),
    (lambda t, x: put(x, 0, t.zeros(2)), RuntimeError, "shape mismatch: value tensor of shape [2] cannot be"),
    (
        lambda t, x: put(x, slice(None), t.zeros(3, 3)),
        RuntimeError,
        "shape mismatch: value tensor of shape [3, 3] cannot be",
    ),
    (lambda t, x: put(x, 0, [7.0, 8.0, 9.0]), TypeError, "setitem(): argument 'value' must be Tensor or Number, not"),
    (lambda t, x: put(x, 0, "a"), TypeError, "setitem(): argument 'value' must be Tensor or Number, not"),
    (lambda t, x: put(x, 0, None), TypeError, "setitem(): argument 'value' must be Tensor or Number, not"),
    (lambda t, x: put(x, [5], 1), IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
    (
        lambda t, x: put(x, x > 2, t.tensor([7.0, 8.0])),
        RuntimeError,
        "shape mismatch: value tensor of shape [2] cannot be",
    ),
    (
        lambda t, x: put(x, t.tensor([True]), 1),
        IndexError,
        "mask along dimension 0; size of dimension is 2 but size of",
    ),
    (lambda t, x: put(t.tensor(5.0), 0, 7), IndexError, "invalid index of a 0-dim tensor. Use `tensor.item()` in"),
    (
        lambda t, x: put(x.requires_grad_(), 0, 1),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an",
    ),
    (lambda t, x: put(x, 0, 1j), RuntimeError, "value cannot be converted to type float32 without overflow:"),
    (lambda t, x: put(x.byte(), 0, 300), RuntimeError, "value cannot be converted to type uint8 without overflow:"),
    # select
    (lambda t, x: x.select(0, 5), IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
    (lambda t, x: x.select(2, 0), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.select(1, -4), IndexError, "index -4 is out of bounds for dimension 1 with size 3"),
    (lambda t, x: t.tensor(1.0).select(0, 0), IndexError, "select() cannot be applied to a 0-dim tensor."),
    (lambda t, x: x.select(0, 1.0), TypeError, "select(): argument 'index' must be int, not float"),
    # index_select
    (
        lambda t, x: into(t, lambda o: t.index_select(x, 1, t.tensor([0]), out=o), "int64"),
        RuntimeError,
        "index_select(): Expected out tensor to have dtype",
    ),
    (
        lambda t, x: x.index_select(2, t.tensor([0])),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1],",
    ),
    (
        lambda t, x: x.index_select(1, t.tensor([3])),
        RuntimeError,
        "index_select(): index 3 is out of bounds for dimension with",
    ),
    (
        lambda t, x: x.index_select(1, t.tensor([-1])),
        RuntimeError,
        "index_select(): index -1 is out of bounds for dimension",
    ),
    (lambda t, x: x.index_select(1, t.tensor([[0]])), IndexError, "index_select(): Index is supposed to be a vector"),
    (
        lambda t, x: x.index_select(1, t.tensor([0.0])),
        RuntimeError,
        "index_select(): Expected dtype int32/int64 for index, got",
    ),
    (
        lambda t, x: x.index_select(1, t.tensor([0], dtype=t.int16)),
        RuntimeError,
        "index_select(): Expected dtype int32/int64 for index, got",
    ),
    (lambda t, x: x.index_select(1, [0]), TypeError, "index_select(): argument 'index' must be Tensor, not list"),
    (lambda t, x: x.index_select(1, 0), TypeError, "index_select(): argument 'index' must be Tensor, not int"),
    (
        lambda t, x: t.tensor(5.0).index_select(0, t.tensor([1])),
        IndexError,
        "index_select(): index 1 is out of bounds for dimension with size 1",
    ),
    (
        lambda t, x: t.tensor(5.0).index_select(0, t.tensor([0, 0])),
        RuntimeError,
        "index_select(): a 0-d tensor has one entry, but index has 2",
    ),
    # gather
    (
        lambda t, x: x.gather(2, t.tensor([[0]])),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1],",
    ),
    (
        lambda t, x: x.gather(1, t.tensor([[3]])),
        RuntimeError,
        "gather(): index 3 is out of bounds for dimension with size 3",
    ),
    (
        lambda t, x: x.gather(1, t.tensor([[-1]])),
        RuntimeError,
        "gather(): index -1 is out of bounds for dimension with size",
    ),
    (lambda t, x: x.gather(1, t.tensor([0])), RuntimeError, "Index tensor must have the same number of dimensions as"),
    (
        lambda t, x: x.gather(1, t.zeros(3, 1, dtype=t.int64)),
        RuntimeError,
        "Size does not match at dimension 0 expected index [3, 1] to",
    ),
    (lambda t, x: x.gather(1, t.tensor([[0.0]])), RuntimeError, "gather(): Expected dtype int32/int64 for index, got"),
    (
        lambda t, x: x.gather(1, t.tensor([[0]], dtype=t.uint8)),
        RuntimeError,
        "gather(): Expected dtype int32/int64 for index, got",
    ),
    (lambda t, x: x.gather(1, 0), TypeError, "gather(): argument 'index' must be Tensor, not int"),
    (
        lambda t, x: t.tensor(5.0).gather(0, t.tensor(1)),
        RuntimeError,
        "gather(): index 1 is out of bounds for dimension with size 1",
    ),
    (
        lambda t, x: t.tensor(5.0).gather(0, t.tensor(-1)),
        RuntimeError,
        "gather(): index -1 is out of bounds for dimension with size",
    ),
    # take_along_dim
    (
        lambda t, x: x.take_along_dim(t.tensor([0]), 1),
        RuntimeError,
        "take_along_dim(): input and indices should have the same",
    ),
    (
        lambda t, x: x.take_along_dim(t.zeros(3, 1, dtype=t.int64), 1),
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b",
    ),
    (
        lambda t, x: x.take_along_dim(t.tensor([[0.0]]), 1),
        RuntimeError,
        "gather(): Expected dtype int32/int64 for index, got",
    ),
    (
        lambda t, x: x.take_along_dim(t.tensor([[0]]), 2),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1],",
    ),
    # take
    (lambda t, x: x.take(t.tensor([6])), IndexError, "take(): index 6 is out of bounds for dimension with size 6"),
    (lambda t, x: x.take(t.tensor([-7])), IndexError, "take(): index -7 is out of bounds for dimension with size 6"),
    (lambda t, x: x.take(t.tensor([0.0])), RuntimeError, "take(): Expected dtype int64 for index, got"),
    (lambda t, x: t.zeros(0).take(t.tensor([0])), IndexError, "take(): tried to take from an empty tensor"),
    # masked_select
    (
        lambda t, x: x.masked_select(t.tensor([1, 0, 1])),
        RuntimeError,
        "masked_select: expected BoolTensor for mask, got",
    ),
    (
        lambda t, x: x.masked_select(t.tensor([True, False])),
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b",
    ),
    (lambda t, x: x.masked_select([True]), TypeError, "masked_select(): argument 'mask' must be Tensor, not list"),
    # masked_fill
    (
        lambda t, x: x.masked_fill(t.tensor([1, 0, 1]), 0),
        RuntimeError,
        "masked_fill_ only supports boolean masks, but got mask with",
    ),
    (
        lambda t, x: x.masked_fill(t.tensor([1, 0, 1], dtype=t.uint8), 0),
        RuntimeError,
        "masked_fill_ only supports boolean masks, but got mask with",
    ),
    (
        lambda t, x: x.masked_fill(x > 2, t.tensor([1.0, 2.0])),
        RuntimeError,
        "masked_fill_ only supports a 0-dimensional value tensor,",
    ),
    (
        lambda t, x: x.masked_fill(x > 2, t.tensor([1.0])),
        RuntimeError,
        "masked_fill_ only supports a 0-dimensional value tensor,",
    ),
    (
        lambda t, x: x.masked_fill(t.tensor([True, False]), 0),
        RuntimeError,
        "masked_fill: operands could not be broadcast together with",
    ),
    (lambda t, x: x.masked_fill(x > 2, "a"), TypeError, "masked_fill_(): argument 'value' must be Tensor or Number,"),
    (lambda t, x: x.masked_fill([True], 0), TypeError, "masked_fill(): argument 'mask' must be Tensor, not list"),
    (
        lambda t, x: x.masked_fill(x > 2, 1j),
        RuntimeError,
        "value cannot be converted to type float32 without overflow:",
    ),
    (
        lambda t, x: t.tensor(5.0).masked_fill_(t.tensor([True, False]), 1.0),
        RuntimeError,
        "masked_fill_: output with shape [] doesn't match the",
    ),
    (
        lambda t, x: x.masked_fill_(t.ones(2, 2, 3, dtype=t.bool), 1.0),
        RuntimeError,
        "masked_fill_: output with shape [2, 3] doesn't match the",
    ),
    (
        lambda t, x: x.requires_grad_().masked_fill_(x > 2, 1.0),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an",
    ),
    # index_add
    (
        lambda t, x: t.tensor(5.0).index_add(0, t.tensor([0]), t.tensor([1.0])),
        RuntimeError,
        "index_add(): source has shape (1,) for 1 indices of a number",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([2]), t.ones(1, 3)),
        RuntimeError,
        "index_add(): index 2 is out of bounds for dimension with",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([-1]), t.ones(1, 3)),
        RuntimeError,
        "index_add(): index -1 is out of bounds for dimension with",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0]), t.ones(2, 3)),
        RuntimeError,
        "index_add(): source has shape (2, 3) but index and self ask",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0]), t.ones(1, 2)),
        RuntimeError,
        "index_add(): source has shape (1, 2) but index and self ask",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([[0]]), t.ones(1, 3)),
        IndexError,
        "index_add(): Index is supposed to be a vector, but has the",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0.0]), t.ones(1, 3)),
        RuntimeError,
        "index_add(): Expected dtype int32/int64 for index, got",
    ),
    (
        lambda t, x: x.index_add(2, t.tensor([0]), t.ones(1, 3)),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1],",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0]), t.ones(1, 3, dtype=t.float64)),
        RuntimeError,
        "index_add(): self (tinygrad5329.float32) and source",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0]), t.ones(1, 3, dtype=t.int64)),
        RuntimeError,
        "index_add(): self (tinygrad5329.float32) and source",
    ),
    (
        lambda t, x: x.index_add(0, t.tensor([0]), 1.0),
        TypeError,
        "index_add(): argument 'source' must be Tensor, not float",
    ),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (lambda t, x: x[[0.5]], IndexError, "tensors used as indices must be long, int, byte or bool"),
    (lambda t, x: x[..., ...], IndexError, "an index can only have a single ellipsis ('...') (indexing"),
    (
        lambda t, x: x.take_along_dim(t.tensor([[3]]), 1),
        RuntimeError,
        "take_along_dim(): index 3 is out of bounds for dimension with size 3",
    ),
    (
        lambda t, x: x.gather(1, t.tensor([[0]]), sparse_grad=True),
        RuntimeError,
        "gather(): sparse_grad=True is not supported; gradients are",
    ),
    (
        lambda t, x: x.nonzero(as_tuple=True, out=x),
        TypeError,
        "nonzero(): out is for one tensor of rows; leave as_tuple",
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


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refused_here_alone(call, error, message):
    check_error(tg, call, error, message)
