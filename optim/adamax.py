r"""Adamax (Kingma and Ba 2015): Adam with the largest gradient in the place of the root mean square.

.. math::
    m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
    u &\leftarrow \max(\beta_2 u, |g| + \epsilon) \\
    \theta &\leftarrow \theta - \frac{\gamma}{1 - \beta_1^t} \frac{m}{u}
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.adamax import adamax_rule
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, blend, check_betas, descend
from tinygrad5329.tensor import Tensor

__all__ = ["Adamax"]


class Adamax(PerParameterOptimizer):
    """Adamax (``torch.optim.Adamax``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate.
    betas : pair of float
        Decay rates of the average gradient and of the largest one.
    eps : float
        Added to the size of every gradient.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    foreach, maximize, differentiable, capturable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        An option is out of its range.
    """

    _rule = adamax_rule

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        check_nonnegative("epsilon value", eps)
        check_betas(betas)
        check_nonnegative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"exp_avg": tg.zeros_like(p), "exp_inf": tg.zeros_like(p)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return "exp_avg", "exp_inf"

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        beta1, beta2 = group["betas"]
        return beta1, beta2, group["eps"], lr / (1 - beta1**t)

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        beta1, beta2 = group["betas"]
        exp_avg = blend(state["exp_avg"], grad, beta1)
        # Not in place: the gradient of a maximum needs what it was taken of.
        largest = state["exp_inf"] = tg.maximum(state["exp_inf"] * beta2, grad.abs() + group["eps"])
        descend(p, exp_avg / largest, group["lr"] / (1 - beta1**t))
