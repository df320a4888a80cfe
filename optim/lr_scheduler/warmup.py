"""Schedules that begin low: ``ConstantLR`` and ``LinearLR``."""

from __future__ import annotations

from tinygrad5329.optim.lr_scheduler.base import LRScheduler, Rate
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["ConstantLR", "LinearLR"]


class ConstantLR(LRScheduler):
    """A fraction of the learning rate until an epoch, all of it from then on (``ConstantLR`` of PyTorch).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    factor : float
        The fraction, between 0 and 1.
    total_iters : int
        The epoch from which the rate is whole.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.

    Raises
    ------
    ValueError
        `factor` is not between 0 and 1.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1.0:
            raise ValueError(f"Constant multiplicative factor expected to be between 0 and 1, but got {factor}.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The present rates; lowered at epoch 0, raised again at `total_iters`."""
        self._warn_outside_step()
        if self.last_epoch == 0:
            return self._present_times(self.factor)
        if self.last_epoch != self.total_iters:
            return self._present()
        return self._present_times(1.0 / self.factor)

    def _get_closed_form_lr(self) -> list[Rate]:
        return self._initial_times(1.0 if self.last_epoch >= self.total_iters else self.factor)


class LinearLR(LRScheduler):
    """From one fraction of the learning rate to another, linearly (``torch.optim.lr_scheduler.LinearLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    start_factor : float
        The fraction at epoch 0; above 0, and at most 1.
    end_factor : float
        The fraction from `total_iters` on; between 0 and 1.
    total_iters : int
        Epochs that the change takes.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.

    Raises
    ------
    ValueError
        A fraction is out of its range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1.0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1, but "
                f"got {start_factor}."
            )
        if not 0 <= end_factor <= 1.0:
            raise ValueError(f"Ending multiplicative factor expected to be between 0 and 1, but got {end_factor}.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The present rates, times the ratio of this epoch's fraction to that of the epoch before."""
        self._warn_outside_step()
        if self.last_epoch == 0:
            return self._present_times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._present()
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self._present_times(1.0 + rise / before)

    def _get_closed_form_lr(self) -> list[Rate]:
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        return self._initial_times(self.start_factor + (self.end_factor - self.start_factor) * share)
