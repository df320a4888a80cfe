"""Matrix products in all ranks: values, out=, dtypes and refusals."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    # matmul
    (lambda t, x: t.matmul(x, x.t()), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: x.matmul(other=x[0]), [5.0, 14.0]),
    (lambda t, x: x @ x.t(), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: x[0] @ x[0], 5.0),
    (lambda t, x: x[0] @ x.t(), [5.0, 14.0]),
    (lambda t, x: x.matmul(t.ones(2, 3, 1)).shape, (2, 2, 1)),
    (lambda t, x: t.ones(2, 1, 4, 3).matmul(t.ones(5, 3, 2)).shape, (2, 5, 4, 2)),
    (lambda t, x: t.ones(5, 4, 3).matmul(t.ones(3)).shape, (5, 4)),
    (lambda t, x: t.ones(3).matmul(t.ones(5, 3, 2)).shape, (5, 2)),
    (lambda t, x: x.long() @ x.long().t(), [[5, 14], [14, 50]]),
    (lambda t, x: x.to(t.int32) @ x.to(t.int32).t(), ("int32", [[5, 14], [14, 50]])),
    (lambda t, x: x.byte() @ x.byte().t(), ("uint8", [[5, 14], [14, 50]])),
    (lambda t, x: t.zeros(2, 0) @ t.zeros(0, 3), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: t.zeros(0, 3) @ t.zeros(3, 2), (0, 2)),
    (lambda t, x: into(t, lambda o: t.matmul(x, x.t(), out=o)), [[5.0, 14.0], [14.0, 50.0]]),
    # mm, bmm, mv, dot
    (lambda t, x: t.mm(x, x.t()), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: x.mm(mat2=x.t()), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: into(t, lambda o: t.mm(x, x.t(), out=o)), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.bmm(t.ones(2, 1, 3), t.ones(2, 3, 1)), [[[3.0]], [[3.0]]]),
    (lambda t, x: x[None].bmm(mat2=x.t()[None]), [[[5.0, 14.0], [14.0, 50.0]]]),
    (lambda t, x: into(t, lambda o: t.bmm(t.ones(2, 1, 3), t.ones(2, 3, 1), out=o)), [[[3.0]], [[3.0]]]),
    (lambda t, x: t.bmm(t.zeros(0, 1, 3), t.zeros(0, 3, 2)), (0, 1, 2)),
    (lambda t, x: t.mv(x, x[0]), [5.0, 14.0]),
    (lambda t, x: x.mv(vec=x[0]), [5.0, 14.0]),
    (lambda t, x: into(t, lambda o: t.mv(x, x[0], out=o)), [5.0, 14.0]),
    (lambda t, x: t.dot(x[0], x[1]), 14.0),
    (lambda t, x: x[0].dot(tensor=x[1]), 14.0),
    (lambda t, x: t.dot(t.zeros(0), t.zeros(0)), 0.0),
    (lambda t, x: into(t, lambda o: t.dot(x[0], x[1], out=o)), 14.0),
    (lambda t, x: t.dot(x[0].long(), x[0].long()), 5),
    (lambda t, x: t.vdot(t.tensor([1j, 2.0]), t.tensor([1j, 1.0])), ("complex64", (3 + 0j))),
    (lambda t, x: t.vdot(x[0], x[1]), 14.0),
    (lambda t, x: x[0].vdot(other=x[1]), 14.0),
    (lambda t, x: into(t, lambda o: t.vdot(x[0], x[1], out=o)), 14.0),
    # outer and inner
    (lambda t, x: t.outer(x[0], x[1]), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: x[0].outer(vec2=x[1]), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: t.outer(x[0].long(), x[1]), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: t.outer(t.zeros(0), x[0]), (0, 3)),
    (lambda t, x: into(t, lambda o: t.outer(x[0], x[1], out=o)), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: t.inner(x, x), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.inner(x[0], x[1]), 14.0),
    (lambda t, x: t.inner(x, t.tensor(2.0)), [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]),
    (lambda t, x: x.inner(other=x), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: into(t, lambda o: t.inner(x, x, out=o)), [[5.0, 14.0], [14.0, 50.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: t.inner(a, b), x, t.ones(3)),
        ([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], [6.0, 9.0, 12.0]),
    ),
    # addmm and kin
    (lambda t, x: t.addmm(t.ones(2, 2), x, x.t()), [[6.0, 15.0], [15.0, 51.0]]),
    (lambda t, x: t.ones(2).addmm(x, x.t(), beta=2, alpha=0.5), [[4.5, 9.0], [9.0, 27.0]]),
    (lambda t, x: t.addmm(input=t.ones(2), mat1=x, mat2=x.t(), alpha=2), [[11.0, 29.0], [29.0, 101.0]]),
    (lambda t, x: t.addmm(t.full((2,), float("nan")), x, x.t(), beta=0), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.addmv(t.ones(2), x, x[0], beta=3, alpha=2), [13.0, 31.0]),
    (lambda t, x: t.ones(2).addmv(mat=x, vec=x[0]), [6.0, 15.0]),
    (lambda t, x: t.baddbmm(t.ones(1, 2, 2), x[None], x.t()[None], beta=2), [[[7.0, 16.0], [16.0, 52.0]]]),
    (
        lambda t, x: t.addbmm(t.ones(2, 2), t.stack([x, x]), t.stack([x.t(), x.t()]), beta=2, alpha=3),
        [[32.0, 86.0], [86.0, 302.0]],
    ),
    (lambda t, x: t.ones(2, 2).addbmm(batch1=x[None], batch2=x.t()[None]), [[6.0, 15.0], [15.0, 51.0]]),
    (lambda t, x: into(t, lambda o: t.addmm(t.ones(2, 2), x, x.t(), out=o)), [[6.0, 15.0], [15.0, 51.0]]),
    (lambda t, x: into(t, lambda o: t.addmv(t.ones(2), x, x[0], out=o)), [6.0, 15.0]),
    (
        lambda t, x: into(t, lambda o: t.baddbmm(t.ones(1, 2, 2), x[None], x.t()[None], out=o)),
        [[[6.0, 15.0], [15.0, 51.0]]],
    ),
    (lambda t, x: into(t, lambda o: t.addbmm(t.ones(2, 2), x[None], x.t()[None], out=o)), [[6.0, 15.0], [15.0, 51.0]]),
    (lambda t, x: t.addmv(t.tensor(1.0), x, x[0]), [6.0, 15.0]),
    (lambda t, x: t.baddbmm(t.ones(2), x[None], x.t()[None]), [[[6.0, 15.0], [15.0, 51.0]]]),
    (lambda t, x: t.addmm(t.ones(1), x, x.t()), [[6.0, 15.0], [15.0, 51.0]]),
    (lambda t, x: t.addmm(t.tensor(1.0), x, x.t()), [[6.0, 15.0], [15.0, 51.0]]),
    (lambda t, x: x.long().addmm(x.long(), t.ones(3, 3, dtype=t.int64), alpha=2), [[6, 7, 8], [27, 28, 29]]),
    (lambda t, x: x.long().addmm(x.long(), t.ones(3, 3, dtype=t.int64), alpha=2.7), [[6, 7, 8], [27, 28, 29]]),
    (
        lambda t, x: gradient(t, lambda a, b, c: t.addmm(a, b, c, beta=2, alpha=3), t.ones(2), x, x.t()),
        ([8.0, 12.0], [[18.0, 27.0, 36.0], [36.0, 57.0, 78.0]], [[27.0, 36.0], [39.0, 54.0], [51.0, 72.0]]),
    ),
    # linear
    (lambda t, x: t.nn.functional.linear(x, t.ones(2, 3)), [[3.0, 3.0], [12.0, 12.0]]),
    (lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), t.ones(2)), [[4.0, 4.0], [13.0, 13.0]]),
    (lambda t, x: t.nn.functional.linear(x[0], t.ones(2, 3), bias=t.ones(2)), [4.0, 4.0]),
    (lambda t, x: t.nn.functional.linear(x, t.ones(3)), [3.0, 12.0]),
    (lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), t.tensor(1.0)), [[4.0, 4.0], [13.0, 13.0]]),
    (lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), t.ones(1)), [[4.0, 4.0], [13.0, 13.0]]),
    (lambda t, x: t.nn.functional.linear(x[None], t.ones(2, 3), t.ones(2)).shape, (1, 2, 2)),
    (lambda t, x: t.nn.functional.linear(t.zeros(0, 3), t.ones(2, 3), t.ones(2)), (0, 2)),
    (
        lambda t, x: gradient(t, lambda a, w, b: t.nn.functional.linear(a, w, b), x[None], t.ones(2, 3), t.ones(2)),
        ([[[3.0, 3.0, 3.0], [7.0, 7.0, 7.0]]], [[9.0, 13.0, 17.0], [12.0, 18.0, 24.0]], [4.0, 6.0]),
    ),
    # tensordot
    (lambda t, x: t.tensordot(x, x, 2), 55.0),
    (lambda t, x: t.tensordot(x, x.t(), dims=1), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.tensordot(x, x, dims=0).shape, (2, 3, 2, 3)),
    (lambda t, x: t.tensordot(x, x, dims=([1], [1])), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.tensordot(x, x, ([0, 1], [0, 1])), 55.0),
    (lambda t, x: t.tensordot(a=x, b=x, dims=((-1,), (-1,))), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.tensordot(x, x, t.tensor([[1], [1]])), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.tensordot(x, x.t(), t.tensor(1)), [[5.0, 14.0], [14.0, 50.0]]),
    (lambda t, x: t.tensordot(x, x, ([], [])).shape, (2, 3, 2, 3)),
    (lambda t, x: into(t, lambda o: t.tensordot(x, x, 2, out=o)), 55.0),
    (
        lambda t, x: gradient(t, lambda a, b: t.tensordot(a, b, ([1], [1])), x, x),
        ([[6.0, 9.0, 12.0], [12.0, 19.0, 26.0]], [[9.0, 13.0, 17.0], [12.0, 18.0, 24.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, x, x.t()),
        ([[6.0, 9.0, 12.0], [12.0, 19.0, 26.0]], [[9.0, 12.0], [13.0, 18.0], [17.0, 24.0]]),
    ),
    (lambda t, x: gradient(t, lambda a, b: a @ b, x[0], x[1]), ([3.0, 4.0, 5.0], [0.0, 1.0, 2.0])),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, x[0], x.t()),
        ([6.0, 9.0, 12.0], [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]),
    ),
    (lambda t, x: gradient(t, lambda a, b: a @ b, x, x[0]), ([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]], [6.0, 9.0, 12.0])),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, x[None], x.t()),
        ([[[6.0, 9.0, 12.0], [12.0, 19.0, 26.0]]], [[9.0, 12.0], [13.0, 18.0], [17.0, 24.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, x[0], x.t()[None]),
        ([6.0, 9.0, 12.0], [[[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, x[None], x[0]),
        ([[[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]]], [6.0, 9.0, 12.0]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, x[None], x.t()[None]),
        ([[[6.0, 9.0, 12.0], [12.0, 19.0, 26.0]]], [[[9.0, 12.0], [13.0, 18.0], [17.0, 24.0]]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a @ b, t.ones(2, 1, 1, 3), t.ones(2, 3, 1)),
        ([[[[3.0, 3.0, 3.0]]], [[[7.0, 7.0, 7.0]]]], [[[4.0], [4.0], [4.0]], [[6.0], [6.0], [6.0]]]),
    ),
    (
        lambda t, x: gradient(t, lambda a: t.nn.functional.linear(a, t.ones(2, 3)), x),
        ([[3.0, 3.0, 3.0], [7.0, 7.0, 7.0]],),
    ),
    (
        lambda t, x: gradient(t, lambda w: t.nn.functional.linear(x, w), t.ones(2, 3)),
        ([[9.0, 13.0, 17.0], [12.0, 18.0, 24.0]],),
    ),
    (lambda t, x: gradient(t, lambda b: t.nn.functional.linear(x, t.ones(2, 3), b), t.ones(2)), ([4.0, 6.0],)),
]
ERRORS = [
    # matmul
    (lambda t, x: x @ x, RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3):"),
    (lambda t, x: x @ t.ones(2), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x1):"),
    (lambda t, x: x[0] @ t.ones(2), RuntimeError, "inconsistent tensor size, expected tensor [3] and src [2]"),
    (lambda t, x: x[0] @ x, RuntimeError, "mat1 and mat2 shapes cannot be multiplied (1x3 and 2x3):"),
    (
        lambda t, x: t.ones(2, 2, 3) @ t.ones(3, 3, 2),
        RuntimeError,
        "matmul: operands could not be broadcast together with",
    ),
    (
        lambda t, x: t.ones(2, 2, 3) @ t.ones(2, 2, 3),
        RuntimeError,
        "mat1 and mat2 shapes cannot be multiplied (4x3 and 2x3):",
    ),
    (lambda t, x: x @ 2, TypeError, "unsupported operand type(s) for @: 'Tensor' and 'int'"),
    (lambda t, x: 2 @ x, TypeError, "unsupported operand type(s) for @: 'int' and 'Tensor'"),
    (lambda t, x: x @ [1], TypeError, "unsupported operand type(s) for @: 'Tensor' and 'list'"),
    (lambda t, x: t.matmul(x, 2), TypeError, "matmul(): argument 'other' must be Tensor, not int"),
    (lambda t, x: t.matmul(2, x), TypeError, "matmul(): argument 'input' must be Tensor, not int"),
    (lambda t, x: x.matmul(None), TypeError, "matmul(): argument 'other' must be Tensor, not NoneType"),
    (lambda t, x: t.tensor(1.0) @ x, RuntimeError, "both arguments to matmul need to be at least 1D, but they"),
    (lambda t, x: x @ t.tensor(1.0), RuntimeError, "both arguments to matmul need to be at least 1D, but they"),
    (lambda t, x: x @ x.t().double(), RuntimeError, "expected m1 and m2 to have the same dtype, but got:"),
    (lambda t, x: x @ x.t().long(), RuntimeError, "expected m1 and m2 to have the same dtype, but got:"),
    (
        lambda t, x: x.bool() @ x.t().bool(),
        NotImplementedError,
        "\"addmm_impl_cpu_\" not implemented for 'Bool': convert to a",
    ),
    (lambda t, x: t.matmul(x), TypeError, "matmul() missing 1 required positional argument: 'other'"),
    # mm, bmm, mv, dot
    (lambda t, x: t.mm(x, x), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3):"),
    (lambda t, x: t.mm(x, x[0]), RuntimeError, "mm: mat2 must be a 2-D tensor, got shape (3,)"),
    (lambda t, x: t.mm(x, x.t().double()), RuntimeError, "expected m1 and m2 to have the same dtype, but got:"),
    (lambda t, x: t.mm(x, 1), TypeError, "mm(): argument 'mat2' must be Tensor, not int"),
    (lambda t, x: t.bmm(x, x), RuntimeError, "bmm: batch1 must be a 3-D tensor, got shape (2, 3)"),
    (
        lambda t, x: t.bmm(t.ones(2, 1, 3), t.ones(1, 3, 1)),
        RuntimeError,
        "Expected size for first two dimensions of batch2 tensor to",
    ),
    (
        lambda t, x: t.bmm(t.ones(2, 1, 3), t.ones(2, 2, 1)),
        RuntimeError,
        "Expected size for first two dimensions of batch2 tensor to",
    ),
    (lambda t, x: t.bmm(t.ones(2, 1, 3), x), RuntimeError, "bmm: batch2 must be a 3-D tensor, got shape (2, 3)"),
    (lambda t, x: t.mv(x, x.t()), RuntimeError, "mv: vec must be a 1-D tensor, got shape (3, 2)"),
    (lambda t, x: t.mv(x[0], x[0]), RuntimeError, "mv: input must be a 2-D tensor, got shape (3,)"),
    (lambda t, x: t.mv(x, t.ones(2)), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x1):"),
    (lambda t, x: t.dot(x, x), RuntimeError, "1D tensors expected, but got 2D and 2D tensors"),
    (lambda t, x: t.dot(x[0], t.ones(2)), RuntimeError, "inconsistent tensor size, expected tensor [3] and src [2]"),
    (lambda t, x: t.dot(x[0], x[0].double()), RuntimeError, "expected m1 and m2 to have the same dtype, but got:"),
    (lambda t, x: t.dot(x[0], t.tensor(1.0)), RuntimeError, "1D tensors expected, but got 1D and 0D tensors"),
    (
        lambda t, x: t.dot(x[0].bool(), x[0].bool()),
        NotImplementedError,
        "\"addmm_impl_cpu_\" not implemented for 'Bool': convert to a",
    ),
    (lambda t, x: t.vdot(x, x), RuntimeError, "1D tensors expected, but got 2D and 2D tensors"),
    # outer and inner
    (lambda t, x: t.outer(x, x[0]), RuntimeError, "outer: self must be a 1-D tensor, got shape (2, 3)"),
    (lambda t, x: t.outer(x[0], x), RuntimeError, "outer: vec2 must be a 1-D tensor, got shape (2, 3)"),
    (lambda t, x: t.inner(x, t.ones(2)), RuntimeError, "tensordot: contracted dimensions need to match, but first"),
    # addmm and kin
    (
        lambda t, x: t.addmm(t.ones(3), x, x.t()),
        RuntimeError,
        "The expanded size of the tensor (2) must match the existing",
    ),
    (
        lambda t, x: t.addmm(t.ones(2, 1, 2), x, x.t()),
        RuntimeError,
        "expand({[2, 1, 2]}, size=[2, 2]): the number of sizes",
    ),
    (
        lambda t, x: t.addmm(t.ones(2, 2), x, x),
        RuntimeError,
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3):",
    ),
    (lambda t, x: t.addmm(t.ones(2, 2), x, x[0]), RuntimeError, "mm: mat2 must be a 2-D tensor, got shape (3,)"),
    (
        lambda t, x: t.addmm(t.ones(2, 2).double(), x, x.t()),
        RuntimeError,
        "addmm(): input and product must have the same dtype, got",
    ),
    (
        lambda t, x: t.addmm(t.ones(2, 2).long(), x, x.t()),
        RuntimeError,
        "addmm(): input and product must have the same dtype, got",
    ),
    (
        lambda t, x: t.addmv(t.ones(3), x, x[0]),
        RuntimeError,
        "The expanded size of the tensor (2) must match the existing",
    ),
    (
        lambda t, x: t.addmv(t.ones(2).double(), x, x[0]),
        RuntimeError,
        "addmv(): input and product must have the same dtype, got",
    ),
    (
        lambda t, x: t.baddbmm(t.ones(1, 3, 2), x[None], x.t()[None]),
        RuntimeError,
        "The expanded size of the tensor (2) must match the existing",
    ),
    (
        lambda t, x: t.addbmm(t.ones(3, 2), x[None], x.t()[None]),
        RuntimeError,
        "The expanded size of the tensor (2) must match the existing",
    ),
    # linear
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(2, 4)),
        RuntimeError,
        "linear: input has 3 features but weight expects 4 (input is",
    ),
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(4)),
        RuntimeError,
        "linear: input has 3 features but weight expects 4 (input is",
    ),
    (
        lambda t, x: t.nn.functional.linear(x[0], t.ones(2, 4)),
        RuntimeError,
        "linear: input has 3 features but weight expects 4 (input is",
    ),
    (
        lambda t, x: t.nn.functional.linear(t.tensor(1.0), t.ones(2, 3)),
        RuntimeError,
        "linear: input needs at least 1 dimension and weight 1 or 2,",
    ),
    (
        lambda t, x: t.nn.functional.linear(x, t.tensor(1.0)),
        RuntimeError,
        "linear: input needs at least 1 dimension and weight 1 or 2,",
    ),
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(1, 2, 3)),
        RuntimeError,
        "linear: input needs at least 1 dimension and weight 1 or 2,",
    ),
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(2, 3).double()),
        RuntimeError,
        "linear takes input, weight and bias in one dtype",
    ),
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), t.ones(2).double()),
        RuntimeError,
        "linear takes input, weight and bias in one dtype",
    ),
    (
        lambda t, x: t.nn.functional.linear(x[0], t.ones(2, 3), t.ones(2).double()),
        RuntimeError,
        "linear takes input, weight and bias in one dtype",
    ),
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), t.ones(3)),
        RuntimeError,
        "linear: bias has shape (3,) but weight (2, 3) gives 2",
    ),
    (lambda t, x: t.nn.functional.linear(x, [1.0]), TypeError, "linear(): argument 'weight' must be Tensor, not list"),
    (lambda t, x: t.nn.functional.linear(1.0, x), TypeError, "linear(): argument 'input' must be Tensor, not float"),
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), 1.0),
        TypeError,
        "linear(): argument 'bias' must be Tensor, not float",
    ),
    # tensordot
    (lambda t, x: t.tensordot(x, x, 1), RuntimeError, "tensordot: contracted dimensions need to match, but first"),
    (lambda t, x: t.tensordot(x, x, -1), RuntimeError, "tensordot expects dims >= 0 and at most the operands'"),
    (lambda t, x: t.tensordot(x, x, 3), RuntimeError, "tensordot expects dims >= 0 and at most the operands'"),
    (
        lambda t, x: t.tensordot(x, x, ([1], [0])),
        RuntimeError,
        "tensordot: contracted dimensions need to match, but first",
    ),
    (
        lambda t, x: t.tensordot(x, x, ([1], [0, 1])),
        RuntimeError,
        "tensordot: both dimension lists should have same length,",
    ),
    (
        lambda t, x: t.tensordot(x, x, ([2], [0])),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1],",
    ),
    (
        lambda t, x: t.tensordot(x, x, ([1, 1], [1, 1])),
        RuntimeError,
        "tensordot: a dim appears multiple times in [1, 1] or [1, 1]",
    ),
    (lambda t, x: t.tensordot(x, x.double(), 2), RuntimeError, "expected m1 and m2 to have the same dtype, but got:"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (
        lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), t.ones(2, 2)),
        RuntimeError,
        "linear: bias has shape (2, 2) but weight (2, 3) gives 2",
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


@pytest.mark.parametrize("name", ["uint8", "int32", "float32"])
def test_tensordot_over_dimensions_of_length_one_keeps_the_dtype(name):
    kind = getattr(tg, name)
    product = tg.tensordot(tg.full((1, 1, 1), 2, dtype=kind), tg.ones(2, 1, 2, dtype=kind), dims=[[0, 1], [2, 0]])
    assert product.dtype is kind
    assert product.tolist() == [[8]]
