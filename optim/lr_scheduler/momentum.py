"""Cycling the momentum against the learning rate, for schedules that do (Smith 2018)."""

from __future__ import annotations

from typing import Any

from tinygrad5329.optim.lr_scheduler.base import one_per_group
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["begin_momentum_cycle", "set_momentum"]


def begin_momentum_cycle(
    optimizer: Optimizer, base_momentum: Any, max_momentum: Any, last_epoch: int
) -> tuple[bool, list[Any], list[Any]]:
    """Put the bounds of the cycle into the parameter groups, and the upper one in force.

    Returns
    -------
    use_beta1 : bool
        The optimizer has ``betas``, the first of which is its momentum.
    base_momentums, max_momentums : list
        The bounds, one for each group.

    Raises
    ------
    ValueError
        The optimizer has no momentum.
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled; "
            f"{type(optimizer).__name__} has neither, so pass cycle_momentum=False"
        )
    use_beta1 = "betas" in optimizer.defaults
    base = one_per_group("base_momentum", optimizer, base_momentum)
    high = one_per_group("max_momentum", optimizer, max_momentum)
    if last_epoch == -1:
        for group, group_base, group_high in zip(optimizer.param_groups, base, high, strict=True):
            set_momentum(group, group_high, use_beta1)
            group["max_momentum"] = group_high
            group["base_momentum"] = group_base
    return use_beta1, base, high


def set_momentum(group: dict[str, Any], momentum: float, use_beta1: bool) -> None:
    """Set a group's momentum, or with `use_beta1` the first of its betas."""
    if use_beta1:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum
