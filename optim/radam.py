r"""RAdam (Liu et al. 2020): Adam whose first steps, before its variance is known, do without it.

With :math:`m` and :math:`v` as in Adam, :math:`\rho_\infty = 2 / (1 - \beta_2) - 1` and
:math:`\rho_t = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t)`,

.. math::
    \theta \leftarrow \theta - \gamma \frac{m}{1 - \beta_1^t} \cdot
    \begin{cases}
        \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\rho_t}}
        \, \frac{\sqrt{1 - \beta_2^t}}{\sqrt v + \epsilon} & \rho_t > 5 \\
        1 & \text{otherwise}
    \end{cases}
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.radam import radam_rule
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, blend, check_betas, descend
from tinygrad5329.tensor import Tensor

__all__ = ["RAdam"]


class RAdam(PerParameterOptimizer):
    """Rectified Adam (``torch.optim.RAdam``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate.
    betas : pair of float
        Decay rates of the running averages of the gradient and of its square.
    eps : float
        Added to the denominator, outside the root.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    decoupled_weight_decay : bool
        Shrink the parameter itself instead, out of sight of the averages.
    foreach, maximize, capturable, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        An option is out of its range.
    """

    _rule = radam_rule

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"exp_avg": tg.zeros_like(p), "exp_avg_sq": tg.zeros_like(p)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq"

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        beta1, beta2 = group["betas"]
        factor, is_rectified = _rectification(beta2, t)
        return beta1, beta2, group["eps"], lr / (1 - beta1**t) * factor, is_rectified

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        beta1, beta2 = group["betas"]
        exp_avg = blend(state["exp_avg"], grad, beta1)
        exp_avg_sq = blend(state["exp_avg_sq"], grad * grad, beta2)
        factor, is_rectified = _rectification(beta2, t)
        direction = exp_avg / (1 - beta1**t)
        if is_rectified:
            direction = direction * factor / (exp_avg_sq.sqrt() + group["eps"])
        descend(p, direction, group["lr"])


def _rectification(beta2: float, t: float) -> tuple[float, bool]:
    """What step number `t` is multiplied by, and whether the variance is known well enough to divide by its root."""
    seen = 1 - beta2**t
    length_limit = 2 / (1 - beta2) - 1
    length = length_limit - 2 * t * beta2**t / seen
    if length <= 5.0:
        return 1.0, False
    surplus = (length - 4) * (length - 2) / length
    return (surplus * length_limit / ((length_limit - 4) * (length_limit - 2)) * seen) ** 0.5, True
