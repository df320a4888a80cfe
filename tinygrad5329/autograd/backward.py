"""Starting a backward pass: ``Tensor.backward``, ``autograd.backward`` and ``autograd.grad``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.autograd import anomaly, growth
from tinygrad5329.grad_mode import set_grad_enabled, state
from tinygrad5329.ops.inplace import check_writable
from tinygrad5329.tape import Node, Port, walk
from tinygrad5329.tensor import Tensor, attach, bump_version, wrap

__all__ = ["backward", "grad"]

_NEEDS_NO_GRAD = "element {} of tensors does not require grad and does not have a grad_fn"


def _backward_method(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of this tensor in the ``grad`` of the leaves (``torch.Tensor.backward``).

    Parameters
    ----------
    gradient : Tensor, optional
        The gradient of something with respect to this tensor, of its shape; not needed for a scalar.
    retain_graph : bool, optional
        Keep what the graph has saved, so that it can be passed again. Default: `create_graph`.
    create_graph : bool
        Record the backward pass, so that gradients can be differentiated.
    inputs : Tensor or sequence of them, optional
        Accumulate in these alone.

    Raises
    ------
    RuntimeError
        Without `gradient` for a tensor of more than one element, for a tensor that requires no grad,
        for a graph that was freed, and if a saved tensor was changed in place.
    """
    array = self._array
    if gradient is not None or inputs is not None or create_graph or array.size != 1 or array.dtype.kind != "f":
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)
        return
    if not self.requires_grad:
        raise RuntimeError(_NEEDS_NO_GRAD.format(0))
    if not growth.passes() % growth.EVERY:
        growth.look(self._node, bool(retain_graph))
    # Nearly every call. What the general one does, without the lists that it needs for several tensors.
    outer, state.grad = state.grad, False
    try:
        with np.errstate(all="ignore"):
            seed = np.array(1, array.dtype, ndmin=array.ndim)
            watch = anomaly.watcher(self._node)
            found = walk(((self._node or self, seed),), keep=bool(retain_graph), watch=watch)
        for leaf in list(found):
            if leaf._rg:
                _accumulate(leaf, _take(found, leaf))
    except Exception as error:
        anomaly.noted(error)
        raise
    finally:
        state.grad = outer


attach(backward=_backward_method)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the summed gradients of several tensors in the leaves (``torch.autograd.backward``)."""
    targets = None
    wanted: dict[Any, Tensor] = {}
    if inputs is not None:
        listed = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        if not listed:
            raise RuntimeError("`inputs` argument to `backward` cannot be empty.")
        for t in listed:
            if not t.requires_grad:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
        wanted = {_edge(t): t for t in listed}
        targets = set(wanted)
    found = _run(_as_list(tensors), _as_list(grad_tensors), retain_graph, create_graph, targets)
    # Hooks belong to the backward pass: what they do is recorded only if the pass is.
    with set_grad_enabled(create_graph):
        for edge in list(found):
            leaf = wanted.get(edge, edge)
            if isinstance(leaf, Tensor) and leaf._rg:
                _accumulate(leaf, _take(found, edge))


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`, without touching any ``grad`` (``torch.autograd.grad``).

    `only_inputs` is there for old scripts, which pass True. There is no other way.

    Returns
    -------
    tuple
        A gradient for each input, of its shape and dtype; None for one that was not used, if `allow_unused`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> x = tg.tensor(3.0, requires_grad=True)
    >>> (dx,) = grad(x**3, x, create_graph=True)
    >>> grad(dx, x)
    (tensor(18.),)
    """
    if not only_inputs:
        raise RuntimeError("grad(): only_inputs=False is not supported; call backward to accumulate into every leaf")
    if is_grads_batched:
        raise RuntimeError("grad(): is_grads_batched=True is not supported; call grad once for each gradient")
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True.")
    listed = _as_list(inputs)
    if not listed:
        raise ValueError("grad requires non-empty inputs.")
    for t in listed:
        if not t.requires_grad:
            raise RuntimeError(
                "One of the differentiated Tensors does not require grad: the input of shape "
                f"{tuple(t.shape)} has requires_grad=False"
            )
    edges = [_edge(t) for t in listed]
    found = _run(_as_list(outputs), _as_list(grad_outputs), retain_graph, create_graph, set(edges))
    with set_grad_enabled(create_graph):
        gradients = {edge: _take(found, edge) for edge in list(found)}
    results: list[Tensor | None] = []
    for t, edge in zip(listed, edges, strict=True):
        g = gradients.get(edge)
        if g is None and not allow_unused and not materialize_grads:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph (the one of shape "
                f"{tuple(t.shape)}). Set allow_unused=True if this is the desired behavior."
            )
        if g is None and materialize_grads:
            g = np.zeros_like(t._array)
        results.append(g if g is None or isinstance(g, Tensor) else wrap(g))
    return tuple(results)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return [value] if isinstance(value, Tensor) else list(value)


