r"""Stochastic gradient descent with momentum.

For a parameter :math:`\theta` with gradient :math:`g`, learning rate :math:`\gamma`, momentum
:math:`\mu`, dampening :math:`\tau` and weight decay :math:`\lambda`, a step is

.. math::
    g &\leftarrow g + \lambda\theta \\
    b &\leftarrow \mu b + (1 - \tau) g      \qquad (b \leftarrow g \text{ at the first step}) \\
    \theta &\leftarrow \theta - \gamma b    \qquad (g + \mu b \text{ in place of } b \text{ with Nesterov})

:func:`_single_tensor_sgd` says the same in code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.sgd import _fused_sgd_, sgd_step
from tinygrad5329.optim.optimizer import Optimizer, ParamsT
from tinygrad5329.optim.options import (
    Closure,
    as_scalar,
    check_implementation,
    check_nonnegative,
    evaluate,
    runs_kernel,
    use_grad_for_differentiable,
)
from tinygrad5329.tensor import Tensor

__all__ = ["SGD", "sgd"]


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum (``torch.optim.SGD``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate.
    momentum : float
        How much of the previous update to keep. The buffer starts as the first gradient, undamped,
        and the learning rate multiplies the buffer, not the gradient (Sutskever et al. 2013 do the
        latter, as :class:`~tinygrad5329.optim.ClassicalMomentum` does; the two differ when the rate changes).
    dampening : float
        The gradient enters the buffer times ``1 - dampening``.
    weight_decay : float or Tensor
        L2 penalty: this times the parameter is added to the gradient.
    nesterov : bool
        Look ahead along the momentum. Needs momentum, and no dampening.
    maximize : bool
        Go up the gradient instead of down.
    foreach, fused : bool, optional
        Which implementation computes the rule; the numbers are the same. By default, and with either of
        them True, one kernel over all parameters; with False, the Tensor formulas.
    differentiable : bool
        Record the step, so that gradients flow through it (into `lr`, or into what the gradients were
        computed from). Parameters are then graph tensors, not leaves.

    Raises
    ------
    ValueError
        A negative `lr`, `momentum` or `weight_decay`; `nesterov` without momentum or with dampening.
    RuntimeError
        More than one of `foreach`, `fused` and `differentiable` is True.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).sum().backward()
    ...     optimizer.step()
    >>> w
    tensor([0.4600, 0.9200], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        check_nonnegative("momentum value", momentum)
        check_nonnegative("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                "Nesterov momentum requires a momentum and zero dampening, but got "
                f"momentum={momentum}, dampening={dampening}"
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            # Options that states saved by old versions of PyTorch lack.
            for option in ("nesterov", "maximize", "differentiable"):
                group.setdefault(option, False)
            for option in ("foreach", "fused"):
                group.setdefault(option, None)

    def _check_group(self, group: dict[str, Any]) -> None:
        check_implementation(self, group)

    @use_grad_for_differentiable
    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters from their gradients, once; see :meth:`Optimizer.step`."""
        loss = evaluate(closure)
        for number, group in enumerate(self.param_groups):
            if runs_kernel(group["foreach"], group["fused"], group["differentiable"]):
                roster = self._roster(number, ("momentum_buffer",) if group["momentum"] else ())
                found = roster.find(group, self.state, self._begin)
                if found is not None:
                    sgd_step(
                        found,
                        weight_decay=group["weight_decay"],
                        momentum=group["momentum"],
                        lr=group["lr"],
                        dampening=group["dampening"],
                        nesterov=group["nesterov"],
                        maximize=group["maximize"],
                        has_new=roster.has_new,
                    )
                    continue
            self._step_by_formulas(group)
        return loss

    def _begin(self, p: Tensor, group: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """The state of `p`, and whether its buffer is new."""
        if not group["momentum"]:
            return {}, False
        state = self.state[p]
        is_new = state.get("momentum_buffer") is None
        if is_new:
            state["momentum_buffer"] = tg.zeros_like(p)
        return state, is_new

    def _step_by_formulas(self, group: dict[str, Any]) -> None:
        params = [p for p in group["params"] if p.grad is not None]
        states = [self.state[p] for p in params] if group["momentum"] != 0 else []
        buffers = [state.get("momentum_buffer") for state in states]
        _single_tensor_sgd(
            params,
            [p.grad for p in params],
            buffers,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
        )
        for state, buffer in zip(states, buffers, strict=True):
            state["momentum_buffer"] = buffer


def sgd(
    params: Sequence[Tensor],
    d_p_list: Sequence[Tensor],
    momentum_buffer_list: list[Tensor | None],
    has_sparse_grad: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    *,
    weight_decay: float | Tensor,
    momentum: float,
    lr: float | Tensor,
    dampening: float,
    nesterov: bool,
    maximize: bool,
    differentiable: bool = False,
) -> None:
    """One step of :class:`SGD` on lists of tensors, in place (``torch.optim.sgd.sgd``).

    New buffers, where there were none or where the formulas run, are put into `momentum_buffer_list`.

    Raises
    ------
    RuntimeError
        `has_sparse_grad`, or `grad_scale` or `found_inf` where the formulas and not the kernel run.
    """
    if has_sparse_grad:
        raise RuntimeError("sgd: sparse gradients are not supported; make them dense with grad.to_dense()")
    rule: dict[str, Any] = {
        "weight_decay": weight_decay,
        "momentum": momentum,
        "lr": lr,
        "dampening": dampening,
        "nesterov": nesterov,
        "maximize": maximize,
    }
    # The formulas are linear, and hold for complex numbers as they stand.
    if runs_kernel(foreach, fused, differentiable) and not any(p.is_complex() for p in params):
        _kernel_sgd(params, d_p_list, momentum_buffer_list, grad_scale, found_inf, rule)
    elif grad_scale is not None or found_inf is not None:
        raise RuntimeError(
            "sgd: grad_scale and found_inf need the kernel; leave out foreach=False, fused=False and complex parameters"
        )
    else:
        _single_tensor_sgd(params, d_p_list, momentum_buffer_list, **rule)


def _single_tensor_sgd(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    momentum_buffer_list: list[Tensor | None],
    *,
    weight_decay: float | Tensor,
    momentum: float,
    lr: float | Tensor,
    dampening: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """The rule, a parameter at a time.

    Only the parameters change in place: a recorded step may need the buffer that it began with.
    """
    lr, weight_decay = as_scalar(lr), as_scalar(weight_decay)
    for i, param in enumerate(params):
        grad = -grads[i] if maximize else grads[i]
        if isinstance(weight_decay, Tensor):
            grad = grad + weight_decay * param
        elif weight_decay != 0:
            grad = grad.add(param, alpha=weight_decay)
        if momentum != 0:
            buffer = momentum_buffer_list[i]
            if buffer is None:
                buffer = momentum_buffer_list[i] = grad.detach().clone()
            else:
                buffer = momentum_buffer_list[i] = buffer.mul(momentum).add_(grad, alpha=1 - dampening)
            grad = grad.add(buffer, alpha=momentum) if nesterov else buffer
        if isinstance(lr, Tensor):
            param.sub_(lr * grad)
        else:
            param.add_(grad, alpha=-lr)


def _kernel_sgd(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    buffers: list[Tensor | None],
    grad_scale: Tensor | None,
    found_inf: Tensor | None,
    rule: dict[str, Any],
) -> None:
    """The rule by the engine's kernel; apart for parameters that have no buffer yet."""
    scaler: dict[str, Any] = {"grad_scale": grad_scale, "found_inf": found_inf}
    if rule["momentum"] == 0 or all(buffer is not None for buffer in buffers):
        _fused_sgd_(params, grads, buffers, is_first_step=False, **rule, **scaler)  # type: ignore[arg-type]
        return
    new = [i for i, buffer in enumerate(buffers) if buffer is None]
    old = [i for i, buffer in enumerate(buffers) if buffer is not None]
    for i in new:
        buffers[i] = tg.zeros_like(params[i])
    for chosen, is_first_step in ((new, True), (old, False)):
        _fused_sgd_(
            [params[i] for i in chosen],
            [grads[i] for i in chosen],
            [buffers[i] for i in chosen],  # type: ignore[misc]
            is_first_step=is_first_step,
            **rule,
            **scaler,
        )
