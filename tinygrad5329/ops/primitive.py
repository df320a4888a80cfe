"""``Primitive``: a differentiable operation, written once, with its gradient rules beside it.

A primitive has a forward on arrays and a gradient rule for each input::

    tanh = Primitive("tanh", lambda xp, x: xp.tanh(x), lambda xp, g, out: g * (1 - out * out))
    mul = Primitive("mul", lambda xp, x, y: x * y, lambda xp, g, y: g * y, lambda xp, g, x: g * x)

``xp`` is the array namespace: NumPy in a plain pass, tensors when the backward pass is itself recorded
(``create_graph=True``), so that one rule serves every order. A rule names what it needs and the engine
keeps nothing else. The names are:

- an input of the forward (``x``), its shape or dtype without the array (``x_shape``, ``x_dtype``), or
  for a variadic forward ``(*xs)`` the tuple ``xs`` or ``xs_shapes``;
- ``out``, or ``outs`` for all outputs of an operation that has several, and a keyword-only parameter of
  the forward (``axis``);
- ``needs`` in a joint rule: which inputs need a gradient, in order;
- ``aux`` in a raw rule: what the forward computed on the side.

Hot operations may have a ``raw`` rule too: a joint rule for arrays alone, which may use buffers and
``aux``. A recorded backward pass then takes the plain rules, or ``composite``, the same function written
in tensor operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.backends.choice import Kernels, kernels_of, when_changed
from tinygrad5329.dtypes import INEXACT, is_half
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.broadcasting import misfit, unbroadcast
from tinygrad5329.ops.plan import Plan, Rule
from tinygrad5329.ops.run import compiled_run
from tinygrad5329.tape import Node, Port, Version, clock, tick, walk
from tinygrad5329.tensor import Tensor, View, wrap

__all__ = ["REGISTRY", "Primitive"]

#: Every primitive by name. Tests walk it; tools read it.
REGISTRY: dict[str, Primitive] = {}


class Primitive:
    """A differentiable operation.

    Parameters
    ----------
    name : str
        Unique; ``MulBackward0`` is made of it.
    forward : callable
        ``(xp, *inputs, **params)`` to an array, or a tuple of them with ``outputs`` above 1; positional
        parameters are inputs, keyword-only ones are parameters.
    rules : callables
        A gradient rule for each input, in order; None for inputs that have no derivative.
    joint : callable, optional
        One rule for all inputs instead: returns a tuple, with anything for inputs not in ``needs``.
    raw : callable, optional
        A joint rule for arrays alone, taken in a plain backward pass.
    composite : callable, optional
        The forward in tensor operations; differentiated where there are no plain rules.
    broadcasts : bool
        Inputs are broadcast against each other; the engine sums gradients back to their shapes.
    view : bool
        The output may share the first input's memory.
    outputs : int
        How many outputs there are; -1 where it depends on the parameters.
    exact : bool
        It moves elements and computes nothing, so half precision stays; see ``ops/half_precision.py``.
    aux : bool
        The forward takes ``keep`` (whether a backward pass may follow) and returns ``(out, aux)``.
    scalars : bool
        Forward and rules are made of operators alone, so that 0-d float arrays can be NumPy scalars, with
        which operators are five times as fast.
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *rules: Rule | None,
        joint: Rule | None = None,
        raw: Rule | None = None,
        composite: Callable[..., Any] | None = None,
        broadcasts: bool = False,
        view: bool = False,
        outputs: int = 1,
        exact: bool = False,
        aux: bool = False,
        scalars: bool = False,
    ) -> None:
        if name in REGISTRY:
            raise ValueError(f"a primitive named {name!r} exists already")
        code = forward.__code__
        self.name = name
        self.node_name = "".join(part.capitalize() for part in name.split("_")) + "Backward0"
        self.forward = forward
        self.rules = rules
        self.joint = joint
        self.raw = raw
        self.composite = composite
        self.broadcasts = broadcasts
        self.view = view
        self.outputs = outputs
        self.widens = not (view or exact)
        self.aux = aux
        self.scalars = scalars
        self.variadic = bool(code.co_flags & 0x04)
        first_keyword = code.co_argcount + code.co_kwonlyargcount
        self.inputs = (code.co_varnames[first_keyword],) if self.variadic else code.co_varnames[1 : code.co_argcount]
        self.params = code.co_varnames[code.co_argcount : first_keyword]
        self.plans: dict[tuple[int, int], Plan] = {}
        #: What runs at present: NumPy's kernels as given, or their compiled twins.
        self.kernels = Kernels(forward, raw)
        #: Runs the operation like a call of the primitive, without the detour over ``__call__``.
        self.run: Callable[..., Any] = self._first_run
        REGISTRY[name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Run the operation on tensors (or constants) and record it if a gradient may be needed."""
        return self.run(*inputs, **params)

    def _first_run(self, *inputs: Any, **params: Any) -> Any:
        kernels = kernels_of(self.name)
        if kernels is not None:
            self.kernels = kernels
        self.run = compiled_run(self, in_float32)
        return self.run(*inputs, **params)

    def forget(self) -> None:
        """Look anew for the kernels to run; see ``backends/choice.py``. Nodes keep the plan they have."""
        self.kernels = Kernels(self.forward, self.raw)
        self.plans = {}
        self.run = self._first_run

    @cached_property
    def node_type(self) -> type[OpNode]:
        """The class of the operation's nodes: code written for PyTorch reads their names."""
        return type(self.node_name, (OpNode,), {"__slots__": (), "__doc__": OpNode.__doc__})

    def rescue(self, error: Exception, arrays: Sequence[Any], keep: bool, params: dict[str, Any]) -> Any:
        """What the forward returns after it raised `error`, or the error that the user shall see."""
        if isinstance(error, (RuntimeWarning, FloatingPointError)):
            # Someone turned NumPy's floating point warnings into errors. Infinities and NaNs are values
            # here, as in PyTorch.
            with np.errstate(all="ignore"):
                return self.kernels.forward(NUMPY, *arrays, **({"keep": keep} if self.aux else {}), **params)
        if isinstance(error, TypeError) and "not supported for the input types" in str(error):
            kinds = ", ".join(dict.fromkeys(str(a.dtype) for a in arrays if isinstance(a, np.ndarray)))
            raise NotImplementedError(f'"{self.name}" not implemented for {kinds}') from None
        if isinstance(error, ValueError):
            raise RuntimeError(self._shape_error(error, arrays)) from None
        raise error

    def under(self, xp: Any, *inputs: Any, **params: Any) -> Any:
        """The operation inside a rule: on arrays as it is, on tensors recorded."""
        if xp is tensor_namespace:
            return self(*inputs, **params)
        if self.widens and any(isinstance(x, np.ndarray) and is_half(x.dtype) for x in inputs):
            return arrays_in_float32(self, inputs, params)
        result = self.forward(xp, *inputs, **({"keep": False} if self.aux else {}), **params)
        return result[0] if self.aux else result

    def _record(
        self,
        inputs: Sequence[Any],
        arrays: list[Any],
        mask: int,
        out: Any,
        aux: Any,
        params: dict[str, Any],
        owner: Tensor | None,
    ) -> OpNode:
        plan = self.plan(mask, len(arrays))
        if self.variadic:
            return plan.record(out, aux, params, owner, state.watched, inputs, arrays)
        return plan.record(out, aux, params, owner, state.watched, *inputs, *arrays)

    def plan(self, mask: int, count: int) -> Plan:
        """What is done for `count` inputs, of which those in the bits of `mask` need gradients."""
        plan = self.plans.get((mask, count))
        if plan is None:
            plan = self.plans[mask, count] = Plan(self, mask, count)
        return plan

    def several(
        self,
        inputs: Sequence[Any],
        arrays: list[Any],
        mask: int,
        outs: tuple[Any, ...],
        aux: Any,
        params: dict[str, Any],
    ) -> tuple[Tensor, ...]:
        """The outputs of an operation that has several."""
        tensors = tuple([wrap(out) for out in outs])
        if mask and tensors:
            saved = tuple([t._array for t in tensors])
            node = self._record(inputs, arrays, mask, saved[0], aux if self.aux else saved, params, None)
            node.specs = tuple([(t._array.shape, t._array.dtype) for t in tensors])
            node.outputs = len(tensors)
            for index, t in enumerate(tensors):
                if t._array.dtype.kind in INEXACT:
                    t._node = Port(node, index, t._array.shape, t._array.dtype)
                    t._rg = True
            if node.plan.saves_outs:
                versions = tuple([Version() for _ in tensors])
                for t, version in zip(tensors, versions, strict=True):
                    t._version = version
                node.guards = (*node.guards, *versions)
        if self.view:
            for t in tensors:
                self.mark_view(t, inputs[0])
        return tensors

    def mark_view(self, t: Tensor, source: Tensor) -> None:
        array, own, base = t._array, source._array, t._array.base
        plainly = array is own or (base is not None and (base is own or base is own.base))
        if not plainly and not np.may_share_memory(array, own):
            return
        if source._version is None:
            source._version = Version()
        t._version = source._version
        t._view = View(source if source._view is None else source._view.base)

    def _shape_error(self, error: ValueError, arrays: Sequence[Any]) -> str:
        shapes = [tuple(np.shape(a)) for a in arrays]
        if self.broadcasts:
            text = misfit(self.name, shapes[0], shapes[1])
            if text is not None:
                return text
        return f"{self.name}: {error} (inputs have shapes {', '.join(map(str, shapes))})"


class OpNode(Node):
    """The record of one run of a primitive."""

    __slots__ = ("guards", "op", "outputs", "params", "plan", "shapes", "specs")

    op: Primitive
    plan: Plan
    params: dict[str, Any]
    guards: tuple[Version, ...]
    shapes: list[tuple[int, ...]] | None
    specs: tuple[tuple[tuple[int, ...], Any], ...] | None

    def release(self) -> None:
        if self.plan.saves_arrays:
            self.saved = None

    def pull(self, g: Any, graph: bool) -> Any:
        if clock.written > self.seq:
            for version in self.guards:
                if version.stamp > self.seq:
                    raise RuntimeError(self._overwritten(version))
        if self.specs is not None:
            zeros = tensor_namespace.zeros if graph else np.zeros
            g = [
                zeros(shape, dtype) if each is None else each
                for each, (shape, dtype) in zip(g, self.specs, strict=True)
            ]
        saved: Any = self.saved
        if type(saved) is not tuple:
            saved = saved.unpack()
        if graph:
            gradients = self._pull_tensors(g, saved)
        else:
            gradients = self.plan.pull(NUMPY, g, saved)
        if self.shapes is not None:
            xp = tensor_namespace if graph else NUMPY
            return [unbroadcast(xp, each, shape) for each, shape in zip(gradients, self.shapes, strict=True)]
        return gradients

    def _pull_tensors(self, g: Any, saved: tuple[Any, ...]) -> Any:
        values: list[Any] = []
        for kind, value in zip(self.plan.kinds, saved, strict=True):
            if kind == "all":
                values.append(tuple(self._input(i, each) for i, each in enumerate(value)))
            elif isinstance(kind, int):
                values.append(self._input(kind, value))
            elif kind == "out":
                values.append(self._alias(value, self, self.guards[-1] if self.specs is None else None))
            elif kind == "outs":
                values.append(tuple(self._output(i, each) for i, each in enumerate(value)))
            else:
                values.append(value)
        if self.plan.pull_tensors is not None:
            return self.plan.pull_tensors(tensor_namespace, g, values)
        return self._pull_composite(g, values)

    def _pull_composite(self, g: Any, values: list[Any]) -> list[Any]:
        """Differentiate the composite on aliases, so that an input given twice counts once each time."""
        by_position = {k: v for k, v in zip(self.plan.kinds, values, strict=True) if isinstance(k, int)}
        if "all" in self.plan.kinds:
            by_position = dict(enumerate(values[self.plan.kinds.index("all")]))
        inputs = [identity(by_position[i]) if needed else by_position[i] for i, needed in enumerate(self.plan.needs)]
        out = self.op.composite(*inputs, **self.params)  # type: ignore[misc]
        outs, gs = (out, g) if isinstance(out, tuple) else ((out,), (g,))
        targets = [inputs[i]._node for i in self.plan.positions]
        roots = [(o._node, each) for o, each in zip(outs, gs, strict=True) if o._node is not None]
        found = walk(roots, graph=True, keep=True, targets=set(targets))
        return [found.get(target) for target in targets]

    def _input(self, position: int, array: Any) -> Any:
        """The saved input as a tensor with its old place in the graph, and its old version counter."""
        if self.op.scalars and isinstance(array, np.generic):
            array = np.asarray(array)
        if not isinstance(array, np.ndarray):
            return array
        version = self.guards[self.plan.guarded.index(position)]
        if not self.plan.needs[position]:
            t = wrap(array)
            t._version = version
            return t
        edge = self.edges[self.plan.positions.index(position)]
        if isinstance(edge, Tensor) and edge._array is array:
            return edge
        return self._alias(array, edge, version)

    def _output(self, index: int, array: Any) -> Tensor:
        """One of several outputs as a tensor with its place in the graph."""
        version = self.guards[len(self.plan.guarded) + index]
        if array.dtype.kind in INEXACT:
            return self._alias(array, Port(self, index, array.shape, array.dtype), version)
        t = wrap(array)
        t._version = version
        return t

    @staticmethod
    def _alias(array: Any, edge: Any, version: Version | None) -> Tensor:
        t = wrap(array)
        t._node = LeafAlias(edge) if isinstance(edge, Tensor) else edge
        t._rg = True
        # Shared, so that a second derivative too refuses what was written to after it was saved.
        t._version = version
        return t

    def _overwritten(self, version: Version) -> str:
        return (
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"{self.op.name} (operation {self.seq}, output of shape {tuple(self.shape)}) saved a tensor that "
            f"{version.op} wrote to afterwards (operation {version.stamp}). Use the operation that is not in "
            "place, or clone() the tensor before writing to it"
        )


class LeafAlias(Node):
    """A node that hands gradients on to a leaf whose ``data`` was replaced after it was used."""

    __slots__ = ()

    def __init__(self, leaf: Tensor) -> None:
        self.edges, self.saved, self.hooks, self.meta = (leaf,), (), None, None
        self.seq, self.shape, self.dtype = -tick(), leaf._array.shape, leaf._array.dtype

    def pull(self, g: Any, graph: bool) -> Any:
        return (g,)

    def release(self) -> None:
        pass


#: The namespace of tensors, with NumPy's names; set by ops.namespace, which needs every family.
tensor_namespace: Any = None
#: The operation with half precision inputs, tensors or arrays; set by ops.half_precision.
in_float32: Any = None
arrays_in_float32: Any = None


def _forget_all() -> None:
    for op in REGISTRY.values():
        op.forget()


when_changed(_forget_all)

identity = Primitive("identity", lambda xp, x: x, lambda xp, g: g, exact=True)
