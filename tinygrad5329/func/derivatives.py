"""Derivatives of functions as functions: ``grad``, ``vjp``, ``jvp``, ``jacrev``, ``jacfwd``, ``hessian``.

They nest, and their results can be differentiated with respect to whatever the function used from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

from tinygrad5329 import autograd, ops
from tinygrad5329.func.pytree import flatten, map_leaves, structure
from tinygrad5329.grad_mode import enable_grad, is_grad_enabled
from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp"]

Argnums = int | tuple[int, ...]


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `func`, which must return one value (``torch.func.grad``).

    With `has_aux`, `func` returns ``(value, aux)`` and the new function ``(gradient, aux)``.

    >>> import tinygrad5329 as tg
    >>> grad(grad(tg.sin))(tg.tensor(1.0))
    tensor(-0.8415)
    """

    @wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives ``(gradient, value)`` of `func` (``torch.func.grad_and_value``)."""

    @wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        level = _Level()
        with enable_grad():
            entered, chosen = level.enter_arguments(args, argnums)
            out = func(*entered, **kwargs)
            aux = None
            if has_aux:
                if not (isinstance(out, tuple) and len(out) == 2):
                    raise RuntimeError(
                        "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) if "
                        "has_aux is True"
                    )
                out, aux = out
            if not isinstance(out, Tensor):
                raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(out)}")
            if out._array.ndim:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                    f"{out._array.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            keep = level.is_watched((out,))
            leaves, rebuild = flatten(chosen)
            found = rebuild(_pull((out,), leaves, (None,), keep))
        value = level.leave((out, aux) if has_aux else out, keep)
        return level.leave(found, keep), value

    return gradient


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The result of ``func(*primals)`` and a function from cotangents to gradients (``torch.func.vjp``).

    >>> import tinygrad5329 as tg
    >>> out, pull = vjp(tg.sin, tg.tensor([0.0, 1.0]))
    >>> pull(tg.ones(2))
    (tensor([1.0000, 0.5403]),)
    """
    level = _Level()
    with enable_grad():
        entered = level.enter(primals)
        out, aux = _split("vjp", func(*entered), has_aux)
    outs, _ = flatten(out)
    _all_tensors("vjp", outs)
    leaves, rebuild = flatten(entered)
    keep = level.is_watched(outs)

    def pull(*cotangents: Any) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        if structure(given) != structure(out):
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                "function. "
                f"cotangents: {structure(given)}, primal output: {structure(out)}"
            )
        weights, _ = flatten(given)
        graph = is_grad_enabled() and (keep or any(w.requires_grad for w in weights))
        with enable_grad():
            return level.leave(rebuild(_pull(outs, leaves, weights, graph)), graph)

    result = level.leave(out, keep)
    return (result, pull, level.leave(aux, keep)) if has_aux else (result, pull)


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The result of ``func(*primals)`` and its derivative in the direction `tangents` (``torch.func.jvp``).

    >>> import tinygrad5329 as tg
    >>> jvp(tg.sin, (tg.tensor(0.0),), (tg.tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    if structure(primals) != structure(tangents):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python structure."
        )
    level = _Level()
    with enable_grad():
        entered = level.enter(primals)
        out, aux = _split("jvp", func(*entered), has_aux)
        outs, rebuild = flatten(out)
        _all_tensors("jvp", outs)
        directions, _ = flatten(tangents)
        leaves, _ = flatten(entered)
        keep = level.is_watched([*outs, *directions])
        pushed = rebuild(_push(outs, leaves, directions, keep, strict))
    result = (level.leave(out, keep), level.leave(pushed, keep))
    return (*result, level.leave(aux, keep)) if has_aux else result


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The result of ``func(*primals)`` and its derivative there as a linear function (``torch.func.linearize``)."""
    level = _Level()
    with enable_grad():
        entered = level.enter(primals)
        out = func(*entered)
    outs, rebuild = flatten(out)
    _all_tensors("linearize", outs)
    leaves, _ = flatten(entered)
    keep = level.is_watched(outs)

    def push(*tangents: Any) -> Any:
        if structure(tangents) != structure(primals):
            raise RuntimeError("linearize: Expected the tangents to have the same structure as the primals.")
        with enable_grad():
            return level.leave(rebuild(_push(outs, leaves, flatten(tangents)[0], keep, False)), keep)

    return level.leave(out, keep), push


def jacrev(
    func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, a backward pass for each output value (``torch.func.jacrev``).

    `chunk_size` bounds PyTorch's batches of backward passes; here they run one at a time, so it changes nothing.

    >>> import tinygrad5329 as tg
    >>> jacrev(lambda x: x**2)(tg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    def rows(outs: list[Tensor], leaves: list[Tensor], keep: bool) -> list[list[Tensor]]:
        matrix = []
        for out in outs:
            units = _units(out)
            lines = [_pull((out,), leaves, (unit,), keep, retain=True) for unit in units]
            matrix.append(
                [
                    ops.stack([line[j] for line in lines]).reshape(tuple(out.shape) + tuple(x.shape))
                    if lines
                    else wrap(np.zeros(tuple(out.shape) + tuple(x.shape), out._array.dtype))
                    for j, x in enumerate(leaves)
                ]
            )
        return matrix

    return _jacobian("jacrev", func, argnums, has_aux, rows)


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, a directional derivative for each input value
    (``torch.func.jacfwd``). `func` is run once, so `randomness` has nothing to decide."""
    if randomness not in ("error", "same", "different"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")

    def columns(outs: list[Tensor], leaves: list[Tensor], keep: bool) -> list[list[Tensor]]:
        matrix: list[list[Tensor]] = [[] for _ in outs]
        for number, x in enumerate(leaves):
            zeros = [wrap(np.zeros_like(each._array)) for each in leaves]
            pushed = [
                _push(outs, leaves, [unit if i == number else zero for i, zero in enumerate(zeros)], keep, False)
                for unit in _units(x)
            ]
            for i, out in enumerate(outs):
                shape = tuple(out.shape) + tuple(x.shape)
                column = [each[i] for each in pushed]
                matrix[i].append(
                    ops.stack(column, -1).reshape(shape) if column else wrap(np.zeros(shape, out._array.dtype))
                )
        return matrix

    return _jacobian("jacfwd", func, argnums, has_aux, columns)


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that gives the Hessian of `func`: the forward Jacobian of the reverse one (``torch.func.hessian``)."""
    return jacfwd(jacrev(func, argnums), argnums)


class _Level:
    """One derivative being taken: its inputs, and whether anything outside wants to differentiate its result."""

    def __init__(self) -> None:
        self._recorded = is_grad_enabled()
        self._own: set[int] = set()
        self._alive: list[Tensor] = []

    def enter(self, tree: Any) -> Any:
        return map_leaves(self._fresh, tree)

    def enter_arguments(self, args: tuple[Any, ...], argnums: Argnums) -> tuple[list[Any], Any]:
        """The arguments, and those of them (nested as `argnums` is) that the derivative is taken to."""
        numbers = argnums if isinstance(argnums, tuple) else (argnums,)
        entered = list(args)
        for i in numbers:
            if not isinstance(i, int):
                raise RuntimeError(f"argnum must be int, got: {type(i)}")
            if not -len(args) <= i < len(args):
                raise RuntimeError(f"Got argnum={i}, but only {len(args)} positional inputs")
            entered[i] = self.enter(args[i])
        chosen = tuple(entered[i] for i in numbers)
        return entered, chosen if isinstance(argnums, tuple) else chosen[0]

    def _fresh(self, t: Any) -> Any:
        if not isinstance(t, Tensor):
            raise RuntimeError(f"Expected all arguments that are differentiated to be Tensors, got {type(t)}")
        if t.requires_grad and self._recorded:
            return t.view_as(t)
        fresh = t.detach().requires_grad_()
        self._own.add(id(fresh))
        self._alive.append(fresh)
        return fresh

    def is_watched(self, tensors: Iterable[Tensor]) -> bool:
        """Whether `tensors` depend on a leaf that is not this level's: then the result stays in the graph."""
        if not self._recorded:
            return False
        seen: set[Any] = set()
        stack: list[Any] = [t._fresh_node() or t for t in tensors if isinstance(t, Tensor) and t.requires_grad]
        while stack:
            edge = stack.pop()
            if isinstance(edge, Tensor):
                if id(edge) not in self._own:
                    return True
                continue
            node: Node = edge.node if type(edge) is Port else edge
            if node not in seen:
                seen.add(node)
                stack.extend(node.edges)
        return False

    @staticmethod
    def leave(tree: Any, keep: bool) -> Any:
        if keep:
            return tree
        return map_leaves(lambda t: t.detach() if isinstance(t, Tensor) else t, tree)


def _pull(outs: Any, leaves: list[Tensor], weights: Any, graph: bool, retain: bool = True) -> list[Tensor]:
    pairs = [(o, w) for o, w in zip(outs, weights, strict=True) if o.requires_grad]
    if pairs:
        values, seeds = zip(*pairs, strict=True)
        found = autograd.grad(values, leaves, seeds, retain_graph=retain, create_graph=graph, allow_unused=True)
    else:
        found = (None,) * len(leaves)
    return [wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, leaves, strict=True)]


def _push(
    outs: list[Tensor], leaves: list[Tensor], directions: list[Tensor], graph: bool, strict: bool
) -> list[Tensor]:
    """The derivative of a vector-Jacobian product to its vector, in which it is linear."""
    for x, t in zip(leaves, directions, strict=True):
        if x._array.shape != t._array.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, "
                "this is not "
                f"supported. Tensor is of size {list(x.shape)} while the given forward gradient is of size "
                f"{list(t.shape)}."
            )
    if strict and not all(o.requires_grad for o in outs):
        raise RuntimeError("jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs.")
    weights = [wrap(np.zeros_like(o._array)).requires_grad_() for o in outs]
    return _pull(_pull(outs, leaves, weights, True), weights, directions, graph)


