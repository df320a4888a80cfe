"""Seeded: what a generator keeps, how it is seeded, saved and copied, and how it fills arrays."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Self, SupportsIndex

import numpy as np

from tinygrad5329.random.target import Target
from tinygrad5329.random.transforms import unit_float32, unit_float64
from tinygrad5329.random.words import MersenneWords, canonical_seed

_DEFAULT_SEED = 67280421310721
BLOCK = 16384  # elements drawn at a time, so that the intermediates stay in the cache; a multiple of 16


class Seeded:
    """The words of a generator, what is left of its last pair of normals, and the lock on both."""

    __slots__ = ("__weakref__", "_lock", "_normal", "_stream", "_words", "device")

    def __init__(self, device: object = "cpu") -> None:
        if str(device) not in ("cpu", "cpu:0"):
            raise RuntimeError(
                f"Generator: got device {device}, expected cpu; random numbers are drawn on the CPU only"
            )
        self.device = device
        self._lock = threading.Lock()
        self._words = MersenneWords(_DEFAULT_SEED)
        self._normal: float | None = None
        self._stream = "torch"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.device, self._state_bytes().tobytes(), self._stream)

    def manual_seed(self, seed: SupportsIndex) -> Self:
        """Start the stream of `seed` in [-2**63, 2**64), negative ones counting from 2**64; returns self.

        Raises
        ------
        RuntimeError
            `seed` is no integer.
        ValueError
            `seed` is out of range.
        """
        number = canonical_seed(seed)
        with self._lock:
            self._words.seed(number)
            self._normal = None
        return self

    def seed(self) -> int:
        """Seed with 53 bits, which a float holds, of the operating system's randomness; returns them."""
        seed = int.from_bytes(os.urandom(8), "little") & (2**53 - 1)
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed that the stream began with, in [0, 2**64)."""
        return self._words.initial_seed

    def get_state(self) -> Any:
        """The whole state as a uint8 tensor (5056,), byte for byte that of `torch.Generator.get_state`."""
        return wrap_state(self._state_bytes())

    def _state_bytes(self) -> np.ndarray:
        with self._lock:
            return self._words.state(self._normal)

    def set_state(self, new_state: Any) -> None:
        """Go to a state that `get_state` gave, here or in PyTorch: a tensor or an array.

        Raises
        ------
        TypeError
            Not a uint8 tensor or array.
        RuntimeError
            Not a state: wrong length, or impossible values.
        """
        state = new_state.numpy() if hasattr(new_state, "numpy") else new_state
        with self._lock:
            self._normal = self._words.restore(state)

    def clone_state(self) -> Self:
        """A new generator in the same state, which goes its own way."""
        clone: Self = _restored(type(self), self.device, self._state_bytes().tobytes(), self._stream)
        return clone

    def _unit(self, count: int, dtype: np.dtype) -> np.ndarray:
        if dtype == np.float64:
            return unit_float64(self._words.words64(count))
        return unit_float32(self._words.words32(count))

    def _transformed(self, target: Target, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        def draw(part: np.ndarray) -> None:
            target.store(part, transform(unit_float64(self._words.words64(part.size))))

        return self._fill(target, draw)

    def _fill(self, target: Target, draw: Callable[[np.ndarray], None]) -> np.ndarray:
        """Let `draw` write the target block by block, under the lock."""
        flat = target.flat
        with self._lock:
            for start in range(0, flat.size, BLOCK):
                draw(flat[start : start + BLOCK])
        return target.finish()


#: Makes a tensor of a state's bytes; the package sets it, since tensors are built above this layer.
wrap_state: Callable[[np.ndarray], Any] = lambda state: state  # noqa: E731


def set_state_wrapper(function: Callable[[np.ndarray], Any]) -> None:
    """Let `get_state` return what `function` makes of the bytes."""
    global wrap_state
    wrap_state = function


def _restored(kind: type[Seeded], device: object, state: bytes, stream: str) -> Any:
    generator = kind(device)
    generator.set_state(np.frombuffer(state, np.uint8))
    generator._stream = stream
    return generator
