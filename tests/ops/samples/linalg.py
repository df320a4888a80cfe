"""Products."""

from __future__ import annotations

from .entry import entry, real, sample

PAIRS = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((2, 2, 3), (3, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (2, 3, 2)),
    ((2, 3), (2, 3, 2)),
    ((1, 2, 3), (2, 3, 1)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 3), (3, 0)),
    ((0, 2, 3), (3, 2)),
    ((0,), (0,)),
]
entry(
    "matmul",
    lambda t, x, y: x @ y,
    *(sample(real(*a), real(*b)) for a, b in PAIRS),
    without={"0-d": "an error, as in PyTorch"},
)
entry(
    "linear",
    lambda t, x, w, *b: t.nn.functional.linear(x, w, *b),
    sample(real(2, 3), real(4, 3), real(4)),
    sample(real(2, 3), real(4, 3)),
    sample(real(2, 2, 3), real(4, 3), real(4)),
    sample(real(0, 3), real(4, 3), real(4)),
    sample(real(2, 0), real(4, 0), real(4)),
    without={"0-d": "an error, as in PyTorch"},
)
