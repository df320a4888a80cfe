"""Normalisation layers that learn the number of channels from their first input."""

from __future__ import annotations

from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.creation import zeros
from tinygrad5329.nn.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, NormBase
from tinygrad5329.nn.lazy import LazyModuleMixin
from tinygrad5329.nn.parameter import UninitializedBuffer, UninitializedParameter
from tinygrad5329.tensor import Tensor


class LazyNormBase(LazyModuleMixin, NormBase):
    """What normalisation layers share that learn `num_features` from their first input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)  # type: ignore[arg-type]
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = zeros((), device=device, dtype=dtypes.int64)

    def reset_parameters(self) -> None:
        """Set the initial values, once the number of features is known."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Size parameters and statistics for `input`."""
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for member in (self.weight, self.bias, self.running_mean, self.running_var):
                if member is not None:
                    member.materialize((self.num_features,))  # type: ignore[union-attr]
            self.reset_parameters()


class LazyBatchNorm1d(LazyNormBase, BatchNorm1d):
    """A `BatchNorm1d` that learns `num_features` from its first input. Matches `torch.nn.LazyBatchNorm1d`."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(LazyNormBase, BatchNorm2d):
    """A `BatchNorm2d` that learns `num_features` from its first input. Matches `torch.nn.LazyBatchNorm2d`."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(LazyNormBase, BatchNorm3d):
    """A `BatchNorm3d` that learns `num_features` from its first input. Matches `torch.nn.LazyBatchNorm3d`."""

    cls_to_become = BatchNorm3d
