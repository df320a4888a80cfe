"""Python functions of single elements, and numbers on a diagonal, in both libraries."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES


@pytest.mark.parametrize("library", LIBRARIES)
def test_elements(library):
    x = library.arange(3.0)
    assert x.map_(library.ones(1), lambda a, b: a + b) is x
    assert x.apply_(lambda v: v * 2).tolist() == [2, 4, 6]
    assert x.map2_(x, x, lambda a, b, c: a + b + c).tolist() == [6, 12, 18]
    with pytest.raises(RuntimeError, match="requires grad"):
        library.ones(2, requires_grad=True).apply_(abs)
    with pytest.raises(TypeError):
        x.map_(library.ones(3, dtype=library.float64), max)


@pytest.mark.parametrize("library", LIBRARIES)
def test_fill_diagonal(library):
    tall = library.zeros(7, 3).fill_diagonal_(2, wrap=True)
    assert [row for row in range(7) if tall[row].any()] == [0, 1, 2, 4, 5, 6]
    assert library.zeros(7, 3).fill_diagonal_(2).sum() == 6
    assert library.zeros(3, 3, 3).fill_diagonal_(1).nonzero().tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
    x = library.ones(2, 2, requires_grad=True)
    (x * 1).fill_diagonal_(0).sum().backward()
    assert x.grad.tolist() == [[0, 1], [1, 0]]
    for shape in ((3,), (2, 3, 2)):
        with pytest.raises(RuntimeError):
            library.zeros(shape).fill_diagonal_(1)


def test_tensors_are_on_the_cpu():
    assert tg.ones(1).is_cpu
