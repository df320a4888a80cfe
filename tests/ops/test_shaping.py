"""reshape, permute, expand and their kin: spellings, gradients and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    # reshape and view
    (lambda t, x: t.reshape(x, (3, 2)), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: t.reshape(x, [-1]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: t.reshape(input=x, shape=(3, -1)), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.reshape(3, 2), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.reshape((6,)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.reshape(shape=(3, 2)), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.reshape(t.Size([3, 2])), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.t().reshape(6), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
    (lambda t, x: x.view(-1, 2), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.view((6,)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.view(t.Size([6])), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.view(size=(6,)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: t.tensor(5.0).view(1, 1), [[5.0]]),
    (lambda t, x: t.tensor([5.0]).reshape(()), 5.0),
    (lambda t, x: t.tensor([5.0]).view(()), 5.0),
    (lambda t, x: t.tensor([5.0]).reshape([]), 5.0),
    (lambda t, x: t.zeros(0, 3).reshape(3, 0), (3, 0)),
    (lambda t, x: t.zeros(0, 3).reshape(3, -1), (3, 0)),
    (lambda t, x: t.zeros(0, 3).view(0, 5), (0, 5)),
    (lambda t, x: x.reshape(np.int64(6)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.reshape(t.tensor(6)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.view_as(t.zeros(6)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.reshape_as(t.zeros(3, 2)), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.view(t.int32).dtype, "int32"),
    (lambda t, x: x.double().view(t.int32).shape, (2, 6)),
    (lambda t, x: x[:, :2].contiguous().view(t.float64).shape, (2, 1)),
    (lambda t, x: x.view(t.uint8).shape, (2, 12)),
    (lambda t, x: t.tensor(1.0).view(t.int32), ("int32", 1065353216)),
    (lambda t, x: x.t().view(t.int32).shape, (3, 2)),
    (lambda t, x: gradient(t, lambda a: a.reshape(3, 2) * 2, x), ([[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]],)),
    (lambda t, x: gradient(t, lambda a: a.t().reshape(6), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    # permute and transpose
    (lambda t, x: t.permute(x, (1, 0)), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.permute(input=x, dims=[-1, 0]), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.permute(1, 0), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.permute((1, 0)), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.permute(dims=(1, 0)), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.tensor(5.0).permute(()), 5.0),
    (lambda t, x: t.transpose(x, 0, 1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.transpose(dim0=-1, dim1=0), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.transpose(0, 0), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.tensor(5.0).transpose(0, -1), 5.0),
    (lambda t, x: t.swapaxes(x, 0, 1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.swapaxes(axis0=0, axis1=1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.swapdims(x, dim0=0, dim1=1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.t(x), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.t(), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.t(x[0]), [0.0, 1.0, 2.0]),
    (lambda t, x: t.t(t.tensor(5.0)), 5.0),
    (lambda t, x: x.T, [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.mT, [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.H, [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.mH, [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.adjoint(x), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.adjoint(), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.tensor([[1 + 2j]]).H, ("complex64", [[(1 - 2j)]])),
    (lambda t, x: t.tensor([[1 + 2j]]).mH, ("complex64", [[(1 - 2j)]])),
    (lambda t, x: gradient(t, lambda a: a.permute(1, 0), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    (lambda t, x: gradient(t, lambda a: a.transpose(0, 1), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    # movedim
    (lambda t, x: t.movedim(t.zeros(2, 3, 4), 0, 2).shape, (3, 4, 2)),
    (lambda t, x: t.movedim(t.zeros(2, 3, 4), (0, 1), (2, 0)).shape, (3, 4, 2)),
    (lambda t, x: t.zeros(2, 3, 4).movedim(source=-1, destination=0).shape, (4, 2, 3)),
    (lambda t, x: t.moveaxis(t.zeros(2, 3, 4), 0, -1).shape, (3, 4, 2)),
    (lambda t, x: t.zeros(2, 3, 4).moveaxis(0, 1).shape, (3, 2, 4)),
    (lambda t, x: t.tensor(5.0).movedim(0, 0), 5.0),
    (lambda t, x: gradient(t, lambda a: a.movedim(0, 1), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    # squeeze and unsqueeze
    (lambda t, x: t.unsqueeze(x, 0).shape, (1, 2, 3)),
    (lambda t, x: x.unsqueeze(dim=-1).shape, (2, 3, 1)),
    (lambda t, x: x.t().unsqueeze(1).shape, (3, 1, 2)),
    (lambda t, x: t.tensor(5.0).unsqueeze(0), [5.0]),
    (lambda t, x: t.tensor(5.0).unsqueeze(-1), [5.0]),
    (lambda t, x: t.squeeze(t.zeros(1, 2, 1)).shape, (2,)),
    (lambda t, x: t.zeros(1, 2, 1).squeeze(0).shape, (2, 1)),
    (lambda t, x: t.zeros(1, 2, 1).squeeze(dim=1).shape, (1, 2, 1)),
    (lambda t, x: t.zeros(1, 2, 1).squeeze((0, 2)).shape, (2,)),
    (lambda t, x: t.zeros(1, 2, 1).squeeze(dim=(0, 1)).shape, (2, 1)),
    (lambda t, x: t.zeros(1, 2, 1).squeeze(()).shape, (1, 2, 1)),
    (lambda t, x: t.tensor(5.0).squeeze(), 5.0),
    (lambda t, x: t.tensor(5.0).squeeze(0), 5.0),
    (lambda t, x: t.tensor(5.0).squeeze((0,)), 5.0),
    (lambda t, x: t.zeros(1, 0).squeeze().shape, (0,)),
    (lambda t, x: gradient(t, lambda a: a.unsqueeze(1).squeeze(), x), ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],)),
    (lambda t, x: gradient(t, lambda a: a.t().unsqueeze(1), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    # expand
    (lambda t, x: x[0].expand(2, 3), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[:, :1].expand(-1, 2), [[0.0, 0.0], [3.0, 3.0]]),
    (lambda t, x: x[:1].expand((2, 3)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[:1].expand(size=(2, 3)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[0].expand(2, -1), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.tensor(5.0).expand(2), [5.0, 5.0]),
    (lambda t, x: t.tensor(5.0).expand(()), 5.0),
    (lambda t, x: t.tensor(5.0).expand(0), (0,)),
    (lambda t, x: x[:1].expand(0, 3), (0, 3)),
    (lambda t, x: x[0].expand_as(x), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.broadcast_to(x[0], (2, 3)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[0].broadcast_to((2, 3)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.broadcast_to(input=x[0], size=(2, 3)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: x[0].broadcast_to(2, 3), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (
        lambda t, x: t.broadcast_tensors(x[0], x[:, :1]),
        ([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], [[0.0, 0.0, 0.0], [3.0, 3.0, 3.0]]),
    ),
    (lambda t, x: t.broadcast_tensors(t.tensor(1.0), t.zeros(0, 2)), ((0, 2), (0, 2))),
    (lambda t, x: t.broadcast_tensors(x), ([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],)),
    (lambda t, x: t.broadcast_tensors(), ()),
    (lambda t, x: gradient(t, lambda a: a.expand(2, 2, 3), x), ([[8.0, 10.0, 12.0], [14.0, 16.0, 18.0]],)),
    (lambda t, x: gradient(t, lambda a, b: t.broadcast_tensors(a, b)[1], x, t.ones(3)), (None, [5.0, 7.0, 9.0])),
    # flatten
    (lambda t, x: t.flatten(x), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.flatten(1), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.zeros(2, 3, 4).flatten(start_dim=1).shape, (2, 12)),
    (lambda t, x: t.zeros(2, 3, 4).flatten(0, 1).shape, (6, 4)),
    (lambda t, x: t.zeros(2, 3, 4).flatten(end_dim=-2).shape, (6, 4)),
    (lambda t, x: t.tensor(5.0).flatten(), [5.0]),
    (lambda t, x: t.zeros(2, 0, 3).flatten(1).shape, (2, 0)),
    (lambda t, x: t.ravel(x), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.t().ravel(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
    (lambda t, x: t.unflatten(x, 1, (3, 1)).shape, (2, 3, 1)),
    (lambda t, x: x.unflatten(-1, (-1, 1)).shape, (2, 3, 1)),
    (lambda t, x: x.unflatten(dim=0, sizes=[2, 1]).shape, (2, 1, 3)),
    (lambda t, x: x.unflatten(1, t.Size([3, 1])).shape, (2, 3, 1)),
    (lambda t, x: t.zeros(0, 2).unflatten(0, (0, 3)).shape, (0, 3, 2)),
    (lambda t, x: t.zeros(0, 2).unflatten(0, (-1, 3)).shape, (0, 3, 2)),
    (lambda t, x: gradient(t, lambda a: a.unflatten(1, (3, 1)), x), ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],)),
    (lambda t, x: x.t().contiguous().is_contiguous(), True),
    (lambda t, x: x.t().contiguous(), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: gradient(t, lambda a: a.t().contiguous(), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
]
ERRORS = [
    # reshape and view
    (lambda t, x: x.view(t.float64), RuntimeError, "view(dtype): tinygrad5329.float32 of shape (2, 3) cannot be"),
    (
        lambda t, x: t.tensor(1.0).view(t.float64),
        RuntimeError,
        "view(dtype): tinygrad5329.float32 of shape () cannot be",
    ),
    (lambda t, x: t.tensor(1.0).view(t.uint8), RuntimeError, "view(dtype): tinygrad5329.float32 of shape () cannot be"),
    (lambda t, x: x.t().view(t.uint8), RuntimeError, "view(dtype): tinygrad5329.float32 of shape (3, 2) cannot be"),
    (lambda t, x: x.reshape(4), RuntimeError, "shape '[4]' is invalid for input of size 6: reshape of (2,"),
    (lambda t, x: x.reshape(-1, 4), RuntimeError, "shape '[-1, 4]' is invalid for input of size 6: reshape of"),
    (lambda t, x: x.reshape(-1, -1), RuntimeError, "reshape: only one dimension can be inferred, got [-1, -1]"),
    (lambda t, x: x.reshape(-2, 3), RuntimeError, "shape '[-2, 3]' is invalid for input of size 6: reshape of"),
    (lambda t, x: x.reshape(2, 3, 0), RuntimeError, "shape '[2, 3, 0]' is invalid for input of size 6: reshape"),
    (lambda t, x: x.reshape(2, 3, 0, -1), RuntimeError, "cannot reshape tensor of 0 elements into shape [2, 3, 0,"),
    (lambda t, x: t.zeros(0).reshape(-1, 0), RuntimeError, "cannot reshape tensor of 0 elements into shape [-1, 0]"),
    (lambda t, x: x.reshape(1.5), TypeError, "reshape(): argument 'shape' must be tuple of ints, not"),
    (lambda t, x: x.reshape("a"), TypeError, "reshape(): argument 'shape' must be tuple of ints, not"),
    (lambda t, x: x.reshape(None), TypeError, "reshape(): argument 'shape' must be tuple of ints, not"),
    (lambda t, x: x.reshape([2, 3.0]), TypeError, "reshape(): argument 'shape' must be tuple of ints, not (2,"),
    (lambda t, x: t.reshape(x, 6), TypeError, "reshape(): argument 'shape' must be tuple of ints, not int"),
    (lambda t, x: t.reshape(x, 3, 2), TypeError, "reshape() takes 2 positional arguments but 3 were given"),
    (lambda t, x: x.reshape(), TypeError, 'reshape() missing 1 required positional arguments: "shape";'),
    (lambda t, x: x.view(), TypeError, 'view() missing 1 required positional arguments: "size";'),
    (lambda t, x: x.t().view(6), RuntimeError, "view size is not compatible with input tensor's size and"),
    (lambda t, x: x.view(4), RuntimeError, "shape '[4]' is invalid for input of size 6: view of (2, 3)"),
    (lambda t, x: x.view("a"), TypeError, "view(): argument 'size' must be tuple of ints, not ('a',)"),
    (lambda t, x: x.view(-1, -1), RuntimeError, "view: only one dimension can be inferred, got [-1, -1]"),
    (lambda t, x: x.reshape_as(t.zeros(4)), RuntimeError, "shape '[4]' is invalid for input of size 6: reshape of (2,"),
    (lambda t, x: x.view_as(t.zeros(4)), RuntimeError, "shape '[4]' is invalid for input of size 6: view of (2, 3)"),
    # permute and transpose
    (lambda t, x: t.tensor(5.0).permute(), TypeError, 'permute() missing 1 required positional arguments: "dims";'),
    (lambda t, x: x.permute(0), RuntimeError, "permute(): number of dimensions in the tensor input does"),
    (lambda t, x: x.permute(0, 0), RuntimeError, "permute(): duplicate dims are not allowed, got (0, 0)"),
    (lambda t, x: x.permute(0, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.permute(0, 1, 2), RuntimeError, "permute(): number of dimensions in the tensor input does"),
    (lambda t, x: x.permute(0.0, 1), TypeError, "permute(): argument 'dims' must be tuple of ints, not (0.0,"),
    (lambda t, x: t.permute(x, 0), TypeError, "permute(): argument 'dims' must be tuple of ints, not int"),
    (lambda t, x: x.permute("a"), TypeError, "permute(): argument 'dims' must be tuple of ints, not ('a',)"),
    (lambda t, x: x.transpose(0, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.transpose(-3, 0), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.transpose(0), TypeError, "transpose() missing 1 required positional argument: 'dim1'"),
    (lambda t, x: x.transpose(0.0, 1), TypeError, "must be int, not float"),
    (
        lambda t, x: t.tensor(5.0).transpose(0, 1),
        IndexError,
        "Dimension out of range (expected to be in range of [-1, 0],",
    ),
    (lambda t, x: t.zeros(1, 1, 1).t(), RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D"),
    (lambda t, x: x[0].mT, RuntimeError, "tensor.mT is only supported on matrices or batches of"),
    (lambda t, x: x[0].adjoint(), RuntimeError, "adjoint() needs a matrix or a batch of them, got shape (3,)"),
    (lambda t, x: x[0].H, RuntimeError, "adjoint() needs a matrix or a batch of them, got shape (3,)"),
    (lambda t, x: x[0].mH, RuntimeError, "adjoint() needs a matrix or a batch of them, got shape (3,)"),
    (lambda t, x: t.zeros(1, 2, 3).H, RuntimeError, "tensor.H is only supported on matrices (2-D tensors). Got"),
    # movedim
    (lambda t, x: x.movedim((0, 0), (0, 1)), RuntimeError, "movedim: source (0, 0) and destination (0, 1) must be the"),
    (lambda t, x: x.movedim((0, 1), (1, 1)), RuntimeError, "movedim: source (0, 1) and destination (1, 1) must be the"),
    (lambda t, x: x.movedim(2, 0), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.movedim(0, 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.movedim((0,), (0, 1)), RuntimeError, "movedim: source (0,) and destination (0, 1) must be the"),
    # squeeze and unsqueeze
    (lambda t, x: x.unsqueeze(3), IndexError, "Dimension out of range (expected to be in range of [-3, 2],"),
    (lambda t, x: x.unsqueeze(-4), IndexError, "Dimension out of range (expected to be in range of [-3, 2],"),
    (
        lambda t, x: t.tensor(5.0).unsqueeze(1),
        IndexError,
        "Dimension out of range (expected to be in range of [-1, 0],",
    ),
    (lambda t, x: x.unsqueeze("a"), TypeError, "must be int, not str"),
    (lambda t, x: x.unsqueeze(), TypeError, "unsqueeze() missing 1 required positional argument: 'dim'"),
    (lambda t, x: x.squeeze(2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.squeeze((0, 0)), RuntimeError, "squeeze(): a dim appears multiple times in the list of dims"),
    (lambda t, x: x.squeeze((0, 3)), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.squeeze("a"), TypeError, "must be int, not str"),
    # expand
    (
        lambda t, x: t.broadcast_tensors([x[0], x]),
        TypeError,
        "expected Tensor as element 0 in argument 0, but got list",
    ),
    (lambda t, x: x.expand(3), RuntimeError, "expand({[2, 3]}, size=[3]): the number of sizes provided"),
    (lambda t, x: x.expand(2, 4), RuntimeError, "The expanded size of the tensor (4) must match the existing"),
    (lambda t, x: x.expand(-1, 2, 3), RuntimeError, "expand: the expanded size of the tensor (-1) isn't allowed"),
    (lambda t, x: x.expand(2, -2), RuntimeError, "The expanded size of the tensor (-2) must match the"),
    (lambda t, x: x[:1].expand(-2, 3), RuntimeError, "expand: negative dimensions are not allowed (inputs have"),
    (lambda t, x: x.expand("a"), TypeError, "expand(): argument 'size' must be tuple of ints, not ('a',)"),
    (lambda t, x: x.expand(2.0, 3), TypeError, "expand(): argument 'size' must be tuple of ints, not (2.0,"),
    (lambda t, x: t.broadcast_to(x, (3,)), RuntimeError, "expand({[2, 3]}, size=[3]): the number of sizes provided"),
    (lambda t, x: t.broadcast_to(x, 3), TypeError, "broadcast_to(): argument 'size' must be tuple of ints, not"),
    (lambda t, x: t.broadcast_to(x, (2.0, 3)), TypeError, "broadcast_to(): argument 'size' must be tuple of ints, not"),
    (
        lambda t, x: t.broadcast_tensors(x, t.zeros(2)),
        RuntimeError,
        "broadcast_tensors: shapes (2, 3), (2,) cannot be broadcast",
    ),
    (lambda t, x: t.broadcast_tensors(x, 1), TypeError, "expected Tensor as element 1 in argument 0, but got int"),
    # flatten
    (lambda t, x: x.flatten(1, 0), RuntimeError, "flatten() has invalid args: start_dim cannot come after"),
    (lambda t, x: x.flatten(2), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.flatten(0, 5), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: t.tensor(5.0).flatten(1), IndexError, "Dimension out of range (expected to be in range of [-1, 0],"),
    (lambda t, x: x.unflatten(1, (2, 2)), RuntimeError, "unflatten: Provided sizes [2, 2] don't multiply up to the"),
    (lambda t, x: x.unflatten(1, (-1, 2)), RuntimeError, "unflatten: Provided sizes [1, 2] don't multiply up to the"),
    (
        lambda t, x: x.unflatten(1, (-1, -1)),
        RuntimeError,
        "unflatten: Provided sizes [-3, -3] don't multiply up to the",
    ),
    (lambda t, x: x.unflatten(1, (0, -1)), RuntimeError, "unflatten: Provided sizes [0, -1] don't multiply up to the"),
    (lambda t, x: x.unflatten(1, ()), RuntimeError, "unflatten: Provided sizes [] don't multiply up to the size"),
    (lambda t, x: x.unflatten(2, (1,)), IndexError, "Dimension out of range (expected to be in range of [-2, 1],"),
    (lambda t, x: x.unflatten(1, 3), TypeError, "unflatten(): argument 'sizes' must be tuple of ints, not int"),
    (lambda t, x: x.unflatten(1, (-3, -1)), RuntimeError, "view: can only specify one unknown dimension (inputs"),
    (
        lambda t, x: t.tensor(5.0).unflatten(0, (1,)),
        RuntimeError,
        "unflatten(): a 0-d tensor has no dimension to unflatten",
    ),
    (lambda t, x: x.reshape(6, shape=(6,)), TypeError, "reshape() got multiple values for argument 'shape'"),
    (lambda t, x: x.view(t.int32, size=(6,)), TypeError, "view() takes a size or a dtype, not both"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (
        lambda t, x: x.requires_grad_().view(t.int32),
        RuntimeError,
        "view(dtype): bytes have no derivative; detach() the tensor",
    ),
    (lambda t, x: x.movedim((0, 1), 0), RuntimeError, "movedim: source (0, 1) and destination 0 must be the same"),
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
