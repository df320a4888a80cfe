"""``summary``: what a model is made of and what one call of it takes, by module."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad5329.grad_mode import enable_grad
from tinygrad5329.graph.saved_values import leaves_behind, memory_of, nodes_behind, owner_of
from tinygrad5329.graph.summary_table import summary_html, summary_text
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import is_lazy
from tinygrad5329.profiler.attachment import attach, detach
from tinygrad5329.profiler.events import Event, events_of
from tinygrad5329.profiler.module_paths import ModuleCall
from tinygrad5329.profiler.recorder import Kind, Options, Recorder
from tinygrad5329.random import default_generator
from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = ["ModuleSummary", "Summary", "summary"]


@dataclass(slots=True)
class ModuleSummary:
    """One module. Counts and bytes include the modules below it, each parameter and each array once.

    Attributes
    ----------
    path, class_name : str
        Where it is in the model (``""`` is the model itself), and its class.
    calls : int
        How often it was called.
    output_shapes
        Of what its first call returned: a shape, or lists and dicts of them; None if it was not called.
    parameters, trainable : int
        Numbers in its parameters; and in those that require a gradient.
    shared : int
        Numbers in its own parameters that a module above has too, and which count there.
    multiply_accumulates : int
        Of products in the forward pass: matrices, convolutions, attention, recurrent layers.
    activation_bytes : int
        Kept for the backward pass by the operations that ran in it, without parameters, buffers and inputs.
    gradient_bytes : int
        What the gradients of its parameters take.
    aliases : list of str
        Other paths to the same module.
    """

    path: str
    class_name: str
    calls: int = 0
    output_shapes: Any = None
    parameters: int = 0
    trainable: int = 0
    shared: int = 0
    multiply_accumulates: int = 0
    activation_bytes: int = 0
    gradient_bytes: int = 0
    aliases: list[str] = field(default_factory=list)


class Summary(list[ModuleSummary]):
    """The modules of a model in the order of their definition; printed, it is its :meth:`table`.

    In a notebook it shows itself as a table. The first row is the model and holds the totals.

    Attributes
    ----------
    total : ModuleSummary
        The model itself.
    parameter_bytes, buffer_bytes, input_bytes : int
        Memory of parameters, of buffers, and of the tensors the call was given.
    training : bool
        The mode in which it ran.
    """

    def __init__(self, rows: list[ModuleSummary], parameter_bytes: int, buffer_bytes: int, input_bytes: int) -> None:
        super().__init__(rows)
        self.total = rows[0]
        self.parameter_bytes = parameter_bytes
        self.buffer_bytes = buffer_bytes
        self.input_bytes = input_bytes
        self.training = True

    def table(self, depth: int | None = None) -> str:
        """The modules as text within 120 columns, down to `depth` levels below the model (all of them unless given)."""
        return summary_text(self, depth)

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        return summary_html(self)


def summary(model: Module, *args: Any, **kwargs: Any) -> Summary:
    """What `model` is made of and what the call ``model(*args, **kwargs)`` takes, by module.

    The call is real, with gradients on and in the model's present mode. Buffers (such as the running statistics of
    batch normalisation) and the default generator are put back afterwards; what lazy modules make at their first call
    stays.

    Parameters
    ----------
    model : Module
    *args, **kwargs
        What to call it with: tensors, or whatever it takes.

    Returns
    -------
    Summary

    Raises
    ------
    TypeError
        `model` is no module, or the call is given shapes, arrays, or tensors of another framework.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> model = tg.nn.Sequential(tg.nn.Linear(128, 64), tg.nn.Tanh(), tg.nn.Linear(64, 10))
    >>> found = tg.summary(model, tg.zeros(32, 128))
    >>> found.total.parameters, found.total.multiply_accumulates
    (8906, 282624)
    >>> print(found)
    Module   Class       Output    Parameters      MACs  Kept bytes  Grad bytes
    ---------------------------------------------------------------------------
    (model)  Sequential  (32, 10)       8,906  282.62 K     8.00 KB    34.79 KB
      0      Linear      (32, 64)       8,256  262.14 K         0 B    32.25 KB
      1      Tanh        (32, 64)           -         -     8.00 KB         0 B
      2      Linear      (32, 10)         650   20.48 K         0 B     2.54 KB
    <BLANKLINE>
    Parameters: 8,906 (8,906 trainable, 0 frozen), 34.79 KB
    Multiply-accumulates: 282.62 K of the forward pass, in training mode
    Kept for backward: 8.00 KB; gradients 34.79 KB
    A training step: 93.58 KB with parameters, buffers and inputs, without an optimizer's state
    <BLANKLINE>
    """
    if not isinstance(model, Module):
        raise TypeError(_no_module(model))
    for name, value in (*enumerate(args), *kwargs.items()):
        _check(name, value)
    recorder = Recorder(Options(shapes=True, flops=True))
    with enable_grad(), _put_back(model):
        attach(recorder)
        try:
            output = model(*args, **kwargs)
        finally:
            detach(recorder)
    thread = threading.get_native_id()
    events = [event for event in events_of(recorder) if event.thread == thread]
    found = _Collector(model)
    found.count_calls(events)
    given = list(_tensors((args, kwargs)))
    found.count_kept(events, output, given)
    result = Summary(
        list(found.rows.values()),
        sum(p._array.nbytes for p in model.parameters()),
        sum(b._array.nbytes for b in model.buffers()),
        sum(owner.nbytes for owner in {id(t): t._array for t in given}.values()),
    )
    result.training = model.training
    return result


class _Collector:
    """The rows of a summary, by the identity of the module."""

    def __init__(self, model: Module) -> None:
        self.rows: dict[int, ModuleSummary] = {}
        self.by_path: dict[str, ModuleSummary] = {}
        self.model = model
        #: The first module that has a parameter.
        owners: dict[int, str] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            if id(module) in self.rows:
                row = self.by_path[path] = self.rows[id(module)]
                row.aliases.append(path)
                continue
            row = self.rows[id(module)] = self.by_path[path] = ModuleSummary(path, type(module).__name__)
            for p in module.parameters():
                row.parameters += p._array.size
                row.trainable += p._array.size if p.requires_grad else 0
                row.gradient_bytes += p._array.nbytes if p.requires_grad else 0
            for p in module.parameters(recurse=False):
                if owners.setdefault(id(p), path) != path:
                    row.shared += p._array.size

    def around(self, call: ModuleCall | None) -> list[ModuleSummary]:
        """The rows of a called module and of all above it, which need not have been called themselves."""
        if call is None:
            return []
        outermost = call
        while outermost.parent is not None:
            outermost = outermost.parent
        if outermost.module is not self.model:
            return []
        parts = call.path.removeprefix(outermost.path).split(".")
        paths = [".".join(parts[1:end]) for end in range(1, len(parts) + 1)]
        return list({id(self.by_path[path]): self.by_path[path] for path in paths if path in self.by_path}.values())

    def count_calls(self, events: list[Event]) -> None:
        """Calls, shapes and multiply-accumulates."""
        for event in events:
            if event.kind is Kind.MODULE:
                assert event.module is not None
                row = self.rows.get(id(event.module.module))
                if row is not None:
                    row.calls += 1
                    if row.calls == 1:
                        row.output_shapes = event.output_shapes
            elif event.flops:
                for row in self.around(event.module):
                    row.multiply_accumulates += event.flops // 2

    def count_kept(self, events: list[Event], output: Any, given: list[Tensor]) -> None:
        """What the tape behind `output` keeps: each array for the operation that ran first of those that keep it."""
        ran_in = {
            event.sequence_nr: event.module for event in events if event.kind is Kind.FORWARD and event.sequence_nr
        }
        roots: list[Any] = [t._node for t in _tensors(output) if t._node is not None]
        nodes: list[Node] = nodes_behind(roots)
        lasting = [*self.model.parameters(), *self.model.buffers(), *given, *leaves_behind(nodes)]
        seen = {id(owner_of(t._array)) for t in lasting}
        for node in nodes:
            # A forward that computes in other modules' call, such as a hook's, is in the model at least.
            rows = self.around(ran_in.get(node.seq)) or [self.rows[id(self.model)]]
            for key, owner in memory_of(node).items():
                if key not in seen:
                    seen.add(key)
                    for row in rows:
                        row.activation_bytes += owner.nbytes


@contextmanager
def _put_back(model: Module) -> Iterator[None]:
    """Buffers and the default generator are afterwards what they were."""
    registries = [(module._buffers, dict(module._buffers)) for module in model.modules()]
    buffers = [(buffer, buffer._array, buffer._array.copy()) for buffer in model.buffers() if not is_lazy(buffer)]
    generator = default_generator.get_state()
    try:
        yield
    finally:
        for registry, kept in registries:
            registry.update(kept)
        for buffer, array, before in buffers:
            array[...] = before
            buffer._array = array
        default_generator.set_state(generator)


def _tensors(value: Any) -> list[Tensor]:
    """The tensors in a call's arguments or result, whatever else is there."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for each in value for t in _tensors(each)] if isinstance(value, (list, tuple)) else []


