r"""Quasi-hyperbolic momentum (Ma and Yarats 2019): the average of gradients, and the gradient beside it.

For a parameter :math:`\theta` with gradient :math:`g`, average :math:`b` (0 at first), learning rate :math:`\alpha`,
momentum :math:`\beta`, immediate discount :math:`\nu` and weight decay :math:`\lambda`, a step is

.. math::
    g &\leftarrow g + \lambda\theta \\
    b &\leftarrow \beta b + (1 - \beta) g \\
    \theta &\leftarrow \theta - \alpha ((1 - \nu) g + \nu b)

It has three rules of :class:`~tinygrad5329.optim.SGD` in it:

- :math:`\nu = 0` is plain descent;
- :math:`\nu = 1` is averaged ("dampened") momentum, SGD with the rate :math:`\alpha (1 - \beta)`;
- :math:`\nu = \beta` is Nesterov's momentum, SGD with ``nesterov=True`` and the rate :math:`\alpha (1 - \beta)`.
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.qhm import qhm_rule
from tinygrad5329.optim.momentum_options import check_descent, check_share
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, blend, descend
from tinygrad5329.tensor import Tensor

__all__ = ["QHM"]


class QHM(PerParameterOptimizer):
    """Quasi-hyperbolic momentum, a weighted mean of plain descent and averaged momentum.

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate. The weights of all gradients sum to 1, so that it means the same at any `momentum`: that of
        SGD divided by ``1 - momentum``.
    momentum : float
        The paper's beta, the share of the average that is kept at each step, in [0, 1).
    nu : float
        Weight of the average in the step, in [0, 1]; the gradient has the rest.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    foreach, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative `lr` or `weight_decay`; `momentum` outside [0, 1); `nu` outside [0, 1].

    Notes
    -----
    The defaults of `momentum` and `nu` are the paper's rule of thumb, which comes with a learning rate 10 times that of
    SGD with momentum 0.9.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0], requires_grad=True)
    >>> optimizer = tg.optim.QHM([w], lr=1.0, momentum=0.5, nu=0.5)
    >>> w.grad = tg.ones(1)
    >>> optimizer.step()  # half of the gradient, and half of the average, which is 0.5
    >>> w
    tensor([0.2500], requires_grad=True)
    """

    _rule = qhm_rule
    _scalars = ()
    _bundles = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        momentum: float = 0.999,
        nu: float = 0.7,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "nu": nu,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        check_descent(group)
        check_share("momentum value", group["momentum"])
        if not 0.0 <= group["nu"] <= 1.0:
            raise ValueError(f"Invalid nu value: {group['nu']}; it must be in [0, 1]")

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"momentum_buffer": tg.zeros_like(p)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",)

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        nu = group["nu"]
        return group["momentum"], lr * nu, lr * (1 - nu)

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        nu = group["nu"]
        average = blend(state["momentum_buffer"], grad, group["momentum"])
        descend(p, average * nu + grad * (1 - nu), group["lr"])
