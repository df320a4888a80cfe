"""Every normalization, gathered from the files that define them."""

from __future__ import annotations

from tinygrad5329.ops.batch_normalization import batch_norm, instance_norm
from tinygrad5329.ops.layer_normalization import group_norm, layer_norm, rms_norm

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]
