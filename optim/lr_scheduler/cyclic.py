"""Cyclical learning rates (Smith 2017): ``CyclicLR``."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any, Literal

from tinygrad5329.optim.lr_scheduler.base import (
    LRScheduler,
    Rate,
    check_optimizer,
    one_per_group,
    set_group_value,
)
from tinygrad5329.optim.lr_scheduler.momentum import begin_momentum_cycle, set_momentum
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["CyclicLR"]


class CyclicLR(LRScheduler):
    """Up and down between two learning rates, batch by batch (``torch.optim.lr_scheduler.CyclicLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    base_lr, max_lr : float, or list of float
        The bounds; lists have one for each group.
    step_size_up, step_size_down : int
        Batches up and batches down; as many down as up by default.
    mode : str
        How high the cycles are: ``"triangular"``, all alike; ``"triangular2"``, each half as high as the one
        before; ``"exp_range"``, times ``gamma ** batch``.
    gamma : float
        For ``"exp_range"``.
    scale_fn : callable, optional
        A height between 0 and 1 of the cycle's number (from 1), or of the batch's; in the place of `mode`.
    scale_mode : str
        What `scale_fn` is a function of: ``"cycle"`` or ``"iterations"``.
    cycle_momentum : bool
        Move the momentum, or the first beta, the other way between `max_momentum` and `base_momentum`.
    base_momentum, max_momentum : float, or list of float
        Its bounds.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`. It counts batches.

    Raises
    ------
    ValueError
        `mode` is unknown and there is no `scale_fn`, a list is of the wrong length, or the optimizer has no
        momentum to cycle.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(
                f"mode is invalid and scale_fn is None: mode is {mode!r}; use 'triangular', 'triangular2' or "
                "'exp_range'"
            )
        base_lrs = one_per_group("base_lr", optimizer, base_lr)
        self.max_lrs = one_per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                set_group_value(group, "lr", rate)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1, self.base_momentums, self.max_momentums = begin_momentum_cycle(
                optimizer, base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of the cycle numbered `x`, or at batch `x`, as a share of the full height."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / 2.0 ** (x - 1) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[Rate]:
        """The rates at batch ``last_epoch``. Sets the momentum, too."""
        self._warn_outside_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        way = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in bounds:
                set_momentum(group, high - (high - low) * way * height, self.use_beta1)
        return [low + (high - low) * way * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler; of a `scale_fn`, the attributes if it is an object."""
        state = super().state_dict()
        function = self._scale_fn_custom
        keep = function is not None and not isinstance(function, types.FunctionType)
        state["_scale_fn_custom"] = function.__dict__.copy() if keep else None
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; a `scale_fn` stays, and if it is an object takes over its attributes."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_scale_fn_custom"})
        saved = state_dict["_scale_fn_custom"]
        if saved is not None:
            if self._scale_fn_custom is None:
                raise ValueError("CyclicLR: the state has attributes of a scale_fn; make the scheduler with one")
            self._scale_fn_custom.__dict__.update(saved)
