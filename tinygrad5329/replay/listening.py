"""What is exchanged while a step is recorded, so that nothing in the engine needs to know of recording.

For the time of one run, the recorder stands between tensors and their arrays, in front of the operations'
kernels and rules, of NumPy's creation functions and of generators. Other threads notice nothing: whatever is
exchanged asks first who is calling. Afterwards everything is as it was.
"""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from tinygrad5329.backends import choice, sums
from tinygrad5329.nn.utils import clip_grad
from tinygrad5329.ops import primitive
from tinygrad5329.ops.primitive import REGISTRY, Primitive
from tinygrad5329.ops.run import compiled_run
from tinygrad5329.optim.lr_scheduler import LRScheduler
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.random import Generator
from tinygrad5329.replay.recorder import ARRAY, GRAD, Recorder
from tinygrad5329.replay.traced import Traced
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["listening"]

_one_at_a_time = threading.RLock()
_euclidean_norm = clip_grad.euclidean_norm

#: Functions of NumPy's that make arrays. Those that take one do not ask the array's class.
_CREATING = [
    "empty", "zeros", "ones", "full", "arange", "array", "asarray", "asanyarray", "ascontiguousarray",
    "asfortranarray", "empty_like", "zeros_like", "ones_like", "full_like", "eye", "identity", "linspace",
]  # fmt: skip
_DRAWING = [
    "random", "randint", "randperm", "bernoulli", "dropout_mask", "bernoulli_each", "multinomial", "geometric",
    "uniform", "normal", "exponential", "cauchy", "log_normal", "poisson", "binomial", "manual_seed",
]  # fmt: skip
_TELLING = ["seed", "initial_seed", "get_state", "set_state", "clone_state"]


@contextmanager
def listening(recorder: Recorder, *scopes: dict[str, Any]) -> Iterator[None]:
    """Let `recorder` hear everything that this thread computes inside; `scopes` are the globals of the step."""
    restore: list[Callable[[], None]] = []

    def exchange(owner: Any, name: str, value: Any) -> None:
        old = owner.__dict__[name] if name in getattr(owner, "__dict__", ()) else getattr(owner, name)
        setattr(owner, name, value)
        restore.append(lambda: setattr(owner, name, old))

    with _one_at_a_time:
        try:
            for op in REGISTRY.values():
                _exchange_operation(op, recorder, restore)
            for forget in choice._changed:
                slot = getattr(forget, "__self__", None)
                if isinstance(slot, choice.Slot):
                    _exchange_slot(slot, recorder, restore)
            exchange(primitive, "unbroadcast", _whole(primitive.unbroadcast, recorder))
            for name in sums.__all__:
                exchange(sums, name, _whole(getattr(sums, name), recorder))
            stand_in = _numpy(recorder)
            for scope in (*_scopes(), *scopes):
                if scope.get("np") is np:
                    scope["np"] = stand_in
                    restore.append(partial(scope.__setitem__, "np", np))
            for name in _DRAWING:
                owner = next(cls for cls in Generator.__mro__ if name in cls.__dict__)
                exchange(owner, name, _drawing(owner.__dict__[name], name, recorder))
            for name in _TELLING:
                owner = next(cls for cls in Generator.__mro__ if name in cls.__dict__)
                exchange(owner, name, _refused(owner.__dict__[name], f"Generator.{name}", recorder))
            for base in (Optimizer, LRScheduler):
                for cls in _with_subclasses(base):
                    if "step" in cls.__dict__:
                        exchange(cls, "step", _live(cls, recorder))
            for name, spoken in {"numpy": "numpy()", "__repr__": "printing", "__format__": "printing"}.items():
                exchange(Tensor, name, _refused(getattr(Tensor, name), spoken, recorder))
            exchange(clip_grad, "clip_grads_with_norm_", _called_live(clip_grad.clip_grads_with_norm_, recorder))
            exchange(clip_grad, "euclidean_norm", _norm(clip_grad.euclidean_norm, recorder))
            exchange(LRScheduler, "get_last_lr", _refused(LRScheduler.get_last_lr, "get_last_lr()", recorder))
            exchange(Tensor, "_array", _hearing(recorder, ARRAY, recorder.get_array, recorder.set_array))
            exchange(Tensor, "_grad", _hearing(recorder, GRAD, recorder.get_grad, recorder.set_grad))
            yield
        finally:
            for undo in reversed(restore):
                undo()


def _scopes() -> list[dict[str, Any]]:
    """The globals of the engine's modules; Numba looks at those of compiled kernels, which stay as they are."""
    return [
        vars(module)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "tinygrad5329"
        and not name.startswith(("tinygrad5329.fast", "tinygrad5329.replay"))
    ]


def _numpy(recorder: Recorder) -> types.ModuleType:
    """What stands for ``np``: NumPy, whose functions that make arrays are heard."""
    module = types.ModuleType("numpy")
    module.__dict__.update(vars(np))
    for name in _CREATING:
        setattr(module, name, _creating(getattr(np, name), recorder))
    return module


