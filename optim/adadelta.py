r"""Adadelta (Zeiler 2012): step sizes from the ratio of two running averages.

With :math:`\rho` the decay rate, and all operations elementwise,

.. math::
    v &\leftarrow \rho v + (1 - \rho) g^2 \\
    \Delta &= \sqrt{u + \epsilon} \, / \sqrt{v + \epsilon} \cdot g \\
    u &\leftarrow \rho u + (1 - \rho) \Delta^2 \\
    \theta &\leftarrow \theta - \gamma \Delta
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.adadelta import adadelta_rule
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, blend, descend
from tinygrad5329.tensor import Tensor

__all__ = ["Adadelta"]


class Adadelta(PerParameterOptimizer):
    """Adadelta (``torch.optim.Adadelta``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        What the step is multiplied by.
    rho : float
        Decay rate of both running averages.
    eps : float
        Added under both roots.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    foreach, capturable, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        An option is out of its range.
    """

    _rule = adadelta_rule

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}; it must be in [0, 1]")
        check_nonnegative("epsilon value", eps)
        check_nonnegative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"square_avg": tg.zeros_like(p), "acc_delta": tg.zeros_like(p)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return "square_avg", "acc_delta"

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return group["rho"], group["eps"], lr

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        rho, eps = group["rho"], group["eps"]
        square_avg = blend(state["square_avg"], grad * grad, rho)
        delta = state["acc_delta"].add(eps).sqrt() / square_avg.add(eps).sqrt() * grad
        blend(state["acc_delta"], delta * delta, rho)
        descend(p, delta, group["lr"])
