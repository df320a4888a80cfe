"""Recurrent layers: Elman networks, LSTM and GRU, over padded or packed sequences."""

from __future__ import annotations

import math
import warnings
from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.nn.utils.rnn import PackedSequence
from tinygrad5329.ops import recurrent as networks
from tinygrad5329.tensor import Tensor

_MODES = {
    "LSTM": (4, networks.lstm),
    "GRU": (3, networks.gru),
    "RNN_TANH": (1, networks.rnn_tanh),
    "RNN_RELU": (1, networks.rnn_relu),
}


class RNNBase(Module):
    """What the recurrent layers share; matches `torch.nn.RNNBase`.

    Shapes: input (T, N, input_size), with `batch_first` (N, T, input_size), without a batch (T, input_size), or a
    `PackedSequence`; initial and final states (num_layers * directions, N, hidden_size), zeros when left out;
    output (T, N, directions * hidden_size) or as the input is laid out.

    Parameters
    ----------
    mode : {"LSTM", "GRU", "RNN_TANH", "RNN_RELU"}
    input_size, hidden_size : int
        The number of features of the input and of the state.
    num_layers : int
        Each layer takes the output of the one before.
    bias : bool
        Whether there are biases.
    batch_first : bool
        Whether the batch is the first dimension of input and output (never of the states).
    dropout : float
        The probability to drop elements of every layer's output but the last one's.
    bidirectional : bool
        Whether each layer also runs backwards in time; its outputs are joined along the features.
    proj_size : int
        The size that an LSTM's hidden state is projected to; 0 for no projection.
    device, dtype : optional
        Of the parameters.

    Attributes
    ----------
    weight_ih_l{k}, weight_hh_l{k}, bias_ih_l{k}, bias_hh_l{k}, weight_hr_l{k} : Parameter
        Of layer k, with the suffix _reverse for the other direction; drawn from U(-k, k) with
        k = 1/sqrt(hidden_size).

    Raises
    ------
    ValueError
        If a size is out of range, or on the call if a dtype or the number of dimensions does not fit.
    RuntimeError
        On the call, if a shape does not fit.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if mode not in _MODES:
            raise ValueError(f"Unrecognized RNN mode: {mode}; it is one of {', '.join(_MODES)}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = _probability(dropout, num_layers)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_sizes()
        self._all_weights: list[list[str]] = []
        rows = _MODES[mode][0] * hidden_size
        directions = 2 if bidirectional else 1
        width = proj_size or hidden_size
        for layer in range(num_layers):
            columns = input_size if layer == 0 else width * directions
            for suffix in ("", "_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, columns), "weight_hh": (rows, width)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}
                for name, shape in names.items():
                    setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(names))
        self._names = [name for names in self._all_weights for name in names]
        self.reset_parameters()

    def _check_sizes(self) -> None:
        for name in ("bias", "batch_first"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} should be of type bool, got: {type(getattr(self, name)).__name__}")
        for name in ("input_size", "hidden_size"):
            value = getattr(self, name)
            if not isinstance(value, int):
                raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
            if value <= 0:
                raise ValueError(f"{name} must be greater than zero; got {value}")
        if self.num_layers <= 0:
            raise ValueError(f"num_layers must be greater than zero; got {self.num_layers}")
        if self.proj_size < 0:
            raise ValueError(
                f"proj_size should be a positive integer or zero to disable projections; got {self.proj_size}"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError(f"proj_size has to be smaller than hidden_size; got {self.proj_size}, {self.hidden_size}")

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: in PyTorch this lays out the weights for cuDNN."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Parameter]:
        names, members = self._names, self._parameters
        try:
            return [members[name] for name in names]  # type: ignore[misc]
        except KeyError:
            # Something stands in a parameter's place: a parametrisation, or a tensor computed from it.
            return [getattr(self, name) for name in names]

    def forward(self, input: Tensor | PackedSequence, hx: Any = None) -> tuple[Any, Any]:
        """Return the output of the last layer, and the final state of every layer and direction."""
        network = _MODES[self.mode][1]
        weights = self._flat_weights
        options = self.bias, self.num_layers, self.dropout, self.training, self.bidirectional
        if isinstance(input, PackedSequence):
            data, sizes, order, inverse = input
            self._check_input(data, weights[0], 2)
            hx = self._initial(hx, int(sizes[0]), order)
            out, *final = network(data, sizes, hx, weights, *options)
            if inverse is not None:
                final = [state.index_select(1, inverse) for state in final]
            return PackedSequence(out, sizes, order, inverse), self._final(final)
        dims = input.dim()
        if dims not in (2, 3):
            raise ValueError(
                f"{self._get_name()}: Expected input to be 2D or 3D, got {dims}D instead: it is {tuple(input.shape)}"
            )
        across = 0 if self.batch_first else 1
        if hx is not None:
            hx = self._with_batch(hx, dims == 3)
        steps: Tensor = input if dims == 3 else input.unsqueeze(across)
        self._check_input(steps, weights[0], 3)
        hx = hx if hx is None else self._initial(hx, steps.shape[across], None)
        out, *final = network(steps, hx, weights, *options, self.batch_first)
        if dims == 2:
            out, final = out.squeeze(across), [state.squeeze(1) for state in final]
        return out, self._final(final)

    def _final(self, states: list[Tensor]) -> Any:
        return states[0]

    def _states(self, hx: Any) -> tuple[Tensor, ...]:
        """The initial states as a tuple."""
        if not isinstance(hx, Tensor):
            raise TypeError(f"{self._get_name()}: expected the initial state hx to be a Tensor, got {hx!r}")
        return (hx,)

    def _with_batch(self, hx: Any, batched: bool) -> Any:
        states = self._states(hx)
        wanted = 3 if batched else 2
        if any(state.dim() != wanted for state in states):
            kind = "batched 3-D" if batched else "unbatched 2-D"
            if len(states) == 1:
                text = f"hx should also be {wanted}-D but got {states[0].dim()}-D tensor"
            else:
                dims = ", ".join(f"{state.dim()}-D" for state in states)
                text = f"hx and cx should also be {wanted}-D but got ({dims}) tensors"
            raise RuntimeError(f"For {kind} input, {text}")
        return hx if batched else self._final([state.unsqueeze(1) for state in states])

    def _check_input(self, input: Tensor, weight: Tensor, dims: int) -> None:
        if input.dtype is not weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.dim() != dims:
            raise RuntimeError(f"input must have {dims} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}: the "
                f"input is {tuple(input.shape)}"
            )

    def _initial(self, hx: Any, count: int, order: Tensor | None) -> Any:
        """The initial states, checked, in the `order` of packed sequences; None, which stands for zeros, is kept."""
        if hx is None:
            return None
        depth = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [(depth, count, self.proj_size or self.hidden_size), (depth, count, self.hidden_size)]
        states = list(self._states(hx))
        for i, (state, size) in enumerate(zip(states, sizes, strict=False)):
            if tuple(state.shape) != size:
                which = f"hidden[{i}]" if len(states) > 1 else "hidden"
                raise RuntimeError(f"Expected {which} size {size}, got {list(state.shape)}")
        if order is not None:
            states = [state.index_select(1, order) for state in states]
        return self._final(states)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        parts += [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join(parts)


def _probability(dropout: Any, num_layers: int) -> float:
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed; got "
            f"{dropout!r}"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    return float(dropout)


class RNN(RNNBase):
    """Elman's network, ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`` at every step; see `RNNBase`.

    `nonlinearity` is "tanh" or "relu". ValueError for another one. Matches `torch.nn.RNN`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> out, h = tg.nn.RNN(10, 20, num_layers=2)(tg.randn(5, 3, 10))
    >>> out.shape, h.shape
    (tinygrad5329.Size([5, 3, 20]), tinygrad5329.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory; see `RNNBase`.

    The states are pairs (h, c); with `proj_size` h has so many features. Matches `torch.nn.LSTM`; Hochreiter and
    Schmidhuber, "Long short-term memory", 1997.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> out, (h, c) = tg.nn.LSTM(10, 20, batch_first=True)(tg.randn(3, 5, 10))
    >>> out.shape, h.shape
    (tinygrad5329.Size([3, 5, 20]), tinygrad5329.Size([1, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def _final(self, states: list[Tensor]) -> tuple[Tensor, ...]:
        return tuple(states)

    def _states(self, hx: Any) -> tuple[Tensor, ...]:
        if isinstance(hx, Tensor) or len(hx) != 2:
            raise RuntimeError(f"LSTM: expected the initial state to be a pair (h, c), got {type(hx).__name__}")
        return tuple(hx)


class GRU(RNNBase):
    """Gated recurrent units; see `RNNBase`. Matches `torch.nn.GRU`; Cho et al., arXiv:1406.1078."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
