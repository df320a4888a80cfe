"""Recurrent networks: layers upon layers in one or both directions, and single steps.

The functions have PyTorch's signatures and its order of parameters: for each layer and direction the weights
of the input and of the state, then their two biases, then the projection of an LSTM. Where PyTorch asks for
initial states, None means zeros, which are then not multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops import joining, shaping
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.dropout import dropout as _dropout
from tinygrad5329.ops.elman import elman_layer
from tinygrad5329.ops.gru import gru_layer
from tinygrad5329.ops.lstm import lstm_layer
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.recurrent_cells import elman_cell
from tinygrad5329.ops.recurrent_cells import gru_cell as _gru_cell
from tinygrad5329.ops.recurrent_cells import lstm_cell as _lstm_cell
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
]  # fmt: skip


class _Kind(NamedTuple):
    """What runs for a function: its primitive, the number of its states and gates, and its parameters."""

    name: str
    run: Primitive
    states: int
    gates: int
    options: dict[str, Any]


_RNN_TANH = _Kind("rnn_tanh", elman_layer, 1, 1, {"relu": False})
_RNN_RELU = _Kind("rnn_relu", elman_layer, 1, 1, {"relu": True})
_GRU = _Kind("gru", gru_layer, 1, 3, {})
_LSTM = _Kind("lstm", lstm_layer, 2, 4, {})
_RNN_TANH_CELL = _Kind("rnn_tanh_cell", elman_cell, 1, 1, {"relu": False})
_RNN_RELU_CELL = _Kind("rnn_relu_cell", elman_cell, 1, 1, {"relu": True})
_GRU_CELL = _Kind("gru_cell", _gru_cell, 1, 3, {})
_LSTM_CELL = _Kind("lstm_cell", _lstm_cell, 2, 4, {})


def rnn_tanh(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """An Elman network with tanh (``torch.rnn_tanh``).

    Called with ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or for
    packed sequences with ``(data, batch_sizes, hx, params, ...)`` without the last. Shapes: `input` (T, N, I), or
    (N, T, I) with `batch_first`; `hx` and the final states (layers * directions, N, H); the result
    (T, N, directions * H). Raises RuntimeError where shapes or dtypes do not fit.
    """
    return _network(_RNN_TANH, input, *args, **kwargs)  # type: ignore[return-value]


def rnn_relu(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """An Elman network with relu (``torch.rnn_relu``); see :func:`rnn_tanh`."""
    return _network(_RNN_RELU, input, *args, **kwargs)  # type: ignore[return-value]


def gru(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """A network of gated recurrent units (``torch.gru``); see :func:`rnn_tanh`."""
    return _network(_GRU, input, *args, **kwargs)  # type: ignore[return-value]


def lstm(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """A network of long short-term memory (``torch.lstm``); see :func:`rnn_tanh`.

    `hx` is the pair of hidden and cell states; the final ones are returned as two tensors.
    """
    return _network(_LSTM, input, *args, **kwargs)  # type: ignore[return-value]


def _network(kind: _Kind, input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    expect_tensor(kind.name, "input", input)
    second = args[0] if args else kwargs.get("hx")
    if "batch_sizes" in kwargs or (isinstance(second, Tensor) and second._array.dtype.kind == "i"):
        return _packed(kind, input, *args, **kwargs)
    return _padded(kind, input, *args, **kwargs)


def _packed(
    kind: _Kind, data: Tensor, batch_sizes: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool,
    num_layers: int, dropout: float, train: bool, bidirectional: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    if data._array.ndim != 2:
        raise RuntimeError(
            f"{kind.name}: expected the data of packed sequences, (rows, features), got {tuple(data.shape)}"
        )
    sizes = tuple(batch_sizes._array.tolist())
    if not sizes:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    if hx is None:
        # Sequences that begin late take their states from somewhere.
        rows, width = params[1]._array.shape
        leading = (num_layers * (2 if bidirectional else 1), sizes[0])
        hx = [wrap(np.zeros((*leading, n), data._array.dtype)) for n in (width, rows // kind.gates)[: kind.states]]
    return _layers(
        kind, data, sizes, sizes[0], hx, params, has_biases, num_layers, dropout, train, bidirectional, False
    )


def _padded(
    kind: _Kind, input: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    shape = input._array.shape
    if len(shape) != 3:
        raise IndexError(f"{kind.name}: expected an input of shape (T, N, features), got {tuple(shape)}")
    steps, count = (shape[1], shape[0]) if batch_first else (shape[0], shape[1])
    if not steps:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    # Joined directions lie step after step for the next layer, so only what goes in and out is transposed.
    around = batch_first and bidirectional
    out, *final = _layers(
        kind,
        shaping.transpose(input, 0, 1) if around else input,
        None,
        count,
        hx,
        params,
        has_biases,
        num_layers,
        dropout,
        train,
        bidirectional,
        batch_first and not bidirectional,
    )
    return shaping.transpose(out, 0, 1) if around else out, *final


def _layers(
    kind: _Kind, input: Tensor, sizes: tuple[int, ...] | None, count: int, hx: Any, params: Sequence[Tensor],
    has_biases: bool, num_layers: int, dropout: float, train: bool, bidirectional: bool, batch_first: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    directions = 2 if bidirectional else 1
    depth = num_layers * directions
    states = _initial(kind, hx, depth)
    plain = 2 + 2 * has_biases
    per_layer = len(params) // depth
    projected = kind.states == 2 and per_layer == plain + 1
    if per_layer != plain + projected or len(params) != depth * per_layer:
        raise RuntimeError(
            f"{kind.name}: expected {depth * plain} parameters, {plain} for each of {num_layers} layers in "
            f"{directions} directions{' (a projection apart)' if kind.states == 2 else ''}, got {len(params)}"
        )
    finals: list[Sequence[Tensor]] = []
    for layer in range(num_layers):
        outs = []
        for turn in range(directions):
            place = layer * directions + turn
            weights: Sequence[Any] = params[place * per_layer : (place + 1) * per_layer]
            if not has_biases:
                weights = (*weights[:2], None, None, *weights[2:])
            if kind.states == 2 and not projected:
                weights = (*weights, None)
            first = states if depth == 1 else [None if s is None else s[place : place + 1] for s in states]
            if not _fits(kind, input, first, weights, count):
                raise _misfit(kind, input, first, weights, count)
            out, *final = kind.run.run(
                input, *first, *weights, sizes=sizes, batch_first=batch_first, reverse=turn == 1, **kind.options
            )
            outs.append(out)
            finals.append(final)
        input = outs[0] if directions == 1 else joining.cat(outs, -1)
        if dropout and train and layer < num_layers - 1:
            input = _dropout(input, dropout, True)
    if depth == 1:
        return input, *finals[0]
    return input, *[joining.cat(each) for each in zip(*finals, strict=True)]


def _initial(kind: _Kind, hx: Any, depth: int) -> Sequence[Any]:
    if hx is None:
        return (None,) * kind.states
    hx = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    for state in hx:
        expect_tensor(kind.name, "hx", state)
    if len(hx) != kind.states:
        wanted = "two hidden states" if kind.states == 2 else "one hidden state"
        raise RuntimeError(f"{kind.name} expects {wanted}, got {len(hx)}")
    if any(state._array.ndim != 3 or len(state._array) != depth for state in hx):
        raise RuntimeError(
            f"{kind.name}: expected states of shape ({depth}, N, features), one for each layer and direction, got "
            f"{', '.join(str(tuple(state.shape)) for state in hx)}"
        )
    return hx


def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of an Elman layer with tanh, (N, I) and (N, H) to (N, H) (``torch.rnn_tanh_cell``)."""
    return _step(_RNN_TANH_CELL, input, (hx,), (w_ih, w_hh, b_ih, b_hh))


