"""``einsum``: sums of products over named dimensions, brought to stacks of matrix products."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

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
    inputs, output = _parse(equation, operands)
    terms = [_unique(t, labels) for t, labels in zip(operands, inputs, strict=True)]
    sizes: dict[str, int] = {}
    for number, (t, labels) in enumerate(terms):
        for label, n in zip(labels, t.shape, strict=True):
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
    result, labels = terms[0]
    for i, (t, more) in enumerate(terms[1:], start=1):
        needed = set(output).union(*(later for _, later in terms[i + 1 :]))
        result, labels = _pair(result, labels, t, more, needed, sizes)
    gone = [d for d, label in enumerate(labels) if label not in output]
    if gone:
        result = result.sum(gone)
        labels = [label for label in labels if label in output]
    return result.permute([labels.index(label) for label in output])


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


def _parse(equation: str, operands: tuple[Any, ...]) -> tuple[list[list[str]], list[str]]:
    """Labels of every operand and of the output; an ellipsis becomes the labels 0, 1, ... from the right."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        fewer = "fewer" if len(terms) > len(operands) else "more"
        raise RuntimeError(
            f"einsum(): {fewer} operands were provided than specified in the equation: {len(operands)} for {equation!r}"
        )
    inputs: list[list[str]] = []
    widest = 0
    for number, (term, t) in enumerate(zip(terms, operands, strict=True)):
        named = term.replace("...", "")
        if not all(c in string.ascii_letters for c in named) or term.count("...") > 1:
            raise RuntimeError(f"einsum(): invalid subscript given for operand {number}: {term!r} in {equation!r}")
        extra = t.dim() - len(named)
        if extra < 0 or (extra and "..." not in term):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(named)}) does not match the number of "
                f"dimensions ({t.dim()}) for operand {number} and no ellipsis was given"
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


def _unique(t: Tensor, labels: list[str]) -> tuple[Tensor, list[str]]:
    """The operand with repeated labels taken along their diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if t.shape[first] != t.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for an operand but the sizes don't match, "
                    f"{t.shape[second]} != {t.shape[first]}"
                )
            t = t.diagonal(0, first, second)
            del labels[second], labels[first]
            labels.append(label)
    return t, labels


def _pair(
    a: Tensor, la: list[str], b: Tensor, lb: list[str], needed: set[str], sizes: dict[str, int]
) -> tuple[Tensor, list[str]]:
    """Two operands contracted over the labels that nobody needs any more."""
    a, la = _sum_out(a, la, needed.union(lb))
    b, lb = _sum_out(b, lb, needed.union(la))
    shared = [label for label in la if label in lb]
    batch = [label for label in shared if label in needed]
    inner = [label for label in shared if label not in needed]
    free_a = [label for label in la if label not in shared]
    free_b = [label for label in lb if label not in shared]

    def arranged(t: Tensor, labels: list[str], *groups: list[str]) -> Tensor:
        t = t.permute([labels.index(label) for group in groups for label in group])
        # A label of size 1 here may be longer in the other operand.
        order = [label for group in groups for label in group]
        lengths = [sizes[label] if label in shared else n for label, n in zip(order, t.shape, strict=True)]
        t = t.expand(lengths)
        cuts = [len(group) for group in groups]
        starts = [sum(cuts[:i]) for i in range(len(cuts))]
        return t.reshape([math.prod(lengths[s : s + n]) for s, n in zip(starts, cuts, strict=True)])

    product = matmul(arranged(a, la, batch, free_a, inner), arranged(b, lb, batch, inner, free_b))
    shape = [sizes[label] for label in batch]
    shape += [a.shape[la.index(label)] for label in free_a] + [b.shape[lb.index(label)] for label in free_b]
    return product.reshape(shape), batch + free_a + free_b


def _sum_out(t: Tensor, labels: list[str], keep: set[str]) -> tuple[Tensor, list[str]]:
    gone = [d for d, label in enumerate(labels) if label not in keep]
    return (t.sum(gone), [label for label in labels if label in keep]) if gone else (t, labels)
