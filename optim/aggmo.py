r"""Aggregated momentum (Lucas, Sun, Zemel and Grosse 2019): several velocities at once, each with its own damping.

For a parameter :math:`\theta` with gradient :math:`g`, velocities :math:`v^{(1)}, \dots, v^{(K)}` (0 at first),
learning rate :math:`\gamma`, damping vector :math:`\beta` and weight decay :math:`\lambda`, a step is

.. math::
    g &\leftarrow g + \lambda\theta \\
    v^{(i)} &\leftarrow \beta^{(i)} v^{(i)} - g \\
    \theta &\leftarrow \theta + \frac{\gamma}{K} \sum_{i=1}^{K} v^{(i)}

Weak damping builds up speed along flat directions, and strong damping stops the oscillations which that causes along
steep ones. One velocity is :class:`~tinygrad5329.optim.SGD` with momentum. Two, with :math:`\beta = (0, \mu)`, are
:class:`~tinygrad5329.optim.QHM` with :math:`\nu = 1 / (2 - \mu)` and the rate
:math:`\gamma (2 - \mu) / (2 (1 - \mu))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.aggmo import aggmo_rule
from tinygrad5329.optim.momentum_options import check_descent, check_share
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.optim.per_parameter import PerParameterOptimizer, descend
from tinygrad5329.tensor import Tensor

__all__ = ["AggMo"]


class AggMo(PerParameterOptimizer):
    """Aggregated momentum, the mean of the steps of several heavy balls.

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate, multiplying the mean of the velocities.
    betas : sequence of float
        The damping vector: for each velocity the share that is kept at each step, in [0, 1). The paper's choice for K
        velocities is ``1 - 0.1**i`` for i from 0 to K - 1. Memory is one tensor a velocity.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    foreach, maximize, differentiable
        See :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        A negative `lr` or `weight_decay`; no `betas`, or one outside [0, 1).
    TypeError
        `betas` is no sequence.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0], requires_grad=True)
    >>> optimizer = tg.optim.AggMo([w], lr=0.5, betas=(0.0, 0.5))
    >>> for _ in range(2):
    ...     w.grad = tg.ones(1)
    ...     optimizer.step()  # steps of 0.5 * (1 + 1) / 2, then of 0.5 * (1 + 1.5) / 2
    >>> w
    tensor([-0.1250], requires_grad=True)
    """

    _rule = aggmo_rule
    _scalars = ()
    _bundles = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: Sequence[float] = (0.0, 0.9, 0.99),
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        check_descent(group)
        if not isinstance(group["betas"], Sequence):
            raise TypeError(f"AggMo takes a sequence of momenta as betas, such as (0.0, 0.9), got {group['betas']!r}")
        if not len(group["betas"]):
            raise ValueError(
                "AggMo needs at least one velocity, but betas is empty; one of 0.9 is SGD with momentum 0.9"
            )
        for i, beta in enumerate(group["betas"]):
            check_share(f"beta parameter at index {i}", beta)

    def _begin(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = super()._begin(p, group)
        # The damping vector may grow between two steps; new velocities begin at rest.
        for key in self._keys(group):
            if key not in state:
                state[key] = tg.zeros_like(p)
        return state

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        return {key: tg.zeros_like(p) for key in self._keys(group)}

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        return tuple(f"velocity_{i}" for i in range(len(group["betas"])))

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        return tuple(group["betas"]), lr

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        velocities = [
            state[key].mul_(beta).sub_(grad) for key, beta in zip(self._keys(group), group["betas"], strict=True)
        ]
        total = velocities[0]
        for velocity in velocities[1:]:
            total = total + velocity
        descend(p, total / -len(velocities), group["lr"])
