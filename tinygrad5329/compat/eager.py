"""``torch.compile``: a function is recorded and replayed; modules stay what they are, and run eagerly."""

from __future__ import annotations

import functools
import types
from typing import Any

from tinygrad5329.compat.notice import notice

__all__ = ["compile", "disable"]


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """Record a step when it is called, and replay it from then on (``torch.compile``, as `jax.jit` uses it).

    The whole step goes in, with its backward pass and its optimizer::

        @tg.compile
        def step(x, y):
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

    The first two calls run eagerly and are written down. If both did the same, the third one is a replay: one
    Python function of kernels over local variables, without nodes, modules or dispatch, which gives the same
    numbers bit for bit, random numbers included. Before each replay guards hold the step to what was recorded:
    shapes, dtypes and strides of arguments, the values of Python numbers among them, and of closure cells and
    globals that the function names; modules' modes, parameters and hooks; which gradients there are; the grad
    mode. Where one fails, the call is recorded anew; eight programs are kept. Values of parameters and buffers,
    the state of generators and the options of optimizers are read anew in each replay.

    Side effects of Python do not repeat, as in `jax.jit`: nothing is printed or appended in a replay. Tensors
    should be returned. A step that reads computed values (`item`, `numpy`, printing), keeps tensors outside or
    changes what its guards watch runs eagerly, with a warning that names the line. The graph of what a replay
    returns is not there: call `backward` inside.

    Parameters
    ----------
    model : callable, optional
        A function or method. A module is given back as it is, with a notice the first time, and so is a callable
        without Python code. Without it, `compile` is a decorator.
    fullgraph : bool
        Raise RuntimeError where the step cannot be replayed, after the call that showed it.
    dynamic, backend, mode, options
        Accepted, and of no influence; a notice says so.
    disable : bool
        Give back `model` itself.

    Returns
    -------
    CompiledStep
        Its ``code`` is the replay, to read, and ``memory_plan()`` a table of how much memory is alive when.

    Raises
    ------
    AssertionError
        `model` is not callable.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> @tg.compile
    ... def step(x):
    ...     w.grad = None
    ...     (w * x).sum().backward()
    ...     return w.grad
    >>> for _ in range(3):
    ...     gradient = step(tg.tensor([3.0, 4.0]))
    >>> gradient
    tensor([3., 4.])
    """
    if model is None:
        return functools.partial(
            compile, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options, disable=disable
        )
    if not callable(model):
        raise AssertionError(f"compile: a callable function is expected, but {type(model)} is provided")
    if disable:
        return model
    if not isinstance(model, (types.FunctionType, types.MethodType, functools.partial)):
        notice("torch.compile gives back what it is given: it runs eagerly here, and the options change nothing")
        return model
    if dynamic is not None or backend is not None or mode is not None or options is not None:
        notice("torch.compile records and replays a function: dynamic, backend, mode and options change nothing here")
    from tinygrad5329.replay import CompiledStep

    return CompiledStep(model, fullgraph)


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """``torch.compiler.disable``: `fn` itself; nothing is compiled anyway. Without `fn`, such a decorator."""
    return (lambda function: function) if fn is None else fn
