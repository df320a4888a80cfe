"""Products of matrices: matmul in all its ranks, linear, bmm, einsum and their kin."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.backends import sums
from tinygrad5329.description import check_dim
from tinygrad5329.ops.arguments import explains_itself
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive, unbroadcast
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, attach, method

__all__ = [
    "bmm", "dot", "inner", "linear", "matmul", "mm", "mv", "outer", "tensordot", "vdot",
]  # fmt: skip


def _rows(x: Any) -> Any:
    """`x` as one matrix; a length of -1 would be ambiguous where the rows are empty."""
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _left(xp: Any, g: Any, y: Any, x_shape: tuple[int, ...]) -> Any:
    """The gradient of ``x @ y`` to x, from its own shape."""
    if len(x_shape) == 1:
        if y.ndim == 1:
            return g * y
        # (k) @ (..., k, n): every matrix of the stack contributes.
        return unbroadcast(xp, xp.matmul(y, xp.expand_dims(g, -1)).squeeze(-1), x_shape)
    if y.ndim == 1:
        return unbroadcast(xp, xp.expand_dims(g, -1) * y, x_shape)
    if y.ndim == 2 and len(x_shape) > 2:
        # One product instead of a stack of small ones.
        flat = xp.matmul(_rows(g), xp.swapaxes(y, -1, -2))
        return xp.reshape(flat, x_shape)
    return unbroadcast(xp, xp.matmul(g, xp.swapaxes(y, -1, -2)), x_shape)


def _right(xp: Any, g: Any, x: Any, y_shape: tuple[int, ...]) -> Any:
    """The gradient of ``x @ y`` to y."""
    if x.ndim == 1:
        if len(y_shape) == 1:
            return g * x
        return unbroadcast(xp, xp.expand_dims(x, -1) * xp.expand_dims(g, -2), y_shape)
    if len(y_shape) == 1:
        return unbroadcast(xp, xp.matmul(xp.swapaxes(x, -1, -2), xp.expand_dims(g, -1)).squeeze(-1), y_shape)
    if len(y_shape) == 2 and x.ndim > 2:
        return xp.matmul(xp.swapaxes(_rows(x), 0, 1), _rows(g))
    return unbroadcast(xp, xp.matmul(xp.swapaxes(x, -1, -2), g), y_shape)


def _product(xp: Any, x: Any, y: Any) -> Any:
    if y.ndim == 2 and x.ndim > 2 and x.flags.c_contiguous:
        return xp.matmul(_rows(x), y).reshape(*x.shape[:-1], y.shape[-1])
    return xp.matmul(x, y)


_matmul = Primitive(
    "matmul",
    _product,
    lambda xp, g, y, x_shape: _left(xp, g, xp.conj(y), x_shape),
    lambda xp, g, x, y_shape: _right(xp, g, xp.conj(x), y_shape),
)


def _linear_forward(xp: Any, x: Any, w: Any, b: Any) -> Any:
    # The method: np.matmul takes a microsecond longer to get to BLAS.
    out = x.dot(w.T) if x.ndim == 2 else _rows(x).dot(w.T).reshape(*x.shape[:-1], w.shape[0])
    if b is not None:
        out += b
    return out


def _linear_rule(xp: Any, g: Any, needs: Any, x: Any, w: Any) -> tuple[Any, Any, Any]:
    rows = _rows(g)
    dx = dw = db = None
    if needs[0]:
        dx = xp.matmul(rows, xp.conj(w))
        if g.ndim != 2:
            dx = xp.reshape(dx, x.shape)
    if needs[1]:
        dw = xp.matmul(xp.swapaxes(rows, 0, 1), xp.conj(_rows(x)))
    if needs[2]:
        db = xp.sum(rows, axis=0)
    return dx, dw, db


def _linear_raw(xp: Any, g: Any, needs: Any, x: Any, w: Any) -> tuple[Any, Any, Any]:
    """The rule on arrays: products by the quickest way to BLAS."""
    shape = x.shape
    if len(shape) != 2:
        g, x = _rows(g), _rows(x)
    if w.dtype.kind == "c":
        x, w = x.conj(), w.conj()
    dx = g.dot(w) if needs[0] else None
    if dx is not None and len(shape) != 2:
        dx = dx.reshape(shape)
    return dx, g.T.dot(x) if needs[1] else None, sums.over_rows(g) if needs[2] else None


_linear = Primitive("linear", _linear_forward, joint=_linear_rule, raw=_linear_raw)


@method
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product, with NumPy's rules for vectors and stacks of matrices (``torch.matmul``).

    Raises RuntimeError if a dimension does not fit, a dtype differs, or an operand is 0-d.
    """
    if not isinstance(other, Tensor) or not isinstance(input, Tensor):
        bad = other if isinstance(input, Tensor) else input
        raise TypeError(f"matmul(): argument 'other' must be Tensor, not {type(bad).__name__}")
    x, y = input._array, other._array
    if x.dtype is not y.dtype and x.dtype != y.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {input.dtype} != {other.dtype}")
    if x.ndim == 0 or y.ndim == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D")
    if x.shape[-1] != (y.shape[-2] if y.ndim > 1 else y.shape[0]):
        raise RuntimeError(_unfit(x.shape, y.shape))
    if x.dtype.kind == "b":
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool': convert to a number type first")
    result = _matmul.run(input, other)
    return result if out is None else write_out("matmul", out, result)