def _jacobian(op: str, func: Any, argnums: Argnums, has_aux: bool, compute: Any) -> Callable[..., Any]:
    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        level = _Level()
        with enable_grad():
            entered, chosen = level.enter_arguments(args, argnums)
            out, aux = _split(op, func(*entered, **kwargs), has_aux)
            outs, around_outs = flatten(out)
            _all_tensors(op, outs)
            leaves, around_leaves = flatten(chosen)
            keep = level.is_watched(outs)
            matrix = compute(outs, leaves, keep)
        result = level.leave(around_outs([around_leaves(row) for row in matrix]), keep)
        return (result, level.leave(aux, keep)) if has_aux else result

    return jacobian


def _units(t: Tensor) -> list[Tensor]:
    units = []
    for i in range(t._array.size):
        unit = np.zeros(t._array.shape, t._array.dtype)
        unit.reshape(-1)[i] = 1
        units.append(wrap(unit))
    return units


def _split(op: str, out: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return out, None
    if not (isinstance(out, tuple) and len(out) == 2):
        raise RuntimeError(
            f"{op}(f, *primals): output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    return out


def _all_tensors(op: str, outs: list[Any]) -> None:
    if not outs:
        raise RuntimeError(f"{op}(f, *primals): Expected f to be a function that has non-empty output")
    for out in outs:
        if not isinstance(out, Tensor):
            raise RuntimeError(
                f"{op}(f, *primals): Expected f(*primals) to return only tensors, got unsupported type {type(out)}"
            )
