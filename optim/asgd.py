r"""Averaged stochastic gradient descent (Polyak and Juditsky 1992).

With :math:`\eta_0 = \gamma` and :math:`\mu_0 = 1`, step :math:`t = 1, 2, \dots` is

.. math::
    \theta &\leftarrow (1 - \lambda\eta_{t-1})\theta - \eta_{t-1} g \\
    \bar\theta &\leftarrow \bar\theta + \mu_{t-1}(\theta - \bar\theta) \\
    \eta_t &= \gamma / (1 + \lambda\gamma t)^\alpha \qquad
    \mu_t = 1 / \max(1, t - t_0)

The parameters are those of plain descent; the average, the state's ``"ax"``, is what to use in the end.
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, scalar
from tinygrad5329.tensor import Tensor

__all__ = ["ASGD"]


class ASGD(PerParameterOptimizer):
    """Averaged stochastic gradient descent (``torch.optim.ASGD``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate of the first step.
    lambd : float
        Decay, of the parameters and of the learning rate.
    alpha : float
        The power at which the learning rate falls.
    t0 : float
        The step at which averaging begins; until then the average is the parameter.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    foreach, maximize, differentiable, capturable
        See :class:`~tinygrad5329.optim.Adam`; `foreach` makes no difference here.

    Raises
    ------
    ValueError
        A negative `lr` or `weight_decay`.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        check_nonnegative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"eta": scalar(float(group["lr"])), "mu": scalar(1.0), "ax": tg.zeros_like(p)}

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        lr, lambd = float(group["lr"]), group["lambd"]
        eta, mu, average = state["eta"].item(), state["mu"].item(), state["ax"]
        p.mul_(1 - lambd * eta)
        p.sub_(grad * eta)
        if mu == 1:
            average.copy_(p)
        else:
            average.add_(p - average, alpha=mu)
        state["eta"].fill_(lr / (1 + lambd * lr * t) ** group["alpha"])
        state["mu"].fill_(1 / max(1, t - group["t0"]))
