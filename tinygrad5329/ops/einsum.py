"""``einsum``: sums of products over named dimensions, brought to stacks of matrix products."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from tinygrad5329.ops.linalg import matmul
from tinygrad5329.tensor import Tensor

__all__ = ["einsum"]


def einsum(*args: Any) -> Tensor:
    """``einsum(equation, *operands)``: Einstein's summation over named dimensions (``torch.einsum``).

    Operands are contracted from left to right, each pair as one stack of matrix products. The form
    ``einsum(x, [0, 1], y, [1, 2], [0, 2])`` is understood too.

    Raises
    ------
    RuntimeError
        If the equation does not fit the operands; the message names the operand and the label.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.einsum("ij,j->i", tg.ones(2, 3), tg.arange(3.0))
    tensor([3., 3.])
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    equation, operands = args[0], args[1:]
    if isinstance(equation, Tensor):
        equation, operands = _from_lists(args)
    elif not isinstance(equation, str):
        raise TypeError(f"einsum(): argument 'equation' must be str, not {type(equation).__name__}")
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    for number, t in enumerate(operands):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {number} in argument 1, but got {type(t).__name__}")
    plan = _plan(equation, tuple([t._array.shape for t in operands]))
    terms = list(operands)
    for number, first, second in plan.diagonals:
        terms[number] = terms[number].diagonal(0, first, second)
    result = terms[0]
    for term, pairing in zip(terms[1:], plan.pairings, strict=True):
        product = matmul(pairing.left.of(result), pairing.right.of(term))
        result = product if pairing.shape is None else product.reshape(pairing.shape)
    if plan.gone:
        result = result.sum(plan.gone)
    return result if plan.order is None else result.permute(plan.order)


class _Arrangement(NamedTuple):
    """How an operand becomes a stack of matrices; None for a step that would change nothing."""

    gone: tuple[int, ...] | None
    order: tuple[int, ...] | None
    lengths: tuple[int, ...] | None
    shape: tuple[int, ...] | None

    def of(self, t: Tensor) -> Tensor:
        if self.gone is not None:
            t = t.sum(self.gone)
        if self.order is not None:
            t = t.permute(self.order)
        if self.lengths is not None:
            t = t.expand(self.lengths)
        return t if self.shape is None else t.reshape(self.shape)


class _Pairing(NamedTuple):
    """One product of two operands, and the shape of its result if that is none of a stack of matrices."""

    left: _Arrangement
    right: _Arrangement
    shape: tuple[int, ...] | None


class _Plan(NamedTuple):
    """All steps: which diagonals to take (operand and two dimensions), the products, and the end."""

    diagonals: tuple[tuple[int, int, int], ...]
    pairings: tuple[_Pairing, ...]
    gone: tuple[int, ...]
    order: tuple[int, ...] | None


@lru_cache(maxsize=512)
def _plan(equation: str, shapes: tuple[tuple[int, ...], ...]) -> _Plan:
    """What to do for operands of `shapes`. Kept, because working it out takes longer than a small product."""
    inputs, output = _parse(equation, shapes)
    diagonals: list[tuple[int, int, int]] = []
    terms = []
    for number, (shape, term) in enumerate(zip(shapes, inputs, strict=True)):
        shape, term, cuts = _unique(shape, term)
        diagonals += [(number, *cut) for cut in cuts]
        terms.append((shape, term))
    sizes: dict[str, int] = {}
    for number, (shape, term) in enumerate(terms):
        for label, n in zip(term, shape, strict=True):
            known = sizes.get(label, 1)
            if n != known and n != 1 and known != 1:
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {n} for operand {number} which does not broadcast with "
                    f"previously seen size {known}"
                )
            sizes[label] = max(n, known) if 0 not in (n, known) else 0
    for label in output:
        if label not in sizes:
            raise RuntimeError(f"einsum(): output subscript {label} does not appear in the equation for any operand")
    shape, labels = terms[0]
    pairings = []
    for i, (more_shape, more) in enumerate(terms[1:], start=1):
        needed = set(output).union(*(later for _, later in terms[i + 1 :]))
        pairing, shape, labels = _pair(shape, labels, more_shape, more, needed, sizes)
        pairings.append(pairing)
    gone = tuple([d for d, label in enumerate(labels) if label not in output])
    labels = [label for label in labels if label in output]
    order = tuple([labels.index(label) for label in output])
    return _Plan(tuple(diagonals), tuple(pairings), gone, _unless_same(order, tuple(range(len(order)))))


def _unless_same(wanted: tuple[int, ...], present: tuple[int, ...]) -> tuple[int, ...] | None:
    return None if wanted == present else wanted


