"""Draws of category indices by weight."""

from __future__ import annotations

import numpy as np


def check_weights(weights: np.ndarray, num_samples: int, replacement: bool) -> np.ndarray:
    """`weights` as rows (N, C), after PyTorch's checks."""
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"multinomial: prob_dist must be 1 or 2 dim, got shape {weights.shape}")
    if weights.dtype.kind in "biuc":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {weights.dtype.name}")
    if num_samples < 1:
        raise RuntimeError(f"multinomial: cannot sample n_sample <= 0 samples, got {num_samples}")
    categories = weights.shape[-1]
    if not replacement and num_samples > categories:
        raise RuntimeError(
            "multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement: got "
            f"{num_samples} samples of {categories} categories; pass replacement=True"
        )
    rows = weights if weights.ndim == 2 else weights[None]
    if not (np.isfinite(rows) & (rows >= 0)).all():
        raise RuntimeError("multinomial: probability tensor contains either `inf`, `nan` or element < 0")
    if len(rows) and not rows.any(axis=1).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    return rows


def without_replacement(rows: np.ndarray, race: np.ndarray, num_samples: int) -> np.ndarray:
    """The first `num_samples` to arrive in an exponential race: the largest of `rows / race`, in order."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        score = rows / race
    order: np.ndarray
    if num_samples == 1:
        order = np.argmax(score, axis=1, keepdims=True)
    else:
        order = np.argsort(-score, axis=1, kind="stable")[:, :num_samples]
    return order


def with_replacement(rows: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Where each of `unit` (N, num_samples) falls in the cumulative distribution of its row."""
    sums = np.cumsum(rows, axis=1, dtype=np.float64 if rows.dtype == np.float64 else np.float32)
    cumulative = np.divide(sums, sums[:, -1:])
    cumulative[:, -1] = 1.0
    if len(rows) == 1:
        return np.expand_dims(np.searchsorted(cumulative[0], unit[0]), 0)
    # np.searchsorted takes one row at a time; this bisects all rows in step.
    first, end = np.zeros(unit.shape, np.int64), np.full(unit.shape, rows.shape[1])
    for _ in range(rows.shape[1].bit_length()):
        middle = (first + end) >> 1
        short = np.take_along_axis(cumulative, np.minimum(middle, rows.shape[1] - 1), axis=1) < unit
        open_ = first < end
        first = np.where(open_ & short, middle + 1, first)
        end = np.where(open_ & ~short, middle, end)
    return first
