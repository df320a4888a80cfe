"""What is exchanged while a profile records, so that nothing in the engine needs to know of profiling.

While one records, a clock stands in front of each operation, of the nodes' gradient rules, of module calls, draws of
random numbers, the optimizers and data loaders; afterwards everything is as it was. So a profiler that is off costs
nothing, not even an attribute that somebody looks at.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from time import perf_counter_ns
from typing import Any

import numpy as np

from tinygrad5329.autograd.function import Function
from tinygrad5329.nn.module import Module
from tinygrad5329.ops.primitive import REGISTRY, OpNode, Primitive
from tinygrad5329.optim.hooks import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.profiler.multiply_accumulates import FORMULAS
from tinygrad5329.profiler.recorder import Kind, Recorder, shape_of, shapes_in, users_stack
from tinygrad5329.random import Generator
from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = ["attach", "attached", "detach"]

_one_at_a_time = threading.RLock()
#: The recorder that listens at present, and how to put back what it stands in front of.
_listening: Recorder | None = None
_restore: list[Callable[[], None]] = []

_FORWARD, _BACKWARD, _MODULE, _ENGINE = Kind.FORWARD, Kind.BACKWARD, Kind.MODULE, Kind.ENGINE
#: Draws of random numbers, which take as long as the operation that they are for.
_DRAWING = (
    "random", "randint", "randperm", "bernoulli", "dropout_mask", "bernoulli_each", "multinomial", "geometric",
    "uniform", "normal", "exponential", "cauchy", "log_normal", "poisson", "binomial",
)  # fmt: skip


def attached() -> Recorder | None:
    """The recorder that listens, if one does."""
    return _listening


def attach(recorder: Recorder) -> None:
    """Let `recorder` hear everything the engine does, in all threads.

    Raises
    ------
    RuntimeError
        Another one does.
    """
    global _listening
    with _one_at_a_time:
        if _listening is not None:
            raise RuntimeError("a profiler is recording already: stop it, or leave its block, before starting another")
        _listening = recorder
        try:
            for exchange in _EXCHANGES:
                exchange(recorder)
        except BaseException:
            detach(recorder)
            raise


def detach(recorder: Recorder) -> None:
    """Put everything back; nothing happens if `recorder` does not listen."""
    global _listening
    with _one_at_a_time:
        if _listening is not recorder:
            return
        while _restore:
            _restore.pop()()
        _listening = None


def _exchange(owner: Any, name: str, value: Any) -> None:
    old = owner.__dict__[name]
    setattr(owner, name, value)
    _restore.append(lambda: setattr(owner, name, old))


def _operations(recorder: Recorder) -> None:
    """Clocks in front of all operations. One that has not run yet, or forgets its kernels, gets its clock then."""
    first_run = Primitive.__dict__["_first_run"]

    def clocked_first_run(op: Primitive, *inputs: Any, **params: Any) -> Any:
        clocked = _clocked_operation(op, functools.partial(first_run, op), recorder)
        try:
            return clocked(*inputs, **params)
        finally:
            if _listening is recorder and not _waits(op) and not hasattr(op.run, "unclocked"):
                op.run = _clocked_operation(op, op.run, recorder)

    def restore() -> None:
        for op in REGISTRY.values():
            if _waits(op):
                op.run = op._first_run
            else:
                op.run = getattr(op.run, "unclocked", op.run)

    # Last in, first out: operations are looked through when `_first_run` is the old one again.
    _restore.insert(0, restore)
    for op in REGISTRY.values():
        if not _waits(op):
            op.run = _clocked_operation(op, op.run, recorder)
    _exchange(Primitive, "_first_run", clocked_first_run)
    for op in REGISTRY.values():
        if _waits(op):
            op.run = op._first_run


def _waits(op: Primitive) -> bool:
    """Whether the operation has not been compiled."""
    return getattr(op.run, "__self__", None) is op


def _clocked_operation(op: Primitive, run: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    log, clock, options = recorder.log, perf_counter_ns, recorder.options
    memory, stack, keeps = options.memory, options.stack, options.memory and op.aux
    notes = options.shapes or stack or (options.flops and op.name in FORMULAS)

    # Written out and not divided into functions: what this takes, every operation takes.
    def clocked(*inputs: Any, **params: Any) -> Any:
        start = clock()
        try:
            out = run(*inputs, **params)
        except BaseException:
            log.add((start, clock(), _FORWARD, op, 0, 0, None))
            raise
        end = clock()
        nbytes, details = 0, None
        array: Any
        node: Any
        if type(out) is Tensor:
            array, node = out._array, out._node
            if memory and out._view is None and array is not getattr(inputs[0], "_array", None):
                nbytes = array.nbytes
        else:
            array, node = out[0]._array if out else None, _node_of(out)
            if memory:
                nbytes = sum([each._array.nbytes for each in out if each._view is None])
        if keeps and node is not None:
            nbytes += _kept_by(node)
        if notes:
            shapes = [each._array.shape if isinstance(each, Tensor) else shape_of(each) for each in inputs]
            lines = users_stack(sys._getframe(1)) if stack else None
            details = shapes, () if array is None else array.shape, lines
        log.add((start, end, _FORWARD, op, 0 if node is None else node.seq, nbytes, details))
        return out

    clocked.unclocked = run  # type: ignore[attr-defined]
    return clocked


def _node_of(out: Any) -> Any:
    """The node of an operation with several outputs, of which one may need no gradient."""
    for each in out if type(out) is tuple else ():
        node = each._node
        if node is not None:
            return getattr(node, "node", node)
    return None


def _kept_by(node: Any) -> int:
    """The memory of what the forward computed on the side for the rules."""
    if type(node.saved) is not tuple:
        return 0
    return sum(_bytes_of(value) for kind, value in zip(node.plan.kinds, node.saved, strict=True) if kind == "aux")


def _bytes_of(value: Any) -> int:
    """The memory of the arrays in `value` that is their own."""
    if isinstance(value, np.ndarray):
        return value.nbytes if value.base is None else 0
    if isinstance(value, (tuple, list)):
        return sum(map(_bytes_of, value))
    return 0


def _rules(recorder: Recorder) -> None:
    """Clocks in front of the gradient rules of all kinds of nodes."""
    kinds = [Node]
    for kind in kinds:
        kinds += kind.__subclasses__()
    for kind in kinds[1:]:
        if "pull" in kind.__dict__:
            _exchange(kind, "pull", _clocked_pull(kind.__dict__["pull"], recorder))


def _clocked_pull(pull: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    log, clock, options = recorder.log, perf_counter_ns, recorder.options
    memory, flops = options.memory, options.flops

    def clocked(node: Any, g: Any, graph: bool) -> Any:
        # What was saved may be freed as soon as the rules have run.
        details = None
        if flops and not graph and isinstance(node, OpNode) and node.op.name in FORMULAS:
            details = _shapes_of_node(node)
        start = clock()
        try:
            gradients = pull(node, g, graph)
        except BaseException:
            log.add((start, clock(), _BACKWARD, node.name(), node.seq, 0, None))
            raise
        end = clock()
        nbytes = _made_of(gradients, g) if memory else 0
        log.add((start, end, _BACKWARD, node.name(), node.seq, nbytes, details))
        return gradients

    return clocked


def _made_of(gradients: Any, g: Any) -> int:
    """The memory of the arrays among `gradients` that are not `g` or views of it."""
    given = [each if each.base is None else each.base for each in (g if type(g) is list else (g,)) if _is_array(each)]
    nbytes = 0
    for each in gradients:
        if _is_array(each):
            owner = each if each.base is None else each.base
            if not any(owner is one for one in given):
                nbytes += each.nbytes
    return nbytes


def _is_array(value: Any) -> bool:
    # Not a subclass: what records a step for its replay hears whoever looks at its arrays.
    return type(value) is np.ndarray


def _shapes_of_node(node: OpNode) -> Any:
    """The shapes of the inputs as far as the tape knows them: from edges and from what was saved."""
    plan = node.plan
    shapes: list[Any] = [None] * len(plan.needs)
    for position, edge in zip(plan.positions, node.edges, strict=True):
        shapes[position] = edge._array.shape if isinstance(edge, Tensor) else edge.shape
    if type(node.saved) is tuple:
        for kind, value in zip(plan.kinds, node.saved, strict=True):
            if type(kind) is int and isinstance(value, np.ndarray):
                shapes[kind] = value.shape
    return shapes, node.shape, plan.needs, node.op.name


def _passes(recorder: Recorder) -> None:
    module = import_module("tinygrad5329.autograd.backward")
    _exchange(module, "walk", _clocked(module.walk, "autograd.backward", recorder))
    _exchange(module, "_accumulate", _clocked(module._accumulate, "AccumulateGrad", recorder))


def _clocked(
    function: Callable[..., Any], name: str | Callable[[Any], str], recorder: Recorder, memory: bool = False
) -> Callable[..., Any]:
    """A function, or a method whose event is named after its object, with a clock."""
    log, clock = recorder.log, perf_counter_ns
    memory = memory and recorder.options.memory

    @functools.wraps(function)
    def clocked(*args: Any, **kwargs: Any) -> Any:
        start = clock()
        result = None
        try:
            result = function(*args, **kwargs)
            return result
        finally:
            end = clock()
            spoken = name if isinstance(name, str) else name(args[0])
            log.add((start, end, _ENGINE, spoken, 0, _bytes_of(result) if memory else 0, None))

    return clocked


def _functions(recorder: Recorder) -> None:
    """Operations with a backward pass of the user's."""
    log, clock = recorder.log, perf_counter_ns
    apply = Function.__dict__["apply"]
    stack = recorder.options.stack

    def clocked(cls: Any, *args: Any) -> Any:
        start = clock()
        out, node = None, None
        try:
            out = apply.__get__(None, cls)(*args)
            for each in out if type(out) is tuple else (out,):
                node = getattr(getattr(each, "_node", None), "node", None) or node
            return out
        finally:
            details = ([shape_of(a) for a in args], (), users_stack(sys._getframe(1)) if stack else None)
            log.add((start, clock(), _FORWARD, cls.__name__, 0 if node is None else node.seq, 0, details))

    _exchange(Function, "apply", classmethod(clocked))


