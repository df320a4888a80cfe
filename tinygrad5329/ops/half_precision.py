"""float16 and bfloat16: computed in float32 and rounded, as PyTorch's CPU kernels do.

Every primitive that computes takes its half precision inputs as float32 and rounds its results once. Both
conversions are recorded, so gradients are computed in float32 as well, and no rule knows of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.dtypes import is_half
from tinygrad5329.ops import primitive
from tinygrad5329.ops.primitive import OpNode, Primitive
from tinygrad5329.tape import Port
from tinygrad5329.tensor import Tensor

__all__ = ["to_copy"]

_WIDE = np.dtype(np.float32)

to_copy: Primitive = Primitive(
    "to_copy",
    lambda xp, x, *, dtype, real=False: (x.real if real else x).astype(dtype),
    # The gradient of a real tensor that became complex is the real part; in a cast by the user it would be lost.
    lambda xp, g, x_dtype: to_copy.under(xp, g, dtype=x_dtype, real=x_dtype.kind != "c"),
    exact=True,
)


def in_float32(op: Primitive, dtype: Any, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """`op` on tensors some of which are of the half precision `dtype`; its results are too."""
    wide = [to_copy(t, dtype=_WIDE) if isinstance(t, Tensor) and is_half(t._array.dtype) else t for t in inputs]
    out = op(*wide, **params)
    return tuple([_narrowed(t, dtype) for t in out]) if isinstance(out, tuple) else _narrowed(out, dtype)


def arrays_in_float32(op: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """The forward of `op` on arrays, as :func:`in_float32`; what a rule calls."""
    dtype = next(x.dtype for x in inputs if isinstance(x, np.ndarray) and is_half(x.dtype))
    wide = [x.astype(_WIDE) if isinstance(x, np.ndarray) and is_half(x.dtype) else x for x in inputs]
    out = op.under(primitive.NUMPY, *wide, **params)
    if isinstance(out, tuple):
        return tuple([each.astype(dtype) if each.dtype == _WIDE else each for each in out])
    return out.astype(dtype) if out.dtype == _WIDE else out


def _narrowed(t: Tensor, dtype: Any) -> Tensor:
    """A float32 result in half precision; its node keeps the name of the operation."""
    if t._array.dtype != _WIDE:
        return t
    out = to_copy(t, dtype=dtype)
    if out._node is not None:
        made_by = t._node.node if type(t._node) is Port else t._node
        if isinstance(made_by, OpNode):
            out._node.__class__ = type(made_by)  # type: ignore[assignment]
    return out


primitive.in_float32, primitive.arrays_in_float32 = in_float32, arrays_in_float32
