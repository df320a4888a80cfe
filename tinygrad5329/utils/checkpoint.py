"""Trade computation for memory: run a part of a model again in the backward pass (``torch.utils.checkpoint``).

Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from tinygrad5329.autograd import Function, backward
from tinygrad5329.autograd.graph import saved_tensors_hooks
from tinygrad5329.grad_mode import enable_grad, is_grad_enabled, set_grad_enabled
from tinygrad5329.random import default_generator
from tinygrad5329.tensor import Tensor

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_early_stop",
    "set_device_states",
]

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]


class CheckpointError(RuntimeError):
    """The second run of a function did not save what the first one did."""


class _Stop(Exception):
    """Everything that the backward pass needs has been computed again."""


_early_stop = True


class set_checkpoint_early_stop:
    """Whether second runs inside the block end as soon as all needed tensors are there (the default)."""

    def __init__(self, enable: bool) -> None:
        self.enable = enable

    def __enter__(self) -> None:
        global _early_stop
        self._before, _early_stop = _early_stop, self.enable

    def __exit__(self, *exc: object) -> None:
        global _early_stop
        _early_stop = self._before


def noop_context_fn() -> Contexts:
    """The default of ``context_fn``: contexts that do nothing."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Run `function` without keeping what its backward pass needs; it is run again when that is asked for.

    Parameters
    ----------
    function : callable
        Part of a model. It must do the same when it is called again with the same arguments.
    use_reentrant : bool
        False (recommended): the recorded graph is the usual one, whose saved tensors are computed again on
        demand. True: the function is hidden in one node, which runs it with recording in the backward pass;
        then at least one of `args` must require grad.
    context_fn : callable
        Gives two contexts, for the first run and for the second (``use_reentrant=False`` only).
    determinism_check : str
        "default" compares shapes and dtypes of what the two runs save; "none" does not.
    early_stop : bool
        End the second run once all needed tensors are there.
    preserve_rng_state : bool, default True
        Start the second run with the random state of the first, so that dropout draws the same masks.

    Matches ``torch.utils.checkpoint.checkpoint``; gradients are equal bit for bit to those without it.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. use_reentrant=False is "
            "recommended, but if you need to preserve the current default behavior, you can pass use_reentrant=True.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of 'default', 'none', not {determinism_check!r}")
    if debug:
        raise ValueError("checkpoint: debug=True is not supported; a CheckpointError names the tensors that differ")
    first, second = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    frame = _Frame(function, args, kwargs, preserve, second, determinism_check == "default", early_stop and _early_stop)
    with saved_tensors_hooks(frame.pack, frame.unpack), first:
        result = function(*args, **kwargs)
    frame.closed = True
    return result


class _Frame:
    """One checkpointed call: how to run it again, and what the second run has computed."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        preserve: bool,
        context: AbstractContextManager[Any],
        checked: bool,
        early_stop: bool,
    ) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.state = _RandomState() if preserve else None
        self.context, self.checked, self.early_stop = context, checked, early_stop
        self.closed = False
        self.saved: list[tuple[tuple[int, ...], Any]] = []
        self.recomputed: dict[int, Tensor] = {}

    def pack(self, t: Tensor) -> int:
        self.saved.append((tuple(t.shape), t.dtype))
        return len(self.saved) - 1

    def unpack(self, number: int) -> Tensor:
        if not self.closed:
            raise RuntimeError("checkpoint: a backward pass inside of the checkpointed function needs what it saves")
        if number not in self.recomputed:
            self._run_again()
        return self.recomputed.pop(number)

    def _run_again(self) -> None:
        found: list[Tensor] = []

        def keep(t: Tensor) -> Tensor:
            found.append(t)
            if self.early_stop and len(found) == len(self.saved):
                raise _Stop
            return t

        state = self.state or nullcontext()
        with enable_grad(), state, saved_tensors_hooks(keep, lambda t: t), self.context, suppress(_Stop):
            self.function(*self.args, **self.kwargs)
        if len(found) != len(self.saved):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation. Number of tensors saved during forward: {len(self.saved)}; number of tensors saved "
                f"during recomputation: {len(found)}"
            )
        if self.checked:
            self._compare(found)
        self.recomputed = dict(enumerate(found))

    def _compare(self, found: Sequence[Tensor]) -> None:
        different = [
            f"tensor {i}: saved {shape} {dtype}, recomputed {tuple(t.shape)} {t.dtype}"
            for i, ((shape, dtype), t) in enumerate(zip(self.saved, found, strict=True))
            if (shape, dtype) != (tuple(t.shape), t.dtype)
        ]
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                "during the forward pass.\n" + "\n".join(different)
            )


class _RandomState:
    """The generator's state when it was made; inside, the generator goes on from there."""

    def __init__(self) -> None:
        self._then = default_generator.get_state()

    def __enter__(self) -> None:
        self._now = default_generator.get_state()
        default_generator.set_state(self._then)

    def __exit__(self, *exc: object) -> None:
        default_generator.set_state(self._now)


class CheckpointFunction(Function):
    """The node that hides a function for ``use_reentrant=True``."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """Run without recording; tensors among the arguments are saved, others kept as they are."""
        ctx.run_function = run_function
        ctx.state = _RandomState() if preserve_rng_state else None
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Run again with recording, and go back through what that recorded."""
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = t
        needed = ctx.needs_input_grad[2:]
        detached = detach_variable(tuple(inputs), needed)
        with enable_grad(), ctx.state or nullcontext():
            outputs = ctx.run_function(*detached)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [
            (o, g) for o, g in zip(outputs, grad_outputs, strict=True) if isinstance(o, Tensor) and o.requires_grad
        ]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        with set_grad_enabled(False):
            backward([o for o, _ in pairs], [g for _, g in pairs])
        return None, None, *(t.grad if isinstance(t, Tensor) else None for t in detached)


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices beside the CPU that `args` are on, and their random states: none."""
    return [], []


def set_device_states(devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None) -> None:
    """Put random states back on the devices that :func:`get_device_states` gave; RuntimeError for any other."""
    if devices or states:
        raise RuntimeError(f"set_device_states: there are no devices beside the CPU, but got {list(devices)}")


def detach_variable(inputs: tuple[Any, ...], needed: Sequence[bool] | None = None) -> tuple[Any, ...]:
    """The same values outside of the graph; tensors require grad where they did, or where `needed` says so."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    flags = needed if needed is not None else [isinstance(t, Tensor) and t.requires_grad for t in inputs]
    return tuple(
        t.detach().requires_grad_(flag) if isinstance(t, Tensor) else t for t, flag in zip(inputs, flags, strict=True)
    )


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Checkpoint a chain of modules in `segments` parts; the last part is run as usual.

    Matches ``torch.utils.checkpoint.checkpoint_sequential``.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. "
            "use_reentrant=False is recommended.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def run(part: Iterable[Callable[[Any], Any]]) -> Callable[[Any], Any]:
        def forward(value: Any) -> Any:
            for function in part:
                value = function(value)
            return value

        return forward

    size = len(chain) // segments
    for start in range(0, size * (segments - 1), size or 1):
        part = run(chain[start : start + size])
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return run(chain[size * (segments - 1) :])(input)