def _modules(recorder: Recorder) -> None:
    if not recorder.options.modules:
        return
    log, clock, shapes = recorder.log, perf_counter_ns, recorder.options.shapes
    call = Module.__dict__["__call__"]

    def clocked(self: Module, *args: Any, **kwargs: Any) -> Any:
        start = clock()
        out = None
        try:
            out = call(self, *args, **kwargs)
            return out
        finally:
            log.add((start, clock(), _MODULE, self, 0, 0, shapes_in(out) if shapes else None))

    _exchange(Module, "__call__", functools.wraps(call)(clocked))


def _draws(recorder: Recorder) -> None:
    for name in _DRAWING:
        owner = next(cls for cls in Generator.__mro__ if name in cls.__dict__)
        _exchange(owner, name, _clocked(owner.__dict__[name], f"random.{name}", recorder, memory=True))


def _optimizers(recorder: Recorder) -> None:
    # By hooks: an optimizer's step asks whether it is the one that its class has.
    log, clock = recorder.log, perf_counter_ns

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        log.steps.append((optimizer, clock()))

    def after(optimizer: Any, args: Any, kwargs: Any) -> None:
        while log.steps:
            # A step that raised has left its beginning behind.
            begun, start = log.steps.pop()
            if begun is optimizer:
                name = type(optimizer).__name__
                log.add((start, clock(), _ENGINE, f"Optimizer.step#{name}.step", 0, 0, None))
                return

    for handle in (register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)):
        _restore.append(handle.remove)
    zero_grad = Optimizer.__dict__["zero_grad"]
    _exchange(Optimizer, "zero_grad", _clocked(zero_grad, _name_of_zero_grad, recorder))


def _name_of_zero_grad(optimizer: Any) -> str:
    return f"Optimizer.zero_grad#{type(optimizer).__name__}.zero_grad"


def _loaders(recorder: Recorder) -> None:
    """Waiting for the next batch of a ``DataLoader``."""
    cls = import_module("tinygrad5329.utils.data.passes").Pass
    _exchange(cls, "__next__", _clocked(cls.__dict__["__next__"], _name_of_pass, recorder))


def _name_of_pass(batches: Any) -> str:
    kind = "SingleProcess" if type(batches).__name__ == "SingleProcessPass" else "MultiProcessing"
    return f"enumerate(DataLoader)#_{kind}DataLoaderIter.__next__"


def _replays(recorder: Recorder) -> None:
    """Steps that are replayed: each is one entry, since it runs none of the operations that it was made of."""
    module = sys.modules.get("tinygrad5329.replay.step")
    if module is not None:
        step = module.CompiledStep
        _exchange(step, "__call__", _clocked(step.__dict__["__call__"], "compiled step", recorder))


_EXCHANGES = (_operations, _rules, _passes, _functions, _modules, _draws, _optimizers, _loaders, _replays)
