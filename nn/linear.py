"""Linear layers."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.lazy import LazyModuleMixin
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter, UninitializedParameter
from tinygrad5329.tensor import Tensor


class Identity(Module):
    """Return the input unchanged. Arguments of any kind are accepted, so that it can stand in for any layer.

    Notes
    -----
    Matches `torch.nn.Identity`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input`."""
        return input


class Linear(Module):
    """The affine map ``y = x W^T + b``.

    Shapes: input (..., in_features), output (..., out_features).

    Parameters
    ----------
    in_features, out_features : int
        Sizes of the last dimension of input and output.
    bias : bool
        Whether to add `b`.
    device, dtype : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter
        (out_features, in_features), drawn from U(-k, k) with k = 1/sqrt(in_features): Kaiming's uniform
        initialisation with a = sqrt(5).
    bias : Parameter or None
        (out_features,), drawn from the same distribution.

    Notes
    -----
    Matches `torch.nn.Linear`: the same seed gives the same weights.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.nn.Linear(128, 10)(tg.randn(32, 128)).shape
    tinygrad5329.Size([32, 10])
    """

    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input @ weight.T + bias``."""
        parameters = self._parameters
        if "weight" in parameters and "bias" in parameters:
            # Where nothing stands before the parameters, this is the same, and quicker.
            return F.linear(input, parameters["weight"], parameters["bias"])  # type: ignore[arg-type]
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` that learns `in_features` from its first input; see `LazyModuleMixin`.

    Matches `torch.nn.LazyLinear`.
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw new initial values, once the sizes are known."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Size the parameters for `input` and draw their values."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        elif self.in_features == 0:
            # A state dictionary has sized the weight before the first call.
            if input.shape[-1] != self.weight.shape[-1]:
                raise RuntimeError(
                    f"The in_features inferred from input: {input.shape[-1]} is not equal to in_features from "
                    f"self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = input.shape[-1]


class Bilinear(Module):
    """The bilinear map ``y_k = x1^T A_k x2 + b_k``.

    Shapes: inputs (..., in1_features) and (..., in2_features) with equal leading dimensions; output
    (..., out_features).

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        Sizes of the last dimension of the two inputs and the output.
    bias : bool
        Whether to add `b`.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If `in1_features` is not positive.

    Notes
    -----
    Matches `torch.nn.Bilinear`: `weight` (out_features, in1_features, in2_features) and `bias` are drawn from
    U(-k, k) with k = 1/sqrt(in1_features).
    """

    in1_features: int
    in2_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in1_features, in2_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Return the bilinear form of the two inputs."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
