"""Options that all optimizers have: checking them, and what they say about how a step is computed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from tinygrad5329.grad_mode import enable_grad, state
from tinygrad5329.ops import view_as_real
from tinygrad5329.tensor import Tensor

__all__ = [
    "Closure",
    "as_real",
    "as_scalar",
    "check_implementation",
    "check_nonnegative",
    "evaluate",
    "runs_kernel",
    "use_grad_for_differentiable",
]

Closure: TypeAlias = Callable[[], Any]
Step = TypeVar("Step", bound=Callable[..., Any])


def use_grad_for_differentiable(step: Step) -> Step:
    """A decorator for ``step``: its operations are recorded only if the optimizer is `differentiable`."""

    @functools.wraps(step)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        # What set_grad_enabled does, without making a context manager for every step.
        outer = state.grad
        state.grad = self.defaults["differentiable"]
        try:
            return step(self, *args, **kwargs)
        finally:
            state.grad = outer

    return wrapper  # type: ignore[return-value]


def evaluate(closure: Closure | None) -> Any:
    """The loss that `closure` returns, computed with gradients enabled; None without a closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


def runs_kernel(foreach: bool | None, fused: bool | None, differentiable: bool) -> bool:
    """Whether the engine's kernel computes a rule, or the Tensor formulas do.

    `foreach` and `fused` are two implementations in PyTorch; both stand for the kernel here, which takes
    all parameters at once. False asks for the formulas, and so does `differentiable`.
    """
    return not differentiable and bool(foreach or fused or (foreach is None and fused is None))


def check_implementation(optimizer: Any, group: dict[str, Any]) -> None:
    """RuntimeError if a group asks for implementations that exclude each other, or that are not here."""
    name = type(optimizer).__name__
    for one, other in (("fused", "differentiable"), ("foreach", "differentiable"), ("fused", "foreach")):
        if group[one] and group[other]:
            raise RuntimeError(f"{name}: `{one}` and `{other}` cannot be `True` together; set one of them to False")
    if group.get("capturable"):
        raise RuntimeError(
            f"{name}: capturable=True needs a device whose work can be captured as a graph, and there is "
            "none; set capturable=False"
        )


def as_real(value: Tensor) -> Tensor:
    """A complex tensor as a view of its real and imaginary parts; any other as it is."""
    return view_as_real(value) if value.is_complex() else value


def as_scalar(value: float | Tensor) -> float | Tensor:
    """A tensor option of one element as a 0-d tensor, which changes no shape that it meets."""
    return value.reshape(()) if isinstance(value, Tensor) else value


def check_nonnegative(what: str, value: float | Tensor, name: str = "") -> None:
    """ValueError unless `value` is a number, or a tensor of one element, that is at least 0."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"Tensor {name or what} must be 1-element, but its shape is {tuple(value.shape)}")
    if not float(value) >= 0.0:
        raise ValueError(f"Invalid {what}: {value}; it must be at least 0")
