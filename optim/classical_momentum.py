r"""Classical momentum (Rumelhart, Hinton and Williams 1986; Sutskever et al. 2013): the rate inside the velocity.

For a parameter :math:`\theta` with gradient :math:`g`, velocity :math:`v` (0 at first), learning rate :math:`\eta`,
momentum :math:`\mu` and weight decay :math:`\lambda`, a step is

.. math::
    g &\leftarrow g + \lambda\theta \\
    v &\leftarrow \mu v - \eta g \\
    \theta &\leftarrow \theta + v       \qquad (\mu v - \eta g \text{ in place of } v \text{ with Nesterov})

The paper of 1986 writes it :math:`\Delta w(t) = -\epsilon\, \partial E / \partial w(t) + \alpha \Delta w(t-1)`.
A gradient keeps the rate that it came with. In :class:`~tinygrad5329.optim.SGD` the rate multiplies the whole buffer
instead, so that lowering it also slows what is already in motion; while the rate is constant the two are one rule,
with :math:`v = -\eta b`.

With Nesterov the parameter that is stored is the point :math:`\Theta = \theta + \mu v` where Sutskever et al. take the
gradient (Bengio et al. 2013): for a constant momentum :math:`\Theta - \mu v` follows their Equations 3 and 4.
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.classical_momentum import classical_momentum_rule
from tinygrad5329.optim.momentum_options import check_descent, check_share
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import as_scalar
from tinygrad5329.optim.per_parameter import PerParameterOptimizer
from tinygrad5329.tensor import Tensor

__all__ = ["ClassicalMomentum"]


class ClassicalMomentum(PerParameterOptimizer):
    """Gradient descent whose velocity holds the learning rate, as Hinton's and Sutskever's does.

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate; a gradient moves the parameter ``lr / (1 - momentum)`` times itself in the long run.
    momentum : float
        Share of the velocity that is kept at each step, in [0, 1).
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    nesterov : bool
        Take gradients where the velocity is about to carry the parameter.
    foreach, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative `lr` or `weight_decay`; `momentum` outside [0, 1); `nesterov` without momentum.

    See Also
    --------
    HeavyBall : The same steps at any sequence of rates, from the two last points instead of a velocity.
    SGD : The same steps while the rate is constant.

    Examples
    --------
    After the rate drops to 0 the parameter coasts; that of SGD would stand still.

    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0], requires_grad=True)
    >>> optimizer = tg.optim.ClassicalMomentum([w], lr=0.5, momentum=0.5)
    >>> for lr in (0.5, 0.0, 0.0):
    ...     optimizer.param_groups[0]["lr"] = lr
    ...     w.grad = tg.ones(1)
    ...     optimizer.step()
    >>> w
    tensor([0.1250], requires_grad=True)
    """

    _rule = classical_momentum_rule
    _scalars = ()
    _bundles = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        check_descent(group)
        check_share("momentum value", group["momentum"])
        if group["nesterov"] and group["momentum"] == 0:
            raise ValueError("Nesterov momentum requires a momentum, but got momentum=0; set it or nesterov=False")

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"velocity": tg.zeros_like(p)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("velocity",)

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return group["momentum"], lr, group["nesterov"]

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        push = grad * as_scalar(group["lr"])
        velocity = state["velocity"].mul_(group["momentum"]).sub_(push)
        p.add_(velocity * group["momentum"] - push if group["nesterov"] else velocity)
