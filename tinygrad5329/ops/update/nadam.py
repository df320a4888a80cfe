"""NAdam's update kernel; the rule is that of ``optim/nadam.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.update.roster import Found
from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["by_product", "nadam_rule"]

Array = np.ndarray[Any, Any]


def _passes(
    dtype: np.dtype[Any],
    sign: float,
    decay: float,
    keep: float,
    beta1: float,
    beta2: float,
    root2: float,
    eps: float,
    of_average: float,
    of_gradient: float,
) -> Update:
    """The passes over `g, p, m, v`; the step is `of_average` m + `of_gradient` g over sqrt(v) / `root2` + `eps`."""
    multiply, add = np.multiply, np.add
    old1, new1, old2, new2 = (np.array(x, dtype) for x in (beta1, 1 - beta1, beta2, 1 - beta2))
    correction, least, share, rest = (np.array(x, dtype) for x in (1 / root2, eps, of_average, of_gradient))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, m: Array, v: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        multiply(m, old1, m)
        add(m, multiply(g, new1, s), m)
        multiply(v, old2, v)
        add(v, multiply(multiply(g, g, s), new2, s), v)
        add(multiply(m, share, u), multiply(g, rest, s), u)
        multiply(np.sqrt(v, s), correction, s)
        np.subtract(p, np.divide(u, add(s, least, s), s), p)

    return update


#: ``run(found, sign, decay, keep, beta1, beta2, root2, eps, of_average, of_gradient)``.
nadam_rule = Rule("nadam_update", _passes)


def by_product(found: Found, mu: float) -> dict[float, Found]:
    """Multiply each member's product of momenta, its second scalar, by `mu`, in place; the members by the result."""
    products: dict[float, Found] = {}
    for pair in found:
        array = pair[0].scalars[1]._array
        np.multiply(array, array.dtype.type(mu), out=array)
        products.setdefault(array.item(), []).append(pair)
    return products
