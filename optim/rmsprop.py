r"""RMSprop (Tieleman and Hinton 2012), with momentum and centering (Graves 2013).

.. math::
    v &\leftarrow \alpha v + (1 - \alpha) g^2 \\
    \bar g &\leftarrow \alpha \bar g + (1 - \alpha) g \qquad \text{(centered; otherwise 0)} \\
    b &\leftarrow \mu b + g / (\sqrt{v - \bar g^2} + \epsilon) \\
    \theta &\leftarrow \theta - \gamma b
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.rmsprop import rmsprop_rule
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, blend, descend
from tinygrad5329.tensor import Tensor

__all__ = ["RMSprop"]


class RMSprop(PerParameterOptimizer):
    """RMSprop (``torch.optim.RMSprop``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate.
    alpha : float
        Decay rate of the running averages.
    eps : float
        Added to the denominator, outside the root.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    momentum : float
        Share of the last step that is taken again.
    centered : bool
        Divide by the standard deviation of the gradient instead of its root mean square.
    capturable, foreach, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative option.
    """

    _rule = rmsprop_rule

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        check_nonnegative("epsilon value", eps)
        check_nonnegative("momentum value", momentum)
        check_nonnegative("weight_decay value", weight_decay)
        check_nonnegative("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        names = ["square_avg", *["momentum_buffer"] * (group["momentum"] > 0), *["grad_avg"] * group["centered"]]
        return {name: tg.zeros_like(p) for name in names}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("square_avg", *["grad_avg"] * group["centered"], *["momentum_buffer"] * (group["momentum"] > 0))

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return group["alpha"], group["eps"], group["momentum"], lr, group["centered"]

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        alpha, momentum = group["alpha"], group["momentum"]
        square = blend(state["square_avg"], grad * grad, alpha)
        if group["centered"]:
            mean = blend(state["grad_avg"], grad, alpha)
            square = square.addcmul(mean, mean, value=-1)
        direction = grad / (square.sqrt() + group["eps"])
        if momentum > 0:
            direction = state["momentum_buffer"].mul_(momentum).add_(direction)
        descend(p, direction, group["lr"])
