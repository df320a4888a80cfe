r"""Muon (Jordan et al. 2024): momentum whose matrices are made orthogonal before each step.

With :math:`B` the average gradient of a matrix, a step is

.. math::
    \theta \leftarrow (1 - \gamma\lambda)\theta - \gamma' \operatorname{NS}(B)

where :math:`\operatorname{NS}` takes all singular values towards 1 by iterations of a polynomial of fifth
degree (Newton-Schulz), :math:`X \leftarrow aX + (bA + cA^2)X` with :math:`A = XX^T`.
"""

from __future__ import annotations

import math
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.optim.optimizer import Optimizer, ParamsT
from tinygrad5329.optim.options import Closure, as_scalar, evaluate
from tinygrad5329.tensor import Tensor

__all__ = ["Muon"]


class Muon(Optimizer):
    """Muon, for matrices; other parameters need another optimizer (``torch.optim.Muon``).

    Parameters
    ----------
    params : iterable
        Tensors of two dimensions, (name, tensor) pairs, or dicts that are parameter groups.
    lr : float
        Learning rate.
    weight_decay : float
        Each step first multiplies a parameter by ``1 - lr * weight_decay``.
    momentum : float
        Decay rate of the average gradient.
    nesterov : bool
        Look ahead by one step of the average.
    ns_coefficients : three float
        The polynomial's :math:`a, b, c`.
    eps : float
        Smallest norm that a matrix is divided by.
    ns_steps : int
        Number of iterations.
    adjust_lr_fn : str, optional
        How the learning rate depends on a matrix's shape (A, B): ``"original"``, the default, is
        ``sqrt(max(1, A / B))`` times it; ``"match_rms_adamw"`` is ``0.2 * sqrt(max(A, B))`` times it.

    Raises
    ------
    ValueError
        A parameter that is no matrix, or an option out of its range.

    Notes
    -----
    As in PyTorch the iterations have the precision of bfloat16, whatever the parameter's dtype.
    """

    _refuses_complex = RuntimeError

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but its shape is {tuple(lr.shape)}")
        for name, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not float(value) >= 0.0:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Adjust learning rate function {adjust_lr_fn} is not supported; use 'original' or 'match_rms_adamw'"
            )
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def _check_group(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            if p.ndim != 2:
                raise ValueError(f"Muon only supports 2D parameters whereas we found a parameter with size: {p.shape}")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        if group["ns_steps"] >= 100:
            raise ValueError("Number of steps must be less than 100 for computational efficiency")

    @no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters from their gradients, once; see :meth:`Optimizer.step`."""
        loss = evaluate(closure)
        for group in self.param_groups:
            lr, momentum = as_scalar(group["lr"]), group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = tg.zeros_like(p)
                average = state["momentum_buffer"].lerp_(p.grad, 1 - momentum)
                update = p.grad.lerp(average, momentum) if group["nesterov"] else average
                update = _orthogonalized(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
                p.mul_(1 - lr * group["weight_decay"])
                p.sub_(update.to(p.dtype) * (lr * _rate_factor(p.shape, group["adjust_lr_fn"])))
        return loss


def _rate_factor(shape: tuple[int, ...], name: str | None) -> float:
    """What the learning rate of a matrix is multiplied by."""
    rows, columns = shape
    if name == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns)) if columns else 1.0


def _orthogonalized(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """`matrix` with its singular values near 1, in float32."""
    a, b, c = coefficients
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = _rounded(matrix.to(tg.float32))
    if is_tall:
        x = x.T
    x = _rounded(x / _rounded(x.norm()).clamp(min=eps))
    for _ in range(steps):
        gram = _rounded(x @ x.T)
        # Of a product with its own transpose BLAS computes half; gram is symmetric.
        polynomial = _rounded(b * gram + c * (gram @ gram.T))
        x = _rounded(a * x + polynomial @ x)
    return x.T if is_tall else x


def _rounded(x: Tensor) -> Tensor:
    """float32 numbers rounded to the 8 significant bits of bfloat16, but kept in float32, which BLAS knows.

    Adding and subtracting ``2**16 * x`` drops the lower 16 bits (Dekker 1971).
    """
    shifted = x * 65537.0
    return shifted - (shifted - x)
