"""Teaching the controller which architectures are good (Williams 1992; Pham et al. 2018, section 2.2)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from tinygrad5329.nn.utils import clip_grad_norm_
from tinygrad5329.optim import Adam
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.weight_sharing.controller import Controller

__all__ = ["Reinforce"]


class Reinforce:
    """REINFORCE with a moving-average baseline and an entropy bonus, one architecture a step.

    Descends along ``-(reward + entropy_weight * entropy - baseline) * log_probability``, where the bonus is part of
    the reward and carries no gradient of its own.

    Parameters
    ----------
    controller : Controller
    lr : float
        Of Adam.
    entropy_weight : float
    decay : float
        The baseline becomes ``decay * baseline + (1 - decay) * reward``, and begins as the first reward.
    """

    def __init__(self, controller: Controller, *, lr: float, entropy_weight: float, decay: float) -> None:
        self._controller = controller
        self._optimizer = Adam(controller.parameters(), lr=lr)
        self._entropy_weight = entropy_weight
        self._decay = decay
        self._baseline: float | None = None

    def step(self, judge: Callable[[Architecture], float], generator: random.Random) -> float:
        """Draw an architecture, judge it, and make it likelier or less likely; gives the judgement."""
        decisions = self._controller.sample(generator)
        judged = judge(decisions.architecture)
        reward = judged + self._entropy_weight * float(decisions.entropy)
        if self._baseline is None:
            self._baseline = reward
        self._optimizer.zero_grad()
        (-(reward - self._baseline) * decisions.log_probability).backward()
        clip_grad_norm_(self._controller.parameters(), 5.0)
        self._optimizer.step()
        self._baseline = self._decay * self._baseline + (1 - self._decay) * reward
        return judged

    def state_dict(self) -> dict[str, Any]:
        """The controller's weights, the optimizer's state and the baseline."""
        return {
            "controller": self._controller.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "baseline": self._baseline,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put :meth:`state_dict` back."""
        self._controller.load_state_dict(state["controller"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._baseline = state["baseline"]
