"""Reals: the draws from continuous distributions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from tinygrad5329.random.seeded import BLOCK, Seeded
from tinygrad5329.random.target import Shape, Target
from tinygrad5329.random.transforms import box_muller_blocks, box_muller_pairs, scale_unit, unit_float64


class Reals(Seeded):
    """Draws from continuous distributions."""

    __slots__ = ()

    def uniform(
        self,
        shape: Shape | None = None,
        low: float = 0.0,
        high: float = 1.0,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Uniform in [low, high), 53 random bits for float64 and 24 below; `torch.rand`, `Tensor.uniform_`.

        Raises
        ------
        RuntimeError
            `low` exceeds `high`, or one of them is beyond `dtype`.
        NotImplementedError
            `dtype` is not floating.
        """
        target = Target("uniform_", shape, dtype, out).require_floating()
        low, high = float(low), float(high)
        target.check_finite("from", low)
        target.check_finite("to", high)
        if low > high:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
        scaled = (low, high) != (0.0, 1.0)
        # Rounding can reach `high`, which belongs outside; from 0 only in a type narrower than the draw.
        closes = low != 0.0 or target.dtype.itemsize < 4
        lowest, highest = target.dtype.type(low), target.dtype.type(high)

        def draw(part: np.ndarray) -> None:
            unit = self._unit(part.size, target.dtype)
            part[...] = scale_unit(unit, low, high) if scaled else unit
            if closes:
                part[part == highest] = lowest

        return self._fill(target, draw)

    def normal(
        self,
        shape: Shape | None = None,
        mean: float = 0.0,
        std: float = 1.0,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Normal with `mean` and `std`; `torch.randn`, `Tensor.normal_`.

        Sixteen contiguous elements or more come in blocks of sixteen from the Box-Muller transform in the
        precision of `dtype`, the last block drawn anew where the size is no multiple of sixteen. Fewer, or
        non-contiguous ones, come in pairs in float64, and what is left of a pair is kept for the next such
        draw. Equal to PyTorch to rounding: its sine, cosine and logarithm are not NumPy's.

        Raises
        ------
        RuntimeError
            `std` is negative.
        NotImplementedError
            `dtype` is not floating.
        """
        if not std >= 0.0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        target = Target("normal_kernel_cpu", shape, dtype, out).require_floating()
        if target.size >= 16 and target.contiguous:
            with self._lock:
                self._normal_blocks(target, mean, std)
            return target.array
        return self._fill(target, lambda part: target.store(part, self._normal_pairs(part.size) * std + mean))

    def _normal_blocks(self, target: Target, mean: float, std: float) -> None:
        # Wide types draw all their uniforms first and then sixteen for the last block; narrow ones go block
        # by block and never draw the incomplete one, so there is nothing to pass over.
        flat, size = target.flat, target.size
        surplus = size % 16
        whole = size - surplus
        passed = surplus if target.dtype.itemsize >= 4 else 0
        for start in range(0, whole, BLOCK):
            part = flat[start : min(start + BLOCK, whole)]
            if surplus and start + part.size == whole:
                unit = self._unit(part.size + passed + 16, target.dtype)
                unit[part.size : part.size + 16] = unit[part.size + passed :]
                values = _blocks(unit[: part.size + 16], mean, std)
                target.store(part, values[: part.size])
                target.store(flat[-16:], values[-16:])
            else:
                target.store(part, _blocks(self._unit(part.size, target.dtype), mean, std))

    def _normal_pairs(self, count: int) -> np.ndarray:
        kept = self._normal
        fresh = count if kept is None else count - 1
        drawn = box_muller_pairs(unit_float64(self._words.words64(fresh + fresh % 2)))
        self._normal = float(drawn[-1]) if fresh % 2 else None
        return drawn[:fresh] if kept is None else np.concatenate([[kept], drawn[:fresh]])

    def exponential(
        self,
        shape: Shape | None = None,
        rate: float = 1.0,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Exponential with `rate` (PyTorch's lambd): -log1p(-u) / rate in float64; `Tensor.exponential_`.

        Raises
        ------
        RuntimeError
            `rate` is not positive, or `dtype` not floating.
        """
        if not rate > 0.0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        target = Target("exponential_", shape, dtype, out).require_floating(RuntimeError)
        return self._transformed(target, lambda u: -1.0 / rate * np.log1p(-u))

    def cauchy(
        self,
        shape: Shape | None = None,
        median: float = 0.0,
        sigma: float = 1.0,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Cauchy: median + sigma tan(pi (u - 1/2)) in float64; `Tensor.cauchy_`.

        Raises
        ------
        RuntimeError
            `sigma` is not positive.
        """
        if not sigma > 0.0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        target = Target("cauchy_", shape, dtype, out).require_floating()
        return self._transformed(target, lambda u: median + sigma * np.tan(math.pi * (u - 0.5)))

    def log_normal(
        self,
        shape: Shape | None = None,
        mean: float = 1.0,
        std: float = 2.0,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The exponential of a normal, drawn in pairs in float64; `Tensor.log_normal_`.

        Raises
        ------
        RuntimeError
            `std` is not positive.
        """
        if not std > 0.0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        target = Target("log_normal_", shape, dtype, out).require_floating()
        return self._fill(target, lambda part: target.store(part, np.exp(self._normal_pairs(part.size) * std + mean)))


def _blocks(unit: np.ndarray, mean: float, std: float) -> np.ndarray:
    box_muller_blocks(unit.reshape(-1, 16))
    if std != 1.0:
        unit *= unit.dtype.type(std)
    if mean != 0.0:
        unit += unit.dtype.type(mean)
    return unit
