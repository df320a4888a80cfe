"""Tensors with tangents: directional derivatives that come with the result (``torch.autograd.forward_ad``).

A tangent is computed when it is asked for, by differentiating a vector-Jacobian product to its vector. So
every operation with a gradient rule has a forward derivative too, and custom functions need no ``jvp``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.autograd.backward import grad
from tinygrad5329.grad_mode import enable_grad
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

_levels: list[list[tuple[Tensor, Tensor]]] = []


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent, which is None where it depends on no dual tensor."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Begin a level, in which dual tensors can be made; levels do not nest, as in PyTorch."""
    if _levels:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _levels.append([])
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: its tangents are gone."""
    if not _levels:
        raise RuntimeError("Trying to exit a forward AD level but there is none. Use enter_dual_level() first.")
    _levels.pop()


class dual_level:
    """A level for a block (``torch.autograd.forward_ad.dual_level``).

    >>> import tinygrad5329 as tg
    >>> with dual_level():
    ...     x = make_dual(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 10.0]))
    ...     print(unpack_dual(x**2).tangent)
    tensor([ 2., 40.])
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """`tensor` with the direction `tangent`, which must have its shape and dtype."""
    if not _levels:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if not (tensor.is_floating_point() or tensor.is_complex()):
        raise ValueError(f"Expected primal to be floating point or complex, but got: {tensor.dtype}")
    if not (tangent.is_floating_point() or tangent.is_complex()):
        raise ValueError(f"Expected tangent to be floating point or complex, but got: {tangent.dtype}")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )
    with enable_grad():
        dual = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    _levels[-1].append((dual, tangent))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The tensor and its tangent, the derivative along the directions of all dual tensors of the level."""
    primal = tensor.detach()
    if not _levels or not _levels[-1] or not tensor.requires_grad:
        return UnpackedDualTensor(primal, None)
    duals, tangents = zip(*_levels[-1], strict=True)
    with enable_grad():
        weight = wrap(np.zeros_like(tensor._array)).requires_grad_()
        pulled = grad(tensor, duals, weight, retain_graph=True, create_graph=True, allow_unused=True)
        pairs: list[tuple[Any, Any]] = [(p, t) for p, t in zip(pulled, tangents, strict=True) if p is not None]
        if not pairs:
            return UnpackedDualTensor(primal, None)
        linear = [(p, t) for p, t in pairs if p.requires_grad]
        if not linear:
            return UnpackedDualTensor(primal, wrap(np.zeros_like(tensor._array)))
        (tangent,) = grad(
            [p for p, _ in linear], weight, [t for _, t in linear], create_graph=any(t.requires_grad for _, t in linear)
        )
    return UnpackedDualTensor(primal, tangent)
