"""The source of randomness: raw words of the 32-bit Mersenne Twister, and its state in PyTorch's layout."""

from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.random import MT19937, RandomState
from numpy.random import Generator as _Sampler

_N = 624
# Below this many words `random_raw` (eight bytes a word, but no argument checks) beats `Generator.integers`.
_FEW = 2048

# The bytes of `torch.get_rng_state()` on the CPU: every word of the twister takes eight bytes, and the cached
# second half of a pair of normals is `normal`. Fields named `unused` have been zero since PyTorch left Lua.
STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", _N),
        ("unused_x", "<f8"),
        ("normal", "<f8"),
        ("unused_rho", "<f8"),
        ("has_normal", "<i4"),
        ("pad", "<i4"),
        ("float_normal", "<f4"),
        ("has_float_normal", "u1"),
        ("tail", "u1", 3),
    ]
)


def canonical_seed(seed: SupportsIndex) -> int:
    """The 64-bit seed that PyTorch makes of `seed`: negative numbers count down from 2**64.

    Raises
    ------
    RuntimeError
        `seed` is no integer.
    ValueError
        `seed` is outside [-2**63, 2**64).
    """
    try:
        if isinstance(seed, (bool, np.bool_)):
            raise TypeError
        number = operator.index(seed)
    except TypeError:
        raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}; pass an int") from None
    if not -(2**63) <= number < 2**64:
        raise ValueError(
            f"manual_seed: Overflow when unpacking long long: got {number}, expected -2**63 <= seed < 2**64"
        )
    return number % 2**64


class MersenneWords:
    """Words of MT19937, seeded as PyTorch seeds it, from the low 32 bits of the seed alone.

    NumPy's bit generator makes the words; `RandomState` is here for its way of seeding, which is PyTorch's.
    """

    __slots__ = ("_bits", "_integers", "_legacy", "initial_seed", "memory")

    def __init__(self, seed: int) -> None:
        self._bits = MT19937(0)
        #: Where compiled draws advance the state; see `in_memory`.
        self.memory: np.ndarray | None = None
        self._legacy = RandomState(self._bits)
        self._integers = _Sampler(self._bits).integers
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Start the stream of `seed`, an integer in [0, 2**64)."""
        self.initial_seed = seed
        self._legacy.seed(seed & 0xFFFFFFFF)

    def words32(self, count: int) -> np.ndarray:
        """The next `count` words, a fresh uint32 array."""
        if count < _FEW:
            return self._bits.random_raw(count).astype(np.uint32)
        return self._integers(0, 1 << 32, size=count, dtype=np.uint32)

    def words64(self, count: int) -> np.ndarray:
        """The next `2 * count` words in pairs, the first of a pair its high half: a fresh uint64 array."""
        if count < _FEW // 2:
            pairs = self._bits.random_raw(2 * count)
            high = pairs[::2]
            high <<= 32
            high |= pairs[1::2]
            return high
        return self._integers(0, 1 << 64, size=count, dtype=np.uint64)

    def in_memory(self) -> np.ndarray:
        """The state itself, uint32 (625,): the 624 words, then how many of them are used up.

        Whoever writes to it moves the stream. It lasts as long as this object.

        Raises
        ------
        RuntimeError
            This NumPy keeps its state in another form.
        """
        if self.memory is None:
            import ctypes

            cells: Any = (ctypes.c_uint32 * (_N + 1)).from_address(self._bits.ctypes.state_address)
            memory, known = np.frombuffer(cells, np.uint32), self._bits.state["state"]
            if memory[_N] != known["pos"] or (memory[:_N] != known["key"]).any():
                raise RuntimeError(
                    f"NumPy {np.__version__} keeps the state of MT19937 in a form that the compiled kernels do not "
                    "know: use the NumPy kernels, backends.use('numpy')"
                )
            self.memory = memory
        return self.memory

    def state(self, normal: float | None) -> np.ndarray:
        """The state as PyTorch's bytes, with `normal` the cached second half of a pair, if there is one."""
        twister = self._bits.state["state"]
        key, position = twister["key"], twister["pos"]
        state = np.zeros(1, STATE)
        state["seed"] = self.initial_seed
        state["seeded"] = 1
        # PyTorch counts the words until the next twist, which is due at once after seeding, with none taken.
        state["left"] = _N + 1 - position
        state["next"] = 0 if position == _N and self._is_fresh(key) else position
        state["words"] = key
        state["normal"] = 0.0 if normal is None else normal
        state["has_normal"] = normal is not None
        return state.view(np.uint8)

    def _is_fresh(self, key: np.ndarray) -> bool:
        first = self.initial_seed & 0xFFFFFFFF
        second = (1812433253 * (first ^ (first >> 30)) + 1) & 0xFFFFFFFF
        return int(key[0]) == first and int(key[1]) == second

    def restore(self, state: np.ndarray) -> float | None:
        """Go to a state that `state` gave (or PyTorch); returns the cached normal that it carries.

        Raises
        ------
        TypeError
            Not a uint8 array.
        RuntimeError
            The wrong number of bytes, or bytes that are no state of MT19937.
        """
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
            got = state.dtype if isinstance(state, np.ndarray) else type(state).__name__
            raise TypeError(f"RNG state must be a torch.ByteTensor: got {got}, expected a uint8 array from get_state()")
        if state.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE.itemsize} but found the input RNG state "
                f"size to be {state.size}; pass what get_state() returned"
            )
        fields = np.ascontiguousarray(state).reshape(-1).view(STATE)[0]
        left, following = int(fields["left"]), int(fields["next"])
        if fields["seeded"] != 1 or not 0 < left <= _N or following > _N:
            raise RuntimeError("Invalid mt19937 state: these bytes are not what get_state() returned")
        self.initial_seed = int(fields["seed"])
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": fields["words"].astype(np.uint32), "pos": _N if left == 1 else following},
        }
        return float(fields["normal"]) if fields["has_normal"] else None
