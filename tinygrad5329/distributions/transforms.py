"""All transforms, as in ``torch.distributions.transforms``."""

from __future__ import annotations

from tinygrad5329.distributions import elementwise_transforms, transform, vector_transforms
from tinygrad5329.distributions.elementwise_transforms import *  # noqa: F403
from tinygrad5329.distributions.transform import *  # noqa: F403
from tinygrad5329.distributions.vector_transforms import *  # noqa: F403

__all__ = [*transform.__all__, *elementwise_transforms.__all__, *vector_transforms.__all__]
