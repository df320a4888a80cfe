"""Recurrent networks: layers upon layers in one or both directions, and single steps.

The functions have PyTorch's signatures and its order of parameters: for each layer and direction the weights
of the input and of the state, then their two biases, then the projection of an LSTM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops import joining, shaping
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.dropout import dropout as _dropout
from tinygrad5329.ops.elman import elman_layer
from tinygrad5329.ops.gru import gru_layer
from tinygrad5329.ops.lstm import lstm_layer
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
]  # fmt: skip


def rnn_tanh(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """An Elman network with tanh (``torch.rnn_tanh``).

    Called with ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or for
    packed sequences with ``(data, batch_sizes, hx, params, ...)`` without the last. Shapes: `input` (T, N, I), or
    (N, T, I) with `batch_first`; `hx` and the final states (layers * directions, N, H); the result
    (T, N, directions * H). Raises RuntimeError where shapes or dtypes do not fit.
    """
    return _network("rnn_tanh", elman_layer, 1, input, *args, relu=False, **kwargs)  # type: ignore[return-value]


def rnn_relu(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """An Elman network with relu (``torch.rnn_relu``); see :func:`rnn_tanh`."""
    return _network("rnn_relu", elman_layer, 1, input, *args, relu=True, **kwargs)  # type: ignore[return-value]


def gru(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """A network of gated recurrent units (``torch.gru``); see :func:`rnn_tanh`."""
    return _network("gru", gru_layer, 1, input, *args, **kwargs)  # type: ignore[return-value]


def lstm(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """A network of long short-term memory (``torch.lstm``); see :func:`rnn_tanh`.

    `hx` is the pair of hidden and cell states; the final ones are returned as two tensors.
    """
    return _network("lstm", lstm_layer, 2, input, *args, **kwargs)  # type: ignore[return-value]


def _network(op: str, layer: Primitive, states: int, input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    expect_tensor(op, "input", input)
    second = args[0] if args else kwargs.get("hx")
    if "batch_sizes" in kwargs or (isinstance(second, Tensor) and second._array.dtype.kind == "i"):
        return _packed(op, layer, states, input, *args, **kwargs)
    return _padded(op, layer, states, input, *args, **kwargs)


def _packed(
    op: str, layer: Primitive, states: int, data: Tensor, batch_sizes: Tensor, hx: Any, params: Sequence[Tensor],
    has_biases: bool, num_layers: int, dropout: float, train: bool, bidirectional: bool, **options: Any,
) -> tuple[Tensor, ...]:  # fmt: skip
    if data._array.ndim != 2:
        raise RuntimeError(f"{op}: expected the data of packed sequences, (rows, features), got {tuple(data.shape)}")
    sizes = tuple(batch_sizes._array.tolist())
    return _layers(
        op, layer, states, data, sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional, **options
    )


def _padded(
    op: str, layer: Primitive, states: int, input: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool,
    num_layers: int, dropout: float, train: bool, bidirectional: bool, batch_first: bool, **options: Any,
) -> tuple[Tensor, ...]:  # fmt: skip
    if input._array.ndim != 3:
        raise IndexError(f"{op}: expected an input of shape (T, N, features), got {tuple(input.shape)}")
    if batch_first:
        input = shaping.transpose(input, 0, 1)
    steps, count, features = input._array.shape
    rows = shaping.reshape(input, (steps * count, features))
    out, *final = _layers(
        op,
        layer,
        states,
        rows,
        (count,) * steps,
        hx,
        params,
        has_biases,
        num_layers,
        dropout,
        train,
        bidirectional,
        **options,
    )
    out = shaping.reshape(out, (steps, count, out._array.shape[1]))
    return (shaping.transpose(out, 0, 1) if batch_first else out, *final)


def _layers(
    op: str, layer: Primitive, states: int, rows: Tensor, sizes: tuple[int, ...], hx: Any, params: Sequence[Tensor],
    has_biases: bool, num_layers: int, dropout: float, train: bool, bidirectional: bool, **options: Any,
) -> tuple[Tensor, ...]:  # fmt: skip
    hx = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    for state in hx:
        expect_tensor(op, "hx", state)
    if len(hx) != states:
        raise RuntimeError(f"{op} expects {'two hidden states' if states == 2 else 'one hidden state'}, got {len(hx)}")
    if not sizes:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    directions = 2 if bidirectional else 1
    if any(state._array.ndim != 3 or len(state._array) != num_layers * directions for state in hx):
        raise RuntimeError(
            f"{op}: expected states of shape ({num_layers * directions}, N, features), one for each layer "
            f"and direction, got {', '.join(str(tuple(state.shape)) for state in hx)}"
        )
    projected = states == 2 and hx[0]._array.shape[-1] != hx[1]._array.shape[-1]
    per_layer = 2 + 2 * has_biases + projected
    if len(params) != num_layers * directions * per_layer:
        raise RuntimeError(
            f"{op}: expected {num_layers * directions * per_layer} parameters, {per_layer} for each of {num_layers} "
            f"layers in {directions} directions, got {len(params)}"
        )
    finals: list[tuple[Tensor, ...]] = []
    for depth in range(num_layers):
        outs = []
        for turn in range(directions):
            place = depth * directions + turn
            weights = list(params[place * per_layer : (place + 1) * per_layer])
            if not has_biases:
                weights[2:2] = [None, None]  # type: ignore[list-item]
            if states == 2 and not projected:
                weights.append(None)  # type: ignore[arg-type]
            initial = [h[place] if h.requires_grad else wrap(h._array[place]) for h in hx]
            _check(op, rows, initial, weights, sizes)
            out, *final = layer(rows, *initial, *weights, sizes=sizes, reverse=turn == 1, **options)
            outs.append(out)
            finals.append(final)
        rows = outs[0] if directions == 1 else joining.cat(outs, 1)
        if dropout and train and depth < num_layers - 1:
            rows = _dropout(rows, dropout, True)
    if len(finals) == 1:
        return rows, *[shaping.unsqueeze(state, 0) for state in finals[0]]
    return rows, *[joining.stack(each) for each in zip(*finals, strict=True)]


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of an Elman layer with tanh, (N, I) and (N, H) to (N, H) (``torch.rnn_tanh_cell``)."""
    return _step("rnn_tanh_cell", elman_layer, input, (hx,), w_ih, w_hh, b_ih, b_hh, relu=False)[0]


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of an Elman layer with relu (``torch.rnn_relu_cell``)."""
    return _step("rnn_relu_cell", elman_layer, input, (hx,), w_ih, w_hh, b_ih, b_hh, relu=True)[0]


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a GRU layer (``torch.gru_cell``)."""
    return _step("gru_cell", gru_layer, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM layer: the new hidden and cell states (``torch.lstm_cell``)."""
    if isinstance(hx, Tensor) or len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    state, _, cell = _step("lstm_cell", lstm_layer, input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    return state, cell


def _step(
    op: str, layer: Primitive, input: Tensor, states: tuple[Tensor, ...], *weights: Any, **options: Any
) -> tuple[Tensor, ...]:
    expect_tensor(op, "input", input)
    if input._array.ndim != 2:
        raise RuntimeError(f"{op}: expected an input of shape (N, features), got {tuple(input.shape)}")
    if (weights[2] is None) != (weights[3] is None):
        raise RuntimeError(f"{op}: give both biases or none")
    if len(states) == 2:
        weights = (*weights, None)
    sizes = (input._array.shape[0],)
    _check(op, input, states, weights, sizes)
    return layer(input, *states, *weights, sizes=sizes, reverse=False, **options)


_GATES = {"lstm": 4, "lstm_cell": 4, "gru": 3, "gru_cell": 3}


def _check(op: str, rows: Tensor, states: Sequence[Tensor], weights: Sequence[Any], sizes: Sequence[int]) -> None:
    """Raise unless the shapes and dtypes of one layer fit."""
    arrays: list[Any] = [None if t is None else t._array for t in weights[:4]]
    w, u, b, c = arrays
    x, h, cell = rows._array, states[0]._array, states[-1]._array
    gates, width = _GATES.get(op, 1), cell.shape[-1]
    if x.shape[1] != w.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {x.shape[1]} expected {w.shape[1]}: {op}")
    for number, state in enumerate((h, cell) if len(states) == 2 else (h,)):
        if state.ndim != 2 or state.shape[0] != sizes[0]:
            raise RuntimeError(
                f"Input batch size {sizes[0]} doesn't match hidden{number} batch size {state.shape[0]}: {op} got a "
                f"state of shape {tuple(state.shape)}"
            )
    if h.shape[1] != u.shape[1]:
        raise RuntimeError(f"hidden0 has inconsistent hidden_size: got {h.shape[1]}, expected {u.shape[1]}: {op}")
    if w.shape[0] != gates * width or u.shape[0] != gates * width:
        raise RuntimeError(
            f"weight_ih first dim must be {gates} * hidden_size = {gates * width}, but got {w.shape[0]} and for "
            f"weight_hh {u.shape[0]}: {op}"
        )
    for bias in (b, c):
        if bias is not None and bias.shape != (gates * width,):
            raise RuntimeError(f"{op}: expected biases of shape {(gates * width,)}, got {tuple(bias.shape)}")
    projection = weights[4]._array if len(weights) > 4 and weights[4] is not None else None
    if projection is not None and projection.shape != (h.shape[1], width):
        raise RuntimeError(f"{op}: expected weight_hr of shape {(h.shape[1], width)}, got {tuple(projection.shape)}")
    for array in (h, cell, w, u, b, c, projection):
        if array is not None and array.dtype is not x.dtype and array.dtype != x.dtype:
            raise RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {scalar_type(x.dtype)} and "
                f"{scalar_type(array.dtype)}: {op} takes input, states and weights in one dtype"
            )
    if x.dtype.kind not in FLOATING:
        raise NotImplementedError(f"\"{op}\" not implemented for '{scalar_type(x.dtype)}'")