def _from_lists(arguments: tuple[Any, ...]) -> tuple[str, tuple[Tensor, ...]]:
    """The sublist form as an equation."""

    def text(numbers: Sequence[Any]) -> str:
        if any(n is not Ellipsis and not 0 <= n < 52 for n in numbers):
            raise ValueError(f"einsum(): subscripts in a list must be within [0, 52), got {list(numbers)}")
        return "".join("..." if n is Ellipsis else string.ascii_letters[n] for n in numbers)

    pairs = len(arguments) // 2
    equation = ",".join(text(arguments[2 * i + 1]) for i in range(pairs))
    if len(arguments) % 2:
        equation += "->" + text(arguments[-1])
    return equation, arguments[: 2 * pairs : 2]


def _parse(equation: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[list[list[str]], list[str]]:
    """Labels of every operand and of the output; an ellipsis becomes the labels 0, 1, ... from the right."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        fewer = "fewer" if len(terms) > len(shapes) else "more"
        raise RuntimeError(
            f"einsum(): {fewer} operands were provided than specified in the equation: {len(shapes)} for {equation!r}"
        )
    inputs: list[list[str]] = []
    widest = 0
    for number, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        named = term.replace("...", "")
        if not all(c in string.ascii_letters for c in named) or term.count("...") > 1:
            raise RuntimeError(f"einsum(): invalid subscript given for operand {number}: {term!r} in {equation!r}")
        extra = len(shape) - len(named)
        if extra < 0 or (extra and "..." not in term):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(named)}) does not match the number of "
                f"dimensions ({len(shape)}) for operand {number} and no ellipsis was given"
            )
        before, dots, after = term.partition("...")
        middle = [str(extra - 1 - i) for i in range(extra)] if dots else []
        widest = max(widest, len(middle))
        inputs.append([*before, *middle, *after])
    broadcast = [str(widest - 1 - i) for i in range(widest)]
    if arrow:
        before, dots, after = right.partition("...")
        output = [*before, *(broadcast if dots else []), *after]
        if len(set(output)) != len(output):
            raise RuntimeError(f"einsum(): output subscripts appear more than once in {equation!r}")
    else:
        counts = [label for labels in inputs for label in set(labels) if label not in broadcast]
        repeated = [label for labels in inputs for label in labels if label not in broadcast]
        output = broadcast + sorted(label for label in set(counts) if repeated.count(label) == 1)
    return inputs, output


def _unique(shape: tuple[int, ...], labels: list[str]) -> tuple[tuple[int, ...], list[str], list[tuple[int, int]]]:
    """Shape and labels after repeated labels were taken along their diagonal, and the dimensions of each diagonal."""
    lengths, labels, cuts = list(shape), list(labels), []
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            n = lengths[first]
            if n != lengths[second]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for an operand but the sizes don't match, "
                    f"{lengths[second]} != {n}"
                )
            cuts.append((first, second))
            del labels[second], labels[first], lengths[second], lengths[first]
            labels.append(label)
            lengths.append(n)
    return tuple(lengths), labels, cuts


def _pair(
    a: tuple[int, ...], la: list[str], b: tuple[int, ...], lb: list[str], needed: set[str], sizes: dict[str, int]
) -> tuple[_Pairing, tuple[int, ...], list[str]]:
    """Two operands contracted over the labels that nobody needs any more; shape and labels of the result."""
    keep_a, keep_b = [x for x in la if x in needed or x in lb], [x for x in lb if x in needed or x in la]
    shared = [label for label in keep_a if label in keep_b]
    batch = [label for label in shared if label in needed]
    inner = [label for label in shared if label not in needed]
    free_a = [label for label in keep_a if label not in shared]
    free_b = [label for label in keep_b if label not in shared]

    def arranged(shape: tuple[int, ...], labels: list[str], kept: list[str], *groups: list[str]) -> _Arrangement:
        gone = tuple([d for d, label in enumerate(labels) if label not in kept])
        present = tuple([shape[labels.index(label)] for label in kept])
        names = [label for group in groups for label in group]
        order = tuple([kept.index(label) for label in names])
        moved = tuple([present[d] for d in order])
        # A label of size 1 here may be longer in the other operand.
        lengths = tuple([sizes[label] if label in shared else n for label, n in zip(names, moved, strict=True)])
        ends = list(itertools.accumulate(map(len, groups), initial=0))
        matrices = tuple([math.prod(lengths[i:j]) for i, j in itertools.pairwise(ends)])
        return _Arrangement(
            gone or None,
            _unless_same(order, tuple(range(len(order)))),
            _unless_same(lengths, moved),
            _unless_same(matrices, lengths),
        )

    stack = [batch] if batch else []
    left = arranged(a, la, keep_a, *stack, free_a, inner)
    right = arranged(b, lb, keep_b, *stack, inner, free_b)
    out = [sizes[label] for label in batch]
    rows, columns = [a[la.index(label)] for label in free_a], [b[lb.index(label)] for label in free_b]
    shape = (*out, *rows, *columns)
    pairing = _Pairing(
        left, right, _unless_same(shape, (*([math.prod(out)] if batch else []), math.prod(rows), math.prod(columns)))
    )
    return pairing, shape, batch + free_a + free_b
