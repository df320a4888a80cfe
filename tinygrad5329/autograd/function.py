"""``Function``: operations whose backward pass the user writes (``torch.autograd.Function``)."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.dtypes import INEXACT
from tinygrad5329.grad_mode import no_grad, set_grad_enabled, state
from tinygrad5329.ops.inplace import _rebase, check_writable
from tinygrad5329.ops.namespace import TENSORS
from tinygrad5329.ops.primitive import unbroadcast
from tinygrad5329.tape import Node, Port, Version, tick
from tinygrad5329.tensor import Tensor, bump_version, wrap

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What ``forward`` leaves for ``backward``; attributes may be set freely."""

    needs_input_grad: tuple[bool, ...] = ()
    _to_save: tuple[Tensor | None, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _constant: tuple[Tensor, ...] = ()
    _materialize = True
    _node: FunctionNode | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for the backward pass, which will refuse if they were changed in place meanwhile."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type {type(t).__name__}; set other "
                    "values as attributes of ctx"
                )
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What ``save_for_backward`` kept."""
        return self._to_save if self._node is None else self._node.unpack()

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs ``forward`` changed in place; each must be returned as an output."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether outputs that nothing used give ``backward`` zeros (the default) or None."""
        self._materialize = bool(value)


class FunctionNode(Node):
    """The record of one ``Function.apply``."""

    __slots__ = ("cls", "ctx", "packed", "specs", "targets", "versions")

    cls: type[Function]
    ctx: FunctionCtx
    specs: tuple[tuple[tuple[int, ...], Any], ...]
    targets: tuple[int, ...]
    versions: tuple[tuple[Version, int], ...]
    packed: Any

    def name(self) -> str:
        return f"{self.cls.__name__}Backward"

    @property
    def outputs(self) -> int | None:  # type: ignore[override]
        return len(self.specs)

    def unpack(self) -> tuple[Tensor | None, ...]:
        """The saved tensors, outputs with their place in the graph."""
        if self.saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Specify retain_graph=True if you need to backward through the graph a second time"
            )
        for version, count in self.versions:
            if version.count != count:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"{self.name()} saved a tensor that {version.op} wrote to afterwards"
                )
        result: list[Tensor | None] = []
        saved = self.saved
        if self.packed is not None:
            saved = tuple((kind, value) for (kind, _), value in zip(saved, self.packed.unpack(), strict=True))
        for kind, value in saved:
            if kind is None:
                result.append(value)
            else:
                t = wrap(value)
                t._node, t._rg = Port(self, kind, value.shape, value.dtype), True
                result.append(t)
        return tuple(result)

    def release(self) -> None:
        if self.saved:
            self.saved = self.packed = None

    def pull(self, g: Any, graph: bool) -> Any:
        ctx = self.ctx
        gradients: list[Tensor | None] = []
        for each, (shape, dtype) in zip(g, self.specs, strict=True):
            if each is None:
                gradients.append(wrap(np.zeros(shape, dtype)) if ctx._materialize else None)
            else:
                gradients.append(each if isinstance(each, Tensor) else wrap(np.asarray(each)))
        with set_grad_enabled(graph):
            results = self.cls.backward(ctx, *gradients)
        results = results if isinstance(results, (tuple, list)) else (results,)
        wanted = len(ctx.needs_input_grad)
        if len(results) > wanted and all(extra is None for extra in results[wanted:]):
            results = results[:wanted]
        if len(results) != wanted:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {wanted}, got "
                f"{len(results)})"
            )
        return [self._fit(i, results[i], edge, graph) for i, edge in zip(self.targets, self.edges, strict=True)]

    def _fit(self, number: int, g: Any, edge: Any, graph: bool) -> Any:
        """The gradient of input `number`, checked, in the input's shape and dtype."""
        if g is None:
            return None
        if not isinstance(g, Tensor):
            raise TypeError(
                f"function {self.name()} returned {type(g).__name__} as gradient {number}: expected a Tensor"
            )
        shape = edge._array.shape if isinstance(edge, Tensor) else edge.shape
        dtype = edge._array.dtype if isinstance(edge, Tensor) else edge.dtype
        if g._array.shape != shape:
            try:
                np.broadcast_to(np.empty(shape), g._array.shape)
            except ValueError:
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {number} - got {list(g.shape)} but "
                    f"expected shape compatible with {list(shape)}"
                ) from None
            g = unbroadcast(TENSORS, g, shape)
        if g._array.dtype != dtype:
            g = g.to(wrap(np.empty(0, dtype)).dtype)
        return g if graph else g._array


