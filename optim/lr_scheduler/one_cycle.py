"""The 1cycle policy (Smith and Topin 2019): ``OneCycleLR``."""

from __future__ import annotations

import math
from typing import Any, Literal

from tinygrad5329.optim.lr_scheduler.base import LRScheduler, Rate, check_optimizer, one_per_group
from tinygrad5329.optim.lr_scheduler.momentum import begin_momentum_cycle, set_momentum
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["OneCycleLR"]


class OneCycleLR(LRScheduler):
    """Up to a high learning rate and down to nearly none, once (``torch.optim.lr_scheduler.OneCycleLR``).

    The rate begins at ``max_lr / div_factor``, rises to `max_lr` in the first `pct_start` of the steps, and
    ends at ``max_lr / div_factor / final_div_factor``. Call ``step()`` after every batch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    max_lr : float, or list of float
        The highest rate; a list has one for each group.
    total_steps : int, optional
        Batches in all; or else give `epochs` and `steps_per_epoch`.
    epochs, steps_per_epoch : int, optional
        Their product is `total_steps`.
    pct_start : float
        The share of the steps that rise.
    anneal_strategy : str
        ``"cos"`` or ``"linear"``.
    cycle_momentum : bool
        Move the momentum, or the first beta, the other way between `max_momentum` and `base_momentum`.
    base_momentum, max_momentum : float, or list of float
        Its bounds.
    div_factor, final_div_factor : float
        As above.
    three_phase : bool
        Fall to the first rate in as many steps as the rise took, and to the last one in the rest.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`. It counts batches.

    Raises
    ------
    ValueError
        The number of steps is missing or not positive, an option is out of its range, a phase has no length,
        the optimizer has no momentum to cycle, or ``step()`` is called more often than `total_steps`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        high_rates = one_per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, high_rates, strict=True):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1, _, _ = begin_momentum_cycle(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The rates at batch ``last_epoch``. Sets the momentum, too."""
        self._warn_outside_step()
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}"
            )
        phases = self._schedule_phases
        i = next((i for i, each in enumerate(phases) if self.last_epoch <= each["end_step"]), len(phases) - 1)
        phase, start = phases[i], phases[i - 1]["end_step"] if i > 0 else 0.0
        if phase["end_step"] == start:
            raise ValueError(
                f"OneCycleLR: phase {i} of the schedule, from {phase['start_lr']} to {phase['end_lr']}, has "
                "no steps; choose another pct_start"
            )
        share = (self.last_epoch - start) / (phase["end_step"] - start)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], share)
                set_momentum(group, momentum, self.use_beta1)
        return [
            self._between(group[phase["start_lr"]], group[phase["end_lr"]], share)
            for group in self.optimizer.param_groups
        ]

    def _between(self, start: Any, end: Any, share: float) -> Any:
        """The value after `share` of the way from `start` to `end`."""
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """The number of steps, from whichever of the arguments were given."""
    if total_steps is not None:
        return _positive("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    return _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)


def _positive(name: str, value: int) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """The phases: the last step of each, and the groups' entries between which it moves."""
    rise = (pct_start * total_steps - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")
    if three_phase:
        fall = (2 * pct_start * total_steps - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum")
        rest = (total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")
        rows = [rise, fall, rest]
    else:
        rows = [rise, (total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, row, strict=True)) for row in rows]