def _unfit(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    if len(a) == 1 and len(b) == 1:
        return (
            f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of elements"
        )
    rows = (math.prod(a[:-1]), a[-1])
    columns = (b[-2], b[-1]) if len(b) > 1 else (b[0], 1)
    return (
        f"mat1 and mat2 shapes cannot be multiplied ({rows[0]}x{rows[1]} and {columns[0]}x{columns[1]}): matmul of "
        f"{a} and {b} needs {a[-1]} = {columns[0]}"
    )


attach(
    __matmul__=lambda self, other: matmul(self, other) if isinstance(other, Tensor) else NotImplemented,
    __rmatmul__=lambda self, other: matmul(other, self) if isinstance(other, Tensor) else NotImplemented,
)


def _expect_dims(op: str, *pairs: tuple[str, Tensor, int]) -> None:
    for name, t, ndim in pairs:
        expect_tensor(op, name, t)
        if t._array.ndim != ndim:
            raise RuntimeError(f"{op}: {name} must be a {ndim}-D tensor, got shape {tuple(t.shape)}")


@method
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices (``torch.mm``)."""
    _expect_dims("mm", ("input", input, 2), ("mat2", mat2, 2))
    return matmul(input, mat2, out=out)


@method
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of two stacks of matrices, without broadcasting (``torch.bmm``)."""
    _expect_dims("bmm", ("batch1", input, 3), ("batch2", mat2, 3))
    if input._array.shape[0] != mat2._array.shape[0] or input._array.shape[2] != mat2._array.shape[1]:
        n, _, k = input._array.shape
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{n}, {k}] but got: "
            f"{list(mat2._array.shape[:2])}."
        )
    return matmul(input, mat2, out=out)


@method
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A matrix times a vector (``torch.mv``)."""
    _expect_dims("mv", ("input", input, 2), ("vec", vec, 1))
    return matmul(input, vec, out=out)


@method
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner product of two vectors (``torch.dot``)."""
    expect_tensor("dot", "tensor", tensor)
    if input._array.ndim != 1 or tensor._array.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input._array.ndim}D and {tensor._array.ndim}D tensors")
    return matmul(input, tensor, out=out)


@method
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner product of two vectors, the first conjugated (``torch.vdot``)."""
    return dot(input.conj() if input.is_complex() else input, other, out=out)


@method
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The outer product of two vectors (``torch.outer``)."""
    _expect_dims("outer", ("self", input, 1), ("vec2", vec2, 1))
    result = input.unsqueeze(1) * vec2
    return result if out is None else write_out("outer", out, result)


