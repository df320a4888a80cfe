"""Sets that parameters and samples of distributions must lie in, as in ``torch.distributions.constraints``.

A constraint's ``check(value)`` tells elementwise, or for each event of ``event_dim`` dimensions, whether it
is satisfied:

>>> import tinygrad5329 as tg
>>> tg.distributions.constraints.unit_interval.check(tg.tensor([0.5, 1.5]))
tensor([ True, False])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.tensor import Tensor

__all__ = [
    "Constraint",
    "MixtureSameFamilyConstraint",
    "boolean",
    "cat",
    "corr_cholesky",
    "dependent",
    "dependent_property",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "independent",
    "integer_interval",
    "interval",
    "is_dependent",
    "less_than",
    "lower_cholesky",
    "lower_triangular",
    "multinomial",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "positive",
    "positive_definite",
    "positive_integer",
    "positive_semidefinite",
    "real",
    "real_vector",
    "simplex",
    "square",
    "stack",
    "symmetric",
    "unit_interval",
]


class Constraint:
    """A set; ``is_discrete`` and ``event_dim`` say of what."""

    is_discrete = False
    event_dim = 0

    def check(self, value: Tensor) -> Tensor:
        """A boolean tensor: which events of `value` are in the set."""
        raise NotImplementedError(f"{type(self).__name__} has no check()")

    def __repr__(self) -> str:
        return f"{type(self).__name__.removeprefix('_')}()"


class _Dependent(Constraint):
    """The support depends on other values: nothing can be checked."""

    def __init__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> None:
        self._is_discrete = is_discrete
        self._event_dim = event_dim

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """Whether the set is discrete; NotImplementedError where that is not known."""
        if self._is_discrete is None:
            raise NotImplementedError(".is_discrete cannot be determined statically")
        return self._is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """Dimensions of an event; NotImplementedError where that is not known."""
        if self._event_dim is None:
            raise NotImplementedError(".event_dim cannot be determined statically")
        return self._event_dim

    def __call__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> _Dependent:
        return _Dependent(
            is_discrete=self._is_discrete if is_discrete is None else is_discrete,
            event_dim=self._event_dim if event_dim is None else event_dim,
        )

    def check(self, value: Tensor) -> Tensor:
        """ValueError: there is no telling."""
        raise ValueError("Cannot determine validity of dependent constraint")


class dependent_property(property, _Dependent):
    """A property that is a constraint; asked of the class, it is a dependent one (PyTorch's decorator)."""

    def __init__(
        self, fn: Callable[..., Any] | None = None, *, is_discrete: bool | None = None, event_dim: int | None = None
    ) -> None:
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Callable[..., Any]) -> dependent_property:  # type: ignore[override]
        return dependent_property(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


def is_dependent(constraint: Any) -> bool:
    """Whether a constraint depends on values other than the one that is checked."""
    return isinstance(constraint, _Dependent)


class _IndependentConstraint(Constraint):
    """Satisfied where all of the last dimensions satisfy the base constraint."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """The base's."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The base's and the reinterpreted dimensions."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        """Whether all elements of each event satisfy the base constraint."""
        result = self.base_constraint.check(value)
        n = self.reinterpreted_batch_ndims
        if result.dim() < n:
            expected = self.base_constraint.event_dim + n
            raise ValueError(f"Expected value.dim() >= {expected} but got {value.dim()}")
        return result.reshape((*result.shape[: result.dim() - n], -1)).all(-1)

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamilyConstraint(Constraint):
    """The constraint of a mixture's components, without their dimension."""

    def __init__(self, base_constraint: Constraint) -> None:
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """The base's."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The base's."""
        return self.base_constraint.event_dim

    def check(self, value: Tensor) -> Tensor:
        """Whether all components' constraints are satisfied."""
        n = self.event_dim
        result = self.base_constraint.check(value.unsqueeze(-1 - n))
        return result.reshape((*value.shape[: value.dim() - n], -1)).all(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamilyConstraint({self.base_constraint!r})"


class _Elementwise(Constraint):
    """A set of numbers, from a function that tells its elements, and the attributes that its name shows."""

    def __init__(self, name: str, test: Callable[[Tensor], Tensor], *, is_discrete: bool = False, **shown: Any) -> None:
        self._name, self._test, self._shown = name, test, shown
        self.is_discrete = is_discrete
        self.__dict__.update(shown)

    def check(self, value: Tensor) -> Tensor:
        """Which elements are in the set."""
        return self._test(value)

    def __repr__(self) -> str:
        return f"{self._name}({', '.join(f'{key}={value}' for key, value in self._shown.items())})"


class _GreaterThan(_Elementwise):
    def __init__(self, lower_bound: Any) -> None:
        super().__init__("GreaterThan", lambda x: lower_bound < x, lower_bound=lower_bound)


class _GreaterThanEq(_Elementwise):
    def __init__(self, lower_bound: Any) -> None:
        super().__init__("GreaterThanEq", lambda x: lower_bound <= x, lower_bound=lower_bound)


class _LessThan(_Elementwise):
    def __init__(self, upper_bound: Any) -> None:
        super().__init__("LessThan", lambda x: x < upper_bound, upper_bound=upper_bound)


class _Interval(_Elementwise):
    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(
            "Interval",
            lambda x: (lower_bound <= x) & (x <= upper_bound),
            lower_bound=lower_bound,
            upper_bound=upper_bound,
        )


class _HalfOpenInterval(_Elementwise):
    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(
            "HalfOpenInterval",
            lambda x: (lower_bound <= x) & (x < upper_bound),
            lower_bound=lower_bound,
            upper_bound=upper_bound,
        )


class _IntegerInterval(_Elementwise):
    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        super().__init__(
            "IntegerInterval",
            lambda x: (x % 1 == 0) & (lower_bound <= x) & (x <= upper_bound),
            is_discrete=True,
            lower_bound=lower_bound,
            upper_bound=upper_bound,
        )


class _IntegerGreaterThan(_Elementwise):
    def __init__(self, lower_bound: Any) -> None:
        super().__init__(
            "IntegerGreaterThan",
            lambda x: (x % 1 == 0) & (x >= lower_bound),
            is_discrete=True,
            lower_bound=lower_bound,
        )


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)  # type: ignore[return-value]


class _Real(Constraint):
    def check(self, value: Tensor) -> Tensor:
        return value == value  # False for NaN alone  # type: ignore[return-value]


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)  # type: ignore[attr-defined]


