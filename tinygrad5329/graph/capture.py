"""``capture``: read the tape behind a tensor into a plain :class:`Graph`."""

from __future__ import annotations

import gc
import warnings
from collections import Counter
from typing import Any

from tinygrad5329.graph.gradients import note_gradients
from tinygrad5329.graph.infer import infer_modules
from tinygrad5329.graph.known_options import explains_options
from tinygrad5329.graph.model import Graph, GraphCall, GraphModule
from tinygrad5329.graph.module_call import is_call, run_call
from tinygrad5329.graph.modules import calls_of
from tinygrad5329.graph.names import edge_behind, named, tensors_in
from tinygrad5329.graph.profiled import note_profile
from tinygrad5329.graph.reader import Reader
from tinygrad5329.graph.statistics import statistics_of
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = ["capture"]


@explains_options
def capture(
    output: Any,
    params: Any = None,
    inputs: Any = None,
    *,
    values: bool = False,
    gradients: bool = False,
    sites: bool = False,
    times: bool = False,
    profile: Any = None,
) -> Graph:
    """Read the graph that leads to `output` from the tape.

    Works before and after ``backward()``, and on graphs of gradients (``create_graph=True``). Given tensors,
    it runs nothing, but for `gradients`, and changes nothing.

    Parameters
    ----------
    output : Tensor, or tuple, list or dict of Tensors, or Module, or callable
        Where the graph ends: a loss, or what a model returned. A module is called with `inputs`, a function
        without arguments; what they return is looked at, and the modules of the model are recorded.
    params : Module, dict of str to Tensor, or iterable of such pairs, optional
        The names of the parameters.
    inputs : Tensor, dict of str to Tensor, or iterable of such pairs, optional
        The names of the inputs; for a module, what to call it with: a tensor, a tuple of arguments, or a dict
        of named ones. The tape has no edge to an input that needs no gradient; such an input is found among
        the values saved for the backward pass, so pass it before ``backward()`` frees them. A name for a
        tensor that was computed labels the operation that made it.
    values : bool
        Statistics of leaves, of outputs, and of what was computed in a call or within :class:`record`.
    gradients : bool
        Statistics of gradients, from a backward pass of its own: it touches no ``grad``, frees nothing, and runs
        no hooks. After a ``backward()`` that freed the graph only the leaves' ``grad`` is known.
    sites : bool
        The lines of code, for what was computed in a call or within :class:`record`.
    times : bool
        With `gradients`, how long each gradient rule took.
    profile : tinygrad5329.profiler.profile, optional
        A profile within which it was computed: gives operations their times and the memory that they allocated.

    Returns
    -------
    Graph

    Raises
    ------
    TypeError
        If `output` is no tensor of this package, or `params` or `inputs` name something else.
    RuntimeError
        If there is nothing on the tape behind `output`; with `sites`, if no line was recorded.
    ValueError
        For `times` without `gradients`, and for a `profile` of something else.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.ones(3, requires_grad=True)
    >>> graph = tg.graph.capture((w * 2).sum(), {"w": w})
    >>> [(node.kind, node.name, node.shape) for node in graph.nodes]
    [('parameter', 'w', (3,)), ('op', 'mul', (3,)), ('op', 'sum', ())]
    >>> graph = tg.graph.capture(tg.nn.Linear(3, 1), inputs=tg.ones(2, 3))
    >>> [node.name for node in graph.nodes]
    ['weight', 'bias', 'input', 'linear']
    """
    if times and not gradients:
        raise ValueError("graph: capture: times=True measures the backward pass; pass gradients=True as well")
    if is_call(output):
        output, params, inputs = run_call(output, params, inputs, sites=sites, values=values)
    # Nothing that is made below becomes garbage, and looking for some in a large tape takes half of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        graph = _read(tensors_in(output), params, inputs, values=values, gradients=gradients, sites=sites, times=times)
    finally:
        if collects:
            gc.enable()
    if profile is not None:
        note_profile(graph, profile)
    return graph