class Function:
    """A differentiable operation with a backward pass of one's own (``torch.autograd.Function``).

    Subclasses give static methods ``forward(ctx, *args)`` (or ``forward(*args)`` with
    ``setup_context(ctx, inputs, output)``) and ``backward(ctx, *grad_outputs)``, and are used through
    ``apply``. If ``backward`` is made of differentiable operations, higher orders work.

    >>> import tinygrad5329 as tg
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> x = tg.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The operation; override it."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what ``backward`` needs, where ``forward`` takes no ctx; override it."""
        raise NotImplementedError("setup_context is not implemented for this custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the inputs, one for each argument of ``forward``; override it."""
        raise NotImplementedError(
            "You must implement either the backward method for your custom autograd.Function to use it with backward "
            "mode AD."
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run the operation on `args` and record it."""
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        recorded = state.grad and any(ctx.needs_input_grad)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args)
            else:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
        outputs = output if isinstance(output, tuple) else (output,)
        for t in ctx._dirty:
            bump_version(t, cls.__name__)
        if not recorded:
            return output
        results = cls._record(ctx, args, outputs)
        return results if isinstance(output, tuple) else results[0]

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        node = FunctionNode()
        node.cls, node.ctx, node.seq = cls, ctx, tick()
        node.hooks, node.meta, node.packed = None, state.scope, None
        node.targets = tuple(i for i, needed in enumerate(ctx.needs_input_grad) if needed)
        node.edges = tuple(args[i]._fresh_node() or args[i] for i in node.targets)
        tensors = [t for t in outputs if isinstance(t, Tensor)]
        node.specs = tuple((t._array.shape, t._array.dtype) for t in tensors)
        node.shape, node.dtype = node.specs[0] if tensors else ((), None)
        results, saved_as = [], {}
        number = -1
        for t in outputs:
            if not isinstance(t, Tensor):
                results.append(t)
                continue
            number += 1
            dirty = any(t is d for d in ctx._dirty)
            if dirty:
                check_writable(t, cls.__name__)
            result = t if dirty else wrap(t._array)
            if result._version is None:
                result._version = t._version = t._version or Version()
            if t._array.dtype.kind in INEXACT and not any(t is c for c in ctx._constant):
                port = Port(node, number, t._array.shape, t._array.dtype)
                if dirty:
                    _rebase(result, port)
                else:
                    result._node, result._rg = port, True
                saved_as[id(t)] = number
            results.append(result)
        # A saved output must not be held as a tensor: it leads to this node, which would then own itself.
        node.saved = tuple(
            (saved_as[id(t)], t._array) if t is not None and id(t) in saved_as else (None, t) for t in ctx._to_save
        )
        versions = []
        for t in ctx._to_save:
            if t is not None:
                t._version = t._version or Version()
                versions.append((t._version, t._version.count))
        node.versions = tuple(versions)
        if state.packer is not None:
            kinds = tuple(None if value is None else "tensor" for _, value in node.saved)
            node.packed = state.packer(kinds, tuple(value for _, value in node.saved))
            node.saved = tuple((kind, None) for kind, _ in node.saved)
        ctx._to_save, ctx._dirty, ctx._constant = (), (), ()
        ctx._node = _Weak(node)  # type: ignore[assignment]
        return tuple(results)


class _Weak:
    """A context's way to its node, which owns the context."""

    __slots__ = ("_ref",)

    def __init__(self, node: FunctionNode) -> None:
        self._ref = weakref.ref(node)

    def unpack(self) -> tuple[Tensor | None, ...]:
        """The node's saved tensors."""
        node = self._ref()
        if node is None:
            raise RuntimeError("saved_tensors: the graph that this context belongs to is gone")
        return node.unpack()


class _Refusing(Node):
    """The end of a graph that may not be differentiated again."""

    __slots__ = ()

    def pull(self, g: Any, graph: bool) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")

    def release(self) -> None:
        pass


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` whose own derivative is not right: differentiating it raises.

    The counterpart of ``torch.autograd.function.once_differentiable``.
    """

    @functools.wraps(function)
    def wrapper(ctx: Any, *gradients: Any) -> Any:
        twice = state.grad and any(isinstance(g, Tensor) and g.requires_grad for g in gradients)
        with no_grad():
            results = function(ctx, *gradients)
        if not (twice or state.grad):
            return results
        as_tuple = results if isinstance(results, tuple) else (results,)
        refused = []
        for t in as_tuple:
            if isinstance(t, Tensor):
                t = wrap(t._array)
                node = _Refusing()
                node.edges, node.saved, node.hooks, node.meta = (), (), None, None
                node.seq, node.shape, node.dtype = tick(), t._array.shape, t._array.dtype
                t._node, t._rg = node, True
            refused.append(t)
        return tuple(refused) if isinstance(results, tuple) else refused[0]

    return wrapper
