"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from tinygrad5329.optim.lr_scheduler.base import LRScheduler, group_values, set_group_value
from tinygrad5329.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinygrad5329.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class _OfSchedulers(LRScheduler):
    """What the two have in common: checking the parts, and saving them."""

    _schedulers: Sequence[LRScheduler]

    def _check_schedulers(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> Optimizer:
        """The optimizer of all `schedulers`."""
        name = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{name} expects at least one scheduler, but got no scheduler.")
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(
                    f"{name} at index {i} should have `optimizer` as its attribute, but got a "
                    f"{type(scheduler).__name__}."
                )
            if optimizer is None:
                optimizer = scheduler.optimizer
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs "
                    f"to be specified when calling `step`, but got one at index {i} in the given schedulers "
                    "sequence."
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(scheduler).__name__} at index {i}, whose optimizer is another one:\n"
                    f"{scheduler.optimizer}"
                )
        assert optimizer is not None
        return optimizer

    def _update_lr(self, epoch: int | None = None) -> None:
        """Begin anew, from the initial rates; what ``SequentialLR`` asks of a part at its milestone."""
        self.last_epoch = 0
        _reset_rates(self.optimizer)
        for scheduler in self._beginning():
            scheduler.last_epoch = -1
            scheduler._initial_step()
        self._last_lr = group_values(self.optimizer, "lr")

    def _beginning(self) -> Sequence[LRScheduler]:
        """The parts that act at epoch 0."""
        return self._schedulers

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler, with the states of its parts as ``"_schedulers"``."""
        state = super().state_dict()
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; the parts take over theirs."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


class SequentialLR(_OfSchedulers):
    """One schedule after the other (``torch.optim.lr_scheduler.SequentialLR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    schedulers : list of LRScheduler
        The schedules, all of `optimizer`.
    milestones : list of int
        At which epochs the second, the third ... begins, each at its own epoch 0.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.

    Raises
    ------
    ValueError
        There are no schedulers, not one milestone fewer than schedulers, a ``ReduceLROnPlateau`` among them,
        or one of another optimizer.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> from tinygrad5329.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
    >>> optimizer = tg.optim.SGD([tg.zeros(1)], lr=1.0)
    >>> parts = [ConstantLR(optimizer, factor=0.5, total_iters=5), ExponentialLR(optimizer, gamma=0.25)]
    >>> scheduler = SequentialLR(optimizer, parts, milestones=[2])
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.25, 0.0625]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = self._check_schedulers(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number "
                f"of milestone points, but got number of schedulers {len(schedulers)} and the number of "
                f"milestones to be equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        # Each part has set the rates to those of its own epoch 0 when it was made: that is taken back, and
        # done again for the one that begins.
        _reset_rates(optimizer)
        for scheduler in schedulers:
            _take_back_step(scheduler)
        for scheduler in self._beginning():
            scheduler._initial_step()
        self._last_lr = group_values(optimizer, "lr")

    def _beginning(self) -> Sequence[LRScheduler]:
        return [self._schedulers[bisect_right(self._milestones, 0)]]

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch and set its learning rates."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _reset_rates(optimizer: Optimizer) -> None:
    """Set the learning rates to the initial ones."""
    for group in optimizer.param_groups:
        set_group_value(group, "lr", group["initial_lr"])


def _take_back_step(scheduler: LRScheduler) -> None:
    """Set `scheduler`, or the schedulers that it is made of, to the epoch before."""
    parts = getattr(scheduler, "_schedulers", None)
    if parts is None:
        scheduler.last_epoch -= 1
    else:
        for part in parts:
            _take_back_step(part)


class ChainedScheduler(_OfSchedulers):
    """Several schedules at once, each changing what the one before left (``ChainedScheduler`` of PyTorch).

    Parameters
    ----------
    schedulers : sequence of LRScheduler
        The schedules, all of one optimizer, in the order in which they act.
    optimizer : Optimizer, optional
        Theirs; that of the first by default.

    Raises
    ------
    ValueError
        There are no schedulers, a ``ReduceLROnPlateau`` among them, or one of another optimizer.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.optimizer = self._check_schedulers(schedulers, optimizer)
        self._schedulers = schedulers
        self._last_lr = group_values(self.optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch in every part."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = group_values(self.optimizer, "lr")
