"""Holding a reduction to PyTorch: values, dtypes, gradients of both passes and the second derivative."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

__all__ = ["agree", "agree_on_error", "torch"]

#: How a tensor lies in memory when it is handed to the operation.
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "contiguous": lambda t: t,
    "transposed": lambda t: t.transpose(0, -1),
    "strided": lambda t: t[..., ::2],
}
TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "float16": 4e-3}


def as_list(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


def run(library: Any, call: Callable[..., Any], array: np.ndarray, layout: str, second: bool) -> list[Any]:
    """Results and gradients of `call` as arrays, in an order that is the same for both libraries."""
    dtype = getattr(library, str(array.dtype))
    x = library.tensor(array.tolist(), dtype=dtype).reshape(array.shape)
    x.requires_grad_(array.dtype.kind == "f")
    with warnings.catch_warnings():
        # Degrees of freedom, which both warn about; a test of its own looks at the warning.
        warnings.simplefilter("ignore", UserWarning)
        outs = as_list(call(library, LAYOUTS[layout](x)))
    found = [out.detach().numpy() for out in outs]
    outs = [out for out in outs if out.requires_grad]
    if not outs:
        return found
    rng = np.random.default_rng(5)
    seeds = [library.tensor(rng.uniform(0.5, 1.5, out.shape), dtype=out.dtype) for out in outs]
    (plain,) = library.autograd.grad(outs, [x], seeds, retain_graph=True)
    found.append(plain.detach().numpy())
    if second:
        (graph,) = library.autograd.grad(outs, [x], seeds, create_graph=True)
        found.append(graph.detach().numpy())
        again = None
        if graph.requires_grad:
            weights = library.tensor(rng.uniform(0.5, 1.5, graph.shape), dtype=graph.dtype)
            (again,) = library.autograd.grad(graph, [x], weights, allow_unused=True)
        found.append(np.zeros(array.shape) if again is None else again.numpy(force=True))
    return found


def agree(
    call: Callable[..., Any],
    array: Any,
    dtype: str = "float64",
    layout: str = "contiguous",
    second: bool = True,
) -> None:
    """Assert that ``call(library, x)`` gives the same in both libraries."""
    array = np.asarray(array).astype(dtype)
    second = second and dtype == "float64"
    theirs, ours = (run(library, call, array, layout, second) for library in (torch, tg))
    tolerance = TOLERANCE.get(dtype, 1e-6)
    assert len(theirs) == len(ours)
    for number, (a, b) in enumerate(zip(theirs, ours, strict=True), 1):
        assert a.shape == b.shape
        if second and number == len(theirs):
            # Where PyTorch's second derivative is NaN at a kink, ours may know better.
            b = np.where(np.isnan(a), a, b)
        np.testing.assert_allclose(b, a, rtol=10 * tolerance, atol=tolerance)
    assert [a.dtype for a in theirs] == [b.dtype for b in ours]


def agree_on_error(call: Callable[..., Any], array: Any, dtype: str = "float32", text: bool = True) -> None:
    """Assert that both libraries raise the same type, and that our message begins as PyTorch's does."""
    array = np.asarray(array).astype(dtype)
    errors = []
    for library in (torch, tg):
        x = library.tensor(array.tolist(), dtype=getattr(library, dtype)).reshape(array.shape)
        with pytest.raises(Exception) as caught:
            call(library, x)
        errors.append(caught.value)
    theirs, ours = errors
    assert type(ours) is type(theirs), (theirs, ours)
    if text:
        assert str(ours).startswith(str(theirs).rstrip("."))
