"""What happens to the values that the tape keeps, and edges of the graph by name (``torch.autograd.graph``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.grad_mode import state
from tinygrad5329.tape import AccumulateGrad, Node, Port
from tinygrad5329.tensor import Tensor, bump_version, wrap

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class _Packed:
    """A node's saved values after the pack hook; unpacked when the backward pass reaches the node."""

    __slots__ = ("_kinds", "_unpack", "_values")

    def __init__(self, kinds: tuple[Any, ...], values: tuple[Any, ...], pack: Any, unpack: Any) -> None:
        self._kinds = kinds
        self._unpack = unpack
        self._values = tuple(
            value if kind is None else _map(lambda t: _Box(pack(t)), value)
            for kind, value in zip(kinds, values, strict=True)
        )

    def unpack(self) -> tuple[Any, ...]:
        return tuple(
            value if kind is None else self._restore(value)
            for kind, value in zip(self._kinds, self._values, strict=True)
        )

    def _restore(self, value: Any) -> Any:
        if type(value) is tuple:
            return tuple(self._restore(each) for each in value)
        if type(value) is not _Box:
            return value
        t = self._unpack(value.content)
        if not isinstance(t, Tensor):
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got {type(t).__name__}")
        return t if value.as_tensor else t._array


class _Box:
    """What a pack hook returned for one tensor."""

    __slots__ = ("as_tensor", "content")

    def __init__(self, content: Any) -> None:
        self.content = content
        self.as_tensor = False


def _map(pack: Callable[[Tensor], _Box], value: Any) -> Any:
    """Pack the arrays and tensors in a saved value, which may be a tuple of them."""
    if isinstance(value, np.ndarray):
        return pack(wrap(value))
    if isinstance(value, Tensor):
        box = pack(value.detach())
        box.as_tensor = True
        return box
    if type(value) is tuple:
        return tuple(_map(pack, each) for each in value)
    return value


class saved_tensors_hooks:
    """Inside, tensors saved for the backward pass go through hooks (``torch.autograd.graph.saved_tensors_hooks``).

    Parameters
    ----------
    pack_hook : callable
        Takes each saved tensor and returns any object to keep in its place. It must not write to the tensor.
    unpack_hook : callable
        Takes that object and returns a tensor with the same content; called when the backward pass needs it.

    Where blocks are nested the innermost hooks apply.

    >>> import tinygrad5329 as tg
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> with saved_tensors_hooks(lambda t: t.tolist(), lambda kept: tg.tensor(kept)):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook
        self._before: list[Any] = []

    def __enter__(self) -> None:
        if isinstance(state.packer, _Refusal):
            raise RuntimeError(state.packer.message)
        self._before.append(state.packer)
        state.packer = self._packer

    def __exit__(self, *exc: object) -> None:
        state.packer = self._before.pop()

    def _packer(self, kinds: tuple[Any, ...], values: tuple[Any, ...]) -> _Packed:
        before, state.packer = state.packer, None
        try:
            return _Packed(kinds, values, self.pack_hook, self.unpack_hook)
        finally:
            state.packer = before


class save_on_cpu(saved_tensors_hooks):
    """Inside, saved tensors are kept as copies in the CPU's memory (``torch.autograd.graph.save_on_cpu``)."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(
            lambda t: (t.device, t.detach().to("cpu", copy=True)),
            lambda kept: kept[1].to(kept[0], non_blocking=pin_memory),
        )


class _Refusal:
    """Stands where a packer would, so that entering hooks raises."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, kinds: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        return values


class disable_saved_tensors_hooks:
    """Inside, hooks for saved tensors may not be set (``torch.autograd.graph.disable_saved_tensors_hooks``)."""

    def __init__(self, error_message: str) -> None:
        self._refusal = _Refusal(error_message)

    def __enter__(self) -> None:
        self._before = state.packer
        state.packer = self._refusal

    def __exit__(self, *exc: object) -> None:
        state.packer = self._before


class GradientEdge(NamedTuple):
    """Where a tensor's gradient enters the graph: its node and which of the node's outputs it is."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of a tensor that requires grad (``torch.autograd.graph.get_gradient_edge``)."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    place = tensor._fresh_node()
    if place is None:
        return GradientEdge(AccumulateGrad(tensor), 0)
    return GradientEdge(place.node, place.index) if type(place) is Port else GradientEdge(place, 0)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that a tensor was written to where the engine could not see it (``torch.autograd.graph``)."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        bump_version(t, "increment_version")
