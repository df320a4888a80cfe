"""Padding layers. A padding is one width for all sides, or pairs of widths from the last dimension on."""

from __future__ import annotations

from typing import Any

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.conv import repeated
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class _Pad(Module):
    _dims: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = repeated(padding, 2 * self._dims)

    def forward(self, input: Tensor) -> Tensor:
        """Return the padded input."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"{self.padding}"


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """Return the padded input."""
        if input.dim() not in (self._dims + 1, self._dims + 2):
            raise ValueError(f"expected {self._dims + 1}D or {self._dims + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class _ConstantPad(_Pad):
    _mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Return the padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Borders of `value`, in the last dimension. Matches `torch.nn.ConstantPad1d`."""

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """Borders of `value`, in the last two dimensions. Matches `torch.nn.ConstantPad2d`."""

    _dims = 2


class ConstantPad3d(_ConstantPad):
    """Borders of `value`, in the last three dimensions. Matches `torch.nn.ConstantPad3d`."""

    _dims = 3


class ZeroPad1d(_ZeroPad):
    """Borders of zeros, in the last dimension. Matches `torch.nn.ZeroPad1d`."""

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Borders of zeros, in the last two dimensions. Matches `torch.nn.ZeroPad2d`."""

    _dims = 2


class ZeroPad3d(_ZeroPad):
    """Borders of zeros, in the last three dimensions. Matches `torch.nn.ZeroPad3d`."""

    _dims = 3


class ReflectionPad1d(_Pad):
    """Mirrored borders, without the edge, in the last dimension. Matches `torch.nn.ReflectionPad1d`."""

    _dims = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """Mirrored borders, without the edge, in the last two dimensions. Matches `torch.nn.ReflectionPad2d`."""

    _dims = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """Mirrored borders, without the edge, in the last three dimensions. Matches `torch.nn.ReflectionPad3d`."""

    _dims = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """Borders that repeat the edge, in the last dimension. Matches `torch.nn.ReplicationPad1d`."""

    _dims = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """Borders that repeat the edge, in the last two dimensions. Matches `torch.nn.ReplicationPad2d`."""

    _dims = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """Borders that repeat the edge, in the last three dimensions. Matches `torch.nn.ReplicationPad3d`."""

    _dims = 3
    _mode = "replicate"


class CircularPad1d(_CircularPad):
    """Borders that continue at the opposite side, in the last dimension. Matches `torch.nn.CircularPad1d`."""

    _dims = 1


class CircularPad2d(_CircularPad):
    """Borders that continue at the opposite side, in the last two dimensions. Matches `torch.nn.CircularPad2d`."""

    _dims = 2


class CircularPad3d(_CircularPad):
    """Borders that continue at the opposite side, in the last three dimensions. Matches `torch.nn.CircularPad3d`."""

    _dims = 3
