"""What a test needs to know of a primitive: how to call it, with what, and how PyTorch calls it.

An entry's `call` takes the library first, ours or PyTorch, so that one lambda serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["ENTRIES", "Entry", "Input", "Sample", "apart", "elementwise", "entry", "fixed", "real", "sample"]

#: Every entry by the name of its primitive.
ENTRIES: dict[str, Entry] = {}


@dataclass(frozen=True)
class Input:
    """One argument: differentiable, with values drawn from a domain, or a constant array.

    Attributes
    ----------
    shape : tuple of int
    low, high : float
        The interval the values are drawn from.
    avoid : tuple of float
        Kinks and poles; values keep `gap` away from them.
    distinct : bool
        No two values are closer than `gap`, for operations that compare them.
    constant : ndarray, optional
        An index, a mask: given as it is, without a gradient.
    """

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    avoid: tuple[float, ...] = ()
    gap: float = 0.1
    distinct: bool = False
    constant: Any = None

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        if self.constant is not None:
            return np.array(self.constant)
        if self.distinct:
            count = int(np.prod(self.shape))
            return rng.permutation(np.linspace(self.low, self.high, count)).reshape(self.shape)
        values = rng.uniform(self.low, self.high, self.shape)
        for point in self.avoid:
            near = np.abs(values - point) < self.gap
            away = np.where((values >= point) & (point + self.gap <= self.high) | (point <= self.low), 1, -1)
            values = np.where(near, point + self.gap * away, values)
        return values


def real(*shape: int, **domain: Any) -> Input:
    """A differentiable input with values in a domain."""
    return Input(shape, **domain)


def apart(*shape: int, **domain: Any) -> Input:
    """A differentiable input without ties."""
    return Input(shape, distinct=True, **domain)


def fixed(values: Any) -> Input:
    """A constant input."""
    array = np.array(values)
    return Input(array.shape, constant=array)


@dataclass(frozen=True)
class Sample:
    """One call: inputs and keyword arguments."""

    inputs: tuple[Input, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def draw(self, seed: int = 0) -> list[np.ndarray]:
        rng = np.random.default_rng(seed + 17)
        return [each.draw(rng) for each in self.inputs]

    @property
    def differentiable(self) -> list[int]:
        return [i for i, each in enumerate(self.inputs) if each.constant is None]

    def __str__(self) -> str:
        shapes = ",".join("x".join(map(str, each.shape)) or "scalar" for each in self.inputs)
        options = ",".join(f"{key}={value}" for key, value in self.options.items())
        return f"{shapes}{';' if options else ''}{options}".replace(" ", "")


def sample(*inputs: Input, **options: Any) -> Sample:
    """A call with `inputs` and keyword arguments."""
    return Sample(inputs, options)


@dataclass(frozen=True)
class Entry:
    """The samples of one primitive.

    Attributes
    ----------
    name : str
        Of the primitive. Every sample must record it.
    call : callable
        ``(library, *inputs, **options)``, through the public function.
    samples : tuple of Sample
    torch : callable or None
        The counterpart, where PyTorch writes the call differently; None where there is none (`why` says so).
    kinds : str
        NumPy's letters of the integer kinds that the operation takes too.
    half : bool
        Whether float16 inputs are supported.
    without : dict
        Checks that do not apply, with reasons: "zero-size", "0-d", "gradgradcheck", ...
    oracle_lacks : str
        What PyTorch has not got of this operation's derivatives; only values are compared then.
    """

    name: str
    call: Callable[..., Any]
    samples: tuple[Sample, ...]
    torch: Callable[..., Any] | None
    why: str = ""
    kinds: str = ""
    half: bool = True
    without: dict[str, str] = field(default_factory=dict)
    oracle_lacks: str = ""


_SAME: Any = object()


def entry(
    name: str,
    call: Callable[..., Any],
    *samples: Sample,
    torch: Any = _SAME,
    why: str = "",
    kinds: str = "",
    half: bool = True,
    without: dict[str, str] | None = None,
    oracle_lacks: str = "",
) -> None:
    """Register an :class:`Entry`."""
    if name in ENTRIES:
        raise ValueError(f"there are two entries for {name}")
    counterpart = call if torch is _SAME else torch
    if counterpart is None and not why:
        raise ValueError(f"{name}: say why there is no counterpart")
    ENTRIES[name] = Entry(name, call, samples, counterpart, why, kinds, half, without or {}, oracle_lacks)


def elementwise(name: str, call: Callable[..., Any], *domains: dict[str, Any], **options: Any) -> None:
    """An entry for a function of elements: plain, 0-d, without elements, and broadcast, if of several inputs."""
    count = len(domains)
    shapes: list[tuple[tuple[int, ...], ...]] = [((2, 3),) * count, ((),) * count, ((0, 3),) * count]
    if count > 1:
        cycle = [(2, 3), (3,), (2, 1), ()]
        shapes += [
            tuple(cycle[(i + turn) % len(cycle)] for i in range(count))
            for turn in (range(4) if count == 2 else (0, 1, 3))
        ]
        shapes.append(tuple((0, 2) if i == 0 else (1,) for i in range(count)))
    more = options.pop("more", ())
    samples = [
        Sample(tuple(Input(shape, **domain) for shape, domain in zip(each, domains, strict=True))) for each in shapes
    ]
    entry(name, call, *samples, *more, **options)
