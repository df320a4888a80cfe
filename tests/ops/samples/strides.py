"""Views by strides and windows, and triangles and diagonals of matrices."""

from __future__ import annotations

from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.ops.strides import Geometry

from .entry import entry, real, sample

entry(
    "as_strided_view",
    lambda t, x, size, stride, offset=None: t.as_strided(x, size, stride, offset),
    sample(real(2, 4), size=(2, 2), stride=(4, 2), offset=1),
    sample(real(6), size=(3, 3), stride=(1, 1)),
    sample(real(4), size=(), stride=(), offset=2),
    sample(real(4), size=(0,), stride=(1,)),
    sample(real(0, 2), size=(0,), stride=(1,)),
    sample(real(), size=(2,), stride=(0,)),
    without={"non-contiguous": "other strides are other elements"},
)


def _restride(t, x, size, stride, offset, length):
    """The adjoint of as_strided on a vector."""
    source, target = Geometry(size, stride, offset), Geometry((length,), (1,), 0)
    return REGISTRY["restride"](x, source=source, target=target)


def _added(t, x, size, stride, offset, length):
    places = t.as_strided(t.arange(length), size, stride, offset).reshape(-1)
    return t.zeros(length, dtype=x.dtype).index_add(0, places, x.reshape(-1))


entry(
    "restride",
    _restride,
    sample(real(2, 2), size=(2, 2), stride=(4, 2), offset=1, length=8),
    sample(real(3, 3), size=(3, 3), stride=(1, 1), offset=0, length=6),
    sample(real(), size=(), stride=(), offset=2, length=4),
    sample(real(0), size=(0,), stride=(1,), offset=0, length=4),
    torch=_added,
)
entry(
    "unfold",
    lambda t, x, dim, size, step: x.unfold(dim, size, step),
    sample(real(5), dim=0, size=3, step=1),
    sample(real(2, 7), dim=-1, size=2, step=3),
    sample(real(5, 2), dim=0, size=4, step=2),
    sample(real(0, 3), dim=1, size=2, step=1),
    without={"0-d": "it is a slice"},
)


def _unfold_backward(t, x, shape, dim, size, step):
    return REGISTRY["unfold_backward"](x, shape=shape, dim=dim, size=size, step=step)


def _windows(t, x, shape, dim, size, step):
    whole = t.zeros(shape, dtype=x.dtype, requires_grad=True)
    return t.autograd.grad(whole.unfold(dim, size, step), whole, x, create_graph=True)[0]


entry(
    "unfold_backward",
    _unfold_backward,
    sample(real(3, 3), shape=(5,), dim=0, size=3, step=1),
    sample(real(2, 2, 2), shape=(2, 7), dim=1, size=2, step=3),
    sample(real(0, 2, 2), shape=(0, 3), dim=1, size=2, step=1),
    torch=_windows,
    without={"0-d": "windows have a dimension"},
)
for _name in ("tril", "triu"):
    entry(
        _name,
        lambda t, x, diagonal=0, name=_name: getattr(t, name)(x, diagonal),
        sample(real(3, 3)),
        sample(real(2, 3), diagonal=1),
        sample(real(2, 3, 2), diagonal=-1),
        sample(real(0, 3)),
        without={"0-d": "a triangle needs two dimensions"},
    )
del _name
entry(
    "diagonal",
    lambda t, x, **options: t.diagonal(x, **options),
    sample(real(3, 3)),
    sample(real(2, 3), offset=1),
    sample(real(2, 3, 2), offset=-1, dim1=2, dim2=1),
    sample(real(0, 3)),
    sample(real(2, 2), offset=2),
    without={"0-d": "a diagonal needs two dimensions"},
)


def _diagonal_backward(t, x, shape, offset, dim1, dim2):
    return REGISTRY["diagonal_backward"](x, shape=shape, offset=offset, dim1=dim1, dim2=dim2)


entry(
    "diagonal_backward",
    _diagonal_backward,
    sample(real(3), shape=(3, 3), offset=0, dim1=0, dim2=1),
    sample(real(2), shape=(2, 3), offset=1, dim1=0, dim2=1),
    sample(real(0), shape=(0, 3), offset=0, dim1=0, dim2=1),
    torch=lambda t, x, shape, offset, dim1, dim2: t.zeros(shape, dtype=x.dtype).diagonal_scatter(x, offset, dim1, dim2),
    without={"0-d": "a diagonal has a dimension"},
)
entry(
    "diag_embed",
    lambda t, x, **options: t.diag_embed(x, **options),
    sample(real(3)),
    sample(real(2, 3), offset=1),
    sample(real(2, 2), offset=-1, dim1=0, dim2=-1),
    sample(real(0)),
    without={"0-d": "an error, as in PyTorch"},
)
