"""Schedules given by a function of the epoch: ``LambdaLR`` and ``MultiplicativeLR``."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad5329.optim.lr_scheduler.base import LRScheduler, Rate
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["LambdaLR", "MultiplicativeLR"]

Factor = Callable[[int], float]


class _OfFunctions(LRScheduler):
    """What the two have in common: a function for each group, and what is saved of it."""

    lr_lambdas: list[Factor]

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1) -> None:
        n = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * n  # type: ignore[list-item]
        if len(self.lr_lambdas) != n:
            raise ValueError(f"Expected {n} lr_lambdas, one for each parameter group, but got {len(self.lr_lambdas)}")
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler; of the functions, the attributes of those that are objects."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(function, types.FunctionType) else function.__dict__.copy()
            for function in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; functions stay, and those that are objects take over their attributes."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                function.__dict__.update(saved)


class LambdaLR(_OfFunctions):
    """The initial learning rate times a function of the epoch (``torch.optim.lr_scheduler.LambdaLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    lr_lambda : callable, or list of callable
        From the epoch to a factor; one for all groups, or one for each.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.

    Examples
    --------
    Linear warm-up over 4 steps, and a linear decline to zero over the next 8:

    >>> import tinygrad5329 as tg
    >>> optimizer = tg.optim.SGD([tg.zeros(1)], lr=1.0)
    >>> def warm_up(step, warm=4, total=12):
    ...     return (step + 1) / warm if step < warm else (total - step) / (total - warm)
    >>> scheduler = tg.optim.lr_scheduler.LambdaLR(optimizer, warm_up)
    >>> rates = []
    >>> for _ in range(12):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    """

    def get_lr(self) -> list[Rate]:
        """The initial rates times the functions of ``last_epoch``."""
        self._warn_outside_step()
        return [
            base_lr * function(self.last_epoch)
            for base_lr, function in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]


class MultiplicativeLR(_OfFunctions):
    """The learning rate times a function of the epoch, at every step (``MultiplicativeLR`` of PyTorch).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    lr_lambda : callable, or list of callable
        From the epoch to a factor of the rate before; one for all groups, or one for each. It is first
        asked for epoch 1.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.
    """

    def get_lr(self) -> list[Rate]:
        """The present rates times the functions of ``last_epoch``."""
        self._warn_outside_step()
        if self._is_initial:
            return self._present()
        return [
            group["lr"] * function(self.last_epoch)
            for group, function in zip(self.optimizer.param_groups, self.lr_lambdas, strict=True)
        ]
