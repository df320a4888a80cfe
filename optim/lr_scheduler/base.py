"""``LRScheduler``: when a schedule is asked for learning rates, and where they go."""

from __future__ import annotations

import functools
import warnings
import weakref
from typing import Any

from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.tensor import Tensor

__all__ = ["EPOCH_DEPRECATION_WARNING", "LRScheduler"]

Rate = float | Tensor

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
    "Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from "
    "None, the closed form is used instead of the new chainable form, where available."
)


class LRScheduler:
    """The base class of all schedulers (``torch.optim.lr_scheduler.LRScheduler``).

    A schedule is a subclass with a ``get_lr``, which returns the learning rates at ``last_epoch``, one
    for each parameter group. It usually takes the present rates one step further ("chainable form"), so
    that several schedulers can act on one optimizer. ``_get_closed_form_lr``, where there is one, says
    what the rates are from the initial ones alone.

    Call ``step()`` once an epoch, or once a batch for schedules that count batches, after the
    optimizer's own ``step()``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set. Making a scheduler sets them at once, so load an optimizer's state
        after making its scheduler.
    last_epoch : int
        -1 begins the schedule. When resuming, the last epoch of the run before; the groups then need
        their ``"initial_lr"``, which an optimizer's state has.

    Raises
    ------
    TypeError
        `optimizer` is none.
    KeyError
        When resuming, a group has no ``"initial_lr"``.
    """

    last_epoch: int
    base_lrs: list[Rate]
    _last_lr: list[Rate]
    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming a scheduler "
                    f"with last_epoch={last_epoch}: load the optimizer's state, or begin with last_epoch=-1"
                )
        self.base_lrs = group_values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_calls_of_step(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        """Take the step that sets the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler: all its attributes but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that :meth:`state_dict` returned, here or in PyTorch.

        The learning rates themselves are part of the optimizer's state.
        """
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Rate]:
        """The learning rates last set, one for each parameter group."""
        return self._last_lr

    def get_lr(self) -> list[Rate]:
        """The learning rates at ``last_epoch``; for :meth:`step`. To read them: :meth:`get_last_lr`."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr(): a subclass of LRScheduler defines it")

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch and set its learning rates.

        Parameters
        ----------
        epoch : int, optional
            Go to this epoch instead, by the closed form where there is one. Deprecated, as in PyTorch.
        """
        if self._step_count == 1:
            self._warn_about_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _warn_about_order(self) -> None:
        """At the second step: warn if the optimizer has made none yet, or if that cannot be known."""
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
                "initialization. Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`.",
                UserWarning,
                stacklevel=3,
            )
        elif not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them "
                "in the opposite order: `optimizer.step()` before `lr_scheduler.step()`. Failure to do this "
                "will result in skipping the first value of the learning rate schedule.",
                UserWarning,
                stacklevel=3,
            )

    def _update_lr(self, epoch: int | None = None) -> None:
        closed_form = getattr(self, "_get_closed_form_lr", None)
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                rates = self.get_lr() if closed_form is None else closed_form()
        finally:
            self._get_lr_called_within_step = False
        self._set_rates(rates)

    def _set_rates(self, rates: list[Rate]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_group_value(group, "lr", rate)
        self._last_lr = group_values(self.optimizer, "lr")

    # --- for get_lr of the schedules -----------------------------------------------------------------

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def _present(self) -> list[Rate]:
        """The learning rates as they are."""
        return group_values(self.optimizer, "lr")

    def _present_times(self, factor: float) -> list[Rate]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _initial_times(self, factor: float) -> list[Rate]:
        return [base_lr * factor for base_lr in self.base_lrs]


class _LRScheduler(LRScheduler):
    """The base class under the name that it had in old versions of PyTorch."""


def check_optimizer(optimizer: Any) -> Optimizer:
    """`optimizer`, or TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer; the scheduler's first argument must be one")
    return optimizer


def copied(value: Any) -> Any:
    """A learning rate, copied if it is a tensor: tensors are filled in place and must not be shared."""
    return value.clone() if isinstance(value, Tensor) else value


def group_values(optimizer: Optimizer, key: str) -> list[Any]:
    """The groups' values of `key`, copied."""
    return [copied(group[key]) for group in optimizer.param_groups]


def set_group_value(group: dict[str, Any], key: str, value: Any) -> None:
    """Set ``group[key]``; in place if it is a tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(float(value))
    else:
        group[key] = value


def one_per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """`value` for each parameter group; ValueError if it is a list of another length."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in range(n)]
    if len(value) != n:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {n}."
        )
    return [copied(each) for each in value]


def _note_calls_of_step(optimizer: Optimizer) -> None:
    """Have the optimizer note that its ``step`` was called, so that the order of calls can be checked."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    # A weak reference and the class's step, or the optimizer would own itself through its attribute.
    owner = weakref.ref(optimizer)
    own: Any = vars(optimizer).get("step")  # a function that was put on this one optimizer

    @functools.wraps(type(optimizer).step if own is None else own)
    def noting(*args: Any, **kwargs: Any) -> Any:
        self: Any = owner()
        self._opt_called = True
        # The class is asked anew, so that what listens to its steps (tg.compile) hears this one.
        return type(self).step(self, *args, **kwargs) if own is None else own(*args, **kwargs)

    noting._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = noting  # type: ignore[method-assign]
