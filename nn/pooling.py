"""Pooling layers over windows: the largest element, the mean, the p-norm; and unpooling."""

from __future__ import annotations

from typing import Any

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.conv import repeated
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class _MaxPool(Module):
    _pool: Any

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """Return the maxima, and where they lie with `return_indices`."""
        return type(self)._pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window of (N, C, L) or (C, L).

    Parameters
    ----------
    kernel_size : int or tuple
        Of the windows.
    stride : int or tuple, optional
        From window to window; the kernel's size unless given.
    padding : int or tuple
        Of minus infinity, on both sides; at most half the kernel.
    dilation : int or tuple
        From element to element of a window.
    return_indices : bool
        Return where the elements lie too, for `MaxUnpool1d`.
    ceil_mode : bool
        Admit a last window that is not full.

    Notes
    -----
    Matches `torch.nn.MaxPool1d`.
    """

    _pool = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """`MaxPool1d` over (N, C, H, W) or (C, H, W). Matches `torch.nn.MaxPool2d`."""

    _pool = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """`MaxPool1d` over (N, C, D, H, W) or (C, D, H, W). Matches `torch.nn.MaxPool3d`."""

    _pool = staticmethod(F.max_pool3d)


class _MaxUnpool(Module):
    _dims: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = repeated(kernel_size, self._dims)
        self.stride = repeated(kernel_size if stride is None else stride, self._dims)
        self.padding = repeated(padding, self._dims)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Return zeros with `input` at `indices`."""
        unpool = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self._dims - 1]
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """A partial inverse of `MaxPool1d`: the maxima back where they were, zeros elsewhere.

    Called with the pooled values, their indices and optionally an `output_size`. Matches `torch.nn.MaxUnpool1d`.
    """

    _dims = 1


class MaxUnpool2d(_MaxUnpool):
    """A partial inverse of `MaxPool2d`. Matches `torch.nn.MaxUnpool2d`."""

    _dims = 2


class MaxUnpool3d(_MaxUnpool):
    """A partial inverse of `MaxPool3d`. Matches `torch.nn.MaxUnpool3d`."""

    _dims = 3


class _AvgPool(Module):
    kernel_size: Any
    stride: Any
    padding: Any

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window of (N, C, L) or (C, L).

    Parameters
    ----------
    kernel_size : int or tuple
        Of the windows.
    stride : int or tuple, optional
        From window to window; the kernel's size unless given.
    padding : int or tuple
        Of zeros, on both sides; at most half the kernel.
    ceil_mode : bool
        Admit a last window that is not full.
    count_include_pad : bool
        Whether the zeros count in the mean.

    Notes
    -----
    Matches `torch.nn.AvgPool1d`.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = repeated(kernel_size, 1)
        self.stride = repeated(kernel_size if stride is None else stride, 1)
        self.padding = repeated(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolNd(_AvgPool):
    _pool: Any

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        return type(self)._pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPoolNd):
    """`AvgPool1d` over (N, C, H, W) or (C, H, W); sums are divided by `divisor_override` if given.

    Matches `torch.nn.AvgPool2d`.
    """

    _pool = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    """`AvgPool2d` over (N, C, D, H, W) or (C, D, H, W). Matches `torch.nn.AvgPool3d`."""

    _pool = staticmethod(F.avg_pool3d)


class _LPPool(Module):
    _pool: Any

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Return the norms."""
        return type(self)._pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """``(sum of x^p)^(1/p)`` over each window of (N, C, L) or (C, L). Matches `torch.nn.LPPool1d`."""

    _pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """`LPPool1d` over (N, C, H, W) or (C, H, W). Matches `torch.nn.LPPool2d`."""

    _pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """`LPPool1d` over (N, C, D, H, W) or (C, D, H, W). Matches `torch.nn.LPPool3d`."""

    _pool = staticmethod(F.lp_pool3d)
