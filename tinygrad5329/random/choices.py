"""Choices: the draws of masks, trials and categories."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad5329.random.bernoulli import STREAMS, twister_trials
from tinygrad5329.random.multinomial import check_weights, with_replacement, without_replacement
from tinygrad5329.random.reals import Reals
from tinygrad5329.random.target import Shape, Target
from tinygrad5329.random.transforms import unit_float64

_PLAIN = (np.dtype(np.float32), np.dtype(np.float64))


@lru_cache(64)
def _rescaling(p: float, dtype: np.dtype) -> Any:
    """1 / (1 - p) as PyTorch computes it."""
    kind = np.float64 if dtype == np.float64 else np.float32
    return dtype.type(kind(1.0) / kind(1.0 - p))


class Choices(Reals):
    """Draws of masks, trials and categories."""

    __slots__ = ()

    @property
    def bernoulli_stream(self) -> str:
        """How `bernoulli` and `dropout_mask` draw.

        "torch" (default): as the PyTorch that this package is tested against, two words an element. "mcg31":
        as PyTorch up to 2.6 where it used MKL, a multiplicative congruential stream from a one-word seed.
        "fast": 16 bits an element, and p rounded to a multiple of 2**-16; no PyTorch draws so.
        """
        return self._stream

    @bernoulli_stream.setter
    def bernoulli_stream(self, name: str) -> None:
        if name not in STREAMS:
            raise ValueError(f"bernoulli_stream: got {name!r}, expected one of {', '.join(map(repr, STREAMS))}")
        self._stream = name

    def bernoulli(
        self,
        p: float,
        shape: Shape | None = None,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Ones with probability `p`, else zeros, drawn as `bernoulli_stream` says; `Tensor.bernoulli_`.

        Raises
        ------
        RuntimeError
            `p` is outside [0, 1].
        """
        if not 0.0 <= p <= 1.0:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        target = Target("bernoulli_", shape, dtype, out)
        self._trials(target.flat, p)
        return target.finish()

    def _trials(self, flat: np.ndarray, p: float, value: Any = 1) -> None:
        """Put `value` into a vector with probability `p`, else 0."""
        if flat.dtype.char in "fd" and self._stream == "torch":
            with self._lock:
                twister_trials.run(self._words, flat, p, value)
            return
        mask = flat if flat.dtype == np.bool_ else np.empty(flat.size, np.bool_)
        if flat.size:
            with self._lock:
                STREAMS[self._stream](self._words, mask, p)
        if mask is not flat:
            flat[...] = mask
            if value != 1:
                flat *= value

    def dropout_mask(
        self,
        p: float,
        shape: Shape | None = None,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """What dropout with probability `p` multiplies its input by: `bernoulli(1 - p) / (1 - p)`.

        Equal to PyTorch's `functional.dropout` mask; like it, p = 0 (all ones) and p = 1 (all zeros) draw
        nothing.

        Raises
        ------
        ValueError
            `p` is outside [0, 1].
        NotImplementedError
            `dtype` is not floating.
        """
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        # The common case first: a new array needs none of a target's care.
        plain = out is None and shape is not None and (dtype in _PLAIN)
        target = None if plain else Target("dropout", shape, dtype, out).require_floating()
        mask = np.empty(shape, dtype) if target is None else target.flat  # type: ignore[arg-type]
        if p == 0.0 or p == 1.0:
            mask.fill(1.0 - p)
        else:
            self._trials(mask.reshape(-1), 1.0 - p, _rescaling(p, mask.dtype))
        return mask if target is None else target.finish()

    def bernoulli_each(
        self, p: np.ndarray, dtype: DTypeLike | None = None, *, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Ones with the probabilities in `p`, else zeros; `torch.bernoulli`, `Tensor.bernoulli_(p)`.

        A float64 `p` is met with 53 random bits, any narrower one with 24. `p` broadcasts to `out`; without
        `out` the result has the shape and dtype (unless given) of `p`.

        Raises
        ------
        RuntimeError
            A probability is outside [0, 1].
        NotImplementedError
            `p` is not floating.
        """
        if p.dtype.kind in "biu":
            raise NotImplementedError(f'"bernoulli_tensor_cpu_p_" not implemented for {p.dtype.name}; pass floats')
        if not ((p >= 0) & (p <= 1)).all():
            raise RuntimeError("bernoulli: Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
        if out is None:
            out = np.empty(p.shape, p.dtype if dtype is None else dtype)
        elif dtype is not None:
            raise TypeError("bernoulli: give dtype or out, not both")
        target = Target("bernoulli_", None, None, out)
        chance = target.in_memory_order(np.broadcast_to(p, out.shape)).reshape(-1)
        if p.dtype != np.float64:
            chance = chance.astype(np.float32, copy=False)
        with self._lock:
            target.flat[...] = self._unit(target.size, chance.dtype) < chance
        return target.finish()

    def multinomial(self, weights: np.ndarray, num_samples: int, replacement: bool = False) -> np.ndarray:
        """Indices drawn with probabilities in proportion to `weights` (C,) or (N, C); `torch.multinomial`.

        Returns
        -------
        int64 array (num_samples,) or (N, num_samples)

        Raises
        ------
        RuntimeError
            Weights that are negative, not finite, sum to zero or are not floating; another rank; more samples
            than categories without replacement; or num_samples < 1.
        """
        rows = check_weights(weights, num_samples, replacement)
        if replacement and num_samples > 1:
            with self._lock:
                unit = unit_float64(self._words.words64(len(rows) * num_samples))
            index = with_replacement(rows, unit.reshape(len(rows), num_samples))
        else:
            race = self.exponential(out=np.empty_like(rows))
            index = without_replacement(rows, race, num_samples)
        return index.reshape((*weights.shape[:-1], num_samples))

    def geometric(
        self,
        p: float,
        shape: Shape | None = None,
        dtype: DTypeLike = np.float32,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The number of trials up to the first success, ceil(log u / log1p(-p)); `Tensor.geometric_`.

        Raises
        ------
        RuntimeError
            `p` is outside (0, 1).
        """
        if not 0.0 < p < 1.0:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        target = Target("geometric_", shape, dtype, out)
        return self._transformed(target, lambda u: np.ceil(np.log(u) / np.log1p(-p)))
