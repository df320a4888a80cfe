"""Update rules of optimizers in one pass over a parameter, its gradient and its state.

The kernels take what a :class:`~tinygrad5329.ops.update.roster.Member` says they can take: float32 and float64 in one
piece of memory. Everything else goes to NumPy's passes, and so does the first step of SGD with momentum, which may
not read the buffer. The constants are those of NumPy's rules; `sign` is -1 to go up the gradient, `decay` the share of
the parameter that is added to the gradient, and `keep` what the parameter itself is multiplied by.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad5329.fast.compiled import kernel
from tinygrad5329.ops.update.adadelta import adadelta_rule
from tinygrad5329.ops.update.adagrad import adagrad_rule
from tinygrad5329.ops.update.adam import adam_rule
from tinygrad5329.ops.update.adamax import adamax_rule
from tinygrad5329.ops.update.aggmo import aggmo_rule
from tinygrad5329.ops.update.classical_momentum import classical_momentum_rule
from tinygrad5329.ops.update.heavy_ball import heavy_ball_rule
from tinygrad5329.ops.update.nadam import nadam_rule
from tinygrad5329.ops.update.qhm import qhm_rule
from tinygrad5329.ops.update.radam import radam_rule
from tinygrad5329.ops.update.rmsprop import rmsprop_rule
from tinygrad5329.ops.update.roster import Found
from tinygrad5329.ops.update.rule import Rule
from tinygrad5329.ops.update.sgd import sgd_rule

__all__ = ["KERNELS"]


@kernel
def _descend(g: Any, p: Any, sign: float, decay: float, lr: float) -> None:
    number = p.dtype.type
    way, lam, rate = number(sign), number(decay), number(lr)
    for i in range(p.size):
        d = way * g[i]
        if decay != 0:
            d += lam * p[i]
        p[i] -= rate * d


@kernel
def _descend_with_momentum(
    g: Any, p: Any, b: Any, sign: float, decay: float, momentum: float, damping: float, lr: float, nesterov: bool
) -> None:
    number = p.dtype.type
    way, lam, mu, damped, rate = number(sign), number(decay), number(momentum), number(damping), number(lr)
    for i in range(p.size):
        d = way * g[i]
        if decay != 0:
            d += lam * p[i]
        v = mu * b[i] + damped * d
        b[i] = v
        p[i] -= rate * (d + mu * v if nesterov else v)


@kernel
def _classical_momentum(
    g: Any, p: Any, v: Any, sign: float, decay: float, keep: float, momentum: float, lr: float, nesterov: bool
) -> None:
    number = p.dtype.type
    way, lam, kept, mu, rate = number(sign), number(decay), number(keep), number(momentum), number(lr)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        push = rate * d
        velocity = mu * v[i] - push
        v[i] = velocity
        p[i] = x + (mu * velocity - push if nesterov else velocity)


@kernel
def _heavy_ball(
    g: Any, p: Any, before: Any, sign: float, decay: float, keep: float, momentum: float, lr: float
) -> None:
    number = p.dtype.type
    way, lam, kept, beta, rate = number(sign), number(decay), number(keep), number(momentum), number(lr)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        p[i] = x + (beta * (x - before[i]) - rate * d)
        before[i] = x


@kernel
def _qhm(
    g: Any, p: Any, b: Any, sign: float, decay: float, keep: float, momentum: float, of_average: float,
    of_gradient: float,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, old, new = number(sign), number(decay), number(keep), number(momentum), number(1 - momentum)
    share, rest = number(of_average), number(of_gradient)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        average = old * b[i] + new * d
        b[i] = average
        step = share * average
        if of_gradient != 0:
            step += rest * d
        p[i] = x - step


@kernel
def _aggmo(g: Any, p: Any, velocities: Any, sign: float, decay: float, keep: float, betas: Any, rate: float) -> None:
    number = p.dtype.type
    way, lam, kept, step = number(sign), number(decay), number(keep), number(rate)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        total = number(0)
        # Of tuples, whose length is a part of their type: unrolled when it is compiled.
        for j in range(len(velocities)):
            v = number(betas[j]) * velocities[j][i] - d
            velocities[j][i] = v
            total += v
        p[i] = x + step * total


@kernel
def _adam(
    g: Any, p: Any, m: Any, v: Any, sign: float, decay: float, keep: float, new1: float, old2: float, new2: float,
    rate: float, floor: float,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, share1 = number(sign), number(decay), number(keep), number(new1)
    kept2, share2, step, least = number(old2), number(new2), number(rate), number(floor)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        mean = m[i] + share1 * (d - m[i])
        square = kept2 * v[i] + share2 * (d * d)
        m[i] = mean
        v[i] = square
        p[i] = x - step * (mean / (math.sqrt(square) + least))


@kernel
def _amsgrad(
    g: Any, p: Any, m: Any, v: Any, v_max: Any, sign: float, decay: float, keep: float, new1: float, old2: float,
    new2: float, rate: float, floor: float,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, share1 = number(sign), number(decay), number(keep), number(new1)
    kept2, share2, step, least = number(old2), number(new2), number(rate), number(floor)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        mean = m[i] + share1 * (d - m[i])
        square = kept2 * v[i] + share2 * (d * d)
        largest = v_max[i]
        largest = largest if largest >= square or largest != largest else square  # NaN stays, as in maximum
        m[i] = mean
        v[i] = square
        v_max[i] = largest
        p[i] = x - step * (mean / (math.sqrt(largest) + least))


@kernel
def _adamax(
    g: Any, p: Any, m: Any, u: Any, sign: float, decay: float, keep: float, beta1: float, beta2: float, eps: float,
    lr: float,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, least, rate = number(sign), number(decay), number(keep), number(eps), number(lr)
    old1, new1, old2 = number(beta1), number(1 - beta1), number(beta2)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        mean = old1 * m[i] + new1 * d
        size = abs(d) + least
        largest = old2 * u[i]
        largest = largest if largest >= size or largest != largest else size
        m[i] = mean
        u[i] = largest
        p[i] = x - rate * (mean / largest)


@kernel
def _nadam(
    g: Any, p: Any, m: Any, v: Any, sign: float, decay: float, keep: float, beta1: float, beta2: float, root2: float,
    eps: float, of_average: float, of_gradient: float,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, least = number(sign), number(decay), number(keep), number(eps)
    old1, new1, old2, new2 = number(beta1), number(1 - beta1), number(beta2), number(1 - beta2)
    correction, share, rest = number(1 / root2), number(of_average), number(of_gradient)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        mean = old1 * m[i] + new1 * d
        square = old2 * v[i] + new2 * (d * d)
        m[i] = mean
        v[i] = square
        p[i] = x - (share * mean + rest * d) / (math.sqrt(square) * correction + least)


@kernel
def _radam(
    g: Any, p: Any, m: Any, v: Any, sign: float, decay: float, keep: float, beta1: float, beta2: float, eps: float,
    rate: float, is_rectified: bool,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, least, step = number(sign), number(decay), number(keep), number(eps), number(rate)
    old1, new1, old2, new2 = number(beta1), number(1 - beta1), number(beta2), number(1 - beta2)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        mean = old1 * m[i] + new1 * d
        square = old2 * v[i] + new2 * (d * d)
        m[i] = mean
        v[i] = square
        p[i] = x - step * (mean / (math.sqrt(square) + least) if is_rectified else mean)


@kernel
def _adagrad(g: Any, p: Any, total: Any, sign: float, decay: float, keep: float, eps: float, lr: float) -> None:
    number = p.dtype.type
    way, lam, kept, least, rate = number(sign), number(decay), number(keep), number(eps), number(lr)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        square = total[i] + d * d
        total[i] = square
        p[i] = x - rate * (d / (math.sqrt(square) + least))


@kernel
def _adadelta(
    g: Any, p: Any, square: Any, moved: Any, sign: float, decay: float, keep: float, rho: float, eps: float, lr: float
) -> None:
    number = p.dtype.type
    way, lam, kept, least, rate = number(sign), number(decay), number(keep), number(eps), number(lr)
    old, new = number(rho), number(1 - rho)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        v = old * square[i] + new * (d * d)
        delta = math.sqrt(moved[i] + least) / math.sqrt(v + least) * d
        square[i] = v
        moved[i] = old * moved[i] + new * (delta * delta)
        p[i] = x - rate * delta


@kernel
def _rmsprop(
    g: Any, p: Any, v: Any, sign: float, decay: float, keep: float, alpha: float, eps: float, lr: float
) -> None:
    number = p.dtype.type
    way, lam, kept, least, rate = number(sign), number(decay), number(keep), number(eps), number(lr)
    old, new = number(alpha), number(1 - alpha)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        square = old * v[i] + new * (d * d)
        v[i] = square
        p[i] = x - rate * (d / (math.sqrt(square) + least))


@kernel
def _rmsprop_with_momentum(
    g: Any, p: Any, v: Any, b: Any, sign: float, decay: float, keep: float, alpha: float, eps: float, momentum: float,
    lr: float,
) -> None:  # fmt: skip
    number = p.dtype.type
    way, lam, kept, least, rate = number(sign), number(decay), number(keep), number(eps), number(lr)
    old, new, mu = number(alpha), number(1 - alpha), number(momentum)
    for i in range(p.size):
        x = kept * p[i]
        d = way * g[i]
        if decay != 0:
            d += lam * x
        square = old * v[i] + new * (d * d)
        direction = mu * b[i] + d / (math.sqrt(square) + least)
        v[i] = square
        b[i] = direction
        p[i] = x - rate * direction


def _apply(rule: Rule, found: Found, constants: tuple[Any, ...], run: Callable[..., None], used: Any = None) -> None:
    """One step: ``run(g, *arrays, *constants)``, or of the constants those `used`, for what kernels can take."""
    used = constants if used is None else used
    others = []
    for pair in found:
        member, grad = pair
        if member.compiles and grad.dtype is member.dtype:
            run(grad.ravel(member.order), *member.flats, *used)  # type: ignore[misc]
        else:
            others.append(pair)
    if others:
        rule.numpy(others, *constants)


def _run_sgd(found: Found, *constants: Any) -> None:
    sign, decay, momentum, _, lr, _, is_first_step = constants
    if not momentum:
        _apply(sgd_rule, found, constants, _descend, (sign, decay, lr))
    elif is_first_step:
        sgd_rule.numpy(found, *constants)
    else:
        _apply(sgd_rule, found, constants, _descend_with_momentum, constants[:-1])


def _run_aggmo(found: Found, *constants: Any) -> None:
    *_, betas, lr = constants

    def run(g: Any, p: Any, *rest: Any) -> None:
        _aggmo(g, p, rest[: len(betas)], *rest[len(betas) :])

    used = (*constants[:-2], tuple(map(float, betas)), lr / len(betas))
    _apply(aggmo_rule, found, constants, run, used)


def _run_rmsprop(found: Found, *constants: Any) -> None:
    *before, momentum, lr, centered = constants
    if centered:
        # v - mean * mean, in one rounding, would be infinite where NumPy's is NaN.
        rmsprop_rule.numpy(found, *constants)
    elif momentum:
        _apply(rmsprop_rule, found, constants, _rmsprop_with_momentum, constants[:-1])
    else:
        _apply(rmsprop_rule, found, constants, _rmsprop, (*before, lr))


def _run_adam(found: Found, *constants: Any) -> None:
    # The members of a roster have the same state.
    has_maximum = bool(found) and len(found[0][0].arrays) == 4
    _apply(adam_rule, found, constants, _amsgrad if has_maximum else _adam)


def _twin(rule: Rule, run: Callable[..., None]) -> Callable[..., None]:
    return lambda found, *constants: _apply(rule, found, constants, run)


KERNELS = {
    "sgd_update": _run_sgd,
    "classical_momentum_update": _twin(classical_momentum_rule, _classical_momentum),
    "heavy_ball_update": _twin(heavy_ball_rule, _heavy_ball),
    "qhm_update": _twin(qhm_rule, _qhm),
    "aggmo_update": _run_aggmo,
    "adam_update": _run_adam,
    "adamax_update": _twin(adamax_rule, _adamax),
    "nadam_update": _twin(nadam_rule, _nadam),
    "radam_update": _twin(radam_rule, _radam),
    "adagrad_update": _twin(adagrad_rule, _adagrad),
    "adadelta_update": _twin(adadelta_rule, _adadelta),
    "rmsprop_update": _run_rmsprop,
}
