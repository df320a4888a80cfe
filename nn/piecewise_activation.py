"""Activation layers made of straight pieces: each calls the function of the same name in `nn.functional`."""

from __future__ import annotations

import warnings

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.activation import arguments
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class ReLU(Module):
    """``max(0, x)`` element by element; `inplace` writes it into the input. Matches `torch.nn.ReLU`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``relu(input)``, of the input's shape."""
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace)


class LeakyReLU(Module):
    """``x`` where positive, ``negative_slope * x`` elsewhere. Matches `torch.nn.LeakyReLU`."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``leaky_relu(input)``, of the input's shape."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace, f"negative_slope={self.negative_slope}")


class RReLU(Module):
    """``x`` where positive, ``a * x`` elsewhere, `a` drawn from U(lower, upper) in training, else their mean.

    Matches `torch.nn.RReLU`, draws included; Xu et al., arXiv:1505.00853.
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``rrelu(input)``, of the input's shape."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace, f"lower={self.lower}", f"upper={self.upper}")


class Hardtanh(Module):
    """``min(max(x, min_val), max_val)``, with gradient 0 at the limits.

    Parameters
    ----------
    min_val, max_val : float
        The limits.
    inplace : bool
        Write the result into the input.
    min_value, max_value : float, optional
        Deprecated names of the limits.

    Raises
    ------
    AssertionError
        If `min_val` is not below `max_val`.

    Notes
    -----
    Matches `torch.nn.Hardtanh`.
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, new, value in (("min_value", "min_val", min_value), ("max_value", "max_val", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{old}` is deprecated and renamed to `{new}`",
                    FutureWarning,
                    stacklevel=2,
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        """Return ``hardtanh(input)``, of the input's shape."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace, f"min_val={self.min_val}", f"max_val={self.max_val}")


class ReLU6(Hardtanh):
    """``min(max(0, x), 6)``. Matches `torch.nn.ReLU6`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace)


class Threshold(Module):
    """``x`` where it exceeds `threshold`, `value` elsewhere. Matches `torch.nn.Threshold`."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``threshold(input)``, of the input's shape."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return arguments(self.inplace, f"threshold={self.threshold}", f"value={self.value}")


class Hardsigmoid(Module):
    """``min(max(x + 3, 0), 6) / 6``. Matches `torch.nn.Hardsigmoid`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``hardsigmoid(input)``, of the input's shape."""
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """``x * hardsigmoid(x)``.

    Matches `torch.nn.Hardswish`; Howard et al., "Searching for MobileNetV3", 2019.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``hardswish(input)``, of the input's shape."""
        return F.hardswish(input, self.inplace)


class Softshrink(Module):
    """``x`` moved by `lambd` towards 0, and 0 in between. Matches `torch.nn.Softshrink`."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Return ``softshrink(input)``, of the input's shape."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return str(self.lambd)


class Hardshrink(Module):
    """0 where ``|x| <= lambd``, ``x`` elsewhere. Matches `torch.nn.Hardshrink`."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Return ``hardshrink(input)``, of the input's shape."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return str(self.lambd)
