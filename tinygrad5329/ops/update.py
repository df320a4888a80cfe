"""In-place update kernels of the optimizers: SGD, Adam and AdamW on raw arrays.

The rules themselves are documented where a reader looks for them, as Tensor formulas in
``optim/sgd.py`` and ``optim/adam.py``; a test holds the two equal. What is here is the same arithmetic
arranged for speed: every pass writes into an array that exists already, work arrays are kept between
calls, and large parameters are updated block by block, so that a block stays in the cache for all
passes of the rule. Names and signatures are those of PyTorch's internal operators.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor, bump_version

__all__ = ["_foreach_add_", "_fused_adam_", "_fused_adamw_", "_fused_sgd_"]

Array = np.ndarray[Any, Any]
Update = Callable[..., None]

#: Bytes of a block. The three or four streams of a rule, a block each, then fit a core's L2 cache;
#: smaller blocks cost more in calls of NumPy than they gain.
_BLOCK_BYTES = 1 << 18


class _Pairs(dict[tuple[int, ...], tuple[Array, Array]]):
    """Two work arrays of one dtype, in any shape of at most a block's elements: views of the same two."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__()
        self.dtype = dtype
        self.limit = _BLOCK_BYTES // dtype.itemsize
        self.flat = np.empty(self.limit, dtype), np.empty(self.limit, dtype)

    def __missing__(self, shape: tuple[int, ...]) -> tuple[Array, Array]:
        n = math.prod(shape)
        first, second = self.flat
        pair = self[shape] = first[:n].reshape(shape), second[:n].reshape(shape)
        return pair


class _Workspace(threading.local):
    """The work arrays of a thread, kept between calls."""

    def __init__(self) -> None:
        self.pairs: dict[np.dtype[Any], _Pairs] = {}

    def __call__(self, dtype: np.dtype[Any]) -> _Pairs:
        """Work arrays to update parameters of `dtype` with.

        float32 for half precision, as PyTorch's kernels compute; otherwise of the parameter's own dtype.
        """
        work = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
        if work not in self.pairs:
            self.pairs[work] = _Pairs(work)
        return self.pairs[work]


_workspace = _Workspace()


def _in_blocks(update: Update, arrays: list[Array], work: _Pairs) -> None:
    """Run `update` block by block on `arrays`, which are of one shape and larger than a block."""
    if all(a.flags.c_contiguous for a in arrays):
        flat = [a.reshape(-1) for a in arrays]
    elif all(a.flags.f_contiguous for a in arrays):
        flat = [a.T.reshape(-1) for a in arrays]
    else:
        # Layouts differ, so there is no common flat order: one piece, with work arrays made for it.
        shape = arrays[0].shape
        update(*arrays, np.empty(shape, work.dtype), np.empty(shape, work.dtype))
        return
    size = flat[0].size
    for start in range(0, size, work.limit):
        stop = min(start + work.limit, size)
        update(*(a[start:stop] for a in flat), *work[(stop - start,)])


def _is_found(found_inf: Tensor | None) -> bool:
    """Whether a gradient scaler has found infinities, so that the step is to be left out."""
    return found_inf is not None and float(found_inf) != 0.0


def _unscale(grad: Tensor, grad_scale: Tensor, op: str) -> None:
    """Divide a gradient by the scale of its loss, in place as PyTorch's kernels do."""
    np.divide(grad._array, grad_scale._array, out=grad._array, casting="same_kind")
    bump_version(grad, op)


