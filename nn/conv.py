"""Convolution layers and their transposes."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def repeated(value: Any, dims: int) -> tuple[Any, ...]:
    """One number for each dimension."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims


class _ConvNd(Module):
    """What all convolutions share: the parameters, their first values, and how the layer shows itself."""

    _dims: int

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    weight: Parameter
    bias: Parameter | None

    def _build(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        transposed: bool,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, got {groups}")
        if in_channels % groups:
            raise ValueError(f"in_channels must be divisible by groups, got {in_channels} and {groups}")
        if out_channels % groups:
            raise ValueError(f"out_channels must be divisible by groups, got {out_channels} and {groups}")
        dims = self._dims
        steps = repeated(stride, dims)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', 'valid'")
            if padding == "same" and any(s != 1 for s in steps):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {_PADDING_MODES}, but got padding_mode='{padding_mode}'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = repeated(kernel_size, dims)
        self.stride = steps
        self.padding = padding if isinstance(padding, str) else repeated(padding, dims)
        self.dilation = repeated(dilation, dims)
        self.transposed = transposed
        self.output_padding = repeated(output_padding, dims)
        self.groups = groups
        self.padding_mode = padding_mode
        channels = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(empty((*channels, *self.kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        none = (0,) * self._dims
        for name, usual in (
            ("padding", none),
            ("dilation", (1,) * self._dims),
            ("output_padding", none),
            ("groups", 1),
        ):
            if getattr(self, name) != usual:
                text += f", {name}={getattr(self, name)}"
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class _Conv(_ConvNd):
    """A convolution in `_dims` dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, dilation, False, 0, groups, bias, padding_mode,
            device, dtype,
        )  # fmt: skip

    def _borders(self) -> list[int]:
        """The widths that `F.pad` takes, for the padding modes that a convolution itself has not."""
        if self.padding == "valid":
            pairs = [(0, 0)] * self._dims
        elif self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(total // 2, total - total // 2) for total in totals]
        else:
            pairs = [(p, p) for p in self.padding]  # type: ignore[misc]
        return [width for pair in reversed(pairs) for width in pair]

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        convolve = (F.conv1d, F.conv2d, F.conv3d)[self._dims - 1]
        if self.padding_mode == "zeros":
            return convolve(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._borders(), mode=self.padding_mode)
        return convolve(padded, weight, bias, self.stride, 0, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """Return the convolution of `input`."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """Slide `out_channels` filters over a sequence.

    Shapes: input (N, C_in, L) or (C_in, L); output (N, C_out, L') or (C_out, L') with
    ``L' = (L + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``.

    Parameters
    ----------
    in_channels, out_channels : int
        C_in and C_out.
    kernel_size : int or tuple
        Of the filters.
    stride : int or tuple
        How far the filters move at a time.
    padding : int, tuple, "same" or "valid"
        Added to both sides of the input; "same" keeps the length.
    dilation : int or tuple
        The distance between the elements that a filter sees.
    groups : int
        The channels are divided into so many independent convolutions.
    bias : bool
        Whether to add a bias.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding is made of.
    device, dtype : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter
        (C_out, C_in / groups, kernel_size), drawn from U(-k, k) with k = sqrt(groups / (C_in * kernel_size)).
    bias : Parameter or None
        (C_out,), drawn from the same distribution.

    Raises
    ------
    ValueError
        The channels are not divisible by `groups`, or a mode is unknown.
    RuntimeError
        When called with an input of other shape or dtype.

    Notes
    -----
    Matches `torch.nn.Conv1d`: the same seed gives the same weights.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.nn.Conv1d(1, 16, 5)(tg.randn(32, 1, 128)).shape
    tinygrad5329.Size([32, 16, 124])
    """

    _dims = 1


class Conv2d(_Conv):
    """`Conv1d` over images: (N, C_in, H, W) or (C_in, H, W). Matches `torch.nn.Conv2d`."""

    _dims = 2


class Conv3d(_Conv):
    """`Conv1d` over volumes: (N, C_in, D, H, W) or (C_in, D, H, W). Matches `torch.nn.Conv3d`."""

    _dims = 3


class _ConvTranspose(_ConvNd):
    """A transposed convolution in `_dims` dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {self._get_name()}, got {padding_mode!r}')
        if isinstance(padding, str):
            raise TypeError(f"{self._get_name()} takes numbers for its padding, got {padding!r}")
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, dilation, True, output_padding, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Return the transposed convolution of `input`, of `output_size` where several sizes are possible."""
        convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self._dims - 1]
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return convolve(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        """The output padding that leads to `output_size`."""
        dims = self._dims
        wanted = tuple(output_size)
        if len(wanted) == input.dim() and len(wanted) > dims:
            wanted = wanted[-dims:]
        if len(wanted) != dims:
            raise ValueError(
                f"{self._get_name()}: for {input.dim()}D input, output_size must have {dims} or {input.dim()} elements "
                f"(got {len(tuple(output_size))})"
            )
        extra = []
        for j, (n, size) in enumerate(zip(input.shape[-dims:], wanted, strict=True)):
            least = (n - 1) * self.stride[j] - 2 * self.padding[j] + self.dilation[j] * (self.kernel_size[j] - 1) + 1  # type: ignore[operator]
            if not least <= size <= least + self.stride[j] - 1:
                raise ValueError(
                    f"requested an output size of {list(wanted)}, but in dimension {j} valid sizes range from {least} "
                    f"to {least + self.stride[j] - 1} (for an input of {list(input.shape[2:])})"
                )
            extra.append(size - least)
        return tuple(extra)


class ConvTranspose1d(_ConvTranspose):
    """The transpose of `Conv1d`: where that maps L' to L, this maps L to L'.

    Shapes: input (N, C_in, L) or (C_in, L); output (N, C_out, L') or (C_out, L') with
    ``L' = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``.

    The parameters are those of `Conv1d`; `weight` is (C_in, C_out / groups, kernel_size), and `output_padding`
    makes the output longer at one side, where the convolution takes several lengths to one.

    Raises
    ------
    ValueError
        As `Conv1d`; or `output_size`, given to the call, is not possible.

    Notes
    -----
    Matches `torch.nn.ConvTranspose1d`.
    """

    _dims = 1


class ConvTranspose2d(_ConvTranspose):
    """`ConvTranspose1d` over images. Matches `torch.nn.ConvTranspose2d`."""

    _dims = 2


class ConvTranspose3d(_ConvTranspose):
    """`ConvTranspose1d` over volumes. Matches `torch.nn.ConvTranspose3d`."""

    _dims = 3
