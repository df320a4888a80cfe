"""Help for tests (``torch.testing``)."""

from __future__ import annotations

from tinygrad5329.testing.close import assert_close
from tinygrad5329.testing.made import make_tensor

__all__ = ["assert_close", "make_tensor"]
