"""Broadcasting: where two shapes do not fit, and the way back from the shape that they broadcast to."""

from __future__ import annotations

from typing import Any

__all__ = ["misfit", "unbroadcast"]


def misfit(op: str, a: tuple[int, ...], b: tuple[int, ...]) -> str | None:
    """Where two shapes do not broadcast, in words; None where they do."""
    for i in range(1, min(len(a), len(b)) + 1):
        if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
            return (
                f"The size of tensor a ({a[-i]}) must match the size of tensor b ({b[-i]}) at "
                f"non-singleton dimension {max(len(a), len(b)) - i}: {op} cannot broadcast {tuple(a)} with {tuple(b)}"
            )
    return None


def unbroadcast(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` back to `shape`, from which its operand was broadcast."""
    if g is None or g.shape == shape:
        return g
    extra = len(g.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    if axes:
        g = xp.sum(g, axis=axes, keepdims=True)
    return xp.reshape(g, shape)