def _sgd_update(
    dtype: np.dtype[Any],
    *,
    weight_decay: float,
    momentum: float,
    lr: float,
    dampening: float,
    nesterov: bool,
    maximize: bool,
    is_first_step: bool,
) -> Update:
    """The passes of an SGD step over `p, g, b` (parameter, gradient, momentum buffer) and two work arrays."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    # 0-d arrays, because NumPy takes twice as long to look at a Python number.
    rate, decay, mu, damped = (np.array(x, dtype) for x in (lr, weight_decay, momentum, 1 - dampening))

    def update(p: Array, g: Array, b: Array, s: Array, t: Array) -> None:
        if weight_decay:
            multiply(p, decay, s)
            g = subtract(s, g, s) if maximize else add(s, g, s)
        elif maximize:
            g = np.negative(g, s)
        if momentum:
            if is_first_step:
                np.copyto(b, g, casting="same_kind")
            else:
                multiply(b, mu, b)
                add(b, multiply(g, damped, t) if dampening else g, b)
            g = add(multiply(b, mu, t), g, t) if nesterov else b
        subtract(p, multiply(g, rate, t), p)

    return update


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
    if _is_found(found_inf):
        return
    options: dict[str, Any] = {
        "weight_decay": float(weight_decay),
        "momentum": float(momentum),
        "lr": float(lr),
        "dampening": float(dampening),
        "nesterov": nesterov,
        "maximize": maximize,
        "is_first_step": is_first_step,
    }
    # Without momentum nothing looks at the third array; the gradient stands in for it.
    buffers = momentum_buffer_list if momentum else grads
    dtype = None
    with np.errstate(all="ignore"):
        for param, grad, buffer in zip(params, grads, buffers, strict=True):
            if grad_scale is not None:
                _unscale(grad, grad_scale, "_fused_sgd_")
            p, g, b = param._array, grad._array, buffer._array
            if p.dtype is not dtype:
                dtype = p.dtype
                work = _workspace(dtype)
                update = _sgd_update(work.dtype, **options)
            if p.size <= work.limit:
                update(p, g, b, *work[p.shape])
            else:
                _in_blocks(update, [p, g, b], work)
            bump_version(param, "_fused_sgd_")
            if momentum:
                bump_version(buffer, "_fused_sgd_")


def _adam_update(
    dtype: np.dtype[Any],
    step: float,
    *,
    decoupled: bool,
    lr: float,
    beta1: float,
    beta2: float,
    weight_decay: float,
    eps: float,
    amsgrad: bool,
    maximize: bool,
) -> Update:
    """The passes of Adam's step number `step` over `p, g, m, v, v_max` and two work arrays."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    root2 = (1 - beta2**step) ** 0.5
    # m / (sqrt(v) / root2 + eps) is written m * root2 / (sqrt(v) + eps * root2): a pass fewer.
    rate = np.array(lr / (1 - beta1**step) * root2, dtype)
    floor = np.array(eps * root2, dtype)
    keep = np.array(1 - lr * weight_decay, dtype)
    decay, new1, old2, new2 = (np.array(x, dtype) for x in (weight_decay, 1 - beta1, beta2, 1 - beta2))

    def update(p: Array, g: Array, m: Array, v: Array, v_max: Array, s: Array, t: Array) -> None:
        if maximize:
            g = np.negative(g, t)
        if weight_decay and decoupled:
            multiply(p, keep, p)
        elif weight_decay:
            g = add(multiply(p, decay, s), g, t)
        subtract(g, m, s)
        add(m, multiply(s, new1, s), m)
        multiply(g, g, s)
        multiply(v, old2, v)
        add(v, multiply(s, new2, s), v)
        if amsgrad:
            v = np.maximum(v_max, v, out=v_max)
        np.sqrt(v, s)
        add(s, floor, s)
        np.divide(m, s, s)
        subtract(p, multiply(s, rate, s), p)

    return update


def _adam_(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    state_steps: Sequence[Tensor],
    *,
    op: str,
    grad_scale: Tensor | None,
    found_inf: Tensor | None,
    **options: Any,
) -> None:
    """What Adam and AdamW share: going over the lists, with the rule renewed where dtype or step change."""
    if _is_found(found_inf):
        return
    amsgrad = options["amsgrad"]
    dtype = step = None
    maxima = max_exp_avg_sqs if amsgrad else exp_avg_sqs
    lists = (params, grads, exp_avgs, exp_avg_sqs, maxima, state_steps)
    with np.errstate(all="ignore"):
        for param, grad, exp_avg, exp_avg_sq, maximum, state_step in zip(*lists, strict=True):
            if grad_scale is not None:
                _unscale(grad, grad_scale, op)
            arrays = [param._array, grad._array, exp_avg._array, exp_avg_sq._array, maximum._array]
            p, count = arrays[0], float(state_step._array)
            if p.dtype is not dtype or count != step:
                dtype, step = p.dtype, count
                work = _workspace(dtype)
                update = _adam_update(work.dtype, step, **options)
            if p.size <= work.limit:
                update(*arrays, *work[p.shape])
            else:
                _in_blocks(update, arrays, work)
            for written in (param, exp_avg, exp_avg_sq, maximum) if amsgrad else (param, exp_avg, exp_avg_sq):
                bump_version(written, op)


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
        decoupled=False, lr=float(lr), beta1=float(beta1), beta2=float(beta2), eps=float(eps),
        weight_decay=float(weight_decay), amsgrad=amsgrad, maximize=maximize,
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
        decoupled=True, lr=float(lr), beta1=float(beta1), beta2=float(beta2), eps=float(eps),
        weight_decay=float(weight_decay), amsgrad=amsgrad, maximize=maximize,
        grad_scale=grad_scale, found_inf=found_inf,
    )  # fmt: skip


def _foreach_add_(tensors: Sequence[Tensor], scalar: float) -> None:
    """Add `scalar` to each of `tensors`, in place (``torch._foreach_add_`` with a number)."""
    for t in tensors:
        array = t._array
        np.add(array, scalar, out=array, casting="same_kind")
        bump_version(t, "_foreach_add_")
