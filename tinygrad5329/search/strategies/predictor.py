"""A learnt guess of what an architecture will come to (the surrogate of PNAS), written on our own layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.tensor import Tensor

__all__ = ["Ensemble", "Predictor", "fit_predictor"]

_MEMBERS = 5
_HIDDEN = 32
_STEPS = 150
_LEARNING_RATE = 0.01
#: Every member is fitted to four fifths of the trials.
_FOLD = 5


class Ensemble(nn.Module):
    """Several perceptrons with one hidden layer side by side, each with weights of its own.

    Parameters
    ----------
    features : int
        Length of an encoded architecture, F.
    members : int
        M.
    hidden : int
        Width of the hidden layers.
    """

    def __init__(self, features: int, members: int, hidden: int) -> None:
        super().__init__()
        self.hidden_weight = nn.Parameter(tg.randn(members, features, hidden) * math.sqrt(2 / features))
        self.hidden_bias = nn.Parameter(tg.zeros(members, 1, hidden))
        self.weight = nn.Parameter(tg.randn(members, hidden, 1) * math.sqrt(1 / hidden))
        self.bias = nn.Parameter(tg.zeros(members, 1, 1))

    def forward(self, encoded: Tensor) -> Tensor:
        """From (N, F) to what every member predicts, (M, N)."""
        hidden = nn.functional.relu(encoded @ self.hidden_weight + self.hidden_bias)
        return (hidden @ self.weight + self.bias).squeeze(-1)


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted ensemble, with the mean and deviation of the values it was fitted to."""

    ensemble: Ensemble
    mean: float
    deviation: float

    def predict(self, space: Space, architectures: Sequence[Architecture]) -> list[float]:
        """What the members expect on average of each architecture."""
        if not architectures:
            return []
        encoded = np.stack([space.encode(each) for each in architectures]).astype(np.float32)
        with tg.no_grad():
            expected: list[float] = self.ensemble(tg.tensor(encoded)).mean(dim=0).tolist()
        return [self.mean + self.deviation * each for each in expected]


def fit_predictor(space: Space, architectures: Sequence[Architecture], values: Sequence[float]) -> Predictor:
    """Fit an ensemble to architectures and their values.

    An ensemble of five multilayer perceptrons, each fitted to four fifths of the data with the L1 loss by Adam: the
    MLP-ensemble of PNAS (Liu et al. 2018, section 4.2). Ours: they see :meth:`Space.encode` in place of learned
    embeddings, and predict standardised values in place of a sigmoid, so that values need not be accuracies.

    The same data give the same predictor: the default generator is neither used nor moved on.

    Raises
    ------
    ValueError
        If there is no architecture.
    """
    if not architectures:
        raise ValueError("fit_predictor: expected one architecture or more, got none")
    encoded = np.stack([space.encode(each) for each in architectures]).astype(np.float32)
    return _fit(encoded.shape[1], encoded.tobytes(), tuple(values))


@lru_cache(maxsize=8)
def _fit(features: int, encoded: bytes, values: tuple[float, ...]) -> Predictor:
    mean, deviation = float(np.mean(values)), float(np.std(values)) or 1.0
    inputs = tg.tensor(np.frombuffer(encoded, dtype=np.float32).reshape(-1, features).copy())
    targets = tg.tensor(((np.asarray(values) - mean) / deviation).astype(np.float32))
    kept = tg.tensor(_kept(len(values)))
    with tg.random.fork_rng():
        tg.manual_seed(0)
        ensemble = Ensemble(features, _MEMBERS, _HIDDEN)
    optimizer = optim.Adam(ensemble.parameters(), lr=_LEARNING_RATE)
    with tg.enable_grad():
        for _ in range(_STEPS):
            optimizer.zero_grad()
            loss = ((ensemble(inputs) - targets).abs() * kept).sum() / kept.sum()
            loss.backward()
            optimizer.step()
    return Predictor(ensemble, mean, deviation)


def _kept(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Which of the trials every member is fitted to, (M, N): all but every fifth; all if there are few."""
    left_out = np.arange(count) % _FOLD == np.arange(_MEMBERS)[:, None]
    return np.where(left_out & (count >= _FOLD), 0.0, 1.0).astype(np.float32)
