"""Products with Jacobians and Hessians, and the matrices themselves (``torch.autograd.functional``).

Forward-mode products are computed by differentiating a vector-Jacobian product with respect to its vector,
in which it is linear (Townsend, "A new trick for calculating Jacobian vector products", 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.autograd.backward import grad
from tinygrad5329.grad_mode import enable_grad, is_grad_enabled
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Tensor, ...]


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and the product of the vector `v` with its Jacobian.

    Parameters
    ----------
    func : callable
        Takes tensors, returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple of Tensors
        Where to take the derivative.
    v : Tensor or tuple of Tensors, optional
        Shaped as the outputs; may be left out for one output of one element.
    create_graph : bool
        Record the result, so that it can be differentiated.
    strict : bool
        Raise where an output does not depend on an input, instead of giving zeros.

    >>> import tinygrad5329 as tg
    >>> vjp(lambda x: x**2, tg.tensor([1.0, 2.0]), tg.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        given, single = _as_tuple("inputs", "vjp", inputs)
        ins = _inside(given, create_graph)
        outs, one = _outputs(func, ins, "vjp")
        _check_strict("vjp", outs, strict)
        vector = _vector("vjp", v, outs)
    with enable_grad():
        products = _gradients(outs, ins, vector, create_graph)
        products = _filled("vjp", products, ins, strict, "input")
    return _given(outs, one, create_graph), _given(products, single, create_graph)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and the product of its Jacobian with the vector `v`, shaped as the inputs."""
    with enable_grad():
        given, _single = _as_tuple("inputs", "jvp", inputs)
        ins = _inside(given, create_graph)
        vector = _vector("jvp", v, given)
        outs, one = _outputs(func, ins, "jvp")
        _check_strict("jvp", outs, strict)
        products = _pushed(outs, ins, vector, strict, create_graph)
    return _given(outs, one, create_graph), _given(products, one, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func`: shape (*output.shape, *input.shape), nested as outputs and inputs are.

    One backward pass for each element of the outputs ("reverse-mode"), or one product for each element of the
    inputs ("forward-mode", which needs ``vectorize=True`` as in PyTorch). `vectorize` is accepted; it decides
    nothing else.

    >>> import tinygrad5329 as tg
    >>> jacobian(lambda x: x**2, tg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode". Got {strategy}')
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(
            'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported '
            'together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            'torch.autograd.functional.jacobian: `strategy="forward-mode"` and `vectorize=False` are not supported '
            "together. Please set `vectorize=True`"
        )
    if strict and vectorize:
        raise RuntimeError("torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported")
    with enable_grad():
        given, single = _as_tuple("inputs", "jacobian", inputs)
        ins = _inside(given, create_graph)
        outs, one = _outputs(func, ins, "jacobian")
        _check_strict("jacobian", outs, strict)
        make = _columns if strategy == "forward-mode" else _rows
        matrix = tuple(make(out, ins, create_graph, strict) for out in outs)
    result = tuple(_given(row, single, create_graph) for row in matrix)
    return result[0] if one else result


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function of one value: the Jacobian of its gradient, nested twice as the inputs are."""
    given, single = _as_tuple("inputs", "hessian", inputs)
    if outer_jacobian_strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def gradient(*ins: Tensor) -> Any:
        out = _scalar("hessian", func(*ins))
        _check_strict("hessian", (out,), strict)
        parts = _gradients((out,), ins, (None,), True)
        return _filled("hessian", parts, ins, strict, "input")

    matrix = jacobian(gradient, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return matrix[0][0] if single else matrix


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of a function of one value, and the product of the vector `v` with its Hessian."""
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of a function of one value, and the product of its Hessian with the vector `v`.

    The Hessian is symmetric, so this is :func:`vhp`.
    """
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(op: str, func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool) -> Any:
    with enable_grad():
        given, single = _as_tuple("inputs", op, inputs)
        ins = _inside(given, create_graph)
        vector = _vector(op, v, ins)
        out = _scalar(op, func(*ins))
        _check_strict(op, (out,), strict)
        parts = _filled(op, _gradients((out,), ins, (None,), True), ins, strict, "input")
        _check_strict(op, parts, strict)
        products = _filled(op, _gradients(parts, ins, vector, create_graph), ins, strict, "input")
    return _given((out,), True, create_graph), _given(products, single, create_graph)


def _as_tuple(what: str, op: str, value: Any) -> tuple[Tensors, bool]:
    single = not isinstance(value, tuple)
    values = (value,) if single else value
    for i, t in enumerate(values):
        if not isinstance(t, Tensor):
            where = f"Value at index {i}" if not single else "given"
            raise TypeError(
                f"The {what} given to {op} must be either a Tensor or a tuple of Tensors; {where} is {type(t)}"
            )
    return values, single


def _inside(given: Tensors, create_graph: bool) -> Tensors:
    """The inputs as the function sees them: of the caller's graph if the result shall be, else new leaves."""
    return tuple(t.view_as(t) if create_graph and t.requires_grad else t.detach().requires_grad_() for t in given)


def _outputs(func: Callable[..., Any], ins: Tensors, op: str) -> tuple[Tensors, bool]:
    result = func(*ins)
    single = not isinstance(result, (tuple, list))
    outs = (result,) if single else tuple(result)
    for t in outs:
        if not isinstance(t, Tensor):
            raise TypeError(
                f"The outputs of the user-provided function given to {op} must be either a Tensor or a tuple of "
                "Tensors, "
                f"not {type(t)}"
            )
    return outs, single


def _scalar(op: str, out: Any) -> Tensor:
    if not isinstance(out, Tensor):
        raise RuntimeError(f"The function given to {op} should return a single Tensor")
    if out._array.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {op} should contain a single element")
    return out.reshape(()) if out._array.ndim else out


def _vector(op: str, v: Any, like: Tensors) -> Tensors:
    if v is None:
        if len(like) != 1 or like[0]._array.size != 1:
            raise RuntimeError(
                f"{op}: The vector v can only be None if the user-provided function "
                + ("returns" if op == "vjp" else "has") + " a single Tensor with a single element."
            )  # fmt: skip
        return (wrap(np.ones_like(like[0]._array)),)
    vector, _ = _as_tuple("v", op, v)
    if len(vector) != len(like):
        raise RuntimeError(f"{op}: v is a tuple of invalid length: should be {len(like)} but got {len(vector)}.")
    for i, (a, b) in enumerate(zip(vector, like, strict=True)):
        if a._array.shape != b._array.shape:
            raise RuntimeError(f"{op}: entry {i} in v has invalid size: should be {b.shape} but got {a.shape}.")
    return vector


def _gradients(outs: Sequence[Tensor], ins: Tensors, vector: Sequence[Tensor | None], create_graph: bool) -> Any:
    pairs = [(o, v) for o, v in zip(outs, vector, strict=True) if o.requires_grad]
    if not pairs:
        return (None,) * len(ins)
    values, weights = zip(*pairs, strict=True)
    return grad(values, ins, weights, retain_graph=True, create_graph=create_graph, allow_unused=True)


def _pushed(outs: Tensors, ins: Tensors, vector: Tensors, strict: bool, create_graph: bool) -> Tensors:
    """Jacobian times `vector`, by the derivative of a vector-Jacobian product to its vector."""
    weights = tuple(wrap(np.zeros_like(o._array)).requires_grad_() for o in outs)
    pulled = _filled("jvp", _gradients(outs, ins, weights, True), ins, strict, "input")
    return _filled("jvp", _gradients(pulled, weights, vector, create_graph), outs, strict, "output")


def _check_strict(op: str, outs: Sequence[Tensor], strict: bool) -> None:
    if strict:
        for i, out in enumerate(outs):
            if not out.requires_grad:
                raise RuntimeError(
                    f"{op}: Output {i} of the user-provided function does not require gradients. The outputs must be "
                    "computed in a differentiable manner from the input when running in strict mode."
                )


def _filled(op: str, parts: Sequence[Tensor | None], like: Tensors, strict: bool, what: str) -> Tensors:
    if strict and any(part is None for part in parts):
        number = next(i for i, part in enumerate(parts) if part is None)
        raise RuntimeError(
            f"{op}: The output of the user-provided function is independent of {what} {number}. This is not allowed in "
            "strict mode."
        )
    return tuple(wrap(np.zeros_like(t._array)) if part is None else part for part, t in zip(parts, like, strict=True))


def _rows(out: Tensor, ins: Tensors, create_graph: bool, strict: bool) -> Tensors:
    from tinygrad5329.ops import stack

    rows: list[Tensors] = []
    for i in range(out._array.size):
        unit = np.zeros_like(out._array)
        unit.reshape(-1)[i] = 1
        parts = _gradients((out,), ins, (wrap(unit),), create_graph)
        rows.append(_filled("jacobian", parts, ins, strict, "input"))
    shape = tuple(out.shape)
    if not rows:
        return tuple(wrap(np.zeros(shape + tuple(t.shape), out._array.dtype)) for t in ins)
    return tuple(
        stack(part).reshape(shape + tuple(t.shape)) for part, t in zip(zip(*rows, strict=True), ins, strict=True)
    )


def _columns(out: Tensor, ins: Tensors, create_graph: bool, strict: bool) -> Tensors:
    from tinygrad5329.ops import stack

    matrix = []
    for number, t in enumerate(ins):
        columns = []
        for i in range(t._array.size):
            vector = [np.zeros_like(each._array) for each in ins]
            vector[number].reshape(-1)[i] = 1
            columns.append(_pushed((out,), ins, tuple(map(wrap, vector)), strict, create_graph)[0])
        shape = tuple(out.shape) + tuple(t.shape)
        matrix.append(stack(columns, -1).reshape(shape) if columns else wrap(np.zeros(shape, out._array.dtype)))
    return tuple(matrix)


def _given(values: Sequence[Tensor], single: bool, create_graph: bool) -> Any:
    """What the caller gets: a tensor for a tensor; outside of any graph unless asked for one."""
    if not (create_graph and is_grad_enabled()):
        values = tuple(t.detach() for t in values)
    return values[0] if single else tuple(values)