def rnn_relu_cell(
    input: Tensor,
    hx: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of an Elman layer with relu (``torch.rnn_relu_cell``)."""
    return _step(_RNN_RELU_CELL, input, (hx,), (w_ih, w_hh, b_ih, b_hh))


def gru_cell(
    input: Tensor,
    hx: Tensor | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of a GRU layer (``torch.gru_cell``)."""
    return _step(_GRU_CELL, input, (hx,), (w_ih, w_hh, b_ih, b_hh))


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor] | None,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM layer: the new hidden and cell states (``torch.lstm_cell``)."""
    states: Any = (None, None) if hx is None else hx
    if isinstance(states, Tensor) or len(states) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    return _step(_LSTM_CELL, input, tuple(states), (w_ih, w_hh, b_ih, b_hh))


def _step(kind: _Kind, input: Tensor, states: tuple[Any, ...], weights: tuple[Any, ...]) -> Any:
    expect_tensor(kind.name, "input", input)
    shape = input._array.shape
    if len(shape) != 2:
        raise RuntimeError(f"{kind.name}: expected an input of shape (N, features), got {tuple(shape)}")
    if (weights[2] is None) != (weights[3] is None):
        raise RuntimeError(f"{kind.name}: give both biases or none")
    for state in states:
        if state is not None and state._array.ndim != 2:
            raise RuntimeError(f"{kind.name}: expected a state of shape (N, features), got {tuple(state.shape)}")
    if not _fits(kind, input, states, weights, shape[0]):
        raise _misfit(kind, input, states, weights, shape[0])
    return kind.run.run(input, *states, *weights, **kind.options)


def _fits(kind: _Kind, input: Tensor, states: Sequence[Any], weights: Sequence[Any], count: int) -> bool:
    """Whether the shapes and dtypes of one layer go together."""
    x, u = input._array, weights[1]._array
    dtype, inner = x.dtype, u.shape
    if len(inner) != 2 or weights[0]._array.shape != (inner[0], x.shape[-1]) or dtype.kind not in FLOATING:
        return False
    width = inner[0] // kind.gates
    projection = weights[4] if len(weights) > 4 else None
    if inner[0] != kind.gates * width or inner[1] != (width if projection is None else len(projection._array)):
        return False
    for each in weights:
        if each is not None and each._array.dtype is not dtype and each._array.dtype != dtype:
            return False
    for bias in (weights[2], weights[3]):
        if bias is not None and bias._array.shape != (inner[0],):
            return False
    for state, size in zip(states, (inner[1], width), strict=False):
        if state is not None and (state._array.shape[-2:] != (count, size) or state._array.dtype != dtype):
            return False
    return projection is None or projection._array.shape == (inner[1], width)


def _misfit(
    kind: _Kind, input: Tensor, states: Sequence[Any], weights: Sequence[Any], count: int
) -> RuntimeError | NotImplementedError:
    """Why the shapes and dtypes of one layer do not go together."""
    op, gates, x = kind.name, kind.gates, input._array
    arrays: list[Any] = [None if t is None else t._array for t in (*weights, None)[:5]]
    w, u, b, c, r = arrays
    if w.ndim != 2 or u.ndim != 2:
        return RuntimeError(f"{op}: expected weights with two dimensions, got {w.ndim} and {u.ndim}")
    width = (u.shape[0] // gates) if states[-1] is None else states[-1]._array.shape[-1]
    if x.shape[-1] != w.shape[1]:
        return RuntimeError(f"input has inconsistent input_size: got {x.shape[-1]} expected {w.shape[1]}: {op}")
    for number, state in enumerate(states):
        if state is not None and state._array.shape[-2] != count:
            return RuntimeError(
                f"Input batch size {count} doesn't match hidden{number} batch size {state._array.shape[-2]}: {op} got "
                f"a state of shape {tuple(state.shape)}"
            )
    if states[0] is not None and states[0]._array.shape[-1] != u.shape[1]:
        got = states[0]._array.shape[-1]
        return RuntimeError(f"hidden0 has inconsistent hidden_size: got {got}, expected {u.shape[1]}: {op}")
    if w.shape[0] != gates * width or u.shape[0] != gates * width:
        return RuntimeError(
            f"weight_ih first dim must be {gates} * hidden_size = {gates * width}, but got {w.shape[0]} and for "
            f"weight_hh {u.shape[0]}: {op}"
        )
    for bias in (b, c):
        if bias is not None and bias.shape != (gates * width,):
            return RuntimeError(f"{op}: expected biases of shape {(gates * width,)}, got {tuple(bias.shape)}")
    if r is not None and r.shape != (u.shape[1], width):
        return RuntimeError(f"{op}: expected weight_hr of shape {(u.shape[1], width)}, got {tuple(r.shape)}")
    for array in [*arrays, *[s if s is None else s._array for s in states]]:
        if array is not None and array.dtype != x.dtype:
            return RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {scalar_type(x.dtype)} and "
                f"{scalar_type(array.dtype)}: {op} takes input, states and weights in one dtype"
            )
    if x.dtype.kind not in FLOATING:
        return NotImplementedError(f"\"{op}\" not implemented for '{scalar_type(x.dtype)}'")
    return RuntimeError(f"{op}: expected weight_hh of shape {(gates * width, width)}, got {tuple(u.shape)}")
