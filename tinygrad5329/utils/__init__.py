"""Tools beside the engine: :mod:`tinygrad5329.utils.data` (``torch.utils``)."""

from tinygrad5329.utils import data

__all__ = ["data"]
