"""Recurrent cells: one step of one layer at a time."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.ops import recurrent as steps
from tinygrad5329.tensor import Tensor


class RNNCellBase(Module):
    """What the cells share; matches `torch.nn.RNNCellBase`.

    Shapes: input (N, input_size) or (input_size,); states (N, hidden_size) or (hidden_size,), zeros when left out.
    The parameters `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh` are drawn from U(-k, k) with
    k = 1/sqrt(hidden_size). ValueError and RuntimeError where shapes do not fit.
    """

    input_size: int
    hidden_size: int
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(empty((rows, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _weights(self) -> tuple[Any, ...]:
        members = self._parameters
        try:
            return members["weight_ih"], members["weight_hh"], members["bias_ih"], members["bias_hh"]
        except KeyError:
            # Something stands in a parameter's place: a parametrisation, or a tensor computed from it.
            return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _check_dims(self, what: str, value: Tensor) -> None:
        if value.dim() not in (1, 2):
            raise ValueError(f"{self._get_name()}: Expected {what} to be 1D or 2D, got {value.dim()}D instead")

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.__dict__.get("nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class _OneState(RNNCellBase):
    """Cells with a hidden state alone."""

    def _step(self, input: Tensor, hx: Tensor | None) -> Tensor:
        raise NotImplementedError

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the new state."""
        self._check_dims("input", input)
        if hx is not None:
            self._check_dims("hidden", hx)
        batched = input.dim() == 2
        if not batched:
            input, hx = input.unsqueeze(0), None if hx is None else hx.unsqueeze(0)
        state = self._step(input, hx)
        return state if batched else state.squeeze(0)


class RNNCell(_OneState):
    """One step of Elman's network; see `RNNCellBase`.

    `nonlinearity` is "tanh" or "relu"; RuntimeError on the call for another one. Matches `torch.nn.RNNCell`.
    """

    nonlinearity: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def _step(self, input: Tensor, hx: Tensor | None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}; it is tanh or relu")
        cell = steps.rnn_tanh_cell if self.nonlinearity == "tanh" else steps.rnn_relu_cell
        return cell(input, hx, *self._weights())


class GRUCell(_OneState):
    """One step of gated recurrent units; see `RNNCellBase`. Matches `torch.nn.GRUCell`."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def _step(self, input: Tensor, hx: Tensor | None) -> Tensor:
        return steps.gru_cell(input, hx, *self._weights())


class LSTMCell(RNNCellBase):
    """One step of long short-term memory, with the states (h, c); see `RNNCellBase`.

    Matches `torch.nn.LSTMCell`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Return the new states (h, c)."""
        self._check_dims("input", input)
        if hx is not None:
            for i, state in enumerate(hx):
                self._check_dims(f"hx[{i}]", state)
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
            hx = None if hx is None else (hx[0].unsqueeze(0), hx[1].unsqueeze(0))
        h, c = steps.lstm_cell(input, hx, *self._weights())
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))
