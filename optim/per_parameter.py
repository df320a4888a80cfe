"""The base of optimizers whose rule looks at one parameter at a time."""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.ops.update.roster import Found, count_up, mark_written
from tinygrad5329.ops.update.rule import Rule
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.optim.options import (
    Closure,
    as_real,
    as_scalar,
    check_implementation,
    evaluate,
    runs_kernel,
    use_grad_for_differentiable,
)
from tinygrad5329.tensor import Tensor

__all__ = ["PerParameterOptimizer", "blend", "check_betas", "descend", "scalar"]


class PerParameterOptimizer(Optimizer):
    """What the optimizers share whose rule is a formula for a single parameter.

    A rule gives ``_new_state``, what it remembers of a parameter, and ``_update``, one step of it. The
    formulas write into the state in place. Where the step is recorded (``differentiable=True``), the
    state's tensors are exchanged for copies first, so that the steps before it stay differentiable.

    A rule that the engine has a kernel for gives it as ``_rule``, with ``_keys``, the names of the state's
    tensors in the kernel's order, and ``_constants``. The formulas then run where the kernel cannot.
    """

    _rule: Rule | None = None
    # The numbers in the state; the first is the count of steps. Rules without any count no steps.
    _scalars: tuple[str, ...] = ("step",)
    # Whether the kernel takes small parameters together.
    _bundles = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        # Options and types that states saved by old versions of PyTorch lack.
        absent = {"foreach": None, "fused": None, "decoupled_weight_decay": False, "centered": False, "momentum": 0}
        absent.update(dict.fromkeys(("maximize", "capturable", "differentiable"), False))
        for group in self.param_groups:
            for option, value in absent.items():
                if option in self.defaults:
                    group.setdefault(option, value)
            for p in group["params"]:
                saved = self.state.get(p, {})
                for key in {"step", "mu_product", "eta", "mu"} & saved.keys():
                    if not isinstance(saved[key], Tensor):
                        saved[key] = scalar(float(saved[key]))

    def _check_group(self, group: dict[str, Any]) -> None:
        check_implementation(self, {"fused": None, "differentiable": False, **group})

    def _new_state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Tensor]:
        """What the rule remembers of `p` before its first step, but the count of steps."""
        raise NotImplementedError(f"{type(self).__name__} has no _new_state()")

    def _update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        """Step number `t` of `p`, whose gradient has its sign and its weight decay already; 0 if none are counted."""
        raise NotImplementedError(f"{type(self).__name__} has no _update()")

    def _begin(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        """The state of `p`, made at its first step."""
        state = self.state[p]
        if not state:
            if self._scalars:
                state["step"] = scalar(0.0)
            state.update(self._new_state(p, group))
        if group.get("differentiable"):
            state.update({key: value.clone() for key, value in state.items() if key != "step"})
        return state

    @use_grad_for_differentiable
    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters from their gradients, once; see :meth:`Optimizer.step`."""
        loss = evaluate(closure)
        for number, group in enumerate(self.param_groups):
            if not self._step_by_kernel(number, group):
                self._step_by_formulas(group)
        return loss

    def _step_by_formulas(self, group: dict[str, Any]) -> None:
        decay = group.get("weight_decay", 0)
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self._begin(p, group)
            t = state["step"].add_(1).item() if self._scalars else 0.0
            grad = -p.grad if group["maximize"] else p.grad
            if decay != 0 and group.get("decoupled_weight_decay"):
                p.mul_(1 - group["lr"] * decay)
            elif decay != 0:
                grad = grad.add(p, alpha=decay)
            if p.is_complex():
                self._update_complex(p, grad, state, group, t)
            else:
                self._update(p, grad, state, group, t)

    # --- by the engine's kernel ----------------------------------------------------------------------

    def _step_by_kernel(self, number: int, group: dict[str, Any]) -> bool:
        """The step of group `number` by the rule's kernel; False if that cannot be."""
        if self._rule is None or not runs_kernel(
            group.get("foreach"), group.get("fused"), group.get("differentiable", False)
        ):
            return False
        roster = self._roster(number, self._keys(group), self._scalars)
        found = roster.find(group, self.state, self._state_for_kernel)
        if found is None:
            return False
        lr, decay = float(group["lr"]), float(group.get("weight_decay", 0))
        decoupled = group.get("decoupled_weight_decay")
        sign = -1.0 if group["maximize"] else 1.0
        common = (sign, 0.0, 1 - lr * decay) if decoupled else (sign, decay, 1.0)
        for t, members in count_up(found).items() if self._scalars else ((0.0, found),):
            self._run(members, common, group, lr, t)
        mark_written(found, type(self).__name__)
        return True

    def _state_for_kernel(self, p: Tensor, group: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        is_new = self._bundles and not self.state.get(p)
        return self._begin(p, group), is_new

    def _run(self, members: Found, common: tuple[float, ...], group: dict[str, Any], lr: float, t: float) -> None:
        """Step number `t` of parameters that are all at it; `common` are the constants that all kernels begin with."""
        assert self._rule is not None
        self._rule.run(members, *common, *self._constants(group, lr, t))

    def _keys(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The names of the state's tensors, in the kernel's order."""
        raise NotImplementedError(f"{type(self).__name__} has no _keys()")

    def _constants(self, group: dict[str, Any], lr: float, t: float) -> tuple[Any, ...]:
        """The constants of the kernel for step number `t`, after those that all kernels have."""
        raise NotImplementedError(f"{type(self).__name__} has no _constants()")

    def _update_complex(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any], t: float) -> None:
        """The same, where as in PyTorch the real and the imaginary parts count as parameters of their own."""
        parts = {key: as_real(value) if isinstance(value, Tensor) else value for key, value in state.items()}
        before = dict(parts)
        self._update(as_real(p), as_real(grad), parts, group, t)
        for key, value in parts.items():
            if value is not before[key]:
                state[key] = tg.view_as_complex(value) if state[key].is_complex() else value


def scalar(value: float) -> Tensor:
    """A number of an optimizer's state: as in PyTorch float32, or float64 where that is the default dtype."""
    return tg.tensor(value, dtype=tg.float64 if tg.get_default_dtype() is tg.float64 else tg.float32)


def blend(average: Tensor, value: Tensor, keep: float) -> Tensor:
    """`average`, of which the share `keep` is left and the rest is now `value`; in place."""
    return average.mul_(keep).add_(value * (1 - keep))


def descend(p: Tensor, direction: Tensor, lr: float | Tensor) -> None:
    """Subtract `lr` times `direction` from `p`, in place; gradients flow to `lr` if it is a tensor."""
    p.sub_(direction * as_scalar(lr))


def check_betas(betas: tuple[float, float]) -> None:
    """ValueError unless both decay rates are in [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}; it must be in [0, 1)")
