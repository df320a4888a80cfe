r"""L-BFGS (Nocedal 1980): a quasi-Newton method that remembers the last steps and changes of the gradient.

The direction is :math:`-H g` with :math:`H` the approximate inverse Hessian that the remembered pairs
:math:`s_i = \theta_{i+1} - \theta_i`, :math:`y_i = g_{i+1} - g_i` define (the two-loop recursion).
"""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.grad_mode import enable_grad, no_grad
from tinygrad5329.optim.optimizer import Optimizer, ParamsT
from tinygrad5329.optim.options import Closure, as_real, check_nonnegative
from tinygrad5329.optim.strong_wolfe import Point, strong_wolfe
from tinygrad5329.tensor import Tensor

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """L-BFGS, for losses of the whole data set (``torch.optim.LBFGS``).

    Its ``step`` needs a closure, which it calls several times:

    >>> import tinygrad5329 as tg
    >>> w = tg.zeros(2, requires_grad=True)
    >>> optimizer = tg.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - tg.tensor([1.0, 2.0])) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    17.0
    >>> closure().item() < 1e-6
    True

    Parameters
    ----------
    params : iterable
        Tensors, or one parameter group.
    lr : float or Tensor
        The step along the direction, or the first one that a line search tries.
    max_iter : int
        Iterations of a step.
    max_eval : int, optional
        Evaluations of the loss in a step; a quarter more than `max_iter` by default.
    tolerance_grad : float
        A step ends where no element of the gradient is larger.
    tolerance_change : float
        A step ends where neither a parameter nor the loss changes by more.
    history_size : int
        Number of pairs remembered.
    line_search_fn : str, optional
        ``"strong_wolfe"``, or None for steps of `lr`.

    Raises
    ------
    ValueError
        A negative `lr`, or more than one parameter group.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_nonnegative("learning rate", lr, "lr")
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take the one group there can be; ValueError for a second one."""
        if self.param_groups:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        super().add_param_group(param_group)

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Closure) -> Any:  # type: ignore[override]
        """Go towards the minimum, for up to ``max_iter`` iterations.

        Parameters
        ----------
        closure : callable
            Clears the gradients, computes the loss, calls ``backward`` and returns the loss.

        Returns
        -------
        The loss before the step, as the closure returned it.
        """
        closure = enable_grad()(closure)
        group, state = self.param_groups[0], self.state[self._params[0]]
        lr, line_search = float(group["lr"]), group["line_search_fn"]
        if line_search not in (None, "strong_wolfe"):
            raise RuntimeError(f"LBFGS: only 'strong_wolfe' is supported as line_search_fn, but got {line_search!r}")
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        loss, grad, evaluations = float(first_loss), self._flat_grad(), 1
        state["func_evals"] += 1
        if _largest(grad) <= group["tolerance_grad"]:
            return first_loss
        for i in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            is_first = state["n_iter"] == 1
            direction = state["d"] = self._direction(grad, state, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = grad.clone(), loss
            step = state["t"] = min(1.0, 1.0 / grad.abs().sum().item()) * lr if is_first else lr
            slope = grad.dot(direction).item()
            if slope > -group["tolerance_change"]:
                break
            count = 0
            if line_search is not None:
                point, count = strong_wolfe(
                    self._along(direction, closure),
                    Point(0.0, loss, grad, slope),
                    step,
                    _largest(direction),
                    1e-9,
                    group["max_eval"] - evaluations,
                )
                step, loss, grad = point.step, point.loss, point.grad
                state["t"] = step
                self._move(direction, step)
            else:
                self._move(direction, step)
                if i != group["max_iter"]:  # the loss after the last move is the next step's to compute
                    loss, grad, count = float(closure()), self._flat_grad(), 1
            evaluations += count
            state["func_evals"] += count
            if (
                evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(direction) * step <= group["tolerance_change"]
                or abs(loss - state["prev_loss"]) < group["tolerance_change"]
            ):
                break
        return first_loss

    def _direction(self, grad: Tensor, state: dict[str, Any], history_size: int) -> Tensor:
        """The direction to search, after remembering what the last move has taught."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -grad
        changes, moves, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        change, move = grad - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = change.dot(move)
        if curvature.item() > 1e-10:
            if len(changes) == history_size:
                for remembered in (changes, moves, inverses):
                    remembered.pop(0)
            changes.append(change)
            moves.append(move)
            inverses.append(1.0 / curvature)
            state["H_diag"] = curvature / change.dot(change)
        shares = state.setdefault("al", [None] * history_size)
        direction = -grad
        for i in reversed(range(len(changes))):
            shares[i] = moves[i].dot(direction) * inverses[i]
            direction -= shares[i] * changes[i]
        direction = direction * state["H_diag"]
        for i, (change, move) in enumerate(zip(changes, moves, strict=True)):
            direction += (shares[i] - change.dot(direction) * inverses[i]) * move
        return direction

    def _flat_grad(self) -> Tensor:
        """The gradients of all parameters in one vector; zeros where there is none."""
        return tg.cat([as_real(tg.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in self._params])

    def _move(self, direction: Tensor, step: float) -> None:
        """Add `step` times a vector's pieces to the parameters."""
        params = [as_real(p) for p in self._params]
        for p, piece in zip(params, direction.split([p.numel() for p in params]), strict=True):
            p.add_(piece.reshape(p.shape), alpha=step)

    def _along(self, direction: Tensor, closure: Closure) -> Any:
        """What evaluates the loss at a step along `direction`, and puts the parameters back."""
        origin = [p.clone() for p in self._params]

        def evaluate(step: float) -> Point:
            self._move(direction, step)
            loss, grad = float(closure()), self._flat_grad()
            for p, value in zip(self._params, origin, strict=True):
                p.copy_(value)
            return Point(step, loss, grad, grad.dot(direction).item())

        return evaluate


def _largest(x: Tensor) -> float:
    """The largest size of an element."""
    return x.abs().max().item() if x.numel() else 0.0
