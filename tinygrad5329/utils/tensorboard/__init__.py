"""Event files for TensorBoard (``torch.utils.tensorboard``), written by ``tensorboardX`` or ``tensorboard``."""

from __future__ import annotations

from tinygrad5329.utils.tensorboard.writer import SummaryWriter, require_library

__all__ = ["SummaryWriter", "require_library"]
