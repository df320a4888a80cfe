"""Elements picked by indices along one dimension: what max, sort, topk, median and cummax have in common.

Such an operation finds indices, which are constants for differentiation, and returns the elements there.
Its gradient goes back to those elements, and the gradient of that is the same pick again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.backends.scatter import add_at
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out

__all__ = ["pick_arrays", "selecting", "write_pair"]


def _positions(shape: tuple[int, ...], indices: Any, axis: int) -> Any:
    """Where in the flattened array of `shape` the elements are that `indices` names along `axis`."""
    outer, inner = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    flat = indices.reshape(outer, -1 if outer * inner else 0, inner)
    if inner != 1:
        flat = flat * inner + np.arange(inner)
    return flat + (np.arange(outer) * (shape[axis] * inner))[:, None, None] if outer != 1 else flat


def pick_arrays(x: Any, indices: Any, axis: int | None) -> Any:
    """The elements of `x` that `indices` names along `axis`; an axis that `indices` lacks disappears."""
    if axis is None:
        return x.copy()
    return x.reshape(-1)[_positions(x.shape, indices, axis).reshape(indices.shape)]


def _place_arrays(g: Any, indices: Any, shape: tuple[int, ...], axis: int | None, distinct: bool) -> Any:
    """Zeros of `shape` with `g` added at `indices` along `axis`: the adjoint of picking."""
    if axis is None:
        return np.array(g)
    out = np.zeros(math.prod(shape), g.dtype)
    positions = _positions(shape, indices, axis).reshape(-1)
    if distinct:
        out[positions] = g.reshape(-1)
    else:
        add_at(out, positions, g.reshape(-1))
    return out.reshape(shape)


_pick: Primitive = Primitive(
    "pick",
    lambda xp, x, indices, *, axis, distinct: pick_arrays(x, indices, axis),
    lambda xp, g, indices, x_shape, axis, distinct: _place.under(
        xp, g, indices, shape=x_shape, axis=axis, distinct=distinct
    ),
    None,
)
_place: Primitive = Primitive(
    "place",
    lambda xp, x, indices, *, shape, axis, distinct: _place_arrays(x, indices, shape, axis, distinct),
    lambda xp, g, indices, axis, distinct: _pick.under(xp, g, indices, axis=axis, distinct=distinct),
    None,
)


def selecting(name: str, forward: Callable[..., Any] | None = None, *, distinct: bool = True) -> Primitive:
    """A primitive ``(x, indices, axis=...)`` that picks, under the name of what found the indices.

    A `forward` may give the same elements more cheaply than by picking. With `distinct`, no element is
    picked twice.
    """
    return Primitive(
        name,
        forward or (lambda xp, x, indices, *, axis: pick_arrays(x, indices, axis)),
        lambda xp, g, indices, x_shape, axis: _place.under(xp, g, indices, shape=x_shape, axis=axis, distinct=distinct),
        None,
    )


def write_pair(op: str, out: Any, results: Any) -> Any:
    """Put two results into the pair of tensors that the caller passed as ``out=``."""
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise TypeError(f"{op}(): argument 'out' must be tuple of 2 Tensors, not {type(out).__name__}")
    return type(results)([write_out(op, each, result) for each, result in zip(out, results, strict=True)])
