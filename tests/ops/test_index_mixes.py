"""Reading and writing with random mixes of everything that may stand in the brackets, as PyTorch does it."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tinygrad5329 as tg

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")


def index_of(draw, shape):
    """Parts of an index for `shape`; tensors are marked, so that each library makes its own."""
    parts, dim = [], 0
    for _ in range(draw.randrange(len(shape) + 2)):
        n = shape[dim] if dim < len(shape) else 3
        kind = draw.randrange(9)
        dim += kind not in (2, 3)
        if kind == 0:
            parts.append(draw.randrange(-n, n))
        elif kind == 1:
            ends = (None, -2, -1, 0, 1, 2, 9)
            parts.append(slice(draw.choice(ends), draw.choice(ends), draw.choice((None, 1, 2, 3))))
        elif kind == 2:
            parts.append(None)
        elif kind == 3:
            parts.append(draw.choice((True, False, ...)))
        elif kind == 4:
            parts.append([draw.randrange(-n, n) for _ in range(draw.randrange(1, 3))])
        elif kind == 5:
            parts.append(("tensor", [[draw.randrange(-n, n)] for _ in range(2)]))
        elif kind == 6:
            parts.append(("tensor", draw.randrange(-n, n)))
        elif kind == 7:
            parts.append(("tensor", [draw.random() < 0.5 for _ in range(n)]))
        else:
            parts.append(range(0, n, 2))
    return parts


def run(library, shape, parts, write):
    leaf = library.arange(1.0, np.prod(shape, dtype=int) + 1.0, dtype=library.float64).reshape(shape).requires_grad_()
    index = tuple([library.tensor(part[1]) if isinstance(part, tuple) else part for part in parts])
    out = x = leaf * 1
    try:
        if write:
            size = tuple(x.detach()[index].shape)
            values = library.arange(0.0, np.prod(size, dtype=int), dtype=library.float64).reshape(size)
            x[index] = values
        else:
            out = x[index]
        weights = library.arange(1.0, out.numel() + 1.0, dtype=library.float64).reshape(tuple(out.shape))
        (out * weights).sum().backward()
    except Exception as error:
        return type(error).__name__
    return tuple(out.shape), out.tolist(), leaf.grad.tolist()


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("batch", range(10))
def test_mixes(batch, write):
    for seed in range(100 * batch, 100 * batch + 100):
        draw = random.Random(seed)
        shape = tuple([draw.randrange(1, 5) for _ in range(draw.randrange(4))])
        parts = index_of(draw, shape)
        assert run(tg, shape, parts, write) == run(torch, shape, parts, write), (shape, parts)
