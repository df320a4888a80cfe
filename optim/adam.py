r"""Adam (Kingma and Ba 2015) and its variants AMSGrad (Reddi et al. 2018) and decoupled decay.

For a parameter :math:`\theta` with gradient :math:`g`, learning rate :math:`\gamma`, decay rates
:math:`\beta_1, \beta_2` and weight decay :math:`\lambda`, step :math:`t = 1, 2, \dots` is

.. math::
    g &\leftarrow g + \lambda\theta          \qquad (\theta \leftarrow (1 - \gamma\lambda)\theta
                                                     \text{ if the decay is decoupled}) \\
    m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
    v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
    \theta &\leftarrow \theta - \gamma\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

and AMSGrad has the largest :math:`v` so far in the place of the last. :func:`_single_tensor_adam` says
the same in code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update import _foreach_add_, _fused_adam_, _fused_adamw_
from tinygrad5329.ops.update.adam import adam_step
from tinygrad5329.optim.optimizer import Optimizer, ParamsT
from tinygrad5329.optim.options import (
    Closure,
    as_real,
    as_scalar,
    check_implementation,
    check_nonnegative,
    evaluate,
    runs_kernel,
    use_grad_for_differentiable,
)
from tinygrad5329.tensor import Tensor

__all__ = ["Adam", "adam"]


#: What the state has of each parameter; the last with AMSGrad.
_AVERAGES = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")


class Adam(Optimizer):
    """Adam, with AMSGrad and decoupled weight decay as options (``torch.optim.Adam``).

    Parameters
    ----------
    params : iterable
        Tensors, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float or Tensor
        Learning rate.
    betas : pair of float or of Tensor
        Decay rates of the running averages of the gradient and of its square.
    eps : float
        Added to the denominator, outside the root.
    weight_decay : float
        L2 penalty: this times the parameter is added to the gradient.
    amsgrad : bool
        Divide by the largest average of squares so far.
    foreach, fused : bool, optional
        Which implementation computes the rule; the numbers are the same. By default, and with either of
        them True, one kernel over all parameters; with False, the Tensor formulas.
    maximize : bool
        Go up the gradient instead of down.
    capturable : bool
        For devices whose work is captured as a graph; True is an error, as there is no such device.
    differentiable : bool
        Record the step, so that gradients flow through it. Parameters are then graph tensors.
    decoupled_weight_decay : bool
        Shrink the parameter itself instead, out of sight of the averages: AdamW.

    Raises
    ------
    ValueError
        A negative `lr`, `eps` or `weight_decay`, or a beta outside [0, 1).
    RuntimeError
        More than one of `foreach`, `fused` and `differentiable` is True, or `capturable` is.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([ 0.9000, -1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        check_nonnegative("epsilon value", eps)
        for i, beta in enumerate(betas):
            if isinstance(beta, Tensor) and beta.numel() != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element, but its shape is {tuple(beta.shape)}")
            if not 0.0 <= float(beta) < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}; it must be in [0, 1)")
        if not (all(isinstance(b, float) for b in betas) or all(isinstance(b, Tensor) for b in betas)):
            raise ValueError(f"betas must be either both floats or both Tensors, but got {betas}")
        check_nonnegative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": tuple(map(as_scalar, betas)),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            # Options that states saved by old versions of PyTorch lack.
            for option in ("amsgrad", "maximize", "capturable", "differentiable", "decoupled_weight_decay"):
                group.setdefault(option, False)
            for option in ("foreach", "fused"):
                group.setdefault(option, None)
            for p in group["params"]:
                saved = self.state.get(p)
                if saved and not isinstance(saved["step"], Tensor):
                    saved["step"] = tg.tensor(float(saved["step"]), dtype=_step_dtype(group))

    def _check_group(self, group: dict[str, Any]) -> None:
        check_implementation(self, group)

    def _state_of(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        """The state of `p`, made at its first step."""
        state = self.state[p]
        if not state:
            state["step"] = tg.zeros((), dtype=_step_dtype(group))
            state["exp_avg"] = tg.zeros_like(p)
            state["exp_avg_sq"] = tg.zeros_like(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = tg.zeros_like(p)
        return state

    @use_grad_for_differentiable
    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters from their gradients, once; see :meth:`Optimizer.step`."""
        loss = evaluate(closure)
        for number, group in enumerate(self.param_groups):
            if not group["capturable"] and runs_kernel(group["foreach"], group["fused"], group["differentiable"]):
                keys = _AVERAGES if group["amsgrad"] else _AVERAGES[:2]
                found = self._roster(number, keys, ("step",)).find(group, self.state, self._begin)
                if found is not None:
                    adam_step(
                        found,
                        decoupled=group["decoupled_weight_decay"],
                        lr=group["lr"],
                        betas=group["betas"],
                        weight_decay=group["weight_decay"],
                        eps=group["eps"],
                        maximize=group["maximize"],
                    )
                    continue
            self._step_by_lists(group)
        return loss

    def _begin(self, p: Tensor, group: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        is_new = not self.state.get(p)
        return self._state_of(p, group), is_new

    def _step_by_lists(self, group: dict[str, Any]) -> None:
        params = [p for p in group["params"] if p.grad is not None]
        states = [self._state_of(p, group) for p in params]
        amsgrad, (beta1, beta2) = group["amsgrad"], group["betas"]
        averages = {key: [state[key] for state in states] for key in (_AVERAGES if amsgrad else _AVERAGES[:2])}
        adam(
            params,
            [p.grad for p in params],
            averages["exp_avg"],
            averages["exp_avg_sq"],
            averages.get("max_exp_avg_sq", []),
            [state["step"] for state in states],
            foreach=group["foreach"],
            capturable=group["capturable"],
            differentiable=group["differentiable"],
            fused=group["fused"],
            has_complex=any(p.is_complex() for p in params),
            decoupled_weight_decay=group["decoupled_weight_decay"],
            amsgrad=amsgrad,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=group["maximize"],
        )
        for key, values in averages.items():
            for state, value in zip(states, values, strict=True):
                state[key] = value


def _step_dtype(group: dict[str, Any]) -> Any:
    """The dtype of step counts: as in PyTorch float32, or float64 where that is the default dtype."""
    return tg.float64 if tg.get_default_dtype() is tg.float64 and not group["fused"] else tg.float32


def adam(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    max_exp_avg_sqs: list[Tensor],
    state_steps: Sequence[Tensor],
    foreach: bool | None = None,
    capturable: bool = False,
    differentiable: bool = False,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_complex: bool = False,
    decoupled_weight_decay: bool = False,
    *,
    amsgrad: bool,
    beta1: float | Tensor,
    beta2: float | Tensor,
    lr: float | Tensor,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """One step of :class:`Adam` on lists of tensors, in place (``torch.optim.adam.adam``).

    Counts `state_steps` up. Where the formulas run, new averages are put into their lists. `has_complex` is
    PyTorch's: that there are complex parameters, whose parts then count as parameters of their own.

    Raises
    ------
    RuntimeError
        Complex parameters without `has_complex`; `capturable`; `grad_scale` or `found_inf` where the formulas and
        not the kernel run.
    """
    if capturable:
        raise RuntimeError("adam: capturable=True is not supported")
    rule: dict[str, Any] = {
        "amsgrad": amsgrad,
        "beta1": beta1,
        "beta2": beta2,
        "lr": lr,
        "weight_decay": weight_decay,
        "eps": eps,
        "maximize": maximize,
    }
    lists = (params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps)
    if has_complex:
        lists = tuple(list(map(as_real, tensors)) for tensors in lists)  # type: ignore[assignment]
    elif any(p.is_complex() for p in params):
        raise RuntimeError("adam: there are complex parameters; pass has_complex=True")
    if runs_kernel(foreach, fused, differentiable):
        if found_inf is None or float(found_inf) == 0.0:
            _foreach_add_(state_steps, 1)
        kernel = _fused_adamw_ if decoupled_weight_decay else _fused_adam_
        kernel(*lists, **rule, grad_scale=grad_scale, found_inf=found_inf)
    elif grad_scale is not None or found_inf is not None:
        raise RuntimeError("adam: grad_scale and found_inf need the kernel; leave out foreach=False, fused=False")
    else:
        _single_tensor_adam(*lists, decoupled=decoupled_weight_decay, **rule)
        if has_complex:
            for own, new in zip((exp_avgs, exp_avg_sqs, max_exp_avg_sqs), lists[2:5], strict=True):
                own[:] = [tg.view_as_complex(n) if o.is_complex() else n for o, n in zip(own, new, strict=True)]


def _single_tensor_adam(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    max_exp_avg_sqs: list[Tensor],
    state_steps: Sequence[Tensor],
    *,
    decoupled: bool,
    amsgrad: bool,
    beta1: float | Tensor,
    beta2: float | Tensor,
    lr: float | Tensor,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """The rule, a parameter at a time.

    Only the parameters change in place: a recorded step may need the averages that it began with.
    """
    lr, beta1, beta2 = as_scalar(lr), as_scalar(beta1), as_scalar(beta2)
    for i, param in enumerate(params):
        grad = -grads[i] if maximize else grads[i]
        t = state_steps[i].add_(1).item()

        if weight_decay != 0 and decoupled:
            param.mul_(1 - lr * weight_decay)
        elif weight_decay != 0:
            grad = grad.add(param, alpha=weight_decay)

        m = exp_avgs[i] = exp_avgs[i].lerp(grad, 1 - beta1)
        v = exp_avg_sqs[i] = exp_avg_sqs[i].lerp(grad * grad, 1 - beta2)
        if amsgrad:
            v = max_exp_avg_sqs[i] = tg.maximum(max_exp_avg_sqs[i], v)

        # The averages start at 0; dividing by what the weights so far sum to takes that bias away.
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        param.sub_(lr * m_hat / (v_hat.sqrt() + eps))
