"""Tools beside the engine (``torch.utils``): :mod:`~tinygrad5329.utils.data`, :mod:`~tinygrad5329.utils.checkpoint`."""

from tinygrad5329.utils import checkpoint, data, dlpack, tensorboard

__all__ = ["checkpoint", "data", "dlpack", "tensorboard"]
