"""Draws that need rejection: gamma, Poisson and binomial variables, all elements at a time.

The algorithms are exact. The streams are not PyTorch's, whose algorithms go element by element.
"""

from __future__ import annotations

import tinygrad5329 as tg
from tinygrad5329.tensor import Tensor

__all__ = ["binomial", "poisson", "standard_gamma"]


def standard_gamma(shape_parameter: Tensor) -> Tensor:
    """Draws from the gamma distribution of rate 1 (Marsaglia and Tsang 2000), in float64."""
    a = shape_parameter.detach().to(tg.float64).reshape(-1)
    # Shapes below 1 are drawn at 1 more and multiplied by a power of a uniform variable.
    is_small = a < 1
    d = tg.where(is_small, a + 1, a) - 1 / 3
    c = 1 / (9 * d).sqrt()
    cubes = tg.ones_like(d)
    pending = tg.arange(len(d))
    while len(pending):
        z = tg.randn(len(pending), dtype=tg.float64)
        v = (1 + c[pending] * z) ** 3
        u = 1 - tg.rand(len(pending), dtype=tg.float64)
        bound = z * z / 2 + d[pending] * (1 - v + v.clamp(min=1e-300).log())
        accepted = (v > 0) & (u.log() < bound)
        cubes[pending[accepted]] = v[accepted]
        pending = pending[~accepted & (a[pending] == a[pending])]
    power = (1 - tg.rand(len(d), dtype=tg.float64)) ** (1 / tg.where(is_small, a, 1.0))
    return tg.where(is_small, d * cubes * power, d * cubes).reshape(shape_parameter.shape)


def binomial(total_count: Tensor, probs: Tensor) -> Tensor:
    """Numbers of successes in `total_count` trials, in float64.

    A beta variable, the median of as many uniform ones, tells half of the trials apart at once
    (Relles 1972); a few that are left are drawn one by one.
    """
    n, p = (t.detach().to(tg.float64) for t in tg.broadcast_tensors(total_count, probs))
    shape = n.shape
    n, p = n.reshape(-1).clone(), p.reshape(-1).clone()
    count = tg.zeros_like(n)
    while bool((n > 16).any()):
        many = (n > 16).nonzero().squeeze(-1)
        size, share = n[many], p[many]
        half = ((size + 1) / 2).floor()
        x, y = standard_gamma(half), standard_gamma(size + 1 - half)
        split = x / (x + y)
        is_below = split <= share
        count[many] = count[many] + tg.where(is_below, half, 0.0)
        n[many] = tg.where(is_below, size - half, half - 1)
        p[many] = tg.where(is_below, (share - split) / (1 - split), share / split).clamp(0, 1)
    for trial in range(int(n.max()) if n.numel() else 0):
        count += ((tg.rand(n.shape, dtype=tg.float64) < p) & (trial < n)).to(tg.float64)
    return count.reshape(shape)


def poisson(rate: Tensor) -> Tensor:
    """Numbers of events in a time of `rate`, in float64.

    The time of an event far ahead is a gamma variable, which tells how many come before (Ahrens and
    Dieter 1974); a short rest of the time is filled with exponential gaps.
    """
    left = rate.detach().to(tg.float64).reshape(-1).clone()
    count = tg.zeros_like(left)
    while bool((left > 16).any()):
        many = (left > 16).nonzero().squeeze(-1)
        time = left[many]
        ahead = (time * 7 / 8).floor()
        moment = standard_gamma(ahead)
        is_before = moment <= time
        inside = binomial(ahead - 1, (time / moment).clamp(max=1.0))
        count[many] = count[many] + tg.where(is_before, ahead, inside)
        left[many] = tg.where(is_before, time - moment, 0.0)
    while bool((left > 0).any()):
        left = left + (1 - tg.rand(left.shape, dtype=tg.float64)).log()
        count += (left > 0).to(tg.float64)
    return count.reshape(rate.shape)


def differentiable_gamma(shape_parameter: Tensor) -> Tensor:
    """:func:`standard_gamma` in the parameter's dtype, differentiable in it.

    The draw x is taken as the quantile of a fixed probability, so that its derivative is minus that of the
    distribution function to the parameter, divided by the density (Figurnov, Mohamed and Mnih 2018). As in
    PyTorch there is no second derivative.
    """
    dtype = shape_parameter.dtype
    with tg.no_grad():
        x = standard_gamma(shape_parameter)
        draws = x.to(dtype).clamp(min=tg.finfo(dtype).tiny)
        if shape_parameter.requires_grad:
            slope = _quantile_slope(shape_parameter.detach().to(tg.float64), x.clamp(min=1e-300)).to(dtype)
    if not (shape_parameter.requires_grad and tg.is_grad_enabled()):
        return draws
    draws = draws + slope * (shape_parameter - shape_parameter.detach())
    draws.register_hook(_refuse_higher_order)
    return draws


def _refuse_higher_order(grad: Tensor) -> None:
    if tg.is_grad_enabled():
        raise NotImplementedError("gamma draws have no second derivative: leave out create_graph=True")


def _quantile_slope(a: Tensor, x: Tensor) -> Tensor:
    """The derivative of the gamma distribution's quantile to its parameter, where the quantile is `x`."""
    step = 1e-3 * a.clamp(max=1.0)
    is_upper = x > a

    def tail(i: int) -> Tensor:
        shifted = a + i * step
        return tg.where(is_upper, -tg.igammac(shifted, x), tg.igamma(shifted, x))

    # Differences of fourth order of the smaller tail, which has the smaller rounding error.
    derivative = (8 * (tail(1) - tail(-1)) - (tail(2) - tail(-2))) / (12 * step)
    return -derivative * (x + a.lgamma() - (a - 1) * x.log()).exp()
