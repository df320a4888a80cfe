"""SGD's update kernel; the rule is that of ``optim/sgd.py``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.roster import Found, Member, mark_written, paired
from tinygrad5329.ops.update.rule import Rule, Update, gradient_into
from tinygrad5329.ops.update.scaling import is_found, unscale
from tinygrad5329.tensor import Tensor

__all__ = ["_fused_sgd_", "sgd_rule", "sgd_step"]

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]


# A training loop asks for the same constants at every step.
@lru_cache(maxsize=64)
def _passes(
    dtype: np.dtype[Any],
    sign: float,
    weight_decay: float,
    momentum: float,
    damping: float,
    lr: float,
    nesterov: bool,
    is_first_step: bool,
) -> Update:
    """The passes over `g, p, b` (gradient, parameter, momentum buffer), or over `g, p` without momentum."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    # 0-d arrays, because NumPy takes twice as long to look at a Python number.
    mu, damped, rate, share = (np.array(x, dtype) for x in (momentum, damping, lr, weight_decay))
    gradient = gradient_into(dtype, sign, weight_decay)

    def plain(g: Array, p: Array, s: Array, t: Array, u: Array) -> None:
        subtract(p, multiply(gradient(g, p, s), rate, s), p)

    def with_momentum(g: Array, p: Array, b: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, s)
        if is_first_step:
            np.copyto(b, g, casting="same_kind")
        else:
            multiply(b, mu, b)
            add(b, g if damping == 1 else multiply(g, damped, t), b)
        subtract(p, multiply(add(multiply(b, mu, t), g, t) if nesterov else b, rate, s), p)

    def usual(g: Array, p: Array, b: Array, s: Array, t: Array, u: Array) -> None:
        # with_momentum without its questions, which take as long as the arithmetic of a small parameter.
        multiply(p, share, s)
        add(s, g, s)
        multiply(b, mu, b)
        add(b, s, b)
        multiply(b, rate, s)
        subtract(p, s, p)

    if momentum and weight_decay and sign == damping == 1 and not nesterov and not is_first_step:
        return usual
    return with_momentum if momentum else plain


@lru_cache(maxsize=64)
def _together(
    dtype: np.dtype[Any],
    sign: float,
    weight_decay: float,
    momentum: float,
    damping: float,
    lr: float,
    nesterov: bool,
    is_first_step: bool,
) -> Update | None:
    """The passes over a bundle; None for options that are not usual."""
    if not momentum or not sign == damping == 1 or nesterov or is_first_step:
        return None
    multiply, add, subtract = np.multiply, np.add, np.subtract
    mu, rate, share = (np.array(x, dtype) for x in (momentum, lr, weight_decay))

    def update(gs: Arrays, columns: Sequence[Arrays], states: Arrays, work: Arrays, parts: Sequence[Arrays]) -> None:
        (ps, bs), (b,), s, pieces = columns, states, work[0], parts[0]
        multiply(b, mu, b)
        if weight_decay:
            for g, p, piece in zip(gs, ps, pieces):  # noqa: B905 - strict=True takes as long as the loop
                add(multiply(p, share, piece), g, piece)
            add(b, s, b)
        else:
            for g, part in zip(gs, bs):  # noqa: B905
                add(part, g, part)
        multiply(b, rate, s)
        for p, piece in zip(ps, pieces):  # noqa: B905
            subtract(p, piece, p)

    return update


#: ``run(found, sign, weight_decay, momentum, damping, lr, nesterov, is_first_step)``: `damping` is what the gradient is
#: multiplied by, `sign` -1 to go up.
sgd_rule = Rule("sgd_update", _passes, _together)


def _constants(
    weight_decay: Any, momentum: Any, lr: Any, dampening: Any, nesterov: Any, maximize: Any
) -> tuple[Any, ...]:
    sign = -1.0 if maximize else 1.0
    return sign, float(weight_decay), float(momentum), 1.0 - dampening, float(lr), bool(nesterov)


def sgd_step(
    found: Found,
    *,
    weight_decay: float | Tensor,
    momentum: float,
    lr: float | Tensor,
    dampening: float,
    nesterov: bool,
    maximize: bool,
    has_new: bool,
) -> None:
    """One step of SGD on the members of a roster; with `has_new`, some may have buffers that hold nothing yet."""
    constants = _constants(weight_decay, momentum, lr, dampening, nesterov, maximize)
    if has_new:
        new = [pair for pair in found if pair[0].is_new]
        old = [pair for pair in found if not pair[0].is_new]
        sgd_rule.run(new, *constants, True)
        sgd_rule.run(old, *constants, False)
    else:
        sgd_rule.run(found, *constants, False)
    mark_written(found, "_fused_sgd_")


def _fused_sgd_(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    momentum_buffer_list: Sequence[Tensor],
    *,
    weight_decay: float,
    momentum: float,
    lr: float | Tensor,
    dampening: float,
    nesterov: bool,
    maximize: bool,
    is_first_step: bool,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
) -> None:
    """One step of SGD on a list of parameters, in place (``torch._fused_sgd_``).

    Parameters
    ----------
    params, grads
        Tensors of real floating point dtypes, pairwise of one shape. Gradients are only read, except
        with `grad_scale`.
    momentum_buffer_list
        One buffer a parameter, or an empty list where `momentum` is 0.
    is_first_step
        The buffers hold nothing yet: they are set to the gradients.
    grad_scale
        Gradients are first divided by it, in place.
    found_inf
        Nothing is done where it is not zero.
    """
    if is_found(found_inf):
        return
    if grad_scale is not None:
        unscale(grads, grad_scale, "_fused_sgd_")
    if momentum:
        members = [Member(p, (b,)) for p, b in zip(params, momentum_buffer_list, strict=True)]
    else:
        members = [Member(p, ()) for p in params]
    found = [paired(member, grad) for member, grad in zip(members, grads, strict=True)]
    constants = _constants(weight_decay, momentum, lr, dampening, nesterov, maximize)
    sgd_rule.run(found, *constants, is_first_step)
    mark_written(found, "_fused_sgd_")
