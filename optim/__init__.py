"""Optimizers and learning rate schedulers, as in ``torch.optim``.

The loop of a training step is PyTorch's:

>>> import tinygrad5329 as tg
>>> w = tg.zeros(2, requires_grad=True)
>>> optimizer = tg.optim.SGD([w], lr=0.25)
>>> for _ in range(20):
...     optimizer.zero_grad()
...     loss = ((w - tg.tensor([3.0, -1.0])) ** 2).sum()
...     loss.backward()
...     optimizer.step()
>>> w
tensor([ 3.0000, -1.0000], requires_grad=True)
"""

from __future__ import annotations

from tinygrad5329.optim import lr_scheduler as lr_scheduler
from tinygrad5329.optim.adam import Adam
from tinygrad5329.optim.adamw import AdamW
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]
