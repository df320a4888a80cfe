"""Options that the rules with momentum share: their range, checked for every parameter group."""

from __future__ import annotations

from typing import Any

from tinygrad5329.optim.options import check_nonnegative

__all__ = ["check_descent", "check_share"]


def check_descent(group: dict[str, Any]) -> None:
    """ValueError unless the group's `lr` and `weight_decay` are numbers that are at least 0."""
    check_nonnegative("learning rate", group["lr"], "lr")
    check_nonnegative("weight_decay value", group["weight_decay"])


def check_share(what: str, value: float) -> None:
    """ValueError unless `value` is a share of the past that fades: in [0, 1)."""
    if not 0.0 <= value < 1.0:
        raise ValueError(f"Invalid {what}: {value}; it must be in [0, 1)")
