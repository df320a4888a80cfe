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
from tinygrad5329.optim import swa_utils as swa_utils
from tinygrad5329.optim.adadelta import Adadelta
from tinygrad5329.optim.adafactor import Adafactor
from tinygrad5329.optim.adagrad import Adagrad
from tinygrad5329.optim.adam import Adam
from tinygrad5329.optim.adamax import Adamax
from tinygrad5329.optim.adamw import AdamW
from tinygrad5329.optim.aggmo import AggMo
from tinygrad5329.optim.asgd import ASGD
from tinygrad5329.optim.classical_momentum import ClassicalMomentum
from tinygrad5329.optim.heavy_ball import HeavyBall
from tinygrad5329.optim.lbfgs import LBFGS
from tinygrad5329.optim.muon import Muon
from tinygrad5329.optim.nadam import NAdam
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.optim.qhm import QHM
from tinygrad5329.optim.radam import RAdam
from tinygrad5329.optim.rmsprop import RMSprop
from tinygrad5329.optim.rprop import Rprop
from tinygrad5329.optim.sgd import SGD
from tinygrad5329.optim.sparse_adam import SparseAdam

__all__ = [
    "ASGD",
    "LBFGS",
    "QHM",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AggMo",
    "ClassicalMomentum",
    "HeavyBall",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SparseAdam",
    "lr_scheduler",
    "swa_utils",
]
