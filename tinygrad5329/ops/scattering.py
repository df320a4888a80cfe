"""Writing at an index tensor along one dimension: scatter, scatter_add, scatter_reduce, index_reduce.

``out[index[i][j]][j] = src[i][j]`` for dimension 0, and so on. All are writes at the full index that
``gather`` reads with.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.scatter import Along, combine_at, write
from tinygrad5329.description import check_dim
from tinygrad5329.ops.indexing import _index, adding, assigning, fill_operand, overwrite
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.picking import check_along, check_range, index_array
from tinygrad5329.ops.placing import _row_index, _row_source
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["index_reduce", "scatter", "scatter_add", "scatter_reduce"]

_scatter = assigning("scatter")
_scatter_add = adding("scatter_add")


def _combine(ufunc: Any, x: Any, src: Any, index: Any, include_self: bool, neutral: Any) -> Any:
    out = np.array(x)
    if not include_self:
        write(out, index, np.asarray(neutral))
    combine_at(ufunc, out, index, src)
    return out


def _without_self(xp: Any, g: Any, index: Any, include_self: bool) -> Any:
    """The gradient of the tensor that is written to: none where its old value does not count."""
    return g if include_self else _scatter.under(xp, g, xp.zeros((), g.dtype), index=index)


def _product_rule(
    xp: Any, g: Any, x: Any, src: Any, out: Any, index: Any, include_self: bool, needs: tuple[bool, ...]
) -> Any:
    gx = gs = None
    if needs[0]:
        nonzero = xp.where(x == 0, 1.0, x)
        others = _scatter_prod.under(xp, nonzero, src, index=index, include_self=include_self)
        gx = _without_self(xp, g * xp.conj(others / nonzero), index, include_self)
    if needs[1]:
        zero = src == 0
        zeros = np.zeros(x.shape, np.int64)
        np_zero = zero if isinstance(zero, np.ndarray) else zero._array
        combine_at(np.add, zeros, index, np_zero.astype(np.int64))
        # The only zero among the factors of a place gets the product of the others.
        single = xp.asarray(np_zero & (zeros[index] == 1))
        without = _scatter_prod.under(xp, x, xp.where(single, 1.0, src), index=index, include_self=include_self)
        read = _index.under
        gs = xp.where(
            single,
            read(xp, g * xp.conj(without), index=index),
            read(xp, g * xp.conj(out), index=index) / xp.conj(xp.where(zero, 1.0, src)),
        )
    return gx, gs


_scatter_prod: Primitive = Primitive(
    "scatter_prod",
    lambda xp, x, src, *, index, include_self: _combine(np.multiply, x, src, index, include_self, 1),
    joint=_product_rule,
)


def _extreme_rule(xp: Any, g: Any, x: Any, src: Any, out: Any, index: Any, include_self: bool) -> Any:
    """Equal shares for all elements that equal the result of their place."""
    kept = xp.where(x == out, xp.ones_like(g), 0.0)
    chosen = xp.where(src == _index.under(xp, out, index=index), xp.ones_like(src), 0.0)
    share = g / _scatter_add.under(xp, kept, chosen, index=index)
    return (
        _without_self(xp, kept * share, index, include_self),
        chosen * _index.under(xp, share, index=index),
    )


def _lowest(dtype: Any) -> Any:
    return False if dtype.kind == "b" else np.iinfo(dtype).min if dtype.kind in "iu" else -math.inf


def _highest(dtype: Any) -> Any:
    return True if dtype.kind == "b" else np.iinfo(dtype).max if dtype.kind in "iu" else math.inf


_scatter_amax: Primitive = Primitive(
    "scatter_amax",
    lambda xp, x, src, *, index, include_self: _combine(np.maximum, x, src, index, include_self, _lowest(x.dtype)),
    joint=_extreme_rule,
)
_scatter_amin: Primitive = Primitive(
    "scatter_amin",
    lambda xp, x, src, *, index, include_self: _combine(np.minimum, x, src, index, include_self, _highest(x.dtype)),
    joint=_extreme_rule,
)
for _each in (_scatter_prod, _scatter_amax, _scatter_amin):
    _each.node_name = "ScatterReduceBackward0"
del _each


def _prepare(op: str, input: Tensor, dim: int, index: Any, src: Any) -> tuple[Any, Tensor, bool]:
    """The full index, the part of `src` that it takes, and whether `input` is a number made a vector."""
    expect_tensor(op, "input", input)
    ndim = input._array.ndim
    dim = check_dim(dim, ndim)
    places = index_array(op, index)
    if places.size == 0:
        nowhere = np.zeros(0, np.int64) if ndim else np.zeros((), bool)
        # A sum of nothing, so that the gradient of `src` is zero.
        source = src.reshape(-1)[:0].sum().to(input.dtype) if isinstance(src, Tensor) else fill_operand(op, src, input)
        return (nowhere,), source, False
    shape = input._array.shape or (1,)
    check_along(op, shape, dim, places)
    if isinstance(src, Tensor):
        if src.dtype is not input.dtype:
            raise RuntimeError(f"{op}(): Expected self.dtype to be equal to src.dtype, got {input.dtype}, {src.dtype}")
        if max(src._array.ndim, 1) != max(places.ndim, 1):
            raise RuntimeError(
                f"Index tensor must have the same number of dimensions as src tensor: {op} got {places.ndim} and "
                f"{src._array.ndim}"
            )
        if any(n > m for n, m in zip(places.shape or (1,), src._array.shape or (1,), strict=True)):
            raise RuntimeError(
                f"Expected index {list(places.shape)} to be no larger than src {list(src.shape)} in {op}()"
            )
        if src._array.shape != places.shape:
            src = src.reshape(src._array.shape or (1,))[tuple(slice(n) for n in places.shape or (1,))]
    else:
        src = fill_operand(op, src, input)
    check_range(op, places, shape[dim])
    if not ndim:
        return (), src.reshape(()) if src._array.ndim else src, True
    return Along(dim, places.reshape(places.shape or (1,))), src, False


def _value_of(src: Any, value: Any) -> Any:
    if (src is None) == (value is None):
        raise TypeError("scatter() takes one of src, a tensor, and value, a number")
    if value is not None and isinstance(value, Tensor) and value._array.ndim:
        raise TypeError(f"scatter(): argument 'value' must be Number, not a tensor of shape {tuple(value.shape)}")
    return src if value is None else value.item() if isinstance(value, Tensor) else value


def _reduction(reduce: Any, include: str = "scatter") -> str:
    names = {"add": "sum", "multiply": "prod"}
    if reduce not in names:
        raise RuntimeError(f"{include}(): reduce argument must be either add or multiply, got {reduce!r}")
    return names[reduce]


@method
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`input` with `src`, a tensor or a number, written at `index` along `dim` (``torch.scatter``).

    >>> import tinygrad5329 as tg
    >>> tg.zeros(2, 3).scatter(1, tg.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    src = _value_of(src, value)
    if reduce is not None:
        result = _reduced("scatter", input, dim, index, src, _reduction(reduce), True)
    else:
        where, source, _ = _prepare("scatter", input, dim, index, src)
        result = _scatter(input, source, index=where)
    return result if out is None else write_out("scatter", out, result)


@method
def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """:func:`scatter` in place (``torch.Tensor.scatter_``)."""
    src = _value_of(src, value)
    if reduce is not None:
        kind = _reduction(reduce)
        return in_place(self, "scatter_", lambda x, s: _reduced("scatter_", x, dim, index, s, kind, True), src)
    where, source, _ = _prepare("scatter_", self, dim, index, src)
    return overwrite(self, _scatter, source, where)


@method
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` with `src` added at `index` along `dim` (``torch.scatter_add``)."""
    expect_tensor("scatter_add", "src", src)
    where, source, _ = _prepare("scatter_add", input, dim, index, src)
    result = _scatter_add(input, source, index=where)
    return result if out is None else write_out("scatter_add", out, result)


