"""``memory``: what the tape behind a tensor is holding, by module and operation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tinygrad5329.graph.capture import capture
from tinygrad5329.graph.names import edge_behind, named, tensors_in
from tinygrad5329.graph.saved_values import leaves_behind, memory_of, nodes_behind, owner_of
from tinygrad5329.profiler.columns import Column, aligned
from tinygrad5329.profiler.units import bytes_text

__all__ = ["Held", "Holdings", "memory"]


@dataclass(frozen=True, slots=True)
class Held:
    """What the runs of one operation in one module keep for the backward pass.

    Attributes
    ----------
    module : str
        Path of the module; ``""`` is the model itself, None outside of it or unknown.
    op : str
    count : int
        How many runs keep something.
    bytes : int
        Memory that no earlier operation keeps, and that is not a leaf's.
    shapes : tuple
        Of the arrays, largest first, without repetitions.
    """

    module: str | None
    op: str
    count: int
    bytes: int
    shapes: tuple[tuple[int, ...], ...]


class Holdings(list[Held]):
    """What is held, largest first; printed, it is its :meth:`table`.

    Attributes
    ----------
    total : int
        Bytes of all rows: what ``backward()``, or dropping the last tensor of the graph, sets free.
    leaves : int
        Bytes of parameters and other leaves that operations keep too, and which live anyway.
    operations, freed : int
        Nodes on the tape, and those of them whose values a backward pass has freed already.
    """

    def __init__(self, rows: Iterable[Held], leaves: int, operations: int, freed: int) -> None:
        super().__init__(rows)
        self.total = sum(each.bytes for each in self)
        self.leaves = leaves
        self.operations = operations
        self.freed = freed

    def __str__(self) -> str:
        return self.table()

    def table(self, row_limit: int = 30) -> str:
        """The rows as text, the largest `row_limit` of them (-1 for all)."""
        footer = [
            f"held for backward: {bytes_text(self.total)} by {self.operations:,} operations"
            + (f", of which {self.freed:,} were freed by a backward pass" if self.freed else ""),
            f"and {bytes_text(self.leaves)} of parameters and other leaves, which live anyway",
        ]
        if not self:
            return "\n".join(["nothing is held for a backward pass", *footer]) + "\n"
        shown = self if row_limit < 0 else self[:row_limit]
        whole = self.total or 1
        columns = [
            Column("Module", [_name(each.module) for each in shown], text=True),
            Column("Operation", [each.op for each in shown], text=True),
            Column("Runs", [f"{each.count:,}" for each in shown]),
            Column("Bytes", [bytes_text(each.bytes) for each in shown]),
            Column("%", [f"{100 * each.bytes / whole:.1f}" for each in shown]),
            Column("Shapes", [_shapes_text(each.shapes) for each in shown], text=True, widest=50),
        ]
        lines = aligned(columns)
        if len(self) > len(shown):
            lines.append(f"... and {len(self) - len(shown)} more: table(row_limit=-1)")
        return "\n".join([*lines, "", *footer]) + "\n"


def memory(output: Any, params: Any = None, inputs: Any = None) -> Holdings:
    """What the tape behind `output` keeps for the backward pass, by module and operation, largest first.

    Memory that several operations keep, such as an activation that one returned and the next one read, counts
    once, for the operation that ran first. A view counts with all the memory that it keeps alive.

    Parameters
    ----------
    output : Tensor, or tuple, list or dict of Tensors
        Such as the loss, before ``backward()`` frees the values.
    params : Module, dict of str to Tensor, or iterable of such pairs, optional
        Names of the parameters, from which modules are inferred where :class:`record_modules` did not note them. Frozen
        parameters among them, and the buffers of a module, count as leaves.
    inputs : Tensor, dict of str to Tensor, or iterable of such pairs, optional
        Inputs, which count as leaves too.

    Returns
    -------
    Holdings

    Raises
    ------
    TypeError
        `output` is no tensor of this package.
    RuntimeError
        There is nothing on the tape behind it.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.ones(1000, requires_grad=True)
    >>> h = (w * 2).exp()
    >>> print(tg.graph.memory(h.tanh().sum()))
    Module  Operation  Runs    Bytes     %  Shapes
    ----------------------------------------------
    -       exp           1  3.91 KB  50.0  (1000)
    -       tanh          1  3.91 KB  50.0  (1000)
    <BLANKLINE>
    held for backward: 7.81 KB by 4 operations
    and 0 B of parameters and other leaves, which live anyway
    <BLANKLINE>
    """
    roots = [edge_behind(t) for t in tensors_in(output)]
    nodes = nodes_behind(roots)
    modules = {node.seq: node.module for node in capture(output, params).nodes if node.kind == "op"}
    leaves = [*leaves_behind(nodes), *named(params, "params").values(), *named(inputs, "inputs").values()]
    if hasattr(params, "buffers"):
        leaves += params.buffers()
    alive = {id(owner_of(t._array)): owner_of(t._array) for t in leaves}
    seen: set[int] = set()
    lasting = 0
    rows: dict[tuple[str | None, str], tuple[int, int, list[Any]]] = {}
    for node in nodes:
        found = {key: owner for key, owner in memory_of(node).items() if key not in seen}
        seen.update(found)
        lasting += sum(owner.nbytes for key, owner in found.items() if key in alive)
        own = [owner for key, owner in found.items() if key not in alive and owner.nbytes]
        if own:
            name = (modules.get(node.seq), _operation(node))
            count, held, arrays = rows.get(name, (0, 0, []))
            rows[name] = count + 1, held + sum(owner.nbytes for owner in own), [*arrays, *own][:64]
    listed = [Held(*name, count, held, _shapes(arrays)) for name, (count, held, arrays) in rows.items()]
    listed.sort(key=lambda each: -each.bytes)
    return Holdings(listed, lasting, len(nodes), sum(node.saved is None for node in nodes))


def _operation(node: Any) -> str:
    op = getattr(node, "op", None)
    return str(node.name().removesuffix("Backward0").removesuffix("Backward") if op is None else op.name)


def _shapes(arrays: list[Any]) -> tuple[tuple[int, ...], ...]:
    return tuple(dict.fromkeys(array.shape for array in sorted(arrays, key=lambda array: -array.nbytes)))


def _shapes_text(shapes: tuple[tuple[int, ...], ...]) -> str:
    text = ", ".join(f"({', '.join(map(str, shape))})" for shape in shapes[:3])
    return text + (", ..." if len(shapes) > 3 else "")


def _name(module: str | None) -> str:
    return "-" if module is None else module or "(model)"
