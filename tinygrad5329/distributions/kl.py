"""The Kullback-Leibler divergence, and the registry of its rules."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.tensor import Tensor

__all__ = ["kl_divergence", "register_kl"]

Rule = TypeVar("Rule", bound=Callable[..., Tensor])

_KL_REGISTRY: dict[tuple[type, type], Callable[..., Tensor]] = {}
_found: dict[tuple[type, type], Callable[..., Tensor] | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Rule], Rule]:
    """A decorator: the function computes the divergence for distributions of these types.

    Of several rules that fit, the one for the nearest classes is taken.
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected type_p and type_q to be Distribution subclasses but got {kind}")

    def decorator(rule: Rule) -> Rule:
        _KL_REGISTRY[type_p, type_q] = rule
        _found.clear()
        return rule

    return decorator


def _rule_for(type_p: type, type_q: type) -> Callable[..., Tensor] | None:
    """The rule for the nearest classes, by the first argument and by the second."""
    fitting = [pair for pair in _KL_REGISTRY if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])]
    if not fitting:
        return None

    def distances(pair: tuple[type, type]) -> tuple[int, int]:
        return type_p.__mro__.index(pair[0]), type_q.__mro__.index(pair[1])

    left, right = min(fitting, key=distances), min(fitting, key=lambda pair: distances(pair)[::-1])
    if _KL_REGISTRY[left] is not _KL_REGISTRY[right]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl({left[0].__name__}, "
            f"{right[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _KL_REGISTRY[left]


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    r"""The divergence :math:`\int p(x) \log\frac{p(x)}{q(x)}\,dx` (``torch.distributions.kl_divergence``).

    Returns
    -------
    Tensor
        One number for each distribution of the batch, infinite where the support of `p` is not in that of `q`.

    Raises
    ------
    NotImplementedError
        No rule is known for the two types; see :func:`register_kl`.

    Examples
    --------
    >>> from tinygrad5329.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    pair = type(p), type(q)
    if pair not in _found:
        _found[pair] = _rule_for(*pair)
    rule = _found[pair]
    if rule is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    return rule(p, q)
