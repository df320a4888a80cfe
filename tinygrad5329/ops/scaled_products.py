"""``beta * input + alpha * product`` for every product of matrices and vectors, also in place."""

from __future__ import annotations

from typing import Any

from tinygrad5329.dtypes import bool_
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.linalg import _expect_dims, bmm, mm, mv, outer
from tinygrad5329.ops.promote import cast, expect_tensor, result_type, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "ger"]


@method
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2`` (``torch.addmm``)."""
    return _scaled_sum("addmm", input, mm(mat1, mat2), beta, alpha, out)


@method
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * mat @ vec`` (``torch.addmv``)."""
    return _scaled_sum("addmv", input, mv(mat, vec), beta, alpha, out)


@method
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * batch1 @ batch2`` (``torch.baddbmm``)."""
    return _scaled_sum("baddbmm", input, bmm(batch1, batch2), beta, alpha, out)


@method
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * sum(batch1 @ batch2)`` (``torch.addbmm``)."""
    return _scaled_sum("addbmm", input, bmm(batch1, batch2).sum(0), beta, alpha, out)


@method
def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)`` (``torch.addr``); dtypes may mix, and be bool."""
    _expect_dims("addr", ("vec1", vec1, 1), ("vec2", vec2, 1))
    expect_tensor("addr", "input", input)
    common = result_type(input, vec1, vec2)
    for name, value in (("beta", beta), ("alpha", alpha)):
        if not (common.is_floating_point or common.is_complex or isinstance(value, int)):
            raise RuntimeError(
                f"For integral input tensors, argument {name} must not be a floating point number. addr got {value}"
            )
    product = outer(cast(vec1, common), cast(vec2, common))
    input = cast(input, common)
    if common is not bool_:
        return _scaled_sum("addr", input, product, beta, alpha, out)
    product = product if alpha else product ^ product
    result = (input.expand(product.shape) | product) if beta else product
    return result if out is None else write_out("addr", out, result)


def _scaled_sum(op: str, input: Tensor, product: Tensor, beta: Any, alpha: Any, out: Tensor | None) -> Tensor:
    expect_tensor(op, "input", input)
    if input.dtype is not product.dtype:
        raise RuntimeError(f"{op}(): input and product must have the same dtype, got {input.dtype} and {product.dtype}")
    if product.dtype.numpy.kind in "iu":
        # As in PyTorch, which refuses fractions in addr alone.
        beta, alpha = int(beta), int(alpha)
    input = input.expand(product.shape)
    if alpha != 1:
        product = product * alpha
    if beta != 0:
        # As in PyTorch, NaN in `input` is not looked at when beta is 0.
        product = (input if beta == 1 else input * beta) + product
    return product if out is None else write_out(op, out, product)


def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """:func:`outer` under its older name (``torch.ger``)."""
    return outer(input, vec2, out=out)


Tensor.ger = ger  # type: ignore[attr-defined]


def _in_place(name: str, function: Any) -> None:
    def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return in_place(self, name, function, *args, **kwargs)

    operation.__name__ = name
    operation.__doc__ = f"``{name[:-1]}`` in place (``torch.Tensor.{name}``)."
    setattr(Tensor, name, operation)


for _function in (addbmm, addmm, addmv, addr, baddbmm):
    _in_place(f"{_function.__name__}_", _function)
del _function
