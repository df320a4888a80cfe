"""Tables of calls for this library and for PyTorch: what each gives, or the error that it raises.

A row's call takes the library and ``x``, the floats 0 to 5 in two rows. Where PyTorch is installed, every
row is run there too, so that no expectation is of our own making.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg

try:
    import torch
except ImportError:
    torch = None

__all__ = ["LIBRARIES", "check_error", "check_value", "gradient", "into", "put"]

#: For ``parametrize``: both libraries, the oracle only where it is installed.
LIBRARIES = [
    pytest.param(tg, id="tinygrad5329"),
    pytest.param(
        torch,
        id="torch",
        marks=pytest.mark.skipif(torch is None, reason="oracle: pip install 'tinygrad5329[oracle]'"),
    ),
]
DEFAULTS = {"float32", "int64", "bool"}


def describe(result: Any) -> Any:
    """Plain data: nested lists for tensors, with the dtype's name before them unless it is a default one."""
    if hasattr(result, "detach"):
        name = str(result.dtype).rpartition(".")[2]
        values = rounded(result.detach().tolist())
        if 0 in result.shape:
            values = tuple(result.shape)
        return values if name in DEFAULTS else (name, values)
    if isinstance(result, (tuple, list)):
        return tuple(describe(each) for each in result)
    return result if isinstance(result, (bool, int, float, str)) or result is None else str(result).rpartition(".")[2]


def rounded(values: Any) -> Any:
    if isinstance(values, list):
        return [rounded(each) for each in values]
    if isinstance(values, float):
        return round(values, 4) if math.isfinite(values) else str(values)
    return values


def sample(library: Any) -> Any:
    return library.arange(6.0).reshape(2, 3)


def check_value(library: Any, call: Callable[..., Any], expected: Any) -> None:
    found = describe(call(library, sample(library)))
    assert found == expected
    assert repr(found) == repr(expected), "ints, floats and bools are not the same"


def check_error(library: Any, call: Callable[..., Any], error: type[Exception], message: str) -> None:
    with pytest.raises(Exception) as caught:
        call(library, sample(library))
    assert type(caught.value) is error, caught.value
    # PyTorch's wording is its own; the type is what programs rely on. Positions differ between function and method.
    assert library is not tg or message in re.sub(r" \(position \d+\)", "", str(caught.value))


def gradient(library: Any, call: Callable[..., Any], *inputs: Any) -> tuple[Any, ...]:
    """The gradients of ``call(*inputs)`` to its inputs, from seeds 1, 2, 3 ..."""
    leaves = [library.as_tensor(each).detach().clone().requires_grad_() for each in inputs]
    out = call(*leaves)
    seed = library.tensor(np.arange(1, out.numel() + 1).reshape(tuple(out.shape)), dtype=out.dtype)
    out.backward(seed)
    return tuple(leaf.grad for leaf in leaves)


def into(library: Any, call: Callable[..., Any], dtype: str = "float32", shape: tuple[int, ...] = (0,)) -> Any:
    """What ``call(out)`` writes; it returns the tensor it was given."""
    out = library.zeros(shape, dtype=getattr(library, dtype))
    assert call(out) is out
    return out


def put(x: Any, index: Any, value: Any) -> Any:
    """``x`` after ``x[index] = value``."""
    x[index] = value
    return x
