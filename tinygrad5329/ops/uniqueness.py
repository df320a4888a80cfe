"""Which values there are: unique, unique_consecutive, isin."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.ops.promote import expect_tensor, result_type, write_out
from tinygrad5329.tensor import Tensor, attach, wrap

__all__ = ["isin", "unique", "unique_consecutive"]


def _results(values: Any, inverse: Any, counts: Any, return_inverse: bool, return_counts: bool) -> Any:
    kept = [wrap(values)]
    if return_inverse:
        kept.append(wrap(inverse.astype(np.int64, copy=False)))
    if return_counts:
        kept.append(wrap(counts.astype(np.int64, copy=False)))
    return kept[0] if len(kept) == 1 else tuple(kept)


def _rows(op: str, x: Any, dim: int) -> Any:
    """The entries of `dim`, each flattened into a row."""
    rows = np.moveaxis(x, dim, 0)
    if x.size == 0 and any(n == 0 for d, n in enumerate(x.shape) if d != dim):
        raise RuntimeError(f"{op}: there are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return rows.reshape(len(rows), -1) if x.size else rows.reshape(0, 1)


def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # fmt: skip
    """The values that occur, in order, or the distinct entries of `dim` (``torch.unique``).

    Returns the values, then, if asked for, where each element of `input` is among them and how often each
    occurs. They come in order also with ``sorted=False``, which only permits another. Every NaN is a value
    of its own.

    >>> import tinygrad5329 as tg
    >>> tg.unique(tg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    expect_tensor("unique", "input", input)
    x = input._array
    if dim is None:
        values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, equal_nan=False)
        return _results(values, inverse.reshape(x.shape), counts, return_inverse, return_counts)
    dim = check_dim(dim, x.ndim)
    if x.ndim == 0:
        return unique(input, sorted, return_inverse, return_counts)
    rows = _rows("unique", x, dim)
    # By columns from the last: the first decides.
    order = np.lexsort(rows.T[::-1]) if len(rows) else np.zeros(0, np.int64)
    first, labels, counts = _runs(rows[order])
    inverse = np.empty(len(rows), np.int64)
    inverse[order] = labels
    return _results(np.take(x, order[first], dim), inverse, counts, return_inverse, return_counts)


def _runs(rows: Any) -> tuple[Any, Any, Any]:
    """Where runs of equal rows begin, the number of each row's run, and the lengths of the runs."""
    if not len(rows):
        empty = np.zeros(0, np.int64)
        return empty, empty, empty
    begins = np.ones(len(rows), bool)
    begins[1:] = (rows[1:] != rows[:-1]).any(1)
    first = np.flatnonzero(begins)
    return first, np.cumsum(begins) - 1, np.diff(np.append(first, len(rows)))


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """`input` without what equals its predecessor (``torch.unique_consecutive``).

    >>> import tinygrad5329 as tg
    >>> tg.unique_consecutive(tg.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    expect_tensor("unique_consecutive", "input", input)
    x = input._array
    if dim is None:
        flat = x.reshape(-1)
        first, labels, counts = _runs(flat[:, None])
        return _results(flat[first], labels.reshape(x.shape), counts, return_inverse, return_counts)
    dim = check_dim(dim, x.ndim)
    if x.ndim == 0:
        return unique_consecutive(input, return_inverse, return_counts)
    first, labels, counts = _runs(_rows("unique_consecutive", x, dim))
    return _results(np.take(x, first, dim), labels, counts, return_inverse, return_counts)


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False, out: Tensor | None = None
) -> Tensor:
    """Which of `elements` occur among `test_elements`; either may be a number (``torch.isin``)."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin(): one of elements and test_elements must be a Tensor")
    common = result_type(elements, test_elements).numpy
    left, right = (np.asarray(t._array if isinstance(t, Tensor) else t) for t in (elements, test_elements))
    for each in (left, right):
        if each.dtype.kind in "bc":
            name = "Bool" if each.dtype.kind == "b" else "ComplexFloat"
            raise RuntimeError(f"Unsupported input type encountered for isin(): {name}")
    found = np.isin(left.astype(common), right.astype(common), assume_unique=assume_unique, invert=invert)
    result = wrap(found)
    return result if out is None else write_out("isin", out, result)


attach(unique=unique, unique_consecutive=unique_consecutive)
