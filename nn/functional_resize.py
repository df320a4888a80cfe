"""Images in other sizes and at other places: interpolation and grid sampling."""

from __future__ import annotations

import math
import warnings
from typing import Any

from tinygrad5329 import ops
from tinygrad5329.ops.grid_sampling import affine_points, sample_grid
from tinygrad5329.ops.resampling import interpolate_to
from tinygrad5329.tensor import Tensor

#: The modes that blend neighbours: how many sizes each is for, and its kernel.
_BLENDING = {"linear": (1, "linear"), "bilinear": (2, "linear"), "trilinear": (3, "linear"), "bicubic": (2, "cubic")}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize (N, C, L), (N, C, H, W) or (N, C, D, H, W).

    Parameters
    ----------
    size : int or sequence, optional
        The new sizes; this or `scale_factor`.
    scale_factor : float or sequence, optional
        Times the old sizes, rounded down.
    mode : str
        nearest, nearest-exact, linear, bilinear, trilinear, bicubic or area.
    align_corners : bool, optional
        Whether the centres of the corner pixels stay where they are, instead of the corners' edges.
    recompute_scale_factor : bool, optional
        Use the ratio of the sizes in place of the `scale_factor` they were computed from.
    antialias : bool
        Widen the filter where the image shrinks; bilinear and bicubic only.

    Raises
    ------
    ValueError
        Arguments contradict each other.
    NotImplementedError
        The mode is not for this number of dimensions.

    Notes
    -----
    Matches `torch.nn.functional.interpolate`. Keys, "Cubic convolution interpolation", 1981, with a = -0.75.
    """
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                f"trilinear, not {mode}"
            )
    elif align_corners is None:
        align_corners = False
    dims = input.dim() - 2
    sizes, scales = _sizes(input, dims, size, scale_factor)
    if recompute_scale_factor is not None and recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if mode == "area" and sizes is None:
        recompute_scale_factor = True
    if sizes is None:
        sizes = tuple(math.floor(n * scale) for n, scale in zip(input.shape[2:], scales, strict=True))
        if recompute_scale_factor:
            scales = (None,) * dims
    if antialias and not (mode in ("bilinear", "bicubic") and dims == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    if dims not in (1, 2, 3) or mode not in (*_BLENDING, "nearest", "nearest-exact", "area"):
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported"
            f" (got {input.dim()}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | "
            f"nearest-exact (got {mode})"
        )
    if min(sizes) <= 0 or 0 in input.shape[1:]:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(input.shape[2:])} output "
            f"{list(sizes)}"
        )
    if mode == "area":
        pool = (ops.adaptive_avg_pool1d, ops.adaptive_avg_pool2d, ops.adaptive_avg_pool3d)[dims - 1]
        return pool(input, sizes)
    if mode not in _BLENDING:
        return interpolate_to(input, sizes, scales, mode)
    needed, kind = _BLENDING[mode]
    if needed != dims:
        raise NotImplementedError(f"Got {input.dim()}D input, but {mode} mode needs {needed + 2}D input")
    return interpolate_to(input, sizes, scales, kind, bool(align_corners), antialias)


def _sizes(input: Tensor, dims: int, size: Any, scale_factor: Any) -> tuple[Any, Any]:
    """The new sizes, or None, and the factors, or Nones."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    name, value = ("size", size) if size is not None else ("scale_factor", scale_factor)
    if isinstance(value, (tuple, list)):
        if len(value) != dims:
            raise ValueError(
                f"Input and {'output' if size is not None else name} must have the same number of spatial dimensions, "
                f"but got input with spatial dimensions of {list(input.shape[2:])} and {name} of {tuple(value)}"
            )
        values = tuple(value)
    else:
        values = (value,) * dims
    if size is None:
        return None, tuple(float(each) for each in values)
    if any(isinstance(each, bool) or not hasattr(each, "__index__") for each in values):
        raise TypeError(
            f"expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
            f"{size!r}"
        )
    return tuple(each.__index__() for each in values), (None,) * dims


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
) -> Tensor:
    """Return ``interpolate(...)``; deprecated, as in PyTorch. Matches `torch.nn.functional.upsample`."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Return ``interpolate(..., mode="nearest")``; deprecated, as in PyTorch."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Return ``interpolate(..., mode="bilinear", align_corners=True)``; deprecated, as in PyTorch."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Return `input` read at the points `grid`.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (N, C, D, H, W).
    grid : Tensor
        (N, H', W', 2) or (N, D', H', W', 3): points (x, y) or (x, y, z) in [-1, 1], of the input's dtype.
    mode : {"bilinear", "nearest", "bicubic"}
        Bicubic for images only.
    padding_mode : {"zeros", "border", "reflection"}
        What lies outside.
    align_corners : bool, optional
        Whether -1 and 1 are the centres of the corner pixels (True) or their edges.

    Raises
    ------
    ValueError
        A mode is unknown.
    RuntimeError
        Shapes or dtypes do not fit.

    Notes
    -----
    Matches `torch.nn.functional.grid_sample`.
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please "
            "specify align_corners=True if the old behavior is desired. See the documentation of grid_sample for "
            "details.",
            stacklevel=2,
        )
    return sample_grid(input, grid, mode, padding_mode, bool(align_corners))


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """Return the points to which the affine maps `theta` take the grid of an image of `size`.

    `theta` is (N, 2, 3) for a `size` of (N, C, H, W), or (N, 3, 4) for (N, C, D, H, W). ValueError if the shapes
    do not fit. Matches `torch.nn.functional.affine_grid`.
    """
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please "
            "specify align_corners=True if the old behavior is desired. See the documentation of grid_sample for "
            "details.",
            stacklevel=2,
        )
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    size = tuple(size)
    dims = len(size) - 2
    if dims not in (2, 3):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
            f"Got size {size}."
        )
    if theta.dim() != 3 or tuple(theta.shape[-2:]) != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got "
            f"{tuple(theta.shape)}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    if theta.shape[0] != size[0]:
        raise RuntimeError(f"affine_grid: theta is for {theta.shape[0]} images but size {size} asks for {size[0]}")
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This "
            "is not an intended use case of affine_grid: the only point of such a dimension lies at its centre.",
            stacklevel=2,
        )
    return affine_points(theta, size[2:], bool(align_corners))
