"""Writing at indices by name: index_copy, scatter and their kin; copies with one part replaced."""

from __future__ import annotations

import numpy as np

from .entry import apart, entry, fixed, real, sample

NOWHERE = fixed(np.zeros(0, np.int64))
entry(
    "index_accumulate",
    lambda t, x, v, index: x.index_put(tuple(map(t.tensor, index)), v, accumulate=True),
    sample(real(3, 4), real(3), index=([0, 2, 0], [1, 1, 1])),
    sample(real(3, 2), real(2), index=([2, 0, 2],)),
    sample(real(3), real(), index=([0, 0],)),
    sample(real(2, 3), real(3), index=([True, False],)),
    sample(real(2, 0), real(2, 0), index=([1, 1],)),
    without={"0-d": "there is no dimension to index"},
)
entry(
    "index_copy",
    lambda t, x, index, v, dim: x.index_copy(dim, index, v),
    sample(real(3, 2), fixed([2, 0]), real(2, 2), dim=0),
    sample(real(2, 3), fixed([1]), real(2, 1), dim=-1),
    sample(real(0, 3), fixed([1, 0]), real(0, 2), dim=1),
    sample(real(), fixed([0]), real(), dim=0),
)
entry(
    "index_fill",
    lambda t, x, index, v, dim: x.index_fill(dim, index, v),
    sample(real(3, 2), fixed([2, 0, 2]), real(), dim=0),
    sample(real(2, 3), fixed([1]), real(), dim=-1),
    sample(real(0, 3), fixed([1]), real(), dim=1),
    sample(real(), fixed([0]), real(), dim=0),
)
entry(
    "masked_scatter",
    lambda t, x, mask, v: x.masked_scatter(mask, v),
    sample(real(2, 3), fixed([[True, False, True], [False, False, True]]), real(3)),
    sample(real(2, 3), fixed([True, False, True]), real(3, 2)),
    sample(real(), fixed(True), real()),
    sample(real(0, 2), fixed([True, False]), real(1)),
)

PLACES = fixed([[0, 1, 1], [2, 0, 0]])
SCATTERED = [
    sample(real(2, 3), fixed([[0, 2, 1], [2, 0, 1]]), real(2, 3), dim=1),
    sample(real(3, 3), fixed([[0, 1], [1, 0]]), real(2, 2), dim=0),
    sample(real(), fixed(0), real(), dim=0),
    sample(real(0, 3), fixed(np.zeros((0, 2), np.int64)), real(0, 2), dim=1),
]
entry("scatter", lambda t, x, index, src, dim: x.scatter(dim, index, src), *SCATTERED)
entry(
    "scatter_add",
    lambda t, x, index, src, dim: x.scatter_add(dim, index, src),
    sample(real(3, 3), PLACES, real(2, 3), dim=0),
    *SCATTERED,
)
for _name, _kind in {"prod": real, "amax": apart, "amin": apart}.items():
    entry(
        f"scatter_{_name}",
        lambda t, x, index, src, dim, reduce=_name, **options: x.scatter_reduce(dim, index, src, reduce, **options),
        sample(_kind(3, 3, low=0.5), PLACES, _kind(2, 3, low=0.7, high=1.9), dim=0),
        sample(_kind(3, 3, low=0.5), PLACES, _kind(2, 3, low=0.7, high=1.9), dim=0, include_self=False),
        sample(real(), fixed(0), real(), dim=0),
        without={"zero-size": "of nothing the result is a copy"},
    )
del _name, _kind

entry(
    "select_scatter",
    lambda t, x, v, dim, index: t.select_scatter(x, v, dim, index),
    sample(real(2, 3), real(2), dim=1, index=-1),
    sample(real(3), real(), dim=0, index=1),
    sample(real(2, 0), real(0), dim=0, index=1),
)
entry(
    "slice_scatter",
    lambda t, x, v, **where: t.slice_scatter(x, v, **where),
    sample(real(4, 3), real(2, 3), start=0, end=3, step=2),
    sample(real(2, 3), real(2, 2), dim=1, start=-2),
    sample(real(0, 3), real(0, 1), dim=1, end=1),
    without={"0-d": "there is no dimension to slice"},
)
entry(
    "diagonal_scatter",
    lambda t, x, v, **where: t.diagonal_scatter(x, v, **where),
    sample(real(3, 3), real(3)),
    sample(real(2, 3, 2), real(3, 1), offset=-1, dim1=2, dim2=0),
    sample(real(0, 3), real(0)),
    without={"0-d": "a diagonal needs two dimensions"},
)
entry(
    "as_strided_scatter",
    lambda t, x, v, size, stride, offset=None: t.as_strided_scatter(x, v, size, stride, offset),
    sample(real(3, 3), real(2, 2), size=(2, 2), stride=(1, 2), offset=1),
    sample(real(), real(), size=(), stride=()),
    sample(real(2, 0), real(0), size=(0,), stride=(1,)),
    oracle_lacks="its gradient passes where src was written and not elsewhere",
)
