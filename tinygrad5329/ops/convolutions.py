"""Convolutions in one to three dimensions and their transposes.

Three primitives that are linear in each input and are each other's derivatives: the convolution, its
adjoint to the input (the transposed convolution) and its adjoint to the weight. Any order of derivative is
made of these three.
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.backends import convolution as kernels
from tinygrad5329.backends.choice import Slot
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.padding import pad
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.spatial import expect_rank, per_dimension
from tinygrad5329.tensor import Tensor

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "convolution",
]  # fmt: skip

Sizes = tuple[int, ...]

_CONVOLVE = Slot("convolve", kernels.convolve)
_CONVOLVE_INPUT = Slot("convolve_input", kernels.convolve_input)
_CONVOLVE_WEIGHT = Slot("convolve_weight", kernels.convolve_weight)
_GRADIENTS = Slot("convolution_gradients", kernels.convolution_gradients)


def _bias_gradient(xp: Any, g: Any) -> Any:
    n, channels = g.shape[:2]
    return xp.sum(xp.sum(xp.reshape(g, (n, channels, math.prod(g.shape[2:]))), axis=2), axis=0)


def _convolution_rule(
    xp: Any, g: Any, needs: Any, x: Any, w: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> tuple[Any, ...]:
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (
        _transposed.under(xp, g, xp.conj(w), None, sizes=tuple(x.shape[2:]), **how) if needs[0] else None,
        _to_weight.under(xp, xp.conj(x), g, shape=tuple(w.shape), **how) if needs[1] else None,
        _bias_gradient(xp, g) if needs[2] else None,
    )


def _convolution_raw(
    xp: Any, g: Any, needs: Any, x: Any, w: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> tuple[Any, ...]:
    to_input, to_weight = _GRADIENTS.run(g, xp.conj(x), xp.conj(w), needs, stride, padding, dilation, groups)
    return to_input, to_weight, _bias_gradient(xp, g) if needs[2] else None


def _transposed_rule(
    xp: Any, g: Any, needs: Any, x: Any, w: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> tuple[Any, ...]:
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (
        _convolution.under(xp, g, xp.conj(w), None, counts=tuple(x.shape[2:]), **how) if needs[0] else None,
        _to_weight.under(xp, g, xp.conj(x), shape=tuple(w.shape), **how) if needs[1] else None,
        _bias_gradient(xp, g) if needs[2] else None,
    )


def _to_weight_rule(
    xp: Any, g: Any, needs: Any, x: Any, y: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> tuple[Any, ...]:
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (
        _transposed.under(xp, xp.conj(y), g, None, sizes=tuple(x.shape[2:]), **how) if needs[0] else None,
        _convolution.under(xp, xp.conj(x), g, None, counts=tuple(y.shape[2:]), **how) if needs[1] else None,
    )


_convolution: Primitive = Primitive(
    "convolution",
    lambda xp, x, w, b, *, stride, padding, dilation, groups, counts=None: _CONVOLVE.run(
        x, w, b, stride, padding, dilation, groups, counts
    ),
    joint=_convolution_rule,
    raw=_convolution_raw,
)
_transposed: Primitive = Primitive(
    "convolution_transposed",
    lambda xp, x, w, b, *, sizes, stride, padding, dilation, groups: _CONVOLVE_INPUT.run(
        x, w, b, sizes, stride, padding, dilation, groups
    ),
    joint=_transposed_rule,
    # It computes, but float16 is not simply rounded at the end; see the kernel.
    exact=True,
)
_to_weight: Primitive = Primitive(
    "convolution_weight",
    lambda xp, x, y, *, shape, stride, padding, dilation, groups: _CONVOLVE_WEIGHT.run(
        x, y, shape, stride, padding, dilation, groups
    ),
    joint=_to_weight_rule,
)
_transposed.node_name = "ConvolutionBackward0"


def _checked(
    op: str, dims: int, input: Any, weight: Any, bias: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> bool:
    """Check what both kinds have in common; whether the input lacks a batch."""
    unbatched = expect_rank(op, input, dims)
    expect_tensor(op, "weight", weight)
    x, w = input._array, weight._array
    if bias is not None:
        expect_tensor(op, "bias", bias)
    if w.ndim != dims + 2:
        raise RuntimeError(
            f"Expected {dims + 2}-dimensional weight for {op} of an input of size {list(x.shape)}, but got weight of "
            f"size {list(w.shape)}"
        )
    if x.dtype != w.dtype:
        raise RuntimeError(
            f"Input type ({scalar_type(x.dtype)}) and weight type ({scalar_type(w.dtype)}) should be the same: {op} "
            f"got {input.dtype} and {weight.dtype}"
        )
    if bias is not None and bias._array.dtype != x.dtype:
        raise RuntimeError(
            f"Input type ({scalar_type(x.dtype)}) and bias type ({scalar_type(bias._array.dtype)}) should be the "
            f"same: {op} got {input.dtype} and {bias.dtype}"
        )
    if x.dtype.kind == "b":
        raise NotImplementedError(f"\"{op}\" not implemented for 'Bool': convert the input to a number type first")
    if not isinstance(groups, int) or isinstance(groups, bool):
        raise TypeError(f"{op}(): argument 'groups' must be int, not {type(groups).__name__}")
    if groups <= 0:
        raise RuntimeError(f"non-positive groups is not supported: {op} got groups={groups}")
    if min(padding) < 0:
        raise RuntimeError(f"negative padding is not supported: {op} got padding={list(padding)}")
    if min(stride) <= 0:
        raise RuntimeError(f"non-positive stride is not supported: {op} got stride={list(stride)}")
    if min(dilation) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if w.shape[0] < groups or w.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be "
            + (f"at least {groups}" if w.shape[0] < groups else f"divisible by {groups}")
            + f" at dimension 0, but got weight of size {list(w.shape)} instead"
        )
    if 0 in w.shape[2:]:
        raise RuntimeError(f"{op}: expected a kernel with elements, got weight of size {list(w.shape)}")
    return unbatched


def _finish(op: Primitive, input: Any, weight: Any, bias: Any, unbatched: bool, params: dict[str, Any]) -> Tensor:
    if unbatched:
        return op(input.unsqueeze(0), weight, bias, **params).squeeze(0)
    return op(input, weight, bias, **params)


def _conv(
    op: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    stride = per_dimension(op, "stride", stride, dims)
    dilation = per_dimension(op, "dilation", dilation, dims)
    if isinstance(padding, str):
        expect_tensor(op, "input", input)
        expect_tensor(op, "weight", weight)
        input, padding = _named_padding(op, dims, input, weight, stride, padding, dilation)
    else:
        padding = per_dimension(op, "padding", padding, dims)
    unbatched = _checked(op, dims, input, weight, bias, stride, padding, dilation, groups)
    shape, w = input._array.shape, weight._array.shape
    channels = shape[-dims - 1]
    if channels != w[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(w)}, expected input{list(shape)} to have {w[1] * groups} "
            f"channels, but got {channels} channels instead"
        )
    if bias is not None and bias._array.shape != (w[0],):
        raise RuntimeError(
            f"Given weight of size {list(w)}, expected bias to be 1-dimensional with {w[0]} elements, but got bias of "
            f"size {list(bias._array.shape)} instead"
        )
    room = [n + 2 * p for n, p in zip(shape[-dims:], padding, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(w[2:], dilation, strict=True)]
    if any(n < k for n, k in zip(room, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, room))}). Kernel size: "
            f"({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
        )
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _finish(_convolution, input, weight, bias, unbatched, how)


def _named_padding(
    op: str, dims: int, input: Tensor, weight: Tensor, stride: Sizes, padding: str, dilation: Sizes
) -> tuple[Tensor, Sizes]:
    """``"same"`` and ``"valid"`` as numbers; where a side needs one more, the input is padded by that."""
    if padding == "valid":
        return input, (0,) * dims
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'; {op} takes 'same', 'valid' or numbers")
    if any(s != 1 for s in stride):
        raise RuntimeError(f"padding='same' is not supported for strided convolutions: {op} got stride={list(stride)}")
    totals = [d * (k - 1) for k, d in zip(weight._array.shape[2:], dilation, strict=False)]
    if any(total % 2 for total in totals):
        widths = [each for total in reversed(totals) for each in (0, total % 2)]
        input = pad(input, widths)
    return input, tuple(total // 2 for total in totals) or (0,) * dims


def _conv_transpose(
    op: str,
    dims: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    stride = per_dimension(op, "stride", stride, dims)
    padding = per_dimension(op, "padding", padding, dims)
    extra = per_dimension(op, "output_padding", output_padding, dims)
    dilation = per_dimension(op, "dilation", dilation, dims)
    unbatched = _checked(op, dims, input, weight, bias, stride, padding, dilation, groups)
    shape, w = input._array.shape, weight._array.shape
    if shape[-dims - 1] != w[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(w)}, expected input{list(shape)} to have {w[0]} channels, but "
            f"got {shape[-dims - 1]} channels instead"
        )
    if bias is not None and bias._array.shape != (w[1] * groups,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(w)}, expected bias to be 1-dimensional with {w[1] * groups} "
            f"elements, but got bias of size {list(bias._array.shape)} instead"
        )
    if min(extra) < 0 or any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding={list(extra)}, "
            f"stride={list(stride)}, dilation={list(dilation)}"
        )
    sizes = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(shape[-dims:], stride, padding, dilation, w[2:], extra, strict=True)
    )
    if min(sizes) <= 0:
        raise RuntimeError(
            f"Given input size per channel: {list(shape[-dims:])}. Calculated output size per channel: {list(sizes)}. "
            "Output size is too small"
        )
    how = {"sizes": sizes, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _finish(_transposed, input, weight, bias, unbatched, how)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The cross-correlation of (N, C, L) or (C, L) with `weight` (``torch.nn.functional.conv1d``).

    Parameters
    ----------
    weight : Tensor
        (O, C / groups, K), of the input's dtype.
    bias : Tensor, optional
        (O,).
    stride, dilation : int or tuple
        Steps from window to window, and from element to element of a window.
    padding : int, tuple, "same" or "valid"
        Zeros on both sides; "same" keeps the length.
    groups : int
        Into how many independent convolutions the channels are divided.

    Raises
    ------
    RuntimeError
        Shapes, dtypes or numbers do not fit.
    TypeError
        An argument is not a tensor, or not made of ints.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.conv1d(tg.arange(5.0).reshape(1, 1, 5), tg.ones(1, 1, 3))
    tensor([[[3., 6., 9.]]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """(N, C, H, W) or (C, H, W) with weight (O, C / groups, KH, KW); as :func:`conv1d` (``torch.conv2d``)."""
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """(N, C, D, H, W) or without N, with weight (O, C / groups, KD, KH, KW); as :func:`conv1d` (``torch.conv3d``)."""
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The adjoint of :func:`conv1d`, from (N, C, L) to (N, O, L') (``torch.nn.functional.conv_transpose1d``).

    `weight` is (C, O / groups, K). L' is ``(L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1``;
    `output_padding` chooses between the lengths that the convolution would take to L.
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The adjoint of :func:`conv2d`; as :func:`conv_transpose1d` (``torch.conv_transpose2d``)."""
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The adjoint of :func:`conv3d`; as :func:`conv_transpose1d` (``torch.conv_transpose3d``)."""
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """A convolution or its transpose, in as many dimensions as `weight` has beyond two (``torch.convolution``)."""
    expect_tensor("convolution", "weight", weight)
    dims = weight._array.ndim - 2
    if dims not in (1, 2, 3):
        raise RuntimeError(f"convolution: expected weight of 3 to 5 dimensions, got size {list(weight.shape)}")
    if transposed:
        return _conv_transpose(
            "convolution", dims, input, weight, bias, stride, padding, output_padding, groups, dilation
        )
    return _conv("convolution", dims, input, weight, bias, stride, padding, dilation, groups)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """:func:`conv1d` of (L, N, C) with weight (K, C, O), to (L', N, O) (``torch.conv_tbc``)."""
    expect_rank("conv_tbc", input, 1)
    expect_tensor("conv_tbc", "weight", weight)
    if input._array.ndim != 3 or weight._array.ndim != 3:
        raise RuntimeError(
            f"conv_tbc: expected input (L, N, C) and weight (K, C, O), got {list(input.shape)} and {list(weight.shape)}"
        )
    return conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)
