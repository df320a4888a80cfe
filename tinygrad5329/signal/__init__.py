"""Signal processing (``torch.signal``): window functions."""

from __future__ import annotations

from tinygrad5329.signal import windows

__all__ = ["windows"]