def _edge(t: Tensor) -> Node | Port | Tensor:
    return t._fresh_node() or t


def _run(
    outputs: list[Tensor],
    gradients: list[Tensor | None],
    retain_graph: bool | None,
    create_graph: bool,
    targets: set[Any] | None,
) -> dict[Any, Any]:
    """Check the roots and walk; the gradients of leaves or targets, arrays or with `create_graph` tensors."""
    if gradients and len(gradients) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(gradients)} gradients")
    roots = []
    for i, t in enumerate(outputs):
        if not t.requires_grad:
            raise RuntimeError(_NEEDS_NO_GRAD.format(i))
        given = gradients[i] if gradients else None
        if given is None:
            if t._array.size != 1:
                raise RuntimeError(
                    f"grad can be implicitly created only for scalar outputs; this one has shape {tuple(t.shape)}: "
                    "pass a gradient, or reduce it with sum() or mean()"
                )
            if t._array.dtype.kind == "c":
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got {t.dtype}: pass a gradient, "
                    "or make the loss real, for example with abs()"
                )
            seed: Any = np.ones(t._array.shape, t._array.dtype)
            seed = wrap(seed) if create_graph else seed
        else:
            seed = _checked(t, given, i, create_graph)
        roots.append((_edge(t), seed))
    keep = create_graph if retain_graph is None else retain_graph
    # Infinities and NaNs are values here, also where someone turned NumPy's warnings into errors.
    watch = anomaly.watcher(*[edge for edge, _ in roots])
    try:
        with set_grad_enabled(create_graph), np.errstate(all="ignore"):
            return walk(roots, graph=create_graph, keep=keep, targets=targets, watch=watch)
    except Exception as error:
        anomaly.noted(error)
        raise


def _checked(t: Tensor, gradient: Tensor, number: int, create_graph: bool) -> Any:
    if not isinstance(gradient, Tensor):
        raise TypeError(f"gradients can be either Tensors, Numbers, or None, but got {type(gradient).__name__}")
    if gradient._array.shape != t._array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{number}] has a shape of {gradient.shape} and output[{number}] has a "
            f"shape of {t.shape}."
        )
    if gradient.dtype is not t.dtype:
        gradient = gradient.to(t.dtype)
    return gradient if create_graph else gradient._array


def _take(found: dict[Any, Any], edge: Any) -> Any:
    """The gradient at `edge`, taken out of `found`; an array that nobody else holds, or a tensor.

    A rule may hand the same array, or a view of it, to several inputs. PyTorch too takes over a gradient
    only if its reference count says that it is alone, and copies it otherwise.
    """
    g = found.pop(edge)
    if isinstance(edge, Tensor) and edge._hooks is not None:
        for hook in list(edge._hooks.values()):
            g = hook(g)
    if type(g) is not np.ndarray:
        if isinstance(g, Tensor):
            return g
        g = np.asarray(g)
    if g.base is None and sys.getrefcount(g) <= _ALONE and g.flags.owndata:
        return g
    return g.copy()


def _count_of_one_holder() -> int:
    g = np.empty(0)
    return sys.getrefcount(g)


_ALONE = _count_of_one_holder()


def _accumulate(leaf: Tensor, g: Any) -> None:
    """Add `g` to the tensor's ``grad`` and run the hooks that wait for that."""
    before = leaf._grad
    if before is None:
        leaf._grad = g if isinstance(g, Tensor) else wrap(g)
    elif isinstance(g, Tensor):
        leaf._grad = before + g
    elif before._rg:
        # A gradient that is part of a graph must not be overwritten.
        leaf._grad = wrap(before._array + g)
    else:
        check_writable(before, "accumulation of a gradient")
        np.add(before._array, g, out=before._array)
        bump_version(before, "accumulation of a gradient")
    hooks = leaf.__dict__.get("_post_accumulate_grad_hooks")
    if hooks:
        for hook in list(hooks.values()):
            hook(leaf)
