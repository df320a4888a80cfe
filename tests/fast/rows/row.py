"""What the comparison of both kinds of kernels needs to know of a twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["ELSEWHERE", "ROWS", "Row", "elsewhere", "row"]

#: All rows, in the order in which they were made.
ROWS: list[Row] = []
#: Twins that are no functions of tensors, and the file in tests/fast that compares them.
ELSEWHERE: dict[str, str] = {}


@dataclass(frozen=True)
class Row:
    """One way of calling an operation that has a twin.

    Attributes
    ----------
    slot : str
        The name in ``TWINS``.
    call : callable
        Tensors, one for each of `shapes`, to a tensor, through the public function.
    shapes : tuple of tuples
        Of the differentiable inputs, drawn from [-2, 2]; of a size that fills vectors and leaves a rest.
    empty : tuple of tuples or None
        Shapes without elements; None where there is no such call.
    special : bool
        Whether NaN and the infinities in the first input must come out the same.
    taken : bool
        Whether the twin runs by itself on C-contiguous float32 and float64 arrays, so that the NumPy kernel is never
        called.
    float32, float64 : float
        How much the kernels may differ, in proportion to the largest element.
    """

    slot: str
    call: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    empty: tuple[tuple[int, ...], ...] | None = None
    special: bool = True
    taken: bool = True
    float32: float = 2e-6
    float64: float = 4e-15
    label: str = ""

    def __str__(self) -> str:
        shapes = "-".join("x".join(map(str, shape)) or "scalar" for shape in self.shapes)
        return "-".join(part for part in (self.slot, self.label, shapes) if part)


def row(slot: str, call: Callable[..., Any], *shapes: tuple[int, ...], **options: Any) -> None:
    """Add a :class:`Row`."""
    ROWS.append(Row(slot, call, shapes, **options))


def elsewhere(slot: str, file: str) -> None:
    """Say that `file` in tests/fast compares the twin of `slot`."""
    ELSEWHERE[slot] = file
