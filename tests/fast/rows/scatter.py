"""Reading and adding at places that occur more than once."""

from __future__ import annotations

import numpy as np

import tinygrad5329 as tg

from .row import row


def places(size, *shape):
    return tg.from_numpy(np.random.default_rng(5).integers(0, size, shape))


ELSEWHERE = {"taken": False, "float32": 5e-6}
row("add_rows", lambda x: x[places(7, 40)], (7, 5), **ELSEWHERE)
row("add_rows", lambda x: x[:, places(7, 4, 10)], (3, 7), **ELSEWHERE)
row("add_rows", lambda x: x[:, places(7, 40) - 7], (3, 7, 2), **ELSEWHERE)
row("add_rows", lambda x: tg.nn.functional.embedding(places(5, 3, 9), x), (5, 8), empty=((5, 0),), **ELSEWHERE)
row("add_rows", lambda x, y: x.index_add(1, places(6, 20), y), (4, 6, 3), (4, 20, 3), **ELSEWHERE)
row("take_along", lambda x: x.gather(1, places(6, 5, 11)), (5, 6), **ELSEWHERE)
row("take_along", lambda x: x.gather(1, places(6, 5, 11, 3)), (5, 6, 3), **ELSEWHERE)
row("take_along", lambda x: x.gather(0, places(5, 9, 3)), (5, 6), **ELSEWHERE)
row("add_along", lambda x, y: x.scatter_add(1, places(6, 5, 20), y), (5, 6), (5, 20), **ELSEWHERE)
row("add_along", lambda x, y: x.scatter_add(0, places(5, 20, 6), y), (5, 6), (20, 6), **ELSEWHERE)
row("add_along", lambda x, y: x.scatter_add(0, places(5, 20, 4), y), (5, 6), (20, 4), **ELSEWHERE)
