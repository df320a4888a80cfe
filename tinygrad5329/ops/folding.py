"""Sliding windows as columns, and columns added up to images again: im2col and col2im."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.backends.windows import add_windows, take_windows, window_counts
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.spatial import per_dimension
from tinygrad5329.tensor import Tensor

__all__ = ["col2im", "im2col"]

_im2col: Primitive = Primitive(
    "im2col",
    lambda xp, x, *, kernel, stride, padding, dilation: take_windows(x, kernel, stride, padding, dilation),
    lambda xp, g, x_shape, kernel, stride, padding, dilation: _col2im.under(
        xp, g, sizes=x_shape[2:], kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
    exact=True,
)
_col2im: Primitive = Primitive(
    "col2im",
    lambda xp, x, *, sizes, kernel, stride, padding, dilation: add_windows(x, sizes, kernel, stride, padding, dilation),
    lambda xp, g, kernel, stride, padding, dilation: _im2col.under(
        xp, g, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
)


def _geometry(op: str, input: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Any]:
    expect_tensor(op, "input", input)
    kernel = per_dimension(op, "kernel_size", kernel_size, 2)
    dilation = per_dimension(op, "dilation", dilation, 2)
    padding = per_dimension(op, "padding", padding, 2)
    stride = per_dimension(op, "stride", stride, 2)
    for name, values, least in (
        ("kernel size", kernel, 1), ("dilation", dilation, 1), ("padding", padding, 0), ("stride", stride, 1),
    ):  # fmt: skip
        if min(values) < least:
            what = "non-negative" if least == 0 else "greater than zero"
            raise RuntimeError(f"{name} should be {what}, but got {list(values)} in {op}")
    if input._array.dtype.kind not in "fcVb":
        raise NotImplementedError(
            f"\"{op}\" not implemented for '{scalar_type(input._array.dtype)}': convert the input with float()"
        )
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


def im2col(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Each window of (N, C, H, W) or (C, H, W) as a column: (N, C KH KW, L) (``torch.nn.functional.unfold``).

    RuntimeError if no window fits or a number makes no sense.
    """
    how = _geometry("im2col", input, kernel_size, dilation, padding, stride)
    shape = input._array.shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(shape)}"
        )
    counts = window_counts(shape[-2:], **how)
    if min(counts) <= 0:
        raise RuntimeError(
            f"Given input with spatial size {shape[-2:]}, kernel_size={how['kernel']}, dilation={how['dilation']}, "
            f"padding={how['padding']}, stride={how['stride']}, calculated shape of the array of sliding blocks as "
            f"{counts}, but its components must be at least one."
        )
    if len(shape) == 4:
        return _im2col(input, **how)
    return _im2col(input.unsqueeze(0), **how).squeeze(0)


def col2im(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """(N, C KH KW, L) or (C KH KW, L), summed to (N, C, *output_size) (``torch.nn.functional.fold``).

    The adjoint of :func:`im2col`: elements of overlapping windows add up. RuntimeError if the shapes do not fit.
    """
    how = _geometry("col2im", input, kernel_size, dilation, padding, stride)
    sizes = per_dimension("col2im", "output_size", output_size, 2)
    shape = input._array.shape
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    volume = math.prod(how["kernel"])
    if shape[-2] % volume:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={how['kernel']}."
        )
    counts = window_counts(sizes, **how)
    if shape[-1] != math.prod(counts) or min(counts) <= 0:
        raise RuntimeError(
            f"Given output_size={sizes}, kernel_size={how['kernel']}, dilation={how['dilation']}, "
            f"padding={how['padding']}, stride={how['stride']}, expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {counts[0]} * {counts[1]} = {math.prod(counts)}, but got "
            f"input.size(2)={shape[-1]}."
        )
    if len(shape) == 3:
        return _col2im(input, sizes=sizes, **how)
    return _col2im(input.unsqueeze(0), sizes=sizes, **how).squeeze(0)
