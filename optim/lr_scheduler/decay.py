"""Schedules that only ever decline: in steps, exponentially, or along a polynomial."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tinygrad5329.optim.lr_scheduler.base import LRScheduler, Rate
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["ExponentialLR", "MultiStepLR", "PolynomialLR", "StepLR"]


class StepLR(LRScheduler):
    """Multiply the learning rate by `gamma` every `step_size` epochs (``torch.optim.lr_scheduler.StepLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    step_size : int
        Epochs between two drops.
    gamma : float
        Factor of a drop.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The present rates, times `gamma` at multiples of `step_size`."""
        self._warn_outside_step()
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return self._present()
        return self._present_times(self.gamma)

    def _get_closed_form_lr(self) -> list[Rate]:
        return self._initial_times(self.gamma ** (self.last_epoch // self.step_size))


class MultiStepLR(LRScheduler):
    """Multiply the learning rate by `gamma` at given epochs (``torch.optim.lr_scheduler.MultiStepLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    milestones : iterable of int
        The epochs; one that occurs twice drops the rate twice.
    gamma : float
        Factor of a drop.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; the epochs may have become strings, as keys do in JSON."""
        super().load_state_dict(state_dict)
        self.milestones = Counter({int(epoch): times for epoch, times in self.milestones.items()})

    def get_lr(self) -> list[Rate]:
        """The present rates, times `gamma` at a milestone."""
        self._warn_outside_step()
        if self.last_epoch not in self.milestones:
            return self._present()
        return self._present_times(self.gamma ** self.milestones[self.last_epoch])

    def _get_closed_form_lr(self) -> list[Rate]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return self._initial_times(self.gamma**passed)


class ExponentialLR(LRScheduler):
    """Multiply the learning rate by `gamma` every epoch (``torch.optim.lr_scheduler.ExponentialLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    gamma : float
        Factor of an epoch.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The present rates times `gamma`."""
        self._warn_outside_step()
        return self._present() if self._is_initial else self._present_times(self.gamma)

    def _get_closed_form_lr(self) -> list[Rate]:
        return self._initial_times(self.gamma**self.last_epoch)


class PolynomialLR(LRScheduler):
    """Decline to zero along a polynomial (``torch.optim.lr_scheduler.PolynomialLR``).

    After `t` of `total_iters` steps the rate is the initial one times ``(1 - t / total_iters) ** power``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    total_iters : int
        Steps until zero.
    power : float
        Of the polynomial; 1 is a straight line.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The present rates times what the polynomial has lost in this step."""
        self._warn_outside_step()
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._present()
        now = 1.0 - self.last_epoch / self.total_iters
        before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return self._present_times((now / before) ** self.power)

    def _get_closed_form_lr(self) -> list[Rate]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return self._initial_times(left**self.power)