def _hearing(recorder: Recorder, slot: Any, get: Callable[..., Any], set: Callable[..., Any]) -> property:
    listens = recorder.listens
    return property(
        lambda t: get(t) if listens() else slot.__get__(t),
        lambda t, value: set(t, value) if listens() else slot.__set__(t, value),
    )


def _exchange_operation(op: Primitive, recorder: Recorder, restore: list[Callable[[], None]]) -> None:
    before = op.run, op.kernels, op.plans

    def first_run(*inputs: Any, **params: Any) -> Any:
        kernels = choice.kernels_of(op.name) or before[1]

        def forward(xp: Any, *arrays: Any, **params: Any) -> Any:
            if not recorder.listens():
                return kernels.forward(xp, *arrays, **params)
            return recorder.kernel(op, kernels.forward, arrays, params)

        op.kernels = choice.Kernels(forward, kernels.raw)
        op.run = compiled_run(op, primitive.in_float32)
        return op.run(*inputs, **params)

    def plan(mask: int, count: int) -> Any:
        made = op.plans.get((mask, count))
        if made is None:
            # Planned with the kernels themselves, since a rule's argument names are read from its code.
            made = Primitive.plan(op, mask, count)
            # The replay calls what the operation's own plan has, the same one in every recording.
            op.plans, heard_plans = before[2], op.plans
            own = Primitive.plan(op, mask, count)
            op.plans, pull = heard_plans, own.pull

            def heard(xp: Any, g: Any, saved: Any) -> Any:
                return recorder.pull(own, op, g, saved) if recorder.listens() else pull(xp, g, saved)

            made.pull = heard
        return made

    op.plans = {}
    op.run = first_run
    op.plan = plan  # type: ignore[method-assign]

    def undo() -> None:
        op.run, op.kernels, op.plans = before
        del op.plan

    restore.append(undo)


def _exchange_slot(slot: Any, recorder: Recorder, restore: list[Callable[[], None]]) -> None:
    before = slot.run
    real = choice.kernels_of(slot.name) or slot.numpy

    def run(*args: Any, **kwargs: Any) -> Any:
        return recorder.whole(real, args, kwargs, slot.name) if recorder.listens() else real(*args, **kwargs)

    slot.run = run
    restore.append(lambda: setattr(slot, "run", before))


def _whole(function: Any, recorder: Recorder) -> Any:
    def heard(*args: Any, **kwargs: Any) -> Any:
        return recorder.function(function, args, kwargs) if recorder.listens() else function(*args, **kwargs)

    return heard


def _creating(function: Any, recorder: Recorder) -> Any:
    def heard(*args: Any, **kwargs: Any) -> Any:
        if not recorder.listens():
            return function(*args, **kwargs)
        if function.__name__ in ("asarray", "asanyarray") and type(args[0]) is Traced and len(args) == 1 and not kwargs:
            return args[0]
        return recorder.function(function, args, kwargs)

    heard.__name__ = function.__name__
    return heard


def _drawing(function: Any, name: str, recorder: Recorder) -> Any:
    def heard(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not recorder.listens():
            return function(self, *args, **kwargs)
        return recorder.draw(self, name, function.__get__(self), args, kwargs)

    return heard


def _refused(function: Any, spoken: str, recorder: Recorder) -> Any:
    def heard(*args: Any, **kwargs: Any) -> Any:
        if recorder.listens():
            recorder.refuse(f"{spoken} reads or sets what a replay does not follow")
            with recorder.deaf():
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return heard


def _live(cls: Any, recorder: Recorder) -> Any:
    step = cls.__dict__["step"]

    def heard(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not recorder.listens():
            return step(self, *args, **kwargs)
        # The optimizers' hooks ask whether a class's step is the one they wrap.
        cls.step = step
        try:
            return recorder.live((self, "step"), self.step, args, kwargs, f"{cls.__name__}.step")
        finally:
            cls.step = heard

    return heard


def _called_live(function: Any, recorder: Recorder) -> Any:
    def heard(*args: Any, **kwargs: Any) -> Any:
        if not recorder.listens():
            return function(*args, **kwargs)
        return recorder.live(function, function, args, kwargs, function.__name__)

    return heard


def _norm(function: Any, recorder: Recorder) -> Any:
    """The norm of several tensors, which is summed up in Python's floats, as one step on their arrays."""

    def heard(tensors: Any) -> Any:
        if not recorder.listens():
            return function(tensors)
        arrays = [t._array for t in tensors]
        with recorder.deaf():
            has_one = function(tensors) is not None
        return wrap(recorder.function(_norm_of, (arrays,), {})) if has_one else None

    return heard


def _norm_of(arrays: Any) -> Any:
    """The norm of arrays as of tensors, for a replay."""
    total = _euclidean_norm([wrap(array) for array in arrays])
    return None if total is None else total._array


def _with_subclasses(cls: Any) -> list[Any]:
    return [cls, *(each for sub in cls.__subclasses__() for each in _with_subclasses(sub))]
