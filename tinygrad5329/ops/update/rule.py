"""``Rule``: an update rule as passes of NumPy over a parameter, its gradient and its state.

Large parameters are updated block by block, so that a block stays in the cache for all passes, and work arrays are
kept between calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Slot
from tinygrad5329.ops.update.bundle import Bundle, split
from tinygrad5329.ops.update.roster import Found

__all__ = ["Passes", "Rule", "Update", "gradient_into"]

Array = np.ndarray[Any, Any]

#: One step, ``update(g, p, *state, s, t, u)``: the gradient, which is only read, the parameter and its state, and
#: three work arrays, all of one shape.
Update = Callable[..., None]
#: Makes it, ``passes(dtype, *constants)``, with the step's constants in the dtype that is computed in.
Passes = Callable[..., Update]
#: The same for a bundle; None for constants it is not made for.
Together = Callable[..., Update | None]

#: Bytes of a block. The three or four streams of a rule, a block each, then fit a core's L2 cache;
#: smaller blocks cost more in calls of NumPy than they gain.
_BLOCK_BYTES = 1 << 18


class _Work(dict[int, tuple[Array, ...]]):
    """Three work arrays of one dtype and of any length up to a block's: views of the same three."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__()
        self.limit = _BLOCK_BYTES // dtype.itemsize
        self.whole = [np.empty(self.limit, dtype) for _ in range(3)]
        self._parts: dict[tuple[int, ...], list[list[Array]]] = {}

    def __missing__(self, n: int) -> tuple[Array, ...]:
        work = self[n] = tuple(each[:n] for each in self.whole)
        return work

    def parts(self, sizes: tuple[int, ...]) -> list[list[Array]]:
        """The work arrays, each cut into consecutive parts of these sizes."""
        if sizes not in self._parts:
            self._parts[sizes] = [split(each, sizes) for each in self.whole]
        return self._parts[sizes]


class _Workspace(threading.local):
    """The work arrays of a thread."""

    def __init__(self) -> None:
        self._work: dict[np.dtype[Any], _Work] = {}

    def __call__(self, dtype: np.dtype[Any]) -> _Work:
        work = self._work.get(dtype)
        if work is None:
            work = self._work[dtype] = _Work(dtype)
        return work


_workspace = _Workspace()


class Rule(Slot):
    """An update rule; ``rule.run(found, *constants)`` takes the step.

    Parameters
    ----------
    name : str
        Of the slot, in which ``tinygrad5329.fast.update`` may have a compiled twin.
    passes : callable
        NumPy's kernel.
    together : callable, optional
        NumPy's kernel for a bundle: ``together(dtype, *constants)`` returns None for constants it is not made for, or
        ``update(gs, columns, states, work, parts)``: the flat gradients, the bundle's arrays (see there), the work
        arrays, and each of them in the members' parts.
    """

    __slots__ = ()

    def __init__(self, name: str, passes: Passes, together: Together | None = None) -> None:
        super().__init__(name, lambda found, *constants: _in_blocks(found, passes, together, constants))


def _in_blocks(found: Found, passes: Passes, together: Together | None, constants: Sequence[Any]) -> None:
    with np.errstate(all="ignore"):
        if together is not None:
            found = _in_bundles(found, together, constants)
        dtype = None
        for member, grad in found:
            if member.dtype is not dtype:
                dtype = member.dtype
                # Half precision is computed in single, as PyTorch's kernels do.
                computed = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
                update = passes(computed, *constants)
                work = _workspace(computed)
            flats = member.flats
            if flats is None:
                # No common flat order: one piece, with work arrays made for it.
                update(grad, *member.arrays, *(np.empty(member.shape, computed) for _ in range(3)))
                continue
            g = grad if grad.ndim == 1 else grad.ravel(member.order)
            n = g.size
            if n <= work.limit:
                update(g, *flats, *work[n])
                continue
            for start in range(0, n, work.limit):
                stop = min(start + work.limit, n)
                update(g[start:stop], *(a[start:stop] for a in flats), *work[stop - start])


def _in_bundles(found: Found, together: Together, constants: Sequence[Any]) -> Found:
    """Update the bundles that are complete, and return the members that are in none."""
    bundled: dict[Bundle, Found] = {}
    rest: Found = []
    for pair in found:
        bundle = pair[0].bundle
        if bundle is None:
            rest.append(pair)
        elif bundle in bundled:
            bundled[bundle].append(pair)
        else:
            bundled[bundle] = [pair]
    for bundle, members in bundled.items():
        dtype = members[0][0].dtype
        update = together(dtype, *constants) if len(members) == len(bundle.sizes) else None
        work = _workspace(dtype)
        n = bundle.states[0].size
        if update is None or n > work.limit:
            rest += members
        else:
            gs = [g.ravel() for _, g in members]
            update(gs, bundle.columns, bundle.states, work[n], work.parts(bundle.sizes))
    return rest


def gradient_into(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float = 1.0
) -> Callable[[Array, Array, Array], Array]:
    """What most rules begin with, as a function of `g`, `p` and a work array: the gradient that they follow.

    That is ``sign * g + decay * p``, where `sign` is 1 or -1, after `p` was multiplied by `keep`; `g` itself, or the
    work array.
    """
    multiply, join = np.multiply, np.add if sign > 0 else np.subtract
    kept, share = np.array(keep, dtype), np.array(decay, dtype)

    def gradient(g: Array, p: Array, s: Array) -> Array:
        if keep != 1:
            multiply(p, kept, p)
        if decay:
            return join(multiply(p, share, s), g, s)
        return g if sign > 0 else np.negative(g, s)

    return gradient