def _read(
    tensors: list[Tensor], params: Any, inputs: Any, *, values: bool, gradients: bool, sites: bool, times: bool
) -> Graph:
    roots = [edge_behind(t) for t in tensors]
    reader = Reader(named(params, "params"), named(inputs, "inputs"), values)
    graph = reader.read(roots)
    for t, (number, port) in zip(tensors, [_place(reader, root) for root in roots], strict=True):
        if values and port == 0 and graph.nodes[number].value is None:
            graph.nodes[number].value = statistics_of(t._array)
    if gradients:
        note_gradients(reader, tensors, times)
    _name_modules(graph, reader, params)
    _check_recorded(graph, values, sites)
    return graph


def _place(reader: Reader, root: Any) -> tuple[int, int]:
    return (reader.ids[id(root)], 0) if isinstance(root, Node) else (reader.ids[id(root.node)], root.index)


def _name_modules(graph: Graph, reader: Reader, params: Any) -> None:
    """Set the modules and calls of `graph`, recorded or inferred, and the owners of its parameters."""
    recorded: dict[str, str] = {}
    for operation in reader.operations:
        if operation.meta:
            recorded.update(operation.meta.get("classes", ()))
    classes = recorded | _classes(params)
    graph.recorded = any(node.kind == "op" and node.module is not None for node in graph.nodes)
    if not graph.recorded:
        infer_modules(graph)
    for node in graph.nodes:
        if node.kind == "parameter":
            owner = node.name.rpartition(".")[0]
            node.module = owner if owner or "" in classes else None
        elif node.module == "" and "" not in classes:
            node.module = None
    paths = {part for node in graph.nodes if node.module is not None for part in _ancestors(node.module)}
    graph.modules = [GraphModule(path, classes.get(path, "")) for path in sorted(paths) if path or "" in classes]
    _group_calls(graph, {reader.ids[id(node)]: node.meta for node in reader.operations})


def _group_calls(graph: Graph, notes: dict[int, Any]) -> None:
    """Make the module calls of `graph` from the notes of its operations.

    Operations are taken in the order in which they ran; neighbours in the same call, or where calls were not
    recorded, in the same module, make one call. Such a group is an interval of a topological order, so groups
    never depend on each other in a circle, even where a module is used several times.
    """
    known = {module.path for module in graph.modules}
    count: Counter[tuple[str, str]] = Counter()
    stack: list[tuple[tuple[str, int, str], int]] = []
    for node in graph.nodes:
        if node.kind != "op":
            continue
        numbers = {} if node.phase else calls_of(notes[node.id])
        paths = [path for path in _ancestors(node.module) if path in known] if node.module is not None else []
        chain = [(path, numbers.get(path, 0), node.phase) for path in paths]
        shared = 0
        while shared < min(len(chain), len(stack)) and stack[shared][0] == chain[shared]:
            shared += 1
        del stack[shared:]
        for each in chain[shared:]:
            path, _, phase = each
            count[path, phase] += 1
            graph.calls.append(GraphCall(path, stack[-1][1] if stack else -1, count[path, phase], phase))
            stack.append((each, len(graph.calls) - 1))
        node.call = stack[-1][1] if stack else -1


def _check_recorded(graph: Graph, values: bool, sites: bool) -> None:
    operations = [node for node in graph.nodes if node.kind == "op"]
    remedy = (
        "record them while it is computed: pass a call, capture(lambda: loss_fn(model(x), y), params=model, ...), "
        "or compute it within tg.graph.record"
    )
    if sites and not any(node.site for node in operations):
        raise RuntimeError(f"graph: capture: sites=True: the tape does not know lines of code; {remedy}(model)")
    # A Function of the user's runs operations that are not on the tape, and notes of its own result nothing.
    known = [node for node in operations if node.value is not None or node.name not in REGISTRY]
    missing = len(operations) - len(known) if values else 0
    if missing:
        warnings.warn(
            f"graph: the values of {missing:,} of {len(operations):,} operations are not known, as the tape does not "
            f"keep them; {remedy}(model, values=True)",
            stacklevel=5,
        )


def _ancestors(path: str) -> list[str]:
    parts = path.split(".") if path else []
    return [".".join(parts[:n]) for n in range(len(parts) + 1)]


def _classes(params: Any) -> dict[str, str]:
    if not hasattr(params, "named_modules"):
        return {}
    return {path: type(module).__name__ for path, module in params.named_modules(remove_duplicate=False)}
