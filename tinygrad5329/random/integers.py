"""Integers: the draws of whole numbers and permutations."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from tinygrad5329.random.permutation import shuffled
from tinygrad5329.random.seeded import Seeded
from tinygrad5329.random.target import Shape, Target, integer_bounds, significant_bits


class Integers(Seeded):
    """Draws of whole numbers."""

    __slots__ = ()

    def random(
        self, shape: Shape | None = None, dtype: DTypeLike = np.int64, *, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Integers over all that `dtype` holds from 0 on; `Tensor.random_()`.

        In a floating dtype from 0 to 2**precision, below which it holds them all.
        """
        target = Target("random_", shape, dtype, out)
        bits = significant_bits(target.dtype)
        size = 2**bits + 1 if target.floating else 2**bits
        return self._integers(target, size, 0, wide=target.dtype.itemsize == 8)

    def randint(
        self,
        low: int,
        high: int,
        shape: Shape | None = None,
        dtype: DTypeLike = np.int64,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Integers in [low, high); `torch.randint` and `Tensor.random_(low, high)`.

        One word modulo the range, or two where the range is 2**28 or more. In a floating dtype too narrow to
        hold the bounds they move inwards to numbers that it holds.

        Raises
        ------
        RuntimeError
            The range is empty or goes beyond `dtype`.
        """
        target = Target("random_", shape, dtype, out)
        low, high = integer_bounds(low, high, target)
        return self._integers(target, high - low, low, wide=high - low >= 2**28)

    def _integers(self, target: Target, size: int, base: int, wide: bool) -> np.ndarray:
        def draw(part: np.ndarray) -> None:
            words = self._words.words64(part.size) if wide else self._words.words32(part.size)
            kind = words.dtype.type
            if size & (size - 1):
                # The remainder by way of the quotient: NumPy has SIMD for `//` by one number, none for `%`.
                quotient = words // kind(size)
                quotient *= kind(size)
                words -= quotient
            elif size <= np.iinfo(kind).max:
                words &= kind(size - 1)
            if base and size < 2**64:
                # Two's complement: adding modulo 2**64 is right for negative bases as well.
                words = words.astype(np.uint64, copy=False)
                words += np.uint64(base % 2**64)
            target.store(part, words.view(np.int64) if words.dtype == np.uint64 else words)

        return self._fill(target, draw)

    def randperm(self, n: int, dtype: DTypeLike = np.int64) -> np.ndarray:
        """A permutation of 0, ..., n - 1; `torch.randperm`.

        Raises
        ------
        RuntimeError
            `n` is negative, or `dtype` does not hold n - 1.
        NotImplementedError
            `n` is 214,748,364 or more, where PyTorch changes to another algorithm.
        """
        kind = np.dtype(dtype)
        if n < 0:
            raise RuntimeError(f"randperm: Trying to create tensor with negative dimension {n}; n must be >= 0")
        if n >= (2**32 - 1) // 20:
            raise NotImplementedError(f"randperm: n must be below {(2**32 - 1) // 20}, got {n}; shuffle in parts")
        bits = significant_bits(kind)
        largest = 2**bits + 1 if kind.kind not in "iu" else 2**bits
        if n > largest:
            raise RuntimeError(f"randperm: n cannot be greater than {largest} for {kind.name}, got {n}")
        with self._lock:
            words = self._words.words32(max(n - 1, 0))
        return shuffled(words).astype(kind, copy=False) if n else np.empty(0, kind)
