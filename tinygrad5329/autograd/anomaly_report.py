"""What the anomaly finder says: :class:`AnomalyError`, :class:`AnomalyWarning`, and their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from tinygrad5329.autograd.call_site import CallSite, site_of
from tinygrad5329.autograd.value_range import ValueRange, range_of
from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor

__all__ = ["AnomalyError", "AnomalyWarning", "explain", "forward_anomaly", "gradient_anomaly", "range_behind"]

#: What an operation may be given that has a range; indices and the like have none.
_NUMBERS = (np.ndarray, np.generic, int, float, complex)
_UNKNOWN = (
    "No forward pass information available: it ran outside of the anomaly mode. Enable it during the forward pass "
    "for the line of code and the ranges of the inputs"
)


class _Anomaly:
    """What the error and the warning share.

    Attributes
    ----------
    operation : str
        The operation's name, such as ``sqrt``.
    site : CallSite or None
        Where the forward pass ran it; None if that was outside of the anomaly mode.
    inputs, outputs : list of (str, ValueRange)
        What went into the operation, or into its gradient rule, and what came out, by name.
    graph : tinygrad5329.graph.Graph
        The operation with its neighbours on the tape. Its ``str()`` is a text, it shows itself in notebooks, and
        ``tg.graph.draw`` and the other renderers take it.
    """

    operation: str = ""
    site: CallSite | None = None
    inputs: Sequence[tuple[str, ValueRange]] = ()
    outputs: Sequence[tuple[str, ValueRange]] = ()
    graph: Any = None


class AnomalyError(_Anomaly, RuntimeError):
    """A gradient rule gave NaN; see :class:`detect_anomaly`."""

    __module__ = "tinygrad5329.autograd"


class AnomalyWarning(_Anomaly, UserWarning):
    """The first operation that gave NaN or infinity for finite numbers, or the first rule that gave infinity."""

    __module__ = "tinygrad5329.autograd"


def forward_anomaly(
    op: Any,
    inputs: Sequence[Any],
    arrays: Sequence[Any],
    outs: Sequence[ValueRange],
    site: CallSite,
    names: Mapping[int, str],
) -> AnomalyWarning:
    """The warning about an operation that is about to be recorded."""
    slots = _slots(op, len(arrays))
    given = [(slot, range_of(each)) for slot, each in zip(slots, arrays, strict=True) if isinstance(each, _NUMBERS)]
    made = [("output" if len(outs) == 1 else f"output {i}", each) for i, each in enumerate(outs)]
    if site.rule:
        where = f"of a recorded backward pass came from the rule of {site.rule}, in"
    else:
        where = "of the forward pass came from"
    text = f"The first {_kind(outs)} {where} {op.name} at {site}"
    graph = _drawing().around_operation(op.name, list(zip(slots, inputs, strict=True)), outs, site, names)
    parts = [text, *_listed(given), *_listed(made), _called_from(site)]
    if site.rule_site is not None:
        parts.append(f"{site.rule} was recorded at {site.rule_site}")
    warning = AnomalyWarning(_joined(parts, graph))
    vars(warning).update(operation=op.name, site=site, inputs=given, outputs=made, graph=graph)
    return warning


def gradient_anomaly(
    node: Node,
    number: int,
    g: Any,
    gradients: Sequence[Any],
    passed: Mapping[int, ValueRange],
    roots: Sequence[Any],
    names: Mapping[int, str],
) -> tuple[str, dict[str, Any]]:
    """Text and attributes of the report about `node`, whose gradient `number` is not finite."""
    wrong = range_of(_array(gradients[number]))
    op = getattr(node, "op", None)
    positions = node.plan.positions if op is not None else range(len(node.edges))  # type: ignore[attr-defined]
    slots = _slots(op, len(node.plan.needs)) if op is not None else [f"input {i}" for i in positions]  # type: ignore[attr-defined]
    outputs = [
        (f"gradient of {slots[position]}", range_of(_array(each)))
        for position, each in zip(positions, gradients, strict=True)
        if each is not None
    ]
    inputs = [*_incoming(g), *_known_inputs(node, slots, positions)]
    site = site_of(node)
    kind = "nan" if wrong.nans else "infinite"
    text = f"Function '{node.name()}' returned {kind} values in its {_place(node, number, positions)}th output."
    operation = node.name().removesuffix("Backward0").removesuffix("Backward") if op is None else op.name
    graph = _drawing().around_node(node, list(zip(node.edges, gradients, strict=True)), passed, roots, names)
    recorded = f"{operation} was recorded at {site}" if site else _UNKNOWN
    parts = [text, recorded, *_listed(inputs), *_listed(outputs), _called_from(site)]
    if site is not None and site.rule:
        parent = f", recorded at {site.rule_site}" if site.rule_site is not None else ""
        parts.append(f"It was induced by {site.rule}{parent}")
    found = {"operation": operation, "site": site, "inputs": inputs, "outputs": outputs, "graph": graph}
    return _joined(parts, graph), found


def explain(error: BaseException) -> None:
    """Add to an error of a backward pass which node raised it, and where that was recorded."""
    walked = error.__traceback__
    node = None
    while walked is not None:
        if walked.tb_frame.f_code.co_name == "walk" and isinstance(walked.tb_frame.f_locals.get("node"), Node):
            node = walked.tb_frame.f_locals["node"]
        walked = walked.tb_next
    if node is None or isinstance(error, AnomalyError):
        return
    site = site_of(node)
    if site is None:
        error.add_note(f"Error detected in {node.name()}. {_UNKNOWN}")
    else:
        error.add_note(
            f"Error detected in {node.name()}, recorded at {site}. Traceback of forward call that caused the error:\n"
            f"{site.traceback()}"
        )


def range_behind(edge: Any) -> ValueRange | None:
    """The range of what an edge stands for, as far as it is known: of a leaf now, of a result as it was noted."""
    if isinstance(edge, Tensor):
        return range_of(edge._array)
    node, index = (edge.node, edge.index) if type(edge) is Port else (edge, 0)
    if node.seq < 0:  # stands for a leaf whose data was replaced
        return range_behind(node.edges[0])
    note = node.meta or {}
    ranges = note.get("ranges", ())
    # A Function of the user's runs others inside, and carries what the last of them noted.
    return ranges[index] if note.get("op") is getattr(node, "op", None) and index < len(ranges) else None


def _drawing() -> Any:
    # By name: what draws sits above what it draws.
    return import_module("tinygrad5329.graph.neighbourhood")


def _joined(parts: Sequence[str], graph: Any) -> str:
    around = "\n".join("  " + line for line in str(graph).splitlines())
    return "\n".join([*filter(None, parts), "the graph around it:", around])


def _kind(ranges: Sequence[ValueRange]) -> str:
    return "NaN" if any(each.nans for each in ranges) else "infinity"


def _listed(ranges: Sequence[tuple[str, ValueRange]]) -> list[str]:
    return [f"  {name}: {found}" for name, found in ranges]


def _called_from(site: CallSite | None) -> str:
    return f"forward call (most recent call last):\n{site.traceback()}" if site is not None else ""


def _slots(op: Any, count: int) -> list[str]:
    return [f"{op.inputs[0]}[{i}]" for i in range(count)] if op.variadic else list(op.inputs)


def _place(node: Any, number: int, positions: Sequence[int]) -> int:
    """The number that PyTorch gives the gradient: inputs that need none count, those that can have none do not."""
    op = getattr(node, "op", None)
    if op is None or op.variadic or not op.rules:
        return positions[number]
    return sum(rule is not None for rule in op.rules[: positions[number]])


def _array(g: Any) -> Any:
    return g._array if isinstance(g, Tensor) else g


def _incoming(g: Any) -> list[tuple[str, ValueRange]]:
    if type(g) is not list:
        return [("gradient coming in", range_of(_array(g)))]
    return [(f"gradient coming in {i}", range_of(_array(each))) for i, each in enumerate(g) if each is not None]


def _known_inputs(node: Any, slots: Sequence[str], positions: Sequence[int]) -> list[tuple[str, ValueRange]]:
    """The inputs and saved outputs of `node` as far as tape and notes know them."""
    known: dict[str, ValueRange] = {}
    for position, edge in zip(positions, node.edges, strict=True):
        found = range_behind(edge)
        if found is not None:
            known[slots[position]] = found
    plan = getattr(node, "plan", None)
    if plan is not None and type(node.saved) is tuple:
        for kind, value in zip(plan.kinds, node.saved, strict=True):
            for position, each in enumerate(value) if kind == "all" else [(kind, value)]:
                if type(position) is int and isinstance(each, (np.ndarray, np.generic)):
                    known.setdefault(slots[position], range_of(each))
            if kind == "out":
                known.setdefault("output", range_of(value))
    order = {slot: i for i, slot in enumerate(slots)}
    return sorted(known.items(), key=lambda item: order.get(item[0], len(order)))
