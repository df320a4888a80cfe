r"""Adafactor (Shazeer and Stern 2018): second moments of a matrix from the sums of its rows and columns.

With :math:`R, C` the running averages of :math:`G^2` along the last and the second last dimension,
:math:`\rho_t = \min(\gamma, 1/\sqrt t)` and :math:`\alpha_t = \max(\epsilon_2, \mathrm{RMS}(\theta))\rho_t`,

.. math::
    U &= G / \max(\sqrt{R C / \mathrm{mean}(R)}, \epsilon_1) \\
    \theta &\leftarrow (1 - \gamma\lambda)\theta - \alpha_t U / \max(1, \mathrm{RMS}(U) / d)

Vectors keep the average of their squares itself.
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.ops.update.adafactor import adafactor_step
from tinygrad5329.optim.optimizer import Optimizer, ParamsT
from tinygrad5329.optim.options import Closure, as_scalar, evaluate, runs_kernel
from tinygrad5329.optim.per_parameter import scalar
from tinygrad5329.tensor import Tensor

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adafactor, whose state for a matrix is two vectors (``torch.optim.Adafactor``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Upper bound of the relative step size, and what the weight decay is multiplied by.
    beta2_decay : float
        The weight of the newest squares at step t is ``t ** beta2_decay``; at most 0.
    eps : pair of float
        Smallest root mean square, of gradients (None is the dtype's own epsilon) and of parameters.
    d : float
        Root mean square that an update is clipped to.
    weight_decay : float
        Each step first multiplies a parameter by ``1 - lr * weight_decay``.
    foreach : bool, optional
        With False, the Tensor formulas compute the rule; the numbers are the same.
    maximize : bool
        Go up the gradient instead of down.

    Raises
    ------
    ValueError
        An option is out of its range.
    """

    _refuses_complex = RuntimeError

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but its shape is {tuple(lr.shape)}")
        if not float(lr) >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        for i, value in enumerate(eps, 1):
            if not (value is None and i == 1) and not value >= 0.0:  # type: ignore[operator]
                raise ValueError(f"epsilon{i} should be >= 0 but is: {value}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("foreach", None)
            for p in group["params"]:
                saved = self.state.get(p)
                if saved and not isinstance(saved["step"], Tensor):
                    saved["step"] = scalar(float(saved["step"]))

    @no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters from their gradients, once; see :meth:`Optimizer.step`."""
        loss = evaluate(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if (grad := p.grad) is not None:
                    _update(p, grad, self._state_of(p), group)
        return loss

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        """The state of `p`, made at its first step."""
        state = self.state[p]
        if not state:
            state["step"] = scalar(0.0)
            if p.ndim > 1:
                *batch, rows, columns = p.shape
                state["row_var"] = p.new_zeros((*batch, rows, 1))
                state["col_var"] = p.new_zeros((*batch, 1, columns))
            else:
                state["variance"] = tg.zeros_like(p)
        return state


def _update(p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    """One step of a parameter."""
    lr, (eps1, eps2) = as_scalar(group["lr"]), group["eps"]
    if eps1 is None:
        eps1 = tg.finfo(p.dtype).eps
    t = state["step"].add_(1).item()
    variances = [state[key] for key in (("row_var", "col_var") if "row_var" in state else ("variance",))]
    if runs_kernel(group["foreach"], None, False) and adafactor_step(
        p, grad, variances, t, lr=float(lr), beta2_decay=group["beta2_decay"], eps1=eps1, eps2=eps2, d=group["d"],
        weight_decay=group["weight_decay"], maximize=group["maximize"],
    ):  # fmt: skip
        return
    if group["maximize"]:
        grad = -grad
    newest = t ** group["beta2_decay"]
    size = max(eps2, _root_mean_square(p)) * min(float(lr), t**-0.5)
    if group["weight_decay"] != 0:
        p.mul_(1 - lr * group["weight_decay"])
    squares = grad * grad
    if p.ndim > 1:
        rows = state["row_var"].lerp_(squares.mean(-1, keepdim=True), newest)
        columns = state["col_var"].lerp_(squares.mean(-2, keepdim=True), newest)
        # The outer product by broadcasting: a matrix product over one element takes ten times as long.
        variance = rows / rows.mean(-2, keepdim=True).clamp(min=eps1) * columns
    else:
        variance = state["variance"].lerp_(squares, newest)
    update = grad * variance.clamp(min=eps1 * eps1).rsqrt()
    p.add_(update, alpha=-size / max(1.0, _root_mean_square(update) / group["d"]))


def _root_mean_square(x: Tensor) -> float:
    return x.norm(2).item() / x.numel() ** 0.5 if x.numel() else 0.0
