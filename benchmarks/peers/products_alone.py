"""The matrix products of a step and nothing else, on the same shapes: the part that is left to BLAS.

A linear layer has three: its output, the gradient of its weight and, unless it is the first, that of its input. A
convolution counts as the product of its windows, attention as those of its scores and values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.cases import ROWS, Case
from benchmarks.program import Program

Array = np.ndarray[Any, Any]
Product = tuple[Array, Array]


def build(case: Case) -> Program:
    # An output for each shape: engines use their memory again.
    outs: dict[tuple[int, ...], Array] = {}
    products = []
    for a, b in _PRODUCTS[case.family](case.batch):
        shape = (*a.shape[:-1], b.shape[-1])
        products.append((a, b, outs.setdefault(shape, np.empty(shape, np.float32))))

    def step() -> None:
        for a, b, out in products:
            np.matmul(a, b, out=out)

    return Program(None, step)


def _array(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def _linear(rows: int, wide: int, out: int, first: bool = False) -> Iterator[Product]:
    x, weight, g = _array(rows, wide), _array(out, wide), _array(rows, out)
    yield x, weight.T
    yield g.T, x
    if not first:
        yield g, weight


def _mlp(batch: int) -> Iterator[Product]:
    yield from _linear(batch, 128, 128, first=True)
    yield from _linear(batch, 128, 10)


def _best(batch: int) -> Iterator[Product]:
    yield from _linear(batch, 128, 256, first=True)
    yield from _linear(batch, 256, 256)
    yield from _linear(batch, 256, 256)
    yield from _linear(batch, 256, 10)


def _convolution(batch: int) -> Iterator[Product]:
    yield from _linear(batch * 128, 5, 16, first=True)
    yield from _linear(batch * 128, 80, 32)
    yield from _linear(batch, 4096, 10)


def _recurrent(batch: int) -> Iterator[Product]:
    yield from _linear(8 * batch, 16, 64, first=True)
    state, weight = _array(batch, 64), _array(64, 64)
    for _ in range(7):  # The first state is zero.
        yield state, weight.T
        yield state, weight
    yield _array(7 * batch, 64).T, _array(7 * batch, 64)
    yield from _linear(batch, 64, 10)


def _heads(batch: int, tokens: int, heads: int, width: int) -> Iterator[Product]:
    rows, square = _array(batch, heads, tokens, width), _array(batch, heads, tokens, tokens)
    columns = rows.swapaxes(2, 3)
    for _ in range(2):  # Scores, and their gradient; the output, and the gradient of the queries.
        yield rows, columns
        yield square, rows
    for _ in range(2):  # The gradients of keys and values.
        yield square.swapaxes(2, 3), rows


def _block(batch: int, tokens: int, width: int) -> Iterator[Product]:
    rows = batch * tokens
    yield from _linear(rows, width, 3 * width)
    yield from _heads(batch, tokens, 4, width // 4)
    yield from _linear(rows, width, width)
    yield from _linear(rows, width, 4 * width)
    yield from _linear(rows, 4 * width, width)


def _attention(batch: int) -> Iterator[Product]:
    yield from _block(batch, 128, 16)
    yield from _linear(batch, 16, 10)


def _gpt(batch: int) -> Iterator[Product]:
    for _ in range(4):
        yield from _block(batch, 64, 128)
    yield from _linear(64 * batch, 128, 65)


def _inference(batch: int) -> Iterator[Product]:
    sizes = [min(batch, ROWS - start) for start in range(0, ROWS, batch)]
    widths = ((128, 256), (256, 256), (256, 256), (256, 10))
    made = {n: [(_array(n, wide), _array(out, wide).T) for wide, out in widths] for n in set(sizes)}
    for n in sizes:
        yield from made[n]


_PRODUCTS = {
    "W1": _mlp,
    "W2": _best,
    "W3": _convolution,
    "W4": _recurrent,
    "W5": _attention,
    "W6": _gpt,
    "W8": _inference,
}