@method
def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """:func:`scatter_add` in place (``torch.Tensor.scatter_add_``)."""
    expect_tensor("scatter_add_", "src", src)
    where, source, _ = _prepare("scatter_add_", self, dim, index, src)
    return overwrite(self, _scatter_add, source, where)


_EXTREMES = {"prod": _scatter_prod, "amax": _scatter_amax, "amin": _scatter_amin}


def _combined(input: Tensor, source: Tensor, where: Any, reduce: str, include_self: bool) -> Tensor:
    """`source` reduced into `input` at the full index `where`."""
    if reduce in _EXTREMES:
        return _EXTREMES[reduce](input, source, index=where, include_self=include_self)
    base = input if include_self else _scatter(input, wrap(np.zeros((), input._array.dtype)), index=where)
    total = _scatter_add(base, source, index=where)
    if reduce == "sum":
        return total
    counts = np.full(input._array.shape, int(include_self), np.int64)
    combine_at(np.add, counts, where, np.ones((), np.int64))
    counts = np.maximum(counts, 1).astype(input._array.dtype)
    whole = not (input.is_floating_point() or input.is_complex())
    return total // wrap(counts) if whole else total / wrap(counts)


def _reduced(op: str, input: Tensor, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Tensor:
    where, source, number = _prepare(op, input, dim, index, src)
    if index._array.size == 0:
        return input.clone()
    if number:
        return _reduced(op, input.reshape(1), 0, index.reshape(1), source.reshape(1), reduce, include_self).reshape(())
    source = source if source._array.ndim else source.expand(np.broadcast_shapes(*[part.shape for part in where]))
    return _combined(input, source, where, reduce, include_self)


def _check_reduce(op: str, reduce: Any, names: tuple[str, ...]) -> None:
    if reduce not in names:
        raise RuntimeError(f"{op}(): reduce argument must be one of {', '.join(names)}, got {reduce!r}")


@method
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`src` reduced into `input` at `index` along `dim` (``torch.scatter_reduce``).

    Parameters
    ----------
    reduce : {"sum", "prod", "mean", "amax", "amin"}
    include_self : bool
        Whether the old values of the places that are written to count.
    """
    expect_tensor("scatter_reduce", "src", src)
    _check_reduce("scatter_reduce", reduce, ("sum", "prod", "mean", "amax", "amin"))
    result = _reduced("scatter_reduce", input, dim, index, src, reduce, include_self)
    return result if out is None else write_out("scatter_reduce", out, result)


@method
def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """:func:`scatter_reduce` in place (``torch.Tensor.scatter_reduce_``)."""
    return in_place(self, "scatter_reduce_", lambda x, s: scatter_reduce(x, dim, index, s, reduce,
                                                                         include_self=include_self), src)  # fmt: skip


@method
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`source` reduced into the entries `index` of `dim`: prod, mean, amax or amin (``torch.index_reduce``)."""
    _check_reduce("index_reduce", reduce, ("prod", "mean", "amax", "amin"))
    where, places = _row_index("index_reduce", input, dim, index)
    source = _row_source("index_reduce", input, dim, places, source)
    if not input._array.ndim:
        result = scatter_reduce(input, 0, index, source, reduce, include_self=include_self)
    elif not source._array.size:
        result = input.clone()
    else:
        result = _combined(input, source, where, reduce, include_self)
    return result if out is None else write_out("index_reduce", out, result)


@method
def index_reduce_(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """:func:`index_reduce` in place (``torch.Tensor.index_reduce_``)."""
    return in_place(self, "index_reduce_", lambda x, s: index_reduce(x, dim, index, s, reduce,
                                                                     include_self=include_self), source)  # fmt: skip
