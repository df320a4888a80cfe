"""``Distribution``: shapes, validation, and what every distribution can be asked."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.parameters import lazy_property
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Distribution"]


class Distribution:
    """The base class of all distributions (``torch.distributions.Distribution``).

    A sample has the shape ``sample_shape + batch_shape + event_shape``: independent draws, of differently
    parametrised distributions, of which each draw has an event's shape. Log probabilities have the first two.

    Parameters
    ----------
    batch_shape, event_shape : Size
        As above.
    validate_args : bool, optional
        Check parameters and values, at the cost of some time; by default, as in PyTorch, unless Python
        runs with ``-O``. See :meth:`set_default_validate_args`.

    Raises
    ------
    ValueError
        A parameter does not satisfy its constraint in ``arg_constraints``.
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[Any] = None
    _validate_args = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Set whether distributions check their arguments if they are not told."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: expected True or False, but got {value!r}")
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: Sequence[int] = Size(()),
        event_shape: Sequence[int] = Size(()),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        if self.arg_constraints is None:
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize "
                "the distribution with `validate_args=False` to turn off validation.",
                stacklevel=4,
            )
            return
        for name, constraint in self.arg_constraints.items():
            is_derived = name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property)
            if constraints.is_dependent(constraint) or is_derived:
                continue
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of "
                    f"distribution {self!r} to satisfy the constraint {constraint!r}, but found invalid "
                    f"values:\n{value}"
                )

    # --- shapes --------------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Size:
        """The shape over which parameters are batched."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw."""
        return self._event_shape

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        """The distribution with its parameters expanded to another batch shape, without copying them."""
        owner = next(cls for cls in type(self).__mro__ if "__init__" in vars(cls))
        if _instance is None and not owner.__module__.startswith("tinygrad5329."):
            raise NotImplementedError(
                f"Subclass {type(self).__name__} that defines a custom __init__ method must also define a custom "
                ".expand() method."
            )
        new = copy(self) if _instance is None else _instance
        new.__dict__.update(self.__dict__)
        new._batch_shape = Size(batch_shape)
        new._expand_parameters(self, new._batch_shape)
        return new

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        """Set what depends on the batch shape, from the distribution before; here, all constrained parameters."""
        n = len(old._batch_shape)
        for name in self.arg_constraints or {}:
            value = old.__dict__.get(name)
            if isinstance(value, Tensor):
                self.__dict__[name] = value.expand(shape + value.shape[n:])

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """An instance to fill, for ``expand`` of subclasses."""
        if _instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also "
                "define a custom .expand() method."
            )
        return self.__new__(type(self)) if _instance is None else _instance

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Size:
        """The shape of samples."""
        return Size(sample_shape) + self._batch_shape + self._event_shape

    # --- what a distribution can be asked ------------------------------------------------------------

    def _missing(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {what}")

    @property
    def support(self) -> Any:
        """The constraint that samples satisfy."""
        raise self._missing("support")

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise self._missing("mean")

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        raise self._missing("mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise self._missing("variance")

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples; no gradient flows through them."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples that are differentiable functions of the parameters, where ``has_rsample``."""
        raise self._missing("rsample")

    def sample_n(self, n: int) -> Tensor:
        """Draw `n` samples. Deprecated, as in PyTorch."""
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead.", UserWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at `value`."""
        raise self._missing("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        raise self._missing("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which the probability is `value`."""
        raise self._missing("icdf")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values, along a new first dimension; without `expand` the batch's dimensions are 1."""
        raise self._missing("enumerate_support")

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        raise self._missing("entropy")

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return self.entropy().exp()

    # --- for subclasses ------------------------------------------------------------------------------

    def _validate_sample(self, value: Tensor) -> None:
        """ValueError unless `value` could be a sample, in shape and support."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        start = value.dim() - len(self._event_shape)
        if value.shape[max(start, 0) :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        for i, j in zip(reversed(value.shape), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}."
                )
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        parameters = [(name, self.__dict__[name]) for name in self.arg_constraints or {} if name in self.__dict__]
        shown = ", ".join(f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in parameters)
        return f"{type(self).__name__}({shown})"


def standard_normal(shape: Sequence[int], like: Tensor) -> Tensor:
    """Draws from the standard normal distribution in the dtype of `like`."""
    return tg.normal(tg.zeros(shape, dtype=like.dtype), tg.ones(shape, dtype=like.dtype))
