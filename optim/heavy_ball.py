r"""The heavy ball (Polyak 1964): a step goes on in the direction of the last one.

For a parameter :math:`\theta` with gradient :math:`g` and weight decay :math:`\lambda`, step :math:`k = 0, 1, \dots` is

.. math::
    g_k &\leftarrow g_k + \lambda\theta_k \\
    \theta_{k+1} &= \theta_k - \alpha g_k + \beta (\theta_k - \theta_{k-1}), \qquad \theta_{-1} = \theta_0

With :math:`v_k = \theta_k - \theta_{k-1}` this is classical momentum, at any sequence of rates and momenta. The two
part ways where something else moves the parameter between two steps, such as a bound on its norm or an average
over processes: the ball takes that for its own velocity.
"""

from __future__ import annotations

from typing import Any

from tinygrad5329.ops.update.heavy_ball import heavy_ball_rule
from tinygrad5329.optim.momentum_options import check_descent, check_share
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import as_scalar
from tinygrad5329.optim.per_parameter import PerParameterOptimizer
from tinygrad5329.tensor import Tensor

__all__ = ["HeavyBall"]


class HeavyBall(PerParameterOptimizer):
    r"""Polyak's gradient descent with a memory of one point.

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Polyak's alpha, the learning rate.
    momentum : float
        Polyak's beta, the share of the last step that is taken again, in [0, 1).
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    foreach, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative `lr` or `weight_decay`; `momentum` outside [0, 1).

    See Also
    --------
    ClassicalMomentum : The same steps from a velocity, which keeps more digits than a difference of points.

    Notes
    -----
    On a quadratic with curvatures from :math:`l` to :math:`L` the best choice is
    :math:`\alpha = 4 / (\sqrt L + \sqrt l)^2` and :math:`\beta = ((\sqrt L - \sqrt l) / (\sqrt L + \sqrt l))^2`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = tg.optim.HeavyBall([w], lr=4 / 9, momentum=1 / 9)
    >>> for _ in range(30):
    ...     optimizer.zero_grad()
    ...     (w**2 * tg.tensor([0.5, 2.0])).sum().backward()  # curvatures 1 and 4
    ...     optimizer.step()
    >>> bool(w.abs().max() < 1e-6)
    True
    """

    _rule = heavy_ball_rule
    _scalars = ()

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
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

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"previous": p.clone()}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("previous",)

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return group["momentum"], lr

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        last_step = p - state["previous"]
        state["previous"] = p.clone()
        p.add_(last_step * group["momentum"] - grad * as_scalar(group["lr"]))
