"""Instance normalisation: each channel of each sample by itself."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.batchnorm import NormBase
from tinygrad5329.nn.lazy_batchnorm import LazyNormBase
from tinygrad5329.tensor import Tensor


class _InstanceNorm(NormBase):
    _dims: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input; in training mode, update the running statistics if there are any."""
        dims = self._dims
        if input.dim() not in (dims + 1, dims + 2):
            raise ValueError(f"expected {dims + 1}D or {dims + 2}D input (got {input.dim()}D input)")
        place = input.dim() - dims - 1
        if input.shape[place] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={place} to match num_features ({self.num_features}), but got: "
                    f"{input.shape[place]}."
                )
            warnings.warn(
                f"input's size at dim={place} does not match num_features. You can silence this warning by not passing "
                "in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        if place == 0:
            return self._normalised(input.unsqueeze(0)).squeeze(0)
        return self._normalised(input)

    def _normalised(self, input: Tensor) -> Tensor:
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sample over its length: (N, C, L) or (C, L).

    Parameters
    ----------
    num_features : int
        C.
    eps : float
        Added to the variance.
    momentum : float or None
        The weight of the newest batch in the running statistics.
    affine : bool
        Whether there are a learnable `weight` and `bias` for each channel.
    track_running_stats : bool
        Keep running statistics, and use them in evaluation mode.
    device, dtype : optional
        Of parameters and buffers.
    bias : bool
        Whether the affine part has a `bias`.

    Raises
    ------
    ValueError
        The input has another number of dimensions or channels, or one element a channel.

    Notes
    -----
    Matches `torch.nn.InstanceNorm1d`; Ulyanov et al., "Instance normalization", 2016.
    """

    _dims = 1


class InstanceNorm2d(_InstanceNorm):
    """`InstanceNorm1d` over (N, C, H, W) or (C, H, W). Matches `torch.nn.InstanceNorm2d`."""

    _dims = 2


class InstanceNorm3d(_InstanceNorm):
    """`InstanceNorm1d` over (N, C, D, H, W) or (C, D, H, W). Matches `torch.nn.InstanceNorm3d`."""

    _dims = 3


class LazyInstanceNorm1d(LazyNormBase, InstanceNorm1d):
    """An `InstanceNorm1d` that learns `num_features` from its first input. Matches `torch.nn.LazyInstanceNorm1d`."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(LazyNormBase, InstanceNorm2d):
    """An `InstanceNorm2d` that learns `num_features` from its first input. Matches `torch.nn.LazyInstanceNorm2d`."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(LazyNormBase, InstanceNorm3d):
    """An `InstanceNorm3d` that learns `num_features` from its first input. Matches `torch.nn.LazyInstanceNorm3d`."""

    cls_to_become = InstanceNorm3d
