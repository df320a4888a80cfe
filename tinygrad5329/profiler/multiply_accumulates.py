"""How many multiply-accumulates an operation does: the table of all operations that are products.

Only products are counted, as in PyTorch's ``torch.utils.flop_counter``: everything else is one pass over memory,
whose time says nothing about arithmetic. One multiply-accumulate is two floating point operations. What a kernel
computes twice to save memory (attention in blocks) counts once.

>>> counted("linear", ((32, 128), (10, 128), (10,)), (32, 10))
40960
>>> counted_backward("linear", ((32, 128), (10, 128), (10,)), (32, 10), (False, True, True))
40960
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["FORMULAS", "Formula", "counted", "counted_backward"]

Shape = tuple[int, ...]
#: The shapes of the inputs, None for one that is absent or no array.
Shapes = Sequence[Shape | None]


class Formula(NamedTuple):
    """The two counts of an operation, of the inputs' shapes and the (first) output's shape.

    `backward` also gets, for each input, whether its gradient is wanted.
    """

    forward: Callable[[Shapes, Shape], int]
    backward: Callable[[Shapes, Shape, Sequence[bool]], int]


def counted(op: str, shapes: Shapes, out: Shape) -> int:
    """The multiply-accumulates of one run of the primitive `op`; 0 for what is no product."""
    formula = FORMULAS.get(op)
    return 0 if formula is None else formula.forward(shapes, out)


def counted_backward(op: str, shapes: Shapes, out: Shape, needs: Sequence[bool]) -> int:
    """The multiply-accumulates of the gradient rules of one run of `op`, for the inputs that `needs` says."""
    formula = FORMULAS.get(op)
    return 0 if formula is None else formula.backward(shapes, out, needs)


def _size(shape: Shape | None) -> int:
    """The number of elements; 0 for what is absent."""
    return 0 if shape is None else math.prod(shape)


def _shape(shapes: Shapes, number: int) -> Shape:
    shape = shapes[number]
    if shape is None:
        raise ValueError(f"the shape of input {number} is needed")
    return shape


def _product(forward: Callable[[Shapes, Shape], int], factors: int = 2) -> Formula:
    """For what is linear in each of its first `factors` inputs: each gradient is a product of the same size."""
    return Formula(forward, lambda shapes, out, needs: forward(shapes, out) * sum(map(bool, needs[:factors])))


def _linear(shapes: Shapes, out: Shape) -> int:
    """x (..., I), w (O, I)."""
    return _size(out) * _shape(shapes, 1)[-1]


def _matmul(shapes: Shapes, out: Shape) -> int:
    """x (..., N, K), y (..., K, M) or vectors: each element of the output is a sum over K."""
    return _size(out) * _shape(shapes, 0)[-1]


def _convolution(shapes: Shapes, out: Shape) -> int:
    """w (O, I / groups, *kernel): each element of the output is a sum over a window of all channels of a group."""
    return _size(out) * _size(_shape(shapes, 1)[1:])


def _transposed(shapes: Shapes, out: Shape) -> int:
    """w (I, O / groups, *kernel): each element of the input is spread over a window."""
    return _size(_shape(shapes, 0)) * _size(_shape(shapes, 1)[1:])


def _to_weight(shapes: Shapes, out: Shape) -> int:
    """The gradient to w: y is the gradient of the convolution's output."""
    return _size(_shape(shapes, 1)) * _size(out[1:])


def _attention(shapes: Shapes, out: Shape) -> int:
    """q (N, H, L, E), k (N, H, S, E), v (N, H, S, D): scores and their product with v."""
    *_, rows, inner = _shape(shapes, 0)
    columns = _shape(shapes, 1)[-2]
    return _size(out[:-2]) * rows * columns * (inner + out[-1])


def _attention_backward(shapes: Shapes, out: Shape, needs: Sequence[bool]) -> int:
    *_, rows, inner = _shape(shapes, 0)
    scores = _size(out[:-2]) * rows * _shape(shapes, 1)[-2]
    q, k, v = needs[:3]
    mask = len(needs) > 3 and needs[3]
    return scores * (out[-1] * v + out[-1] * (q or k or mask) + inner * q + inner * k)


def _layer(weight: int, recurrent: int, projection: int | None = None) -> Formula:
    """A recurrent layer or cell: every row of x (..., I) goes through the weights, whatever their gates.

    The numbers say where the weights stand among the inputs.
    """

    def rows(shapes: Shapes) -> int:
        return _size(_shape(shapes, 0)[:-1])

    def size(shapes: Shapes, number: int | None) -> int:
        return 0 if number is None else _size(shapes[number])

    def forward(shapes: Shapes, out: Shape) -> int:
        return rows(shapes) * sum(size(shapes, each) for each in (weight, recurrent, projection))

    def backward(shapes: Shapes, out: Shape, needs: Sequence[bool]) -> int:
        # The way back through time passes the recurrent weights in any case.
        through = size(shapes, recurrent) + size(shapes, projection)
        own = sum(size(shapes, each) for each in (weight, recurrent, projection) if each is not None and needs[each])
        return rows(shapes) * (size(shapes, weight) * bool(needs[0]) + through + own)

    return Formula(forward, backward)


def _distances(shapes: Shapes, out: Shape) -> int:
    """x (..., P, M), y (..., R, M): Euclidean distances by ``|x|^2 + |y|^2 - 2 x y``."""
    return _size(out) * _shape(shapes, 0)[-1]


#: By the name of the primitive. What einsum, bilinear, addmm and the like do is made of these.
FORMULAS: dict[str, Formula] = {
    "linear": _product(_linear),
    "matmul": _product(_matmul),
    "convolution": _product(_convolution),
    "convolution_transposed": _product(_transposed),
    "convolution_weight": _product(_to_weight),
    "scaled_dot_product_attention": Formula(_attention, _attention_backward),
    "elman_layer": _layer(2, 3),
    "gru_layer": _layer(2, 3),
    "lstm_layer": _layer(3, 4, 7),
    "elman_cell": _layer(2, 3),
    "gru_cell": _layer(2, 3),
    "lstm_cell": _layer(3, 4),
    "cdist_euclidean": _product(_distances),
}
