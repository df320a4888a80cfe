"""Reading and writing parts; writes in place; joining and cutting."""

from __future__ import annotations

import numpy as np

from tinygrad5329.ops.primitive import REGISTRY

from .entry import entry, fixed, real, sample


def _index(t, index):
    """Lists of lists stand for index tensors."""
    return tuple(t.tensor(part) if isinstance(part, list) else part for part in index)


def _read(t, x, index):
    return x[_index(t, index)]


EVERY = slice(None)
entry(
    "slice",
    _read,
    sample(real(3, 4), index=(EVERY, slice(1, None, 2))),
    sample(real(3, 4), index=(1, slice(2, 0))),
    sample(real(3, 4), index=(None, 1, slice(3))),
    sample(real(3, 4), index=(slice(2, 1),)),
    sample(real(0, 3), index=(EVERY, slice(1))),
    without={"0-d": "there is nothing to slice"},
)
entry(
    "select",
    _read,
    sample(real(3, 4), index=(1,)),
    sample(real(3, 4), index=(..., -1)),
    sample(real(3, 4), index=(0, 2)),
    sample(real(3, 4), index=(slice(2), 1, EVERY)[:2]),
    sample(real(0, 3), index=(EVERY, 1)),
    without={"0-d": "there is nothing to select"},
)
entry(
    "new_axis",
    _read,
    sample(real(3, 4), index=(None, 1, EVERY, None)),
    sample(real(), index=(None, ...)),
    sample(real(0, 3), index=(None,)),
)
entry(
    "alias",
    _read,
    sample(real(3, 4), index=(EVERY, ...)),
    sample(real(), index=()),
    sample(real(0, 3), index=(...,)),
)
NO_PLACES = np.zeros(0, np.int64).tolist()
ADVANCED = [
    ((3, 4), ([0, 2, 0],)),
    ((3, 4), ([[0, 1], [2, 2]], EVERY)),
    ((3, 4), (EVERY, [3, 0])),
    ((3, 4), ([0, 1, 1], [2, 3, 3])),
    ((2, 3, 2), ([0, 1], EVERY, [1, 0])),
    ((2, 3, 2), (EVERY, [0, 2], 1)),
    ((3, 4), ([True, False, True],)),
    ((3,), ([False, False, False],)),
    ((2, 3, 2), (None, [1, 0], ..., slice(0, 1))),
]
entry(
    "index",
    _read,
    *(sample(real(*shape), index=index) for shape, index in ADVANCED),
    sample(real(0, 3), index=(EVERY, [0, 0])),
    without={"0-d": "there is no dimension to index"},
)


def _numpy_index(index):
    return tuple(np.array(part) if isinstance(part, list) else part for part in index)


def _backward(name):
    def call(t, x, shape, index):
        return REGISTRY[name](x, shape=shape, index=_numpy_index(index))

    return call


def _accumulated(t, x, shape, index):
    """What PyTorch gives for reading: its own gradient."""
    whole = t.zeros(shape, dtype=x.dtype, requires_grad=True)
    return t.autograd.grad(whole[_index(t, index)], whole, x, create_graph=True)[0]


entry(
    "slice_backward",
    _backward("slice_backward"),
    sample(real(2, 2), shape=(2, 4), index=(EVERY, slice(1, None, 2))),
    sample(real(), shape=(2, 3), index=(0, 2)),
    sample(real(0, 3), shape=(2, 3), index=(slice(1, 1),)),
    torch=_accumulated,
)
entry(
    "index_backward",
    _backward("index_backward"),
    sample(real(3, 2), shape=(3, 2), index=([0, 2, 0],)),
    sample(real(3), shape=(3, 4), index=([0, 1, 1], [2, 3, 3])),
    sample(real(0, 2), shape=(0, 3), index=(EVERY, [0, 0])),
    torch=_accumulated,
    without={"0-d": "index arrays leave a dimension"},
)


def _write(t, x, v, index):
    out = x.clone()
    out[_index(t, index)] = v
    return out


entry(
    "index_put",
    _write,
    sample(real(3, 4), real(4), index=(1,)),
    sample(real(3, 4), real(3, 1), index=(EVERY, slice(1, None, 2))),
    sample(real(3, 4), real(), index=([0, 2],)),
    sample(real(3, 4), real(2), index=([0, 1], [2, 3])),
    sample(real(3, 4), real(2, 4), index=([True, False, True],)),
    sample(real(3, 4), real(1, 1, 2), index=(EVERY, [3, 0])),
    sample(real(), real(), index=()),
    sample(real(0, 3), real(), index=(EVERY, 1)),
)


