r"""Adagrad (Duchi, Hazan and Singer 2011): step sizes from the sum of all squared gradients.

.. math::
    s &\leftarrow s + g^2 \\
    \theta &\leftarrow \theta - \frac{\gamma}{1 + (t - 1)\eta} \frac{g}{\sqrt{s} + \epsilon}

with :math:`\eta` the decay of the learning rate.
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.adagrad import adagrad_rule
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.options import check_nonnegative
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, descend
from tinygrad5329.tensor import Tensor

__all__ = ["Adagrad"]


class Adagrad(PerParameterOptimizer):
    """Adagrad (``torch.optim.Adagrad``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate.
    lr_decay : float
        How fast the learning rate falls with the number of steps.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    initial_accumulator_value : float
        What the sums of squares begin at.
    eps : float
        Added to the denominator, outside the root.
    foreach, maximize, differentiable, fused
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative option.
    """

    _rule = adagrad_rule

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        check_nonnegative("lr_decay value", lr_decay)
        check_nonnegative("weight_decay value", weight_decay)
        check_nonnegative("initial_accumulator_value value", initial_accumulator_value)
        check_nonnegative("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        with tg.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    self._begin(p, {**group, "differentiable": False})

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {"sum": tg.full_like(p, self.defaults["initial_accumulator_value"])}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return group["eps"], lr / (1 + (t - 1) * group["lr_decay"])

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        total = state["sum"].add_(grad * grad)
        rate = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        descend(p, grad / (total.sqrt() + group["eps"]), rate)

    def share_memory(self) -> None:
        """Nothing: worker processes share no state here (``Adagrad.share_memory`` of PyTorch).

        Raises
        ------
        NotImplementedError
            Always, as training from several processes on one state is not supported.
        """
        raise NotImplementedError("Adagrad.share_memory: state cannot be shared between processes here")