class _Multinomial(Constraint):
    """Counts that add up to at most `upper_bound`."""

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


class _Square(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        return tg.full(value.shape[:-2], value.shape[-2] == value.shape[-1], dtype=tg.bool, device=value.device)


class _Symmetric(_Square):
    def check(self, value: Tensor) -> Tensor:
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        return tg.isclose(value, value.mT, atol=1e-6).all(-2).all(-1)


class _PositiveSemidefinite(_Symmetric):
    def check(self, value: Tensor) -> Tensor:
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        return super().check(value) & (tg.linalg.eigvalsh(value) >= 0).all(-1)


class _PositiveDefinite(_Symmetric):
    def check(self, value: Tensor) -> Tensor:
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        return super().check(value) & (tg.linalg.cholesky_ex(value).info == 0)


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(_LowerTriangular):
    def check(self, value: Tensor) -> Tensor:
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    def check(self, value: Tensor) -> Tensor:
        tolerance = tg.finfo(value.dtype).eps * value.shape[-1] * 10
        unit = ((value * value).sum(-1).sqrt() - 1).abs() <= tolerance
        return super().check(value) & unit.all(-1)


class _Joined(Constraint):
    """Constraints of the parts of a tensor along a dimension."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        self.cseq = list(cseq)
        self.dim = dim
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """Whether any part is."""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The largest of the parts."""
        return max(c.event_dim for c in self.cseq)


class _Cat(_Joined):
    def check(self, value: Tensor) -> Tensor:
        parts = value.split(self.lengths, self.dim)
        return tg.cat([c.check(part) for c, part in zip(self.cseq, parts, strict=True)], self.dim)


class _Stack(_Joined):
    def check(self, value: Tensor) -> Tensor:
        parts = value.unbind(self.dim)
        return tg.stack([c.check(part) for c, part in zip(self.cseq, parts, strict=True)], self.dim)


dependent = _Dependent()
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
independent = _IndependentConstraint
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
