r"""NAdam (Dozat 2016): Adam with Nesterov momentum.

With the momentum schedule :math:`\mu_t = \beta_1 (1 - \frac12 0.96^{t\psi})` and
:math:`\pi_t = \prod_{i \le t} \mu_i`,

.. math::
    m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
    v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
    \hat m &= \frac{\mu_{t+1}}{1 - \pi_{t+1}} m + \frac{1 - \mu_t}{1 - \pi_t} g \\
    \theta &\leftarrow \theta - \gamma \frac{\hat m}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.nadam import by_product, nadam_rule
from tinygrad5329.ops.update.roster import Found
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, blend, check_betas, descend, scalar
from tinygrad5329.tensor import Tensor

__all__ = ["NAdam"]


class NAdam(PerParameterOptimizer):
    """Adam with Nesterov momentum (``torch.optim.NAdam``).

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
    momentum_decay : float
        How fast the momentum reaches its final value.
    decoupled_weight_decay : bool
        Shrink the parameter itself instead, out of sight of the averages.
    foreach, maximize, capturable, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        An option is out of its range.
    """

    _rule = nadam_rule
    _scalars = ("step", "mu_product")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_nonnegative("momentum_decay value", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"mu_product": scalar(1.0), "exp_avg": tg.zeros_like(p), "exp_avg_sq": tg.zeros_like(p)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq"

    def _run(self, members: Found, common: tuple[float, ...], group: dict[str, Any], lr: float, t: float) -> None:
        beta1, beta2 = group["betas"]
        mu, mu_next = _momenta(group, t)
        for product, alike in by_product(members, mu).items():
            of_average, of_gradient = lr * mu_next / (1 - product * mu_next), lr * (1 - mu) / (1 - product)
            root2 = (1 - beta2**t) ** 0.5
            nadam_rule.run(alike, *common, beta1, beta2, root2, group["eps"], of_average, of_gradient)

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        beta1, beta2 = group["betas"]
        mu, mu_next = _momenta(group, t)
        product = state["mu_product"].mul_(mu)
        if not group["differentiable"]:
            product = product.item()
        exp_avg = blend(state["exp_avg"], grad, beta1)
        exp_avg_sq = blend(state["exp_avg_sq"], grad * grad, beta2)
        denominator = (exp_avg_sq / (1 - beta2**t)).sqrt() + group["eps"]
        ahead = exp_avg * (mu_next / (1 - product * mu_next)) + grad * ((1 - mu) / (1 - product))
        descend(p, ahead / denominator, group["lr"])


def _momenta(group: dict[str, Any], t: float) -> tuple[float, float]:
    """The momentum of step number `t` and of the next."""
    now, following = (group["betas"][0] * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"])) for i in (t, t + 1))
    return now, following