@method
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner products over the last dimensions (``torch.inner``)."""
    expect_tensor("inner", "other", other)
    result = tensordot(input, other, dims=([-1], [-1])) if input.dim() and other.dim() else input * other
    return result if out is None else write_out("inner", out, result)


@explains_itself
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias`` in one operation (``torch.nn.functional.linear``).

    Parameters
    ----------
    input : Tensor, shape (..., in_features)
    weight : Tensor, shape (out_features, in_features); or (in_features,) for an output without that dimension
    bias : Tensor, shape (out_features,), optional

    Raises
    ------
    TypeError
        An argument is not a tensor.
    RuntimeError
        Shapes or dtypes do not fit.
    """
    if out is not None:
        return write_out("linear", out, linear(input, weight, bias))
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor) and (bias is None or isinstance(bias, Tensor))):
        for name, value in (("input", input), ("weight", weight), ("bias", bias)):
            expect_tensor("linear", name, value)
    x, w = input._array, weight._array
    b = w if bias is None else bias._array
    same = x.dtype is w.dtype is b.dtype
    if same and x.ndim > 1 and w.ndim == 2 and x.shape[-1] == w.shape[1] and (b is w or b.shape == w.shape[:1]):
        # Nearly every call.
        return _linear.run(input, weight, bias)
    if x.ndim == 0 or w.ndim not in (1, 2):
        raise RuntimeError(
            f"linear: input needs at least 1 dimension and weight 1 or 2, got input {x.shape} and weight {w.shape}"
        )
    if x.shape[-1] != w.shape[-1]:
        raise RuntimeError(_linear_error(x.shape, w.shape))
    if x.dtype != w.dtype or (bias is not None and bias._array.dtype != w.dtype):
        name, other = ("mat1", x) if bias is None or x.dtype != w.dtype else ("self", bias._array)
        raise RuntimeError(
            f"{name} and mat2 must have the same dtype, but got {scalar_type(other.dtype)} and "
            f"{scalar_type(w.dtype)}: linear takes input, weight and bias in one dtype"
        )
    if w.ndim == 1 or x.ndim == 1:
        out = matmul(input, weight if w.ndim == 1 else weight.t())
        return out if bias is None else out + bias
    if bias is not None and bias._array.shape != (w.shape[0],):
        if bias._array.ndim > 1 or bias._array.size not in (1, w.shape[0]):
            raise RuntimeError(
                f"linear: bias has shape {tuple(bias.shape)} but weight {tuple(w.shape)} gives {w.shape[0]} features"
            )
        bias = bias.expand(w.shape[0])
    return _linear.run(input, weight, bias)


def _linear_error(x: tuple[int, ...], w: tuple[int, ...]) -> str:
    return (
        f"linear: input has {x[-1]} features but weight expects {w[-1]} (input is {x}, weight is {w}); "
        f"mat1 and mat2 shapes cannot be multiplied ({math.prod(x[:-1])}x{x[-1]} and {w[-1]}x{w[0]})"
    )


@method
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, *, out: Tensor | None = None) -> Tensor:
    """The products summed over `dims` of `a` and `b` (``torch.tensordot``)."""
    expect_tensor("tensordot", "a", a)
    expect_tensor("tensordot", "b", b)
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0 or dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims >= 0 and at most the operands' dimensions, but got dims={dims}")
        over_a, over_b = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        over_a, over_b = ([check_dim(d, t.dim()) for d in each] for t, each in zip((a, b), dims, strict=True))
        if len(over_a) != len(over_b):
            raise RuntimeError(f"tensordot: both dimension lists should have same length, got {over_a} and {over_b}")
        if len(set(over_a)) != len(over_a) or len(set(over_b)) != len(over_b):
            raise RuntimeError(f"tensordot: a dim appears multiple times in {over_a} or {over_b}")
    if len(over_a) == len(over_b):
        # A dimension of length 1 stands for all of the other's.
        one_a = [j for i, j in zip(over_a, over_b, strict=True) if a.shape[i] == 1 != b.shape[j]]
        one_b = [i for i, j in zip(over_a, over_b, strict=True) if b.shape[j] == 1 != a.shape[i]]
        # A sum of integers would be int64.
        a = a.sum(one_b, keepdim=True, dtype=a.dtype) if one_b else a
        b = b.sum(one_a, keepdim=True, dtype=b.dtype) if one_a else b
    if [a.shape[d] for d in over_a] != [b.shape[d] for d in over_b]:
        raise RuntimeError(
            f"tensordot: contracted dimensions need to match, but first has sizes {[a.shape[d] for d in over_a]} and "
            f"second {[b.shape[d] for d in over_b]}"
        )
    free_a = [d for d in range(a.dim()) if d not in over_a]
    free_b = [d for d in range(b.dim()) if d not in over_b]
    inner_size = math.prod(a.shape[d] for d in over_a)
    left = a.permute((*free_a, *over_a)).reshape(math.prod(a.shape[d] for d in free_a), inner_size)
    right = b.permute((*over_b, *free_b)).reshape(inner_size, math.prod(b.shape[d] for d in free_b))
    result = matmul(left, right).reshape([a.shape[d] for d in free_a] + [b.shape[d] for d in free_b])
    return result if out is None else write_out("tensordot", out, result)