def _copied(t, x, value):
    return (x * 1).copy_(value)


entry(
    "copy",
    _copied,
    sample(real(2, 3), real(2, 3)),
    sample(real(2, 3), real(3)),
    sample(real(), real()),
    sample(real(0, 3), real(3)),
)


def _slices(t, x, value, index):
    out = x * 1
    out[index].mul_(value)
    return out


entry(
    "copy_slices",
    _slices,
    sample(real(2, 3), real(3), index=1),
    sample(real(2, 4), real(2, 2), index=(EVERY, slice(0, None, 2))),
    sample(real(3), real(), index=1),
    without={"zero-size": "nothing is written, so nothing is recorded"},
)

PLACES = fixed([[0, 1, 1], [2, 0, 0]])
entry(
    "gather",
    lambda t, x, index, dim: t.gather(x, dim, index),
    sample(real(2, 3), PLACES, dim=1),
    sample(real(3, 3), PLACES, dim=0),
    sample(real(), fixed(0), dim=0),
    sample(real(0, 3), fixed(np.zeros((0, 2), np.int64)), dim=1),
)
entry(
    "gather_backward",
    lambda t, x, index, shape, dim: REGISTRY["gather_backward"](x, shape=shape, dim=dim, index=index._array),
    sample(real(2, 3), PLACES, shape=(2, 3), dim=1),
    sample(real(), fixed(0), shape=(), dim=0),
    sample(real(0, 2), fixed(np.zeros((0, 2), np.int64)), shape=(0, 3), dim=1),
    torch=lambda t, x, index, shape, dim: t.zeros(shape, dtype=x.dtype).scatter_add(dim, index, x),
)
entry(
    "masked_fill",
    lambda t, x, mask, value: x.masked_fill(mask, value),
    sample(real(2, 3), fixed([[True, False, True], [False, False, True]]), real()),
    sample(real(2, 3), fixed([True, False, True]), real()),
    sample(real(3), fixed([[True], [False]]), real()),
    sample(real(), fixed(True), real()),
    sample(real(0, 3), fixed([True, False, True]), real()),
)
entry(
    "index_add",
    lambda t, x, index, source, dim, alpha=1: x.index_add(dim, index, source, alpha=alpha),
    sample(real(3, 2), fixed([0, 2, 0]), real(3, 2), dim=0),
    sample(real(2, 3), fixed([1, 1]), real(2, 2), dim=1, alpha=2),
    sample(real(0, 3), fixed([1, 1]), real(0, 2), dim=1),
    sample(real(), fixed([0]), real(), dim=0),
)

entry(
    "cat",
    lambda t, *xs, dim: t.cat(xs, dim),
    sample(real(2, 3), real(1, 3), dim=0),
    sample(real(2, 3), real(2, 1), real(2, 2), dim=-1),
    sample(real(0, 3), real(2, 3), dim=0),
    without={"0-d": "an error, as in PyTorch"},
)
entry(
    "stack",
    lambda t, *xs, dim: t.stack(xs, dim),
    sample(real(2, 3), real(2, 3), dim=0),
    sample(real(2, 3), real(2, 3), real(2, 3), dim=-1),
    sample(real(), real(), dim=0),
    sample(real(0, 3), real(0, 3), dim=1),
)
entry(
    "split",
    lambda t, x, size, dim: t.split(x, size, dim),
    sample(real(5, 2), size=2, dim=0),
    sample(real(2, 3), size=1, dim=-1),
    sample(real(0, 3), size=2, dim=1),
    without={"0-d": "an error, as in PyTorch"},
)
entry(
    "split_with_sizes",
    lambda t, x, size, dim: t.split(x, size, dim),
    sample(real(2, 3), size=[1, 0, 2], dim=-1),
    sample(real(0, 3), size=[1, 2], dim=1),
    without={"0-d": "an error, as in PyTorch"},
)
entry(
    "unbind",
    lambda t, x, dim: t.unbind(x, dim),
    sample(real(3, 2), dim=0),
    sample(real(2, 3, 2), dim=-2),
    sample(real(3), dim=0),
    sample(real(2, 0), dim=0),
    without={"0-d": "an error, as in PyTorch"},
)