def _check(name: Any, value: Any) -> None:
    """Refuse what is meant for another function than this one."""
    which = f"argument {name + 1}" if isinstance(name, int) else f"argument {name!r}"
    if isinstance(value, (tuple, list)) and value and all(type(each) is int for each in value):
        shape = ", ".join(map(str, value))
        raise TypeError(f"summary: {which} is a shape: the model is called, so pass a tensor such as tg.zeros({shape})")
    if isinstance(value, np.ndarray):
        raise TypeError(f"summary: {which} is a NumPy array: pass a tensor, tg.from_numpy(array)")
    if hasattr(value, "requires_grad") and not isinstance(value, Tensor):
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise TypeError(f"summary: {which}: expected a tinygrad5329 Tensor, got {kind}: pass tg.tensor(array)")


def _no_module(model: Any) -> str:
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    if isinstance(model, Tensor):
        remedy = "pass the model and its input, summary(model, x); tg.graph.tree(tensor) shows the graph of a tensor"
    elif isinstance(model, type) and issubclass(model, Module):
        remedy = f"pass an instance: summary({model.__name__}(...), x)"
    else:
        remedy = "pass a model and what it is called with: summary(model, x)"
    return f"summary: expected a tinygrad5329.nn.Module, got {kind}: {remedy}"
