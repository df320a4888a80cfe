"""Smooth activation layers: each calls the function of the same name in `nn.functional`."""

from __future__ import annotations

from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor


def arguments(inplace: bool, *parts: str) -> str:
    """Return the text of arguments for `extra_repr`; `inplace` is told only where it is set."""
    return ", ".join((*parts, "inplace=True") if inplace else parts)


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``. Matches `torch.nn.Sigmoid`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``sigmoid(input)``, of the input's shape."""
        return F.sigmoid(input)


class LogSigmoid(Module):
    """``log(sigmoid(x))``, precise for all ``x``. Matches `torch.nn.LogSigmoid`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``logsigmoid(input)``, of the input's shape."""
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent. Matches `torch.nn.Tanh`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``tanh(input)``, of the input's shape."""
        return F.tanh(input)


class Tanhshrink(Module):
    """``x - tanh(x)``. Matches `torch.nn.Tanhshrink`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``tanhshrink(input)``, of the input's shape."""
        return F.tanhshrink(input)


class Softsign(Module):
    """``x / (1 + |x|)``. Matches `torch.nn.Softsign`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``softsign(input)``, of the input's shape."""
        return F.softsign(input)


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``, linear where ``beta * x > threshold``.

    Matches `torch.nn.Softplus`.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Return ``softplus(input)``, of the input's shape."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"beta={self.beta}, threshold={self.threshold}"


class GELU(Module):
    """``x * Phi(x)``, Phi the normal distribution function.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        Compute Phi exactly through erf, or by the tanh formula.

    Notes
    -----
    Matches `torch.nn.GELU`; Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Return ``gelu(input)``, of the input's shape."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """``x * sigmoid(x)``, also called swish. Matches `torch.nn.SiLU`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``silu(input)``, of the input's shape."""
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace)


class Mish(Module):
    """``x * tanh(softplus(x))``. Matches `torch.nn.Mish`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``mish(input)``, of the input's shape."""
        return F.mish(input, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace)


class ELU(Module):
    """``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Matches `torch.nn.ELU`; Clevert et al., "Fast and accurate deep network learning by exponential linear
    units", 2016.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``elu(input)``, of the input's shape."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace, f"alpha={self.alpha}")


class CELU(Module):
    """``x`` where positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere. Matches `torch.nn.CELU`."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``celu(input)``, of the input's shape."""
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace, f"alpha={self.alpha}")


class SELU(Module):
    """`ELU`, scaled to keep mean 0 and variance 1 from layer to layer.

    Matches `torch.nn.SELU`; Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``selu(input)``, of the input's shape."""
        return F.selu(input, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace)


class GLU(Module):
    """``a * sigmoid(b)`` for the halves ``a``, ``b`` of the input along `dim`. Matches `torch.nn.GLU`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return ``glu(input)``, half as long along `dim`."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"dim={self.dim}"


class PReLU(Module):
    """``x`` where positive, ``weight * x`` elsewhere, with a learnable `weight`.

    Parameters
    ----------
    num_parameters : int
        One slope for all, or one for each of the C channels of an input (N, C, ...).
    init : float
        The first value of the slopes.
    device, dtype : optional
        Of the slopes.

    Notes
    -----
    Matches `torch.nn.PReLU`; He et al., "Delving deep into rectifiers", 2015. Weight decay would pull the
    slope to zero and is best kept from it.
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to their first value."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Return ``prelu(input, weight)``, of the input's shape."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"num_parameters={self.num_parameters}"
