"""Recurrent cells: one step of one layer.

The LSTM's and the GRU's are their layers with a single step; the Elman cell is a primitive of its own, a few
products and one tanh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.ops.gru import gru_layer
from tinygrad5329.ops.lstm import lstm_layer
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.tensor import Tensor

__all__ = ["gru_step", "lstm_step"]


def _elman(xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, relu: bool) -> Any:
    """x (N, I), h (N, H) or None, w (H, I), u (H, H), b and c (H,) or None to (N, H)."""
    z = np.matmul(x, w.T)
    if h is not None:
        z += np.matmul(h, u.T)
    if b is not None:
        z += b + c
    return np.maximum(z, 0, out=z) if relu else np.tanh(z, z)


def _elman_rule(xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, out: Any, relu: bool) -> tuple[Any, ...]:
    dz = xp.where(out > 0, g, 0.0) if relu else g * (1 - out * out)
    db = xp.sum(dz, 0) if needs[4] or needs[5] else None
    return (
        xp.matmul(dz, w) if needs[0] else None,
        xp.matmul(dz, u) if needs[1] else None,
        xp.matmul(dz.T, x) if needs[2] else None,
        (xp.zeros(u.shape, g.dtype) if h is None else xp.matmul(dz.T, h)) if needs[3] else None,
        db,
        db,
    )


elman_cell = Primitive("elman_cell", _elman, joint=_elman_rule)


def gru_step(forward: Callable[..., Any], raw: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The kernels of the GRU's cell, from those of its layer."""

    def cell(xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, keep: bool) -> tuple[Any, Any]:
        before = None if h is None else h[None]
        (_, state), aux = forward(
            xp, x[None], before, w, u, b, c, sizes=None, batch_first=False, reverse=False, keep=False
        )
        return state[0], aux

    def rule(xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, aux: Any) -> tuple[Any, ...]:
        before = None if h is None else h[None]
        gs = (np.zeros((1, *g.shape), g.dtype), g[None])
        dx, dh, *rest = raw(xp, gs, needs, x[None], before, w, u, None, False, False, aux)
        return None if dx is None else dx[0], dh[0], *rest

    return cell, rule


def lstm_step(forward: Callable[..., Any], raw: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The kernels of the LSTM's cell, from those of its layer."""

    def cell(xp: Any, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any, d: Any, *, keep: bool) -> tuple[Any, Any]:
        before = (None, None) if h is None else (h[None], c[None])
        (_, state, memory), aux = forward(
            xp, x[None], *before, w, u, b, d, None, sizes=None, batch_first=False, reverse=False, keep=False
        )
        return (state[0], memory[0]), aux

    def rule(xp: Any, g: Any, needs: Any, x: Any, h: Any, c: Any, w: Any, u: Any, aux: Any) -> tuple[Any, ...]:
        before = (None, None) if h is None else (h[None], c[None])
        gs = (np.zeros((1, *g[0].shape), g[0].dtype), g[0][None], g[1][None])
        dx, dh, dc, *rest = raw(xp, gs, (*needs, False), x[None], *before, w, u, None, None, False, False, aux)
        return None if dx is None else dx[0], dh[0], dc[0], *rest[:-1]

    return cell, rule


def _gru(x: Tensor, h: Any, w: Tensor, u: Tensor, b: Any, c: Any) -> Tensor:
    before = None if h is None else h.unsqueeze(0)
    out, _ = gru_layer.composite(  # type: ignore[misc]
        x.unsqueeze(0), before, w, u, b, c, sizes=None, batch_first=False, reverse=False
    )
    return out[0]


def _lstm(x: Tensor, h: Any, c: Any, w: Tensor, u: Tensor, b: Any, d: Any) -> tuple[Tensor, Tensor]:
    before = (None, None) if h is None else (h.unsqueeze(0), c.unsqueeze(0))
    out, _, memory = lstm_layer.composite(  # type: ignore[misc]
        x.unsqueeze(0), *before, w, u, b, d, None, sizes=None, batch_first=False, reverse=False
    )
    return out[0], memory[0]


_forward, _raw = gru_step(gru_layer.forward, gru_layer.raw)  # type: ignore[arg-type]
gru_cell = Primitive("gru_cell", _forward, raw=_raw, composite=_gru, aux=True)
_forward, _raw = lstm_step(lstm_layer.forward, lstm_layer.raw)  # type: ignore[arg-type]
lstm_cell = Primitive("lstm_cell", _forward, raw=_raw, composite=_lstm, outputs=2, aux=True)
