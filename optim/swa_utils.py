"""Averages of a model's weights over the steps of training, as in ``torch.optim.swa_utils``.

Stochastic weight averaging (Izmailov et al. 2018) takes the mean of the weights at the end of training, under
the learning rate of :class:`SWALR`; an exponential moving average (EMA) follows the weights all along:

>>> import tinygrad5329 as tg
>>> from tinygrad5329.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
>>> model = tg.nn.Linear(1, 1, bias=False)
>>> ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.75))
>>> for value in (0.0, 4.0):
...     _ = tg.nn.init.constant_(model.weight, value)
...     ema.update_parameters(model)
>>> ema.module.weight.item()
1.0
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any, Literal, TypeAlias

import tinygrad5329 as tg
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.batchnorm import _BatchNorm
from tinygrad5329.nn.module import Module
from tinygrad5329.optim.lr_scheduler.base import LRScheduler, Rate, one_per_group
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.tensor import Tensor

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average: TypeAlias = Callable[[Tensor, Tensor, Tensor | int], Tensor]
AverageAll: TypeAlias = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The function ``decay * average + (1 - decay) * value``."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Tensor | int) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageAll:
    """What :func:`get_ema_avg_fn` does, in place on lists of tensors."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], _: Tensor | int = 0) -> None:
        for average, value in zip(ema_param_list, current_param_list, strict=True):
            _blend(average, value, 1 - decay)

    return ema_update


def get_swa_avg_fn() -> Average:
    """The function that takes one more value into the mean of `num_averaged`."""

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Tensor | int) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> AverageAll:
    """What :func:`get_swa_avg_fn` does, in place on lists of tensors."""

    @no_grad()
    def swa_update(
        averaged_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], num_averaged: Tensor | int
    ) -> None:
        for average, value in zip(averaged_param_list, current_param_list, strict=True):
            _blend(average, value, 1 / (int(num_averaged) + 1))

    return swa_update


def _blend(average: Tensor, value: Tensor, weight: float) -> None:
    """Move `average` towards `value` by the share `weight`; integers, such as counts, are cut off as in PyTorch."""
    if average.is_floating_point() or average.is_complex():
        average.lerp_(value.to(average.dtype), weight)
    else:
        average.copy_(average * (1 - weight) + value * weight)


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's (``torch.optim.swa_utils.AveragedModel``).

    Parameters
    ----------
    model : Module
        What to average; it is copied.
    device : optional
        Where to keep the averages.
    avg_fn : callable, optional
        ``(average, value, number of values so far) -> new average``, of one parameter. The mean by default.
    multi_avg_fn : callable, optional
        The same in place on lists of parameters, instead of `avg_fn`.
    use_buffers : bool
        Average the buffers, too, instead of copying them.

    Attributes
    ----------
    module : Module
        The copy; calling the averaged model calls it.
    n_averaged : Tensor
        How many times :meth:`update_parameters` was called.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: AverageAll | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tg.tensor(0, dtype=tg.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged module makes of the arguments."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the present parameters of `model` into the averages."""
        averages, values = (self._averaged(m) for m in (self.module, model))
        if self.n_averaged == 0:
            for average, value in zip(averages, values, strict=True):
                average.copy_(value)
        elif self.avg_fn is not None:
            for average, value in zip(averages, values, strict=True):
                average.copy_(self.avg_fn(average, value, self.n_averaged))
        else:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averages, values, self.n_averaged)
        if not self.use_buffers:
            for buffer, value in zip(self.module.buffers(), model.buffers(), strict=True):
                buffer.copy_(value)
        self.n_averaged.add_(1)

    def _averaged(self, module: Module) -> list[Tensor]:
        """The tensors of `module` that are averaged."""
        buffers = module.buffers() if self.use_buffers else ()
        return [t.detach() for t in chain(module.parameters(), buffers)]


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch norm layers anew (``torch.optim.swa_utils.update_bn``).

    Averaged weights need it, as their activations are not the averages of activations.

    Parameters
    ----------
    loader : iterable
        Batches; of a list or tuple, the first element is the input.
    model : Module
        Its training mode is left as it was.
    device : optional
        Where to move batches to.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    was_training = model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over batches
    for batch in loader:
        inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(inputs if device is None else inputs.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Takes the learning rate to a constant, over some epochs (``torch.optim.swa_utils.SWALR``).

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates to set.
    swa_lr : float, or list of float
        The constant; a list has one for each group.
    anneal_epochs : int
        Number of epochs until it is reached.
    anneal_strategy : str
        ``"cos"`` or ``"linear"``.
    last_epoch : int
        -1 begins the schedule; see :class:`LRScheduler`.

    Raises
    ------
    ValueError
        An unknown strategy, a negative number of epochs, or a list of the wrong length.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        for rate, group in zip(one_per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Rate]:
        """The rates one step further on their way; for :meth:`step`."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=2,
            )
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        done, share = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            final = group["swa_lr"]
            # Where the way began follows from the present rate, as other schedulers may have moved it.
            start = final if done == 1 else (group["lr"] - done * final) / (1 - done)
            rates.append(final * share + start * (1 - share))
        return rates

    def _share(self, step: int) -> float:
        """The share of the way to the final rate that is behind after `step` steps."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2
