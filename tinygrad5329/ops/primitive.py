"""``Primitive``: a differentiable operation, written once, with its gradient rules beside it.

A primitive has a forward on arrays and a gradient rule for each input::

    tanh = Primitive("tanh", lambda xp, x: xp.tanh(x), lambda xp, g, out: g * (1 - out * out))
    mul = Primitive("mul", lambda xp, x, y: x * y, lambda xp, g, y: g * y, lambda xp, g, x: g * x)

``xp`` is the array namespace: NumPy in a plain pass, tensors when the backward pass is itself recorded
(``create_graph=True``), so that one rule serves every order. A rule names what it needs and the engine
keeps nothing else. The names are:

- an input of the forward (``x``), its shape or dtype without the array (``x_shape``, ``x_dtype``), or
  for a variadic forward ``(*xs)`` the tuple ``xs`` or ``xs_shapes``;
- ``out``, and a keyword-only parameter of the forward (``axis``);
- ``needs`` in a joint rule: which inputs need a gradient, in order;
- ``aux`` in a raw rule: what the forward computed on the side.

Hot operations may have a ``raw`` rule too: a joint rule for arrays alone, which may use buffers and
``aux``. A recorded backward pass then takes the plain rules, or ``composite``, the same function written
in tensor operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.plan import Plan, Rule
from tinygrad5329.tape import Node, Port, Version, tick, walk
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
    aux : bool
        The forward takes ``keep`` (whether a backward pass may follow) and returns ``(out, aux)``.
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
        aux: bool = False,
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
        self.aux = aux
        self.variadic = bool(code.co_flags & 0x04)
        first_keyword = code.co_argcount + code.co_kwonlyargcount
        self.inputs = (code.co_varnames[first_keyword],) if self.variadic else code.co_varnames[1 : code.co_argcount]
        self.params = code.co_varnames[code.co_argcount : first_keyword]
        self.plans: dict[tuple[int, int], Plan] = {}
        self.node_type: type[OpNode] = OpNode
        REGISTRY[name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Run the operation on tensors (or constants) and record it if a gradient may be needed."""
        arrays: list[Any] = []
        mask = 0
        bit = 1
        for t in inputs:
            if isinstance(t, Tensor):
                arrays.append(t._array)
                if t._view is not None:
                    t._fresh_node()
                if t._rg:
                    mask |= bit
            else:
                arrays.append(t)
            bit <<= 1
        if mask and not state.grad:
            mask = 0
        aux = None
        try:
            if self.aux:
                out, aux = self.forward(NUMPY, *arrays, keep=mask != 0, **params)
            else:
                out = self.forward(NUMPY, *arrays, **params)
        except (RuntimeWarning, FloatingPointError):
            # Someone turned NumPy's floating point warnings into errors. Infinities and NaNs are values
            # here, as in PyTorch.
            with np.errstate(all="ignore"):
                out = self.forward(NUMPY, *arrays, **({"keep": mask != 0} if self.aux else {}), **params)
                if self.aux:
                    out, aux = out
        except ValueError as error:
            raise RuntimeError(self._shape_error(error, arrays)) from None
        if type(out) is tuple:
            return self._several(inputs, arrays, mask, out, params)
        t = wrap(out)
        if mask:
            out = t._array
            if out.dtype.kind in "fc":
                t._node = self._record(inputs, arrays, mask, out, aux, params, t)
                t._rg = True
        if self.view:
            self._mark_view(t, inputs[0])
        return t

    def under(self, xp: Any, *inputs: Any, **params: Any) -> Any:
        """The operation inside a rule: on arrays as it is, on tensors recorded."""
        if xp is tensor_namespace:
            return self(*inputs, **params)
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
        key = (mask, len(arrays))
        plan = self.plans.get(key)
        if plan is None:
            plan = self.plans[key] = Plan(self, mask, len(arrays))
            if self.node_type is OpNode:
                # Code written for PyTorch reads the class names of nodes.
                self.node_type = type(self.node_name, (OpNode,), {"__slots__": (), "__doc__": OpNode.__doc__})
        node = self.node_type()
        node.op = self
        node.plan = plan
        node.seq = tick()
        node.hooks = node.specs = None
        node.meta = state.scope
        node.params = params
        node.shape = out.shape
        node.dtype = out.dtype
        node.edges = plan.edges(inputs)
        node.saved = plan.save(arrays, out, aux, params)
        node.guards = guards = []
        for i in plan.guarded:
            t = inputs[i]
            if isinstance(t, Tensor):
                version = t._version
                if version is None:
                    version = t._version = Version()
                guards.append(version)
        if plan.saves_out and owner is not None:
            owner._version = Version()
            guards.append(owner._version)
        node.shapes = None
        if self.broadcasts:
            shape = out.shape
            for i in plan.positions:
                if arrays[i].shape != shape:
                    node.shapes = [arrays[i].shape for i in plan.positions]
                    break
        return node

    def _several(
        self, inputs: Sequence[Any], arrays: list[Any], mask: int, outs: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[Tensor, ...]:
        """The outputs of an operation that has several."""
        tensors = tuple([wrap(out) for out in outs])
        if mask and tensors:
            node = self._record(inputs, arrays, mask, tensors[0]._array, outs, params, None)
            node.specs = tuple([(t._array.shape, t._array.dtype) for t in tensors])
            for index, t in enumerate(tensors):
                if t._array.dtype.kind in "fc":
                    t._node = Port(node, index, t._array.shape, t._array.dtype)
                    t._rg = True
        if self.view:
            for t in tensors:
                self._mark_view(t, inputs[0])
        return tensors

    def _mark_view(self, t: Tensor, source: Tensor) -> None:
        if t._array is not source._array and not np.may_share_memory(t._array, source._array):
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


def misfit(op: str, a: tuple[int, ...], b: tuple[int, ...]) -> str | None:
    """Where two shapes do not broadcast, in words; None where they do."""
    for i in range(1, min(len(a), len(b)) + 1):
        if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
            return (
                f"The size of tensor a ({a[-i]}) must match the size of tensor b ({b[-i]}) at "
                f"non-singleton dimension {max(len(a), len(b)) - i}: {op} cannot broadcast {tuple(a)} with {tuple(b)}"
            )
    return None


class OpNode(Node):
    """The record of one run of a primitive."""

    __slots__ = ("guards", "op", "params", "plan", "shapes", "specs")

    op: Primitive
    plan: Plan
    params: dict[str, Any]
    guards: list[Version]
    shapes: list[tuple[int, ...]] | None
    specs: tuple[tuple[tuple[int, ...], Any], ...] | None

    @property
    def outputs(self) -> int | None:  # type: ignore[override]
        return None if self.specs is None else len(self.specs)

    def release(self) -> None:
        if self.plan.saves_arrays:
            self.saved = None

    def pull(self, g: Any, graph: bool) -> Any:
        for version in self.guards:
            if version.stamp > self.seq:
                raise RuntimeError(self._overwritten(version))
        if self.specs is not None:
            zeros = tensor_namespace.zeros if graph else np.zeros
            g = [
                zeros(shape, dtype) if each is None else each
                for each, (shape, dtype) in zip(g, self.specs, strict=True)
            ]
        if graph:
            gradients = self._pull_tensors(g)
        else:
            gradients = self.plan.pull(NUMPY, g, self.saved)
        if self.shapes is not None:
            xp = tensor_namespace if graph else NUMPY
            return [unbroadcast(xp, each, shape) for each, shape in zip(gradients, self.shapes, strict=True)]
        return gradients

    def _pull_tensors(self, g: Any) -> Any:
        values: list[Any] = []
        for kind, value in zip(self.plan.kinds, self.saved, strict=True):  # type: ignore[arg-type]
            if kind == "all":
                values.append(tuple(self._input(i, each) for i, each in enumerate(value)))
            elif isinstance(kind, int):
                values.append(self._input(kind, value))
            elif kind == "out":
                values.append(self._alias(value, self))
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
        """The saved input as a tensor with its old place in the graph."""
        if not isinstance(array, np.ndarray):
            return array
        if not self.plan.needs[position]:
            return wrap(array)
        edge = self.edges[self.plan.positions.index(position)]
        if isinstance(edge, Tensor) and edge._array is array:
            return edge
        return self._alias(array, edge)

    @staticmethod
    def _alias(array: Any, edge: Any) -> Tensor:
        t = wrap(array)
        t._node = LeafAlias(edge) if isinstance(edge, Tensor) else edge
        t._rg = True
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


def unbroadcast(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` back to `shape`, from which its operand was broadcast."""
    if g is None or g.shape == shape:
        return g
    extra = len(g.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    if axes:
        g = xp.sum(g, axis=axes, keepdims=True)
    return xp.reshape(g, shape)


#: The namespace of tensors, with NumPy's names; set by ops.namespace, which needs every family.
tensor_namespace: Any = None


identity = Primitive("identity", lambda xp, x: x, lambda xp, g: g)
