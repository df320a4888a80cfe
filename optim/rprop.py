"""Rprop (Riedmiller and Braun 1993): step sizes that depend on the signs of gradients alone.

An element's step grows by a factor where its gradient kept its sign since the step before, and shrinks
where it changed; there, the element also stays where it is for one step.
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.rprop import rprop_rule
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer
from tinygrad5329.tensor import Tensor

__all__ = ["Rprop"]


class Rprop(PerParameterOptimizer):
    """Resilient backpropagation, for gradients of the whole data set (``torch.optim.Rprop``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        The first step of every element.
    etas : pair of float
        Factors by which steps shrink and grow.
    step_sizes : pair of float
        The smallest and the largest step.
    capturable, foreach, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative `lr`, or `etas` not on both sides of 1.
    """

    _rule = rprop_rule

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}; they must be in (0, 1) and above 1")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        lr = float(group["lr"])
        return {"prev": tg.zeros_like(p), "step_size": tg.full_like(p, complex(lr, lr) if p.is_complex() else lr)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return "prev", "step_size"

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return *group["etas"], *group["step_sizes"]

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        shrink, grow = group["etas"]
        agreement = (grad * state["prev"]).sign().detach()
        turned = agreement < 0
        factor = tg.ones_like(p).masked_fill(agreement > 0, grow).masked_fill(turned, shrink)
        size = state["step_size"] = (state["step_size"] * factor).clamp(*group["step_sizes"])
        grad = grad.masked_fill(turned, 0.0)
        p.sub_(grad.sign() * size)
        state["prev"].copy_(grad)
