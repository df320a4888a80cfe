"""The update kernel of Adam and AdamW; the rule is that of ``optim/adam.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.ops.update.roster import Found, Member, count_up, mark_written, paired
from tinygrad5329.ops.update.rule import Rule, Update, gradient_into
from tinygrad5329.ops.update.scaling import is_found, unscale
from tinygrad5329.tensor import Tensor

__all__ = ["_fused_adam_", "_fused_adamw_", "adam_rule", "adam_step"]

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]


def _passes(
    dtype: np.dtype[Any],
    sign: float,
    decay: float,
    keep: float,
    new1: float,
    old2: float,
    new2: float,
    rate: float,
    floor: float,
) -> Update:
    """The passes over `g, p, m, v` and with AMSGrad `v_max`."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    share1, kept2, share2, step, least = (np.array(x, dtype) for x in (new1, old2, new2, rate, floor))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, m: Array, v: Array, *rest: Array) -> None:
        *maximum, s, t, _ = rest
        g = gradient(g, p, t)
        subtract(g, m, s)
        add(m, multiply(s, share1, s), m)
        multiply(g, g, s)
        multiply(v, kept2, v)
        add(v, multiply(s, share2, s), v)
        if maximum:
            v = np.maximum(maximum[0], v, out=maximum[0])
        np.sqrt(v, s)
        add(s, least, s)
        np.divide(m, s, s)
        subtract(p, multiply(s, step, s), p)

    return update


def _together(
    dtype: np.dtype[Any],
    sign: float,
    decay: float,
    keep: float,
    new1: float,
    old2: float,
    new2: float,
    rate: float,
    floor: float,
) -> Update:
    """The same over a bundle."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    share1, kept2, share2, step, least = (np.array(x, dtype) for x in (new1, old2, new2, rate, floor))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(gs: Arrays, columns: Sequence[Arrays], states: Arrays, work: Arrays, parts: Sequence[Arrays]) -> None:
        (ps, ms, *_), (m, v, *maximum), (s, t, _) = columns, states, work
        for g, p, mean, piece, square in zip(gs, ps, ms, parts[0], parts[1], strict=True):
            g = gradient(g, p, square)
            subtract(g, mean, piece)
            multiply(g, g, square)
        add(m, multiply(s, share1, s), m)
        multiply(v, kept2, v)
        add(v, multiply(t, share2, t), v)
        if maximum:
            v = np.maximum(maximum[0], v, out=maximum[0])
        np.sqrt(v, s)
        add(s, least, s)
        multiply(np.divide(m, s, s), step, s)
        for p, piece in zip(ps, parts[0], strict=True):
            subtract(p, piece, p)

    return update


#: ``run(found, sign, decay, keep, new1, old2, new2, rate, floor)``, constants of :func:`_constants`.
adam_rule = Rule("adam_update", _passes, _together)


def _constants(
    step: float, decoupled: bool, lr: Any, beta1: Any, beta2: Any, weight_decay: Any, eps: Any, maximize: bool
) -> tuple[float, ...]:
    lr, beta1, beta2, weight_decay = float(lr), float(beta1), float(beta2), float(weight_decay)
    sign = -1.0 if maximize else 1.0
    decay, keep = (0.0, 1 - lr * weight_decay) if decoupled else (weight_decay, 1.0)
    # m / (sqrt(v) / root2 + eps) is written m * root2 / (sqrt(v) + eps * root2): a pass fewer.
    root2 = (1 - beta2**step) ** 0.5
    rate = lr / (1 - beta1**step) * root2
    return sign, decay, keep, 1 - beta1, beta2, 1 - beta2, rate, float(eps) * root2


def adam_step(
    found: Found,
    *,
    decoupled: bool,
    lr: float | Tensor,
    betas: Sequence[float | Tensor],
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """One step of Adam or AdamW on the members of a roster, whose steps it counts up."""
    beta1, beta2 = betas
    for step, members in count_up(found).items():
        adam_rule.run(members, *_constants(step, decoupled, lr, beta1, beta2, weight_decay, eps, maximize))
    mark_written(found, "_fused_adamw_" if decoupled else "_fused_adam_")


def _adam_(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    state_steps: Sequence[Tensor],
    *,
    op: str,
    decoupled: bool,
    lr: float | Tensor,
    beta1: float | Tensor,
    beta2: float | Tensor,
    weight_decay: float,
    eps: float,
    amsgrad: bool,
    maximize: bool,
    grad_scale: Tensor | None,
    found_inf: Tensor | None,
) -> None:
    """What the operators of Adam and AdamW share: going over the lists, in sublists of one step number each."""
    if is_found(found_inf):
        return
    if grad_scale is not None:
        unscale(grads, grad_scale, op)
    averages = (exp_avgs, exp_avg_sqs, max_exp_avg_sqs) if amsgrad else (exp_avgs, exp_avg_sqs)
    steps: dict[float, Found] = {}
    for param, grad, count, *state in zip(params, grads, state_steps, *averages, strict=True):
        steps.setdefault(float(count._array), []).append(paired(Member(param, state), grad))
    for step, members in steps.items():
        adam_rule.run(members, *_constants(step, decoupled, lr, beta1, beta2, weight_decay, eps, maximize))
        mark_written(members, op)


def _fused_adam_(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    state_steps: Sequence[Tensor],
    *,
    lr: float | Tensor,
    beta1: float | Tensor,
    beta2: float | Tensor,
    weight_decay: float,
    eps: float,
    amsgrad: bool,
    maximize: bool,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
) -> None:
    """One step of Adam on a list of parameters, in place (``torch._fused_adam_``).

    Parameters
    ----------
    params, grads, exp_avgs, exp_avg_sqs
        Tensors of real floating point dtypes, four by four of one shape. Gradients are only read,
        except with `grad_scale`.
    max_exp_avg_sqs
        One tensor a parameter with `amsgrad`; otherwise not looked at.
    state_steps
        The number of this step, a tensor of one element a parameter: 1 at the first. The caller has
        counted it up.
    grad_scale
        Gradients are first divided by it, in place.
    found_inf
        Nothing is done where it is not zero.
    """
    _adam_(
        params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps, op="_fused_adam_",
        decoupled=False, lr=lr, beta1=beta1, beta2=beta2, eps=eps,
        weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize,
        grad_scale=grad_scale, found_inf=found_inf,
    )  # fmt: skip


def _fused_adamw_(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    state_steps: Sequence[Tensor],
    *,
    lr: float | Tensor,
    beta1: float | Tensor,
    beta2: float | Tensor,
    weight_decay: float,
    eps: float,
    amsgrad: bool,
    maximize: bool,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
) -> None:
    """One step of AdamW, in place (``torch._fused_adamw_``): :func:`_fused_adam_` with decoupled decay."""
    _adam_(
        params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps, op="_fused_adamw_",
        decoupled=True, lr=lr, beta1=beta1, beta2=beta2, eps=eps,
        weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize,
        grad_scale=grad_scale, found_inf=found_inf,
    )  # fmt: skip
