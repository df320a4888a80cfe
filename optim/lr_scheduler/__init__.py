"""Learning rate schedules, as in ``torch.optim.lr_scheduler``.

A scheduler is made from an optimizer and stepped after it:

>>> import tinygrad5329 as tg
>>> optimizer = tg.optim.SGD([tg.zeros(1)], lr=0.1)
>>> scheduler = tg.optim.lr_scheduler.StepLR(optimizer, step_size=2)
>>> for epoch in range(4):
...     optimizer.step()
...     scheduler.step()
>>> [round(rate, 6) for rate in scheduler.get_last_lr()]
[0.001]

Linear warm-up is a :class:`LambdaLR`; its documentation has the recipe.
"""

from __future__ import annotations

from tinygrad5329.optim.lr_scheduler.base import LRScheduler, _LRScheduler
from tinygrad5329.optim.lr_scheduler.compose import ChainedScheduler, SequentialLR
from tinygrad5329.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from tinygrad5329.optim.lr_scheduler.cyclic import CyclicLR
from tinygrad5329.optim.lr_scheduler.decay import ExponentialLR, MultiStepLR, PolynomialLR, StepLR
from tinygrad5329.optim.lr_scheduler.function import LambdaLR, MultiplicativeLR
from tinygrad5329.optim.lr_scheduler.one_cycle import OneCycleLR
from tinygrad5329.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinygrad5329.optim.lr_scheduler.warmup import ConstantLR, LinearLR

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "_LRScheduler",
]
