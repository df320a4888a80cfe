"""Batch normalisation."""

from __future__ import annotations

from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.creation import empty, ones, zeros
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.ops.update import _foreach_add_
from tinygrad5329.tensor import Tensor


class NormBase(Module):
    """What batch and instance normalisation share: parameters for each channel, and running statistics."""

    # Version 2 added num_batches_tracked.
    _version = 2

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        has_bias = affine and bias
        self.register_parameter(
            "weight", Parameter(empty(num_features, device=device, dtype=dtype)) if affine else None
        )
        self.register_parameter(
            "bias", Parameter(empty(num_features, device=device, dtype=dtype)) if has_bias else None
        )
        if track_running_stats:
            self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", zeros((), device=device, dtype=dtypes.int64))
        else:
            self.register_buffer("running_mean", None)
            self.register_buffer("running_var", None)
            self.register_buffer("num_batches_tracked", None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the statistics: mean 0, variance 1, no batches seen."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the statistics and set weight to 1 and bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        version = local_metadata.get("version")
        batches = self.num_batches_tracked
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and batches is not None and key not in state_dict:
            state_dict = {**state_dict, key: batches}
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(NormBase):
    """What batch normalisation over any number of dimensions shares; a subclass checks the input's."""

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError(f"{self._get_name()} must say which inputs it takes: _check_input_dim")

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input; in training mode, update the running statistics."""
        self._check_input_dim(input)
        buffers, parameters = self._buffers, self._parameters
        if "running_var" in buffers and "weight" in parameters and "bias" in parameters:
            # Where nothing stands before them, this is the same, and quicker.
            running_mean, running_var = buffers["running_mean"], buffers["running_var"]
            weight, bias = parameters["weight"], parameters["bias"]
        else:
            running_mean, running_var, weight, bias = self.running_mean, self.running_var, self.weight, self.bias
        momentum = self.momentum
        if self.training and self.track_running_stats:
            batches = buffers.get("num_batches_tracked")
            if batches is not None:
                _foreach_add_((batches,), 1)
                if momentum is None:
                    # The cumulative average: each batch weighs the same.
                    momentum = 1.0 / float(batches)
        uses_batch = self.training or (running_mean is None and running_var is None)
        if self.training and not self.track_running_stats:
            running_mean = running_var = None
        return F.batch_norm(
            input,
            running_mean,
            running_var,
            weight,
            bias,
            uses_batch,
            0.0 if momentum is None else momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Normalise each feature over the batch: ``y = (x - mean) / sqrt(var + eps) * weight + bias``.

    Shapes: input and output (N, C) or (N, C, L); the statistics are over N, or N and L.

    In training mode the batch's own mean and biased variance are used, and the running statistics move
    towards the batch's mean and unbiased variance: ``running = (1 - momentum) * running + momentum * batch``.
    In evaluation mode the running statistics are used.

    Parameters
    ----------
    num_features : int
        C.
    eps : float
        Added to the variance.
    momentum : float or None
        The weight of the newest batch; None keeps the average over all batches.
    affine : bool
        Whether there are a learnable `weight` (ones at first) and `bias` (zeros).
    track_running_stats : bool
        Keep running statistics; otherwise the batch's are used in evaluation mode too.
    device, dtype : optional
        Of parameters and buffers.
    bias : bool
        Whether the affine part has a `bias`.

    Raises
    ------
    ValueError
        If the input is not 2-D or 3-D, or has one value per channel in training mode: it has no variance.
    RuntimeError
        If the input's C differs from `num_features`.

    Notes
    -----
    Matches `torch.nn.BatchNorm1d`; Ioffe and Szegedy, "Batch normalization", 2015, algorithms 1 and 2.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim != 2 and input.ndim != 3:
            raise ValueError(f"expected 2D or 3D input (got {input.ndim}D input)")


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` for images (N, C, H, W), with statistics over N, H and W. Matches `torch.nn.BatchNorm2d`."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim != 4:
            raise ValueError(f"expected 4D input (got {input.ndim}D input)")


class BatchNorm3d(_BatchNorm):
    """`BatchNorm1d` for volumes (N, C, D, H, W). Matches `torch.nn.BatchNorm3d`."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim != 5:
            raise ValueError(f"expected 5D input (got {input.ndim}D input)")
