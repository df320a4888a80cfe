"""SparseAdam: Adam for sparse gradients, which this package does not have."""

from __future__ import annotations

from typing import Any

from tinygrad5329.grad_mode import no_grad
from tinygrad5329.optim.optimizer import Optimizer, ParamsT
from tinygrad5329.optim.options import Closure, evaluate
from tinygrad5329.optim.per_parameter import check_betas
from tinygrad5329.tensor import Tensor

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam for sparse gradients (``torch.optim.SparseAdam``).

    There are no sparse gradients here, and as in PyTorch a dense one is refused: the class can be made,
    with PyTorch's checks, and explains itself when it is stepped. Use :class:`~tinygrad5329.optim.Adam`.

    Raises
    ------
    ValueError
        `lr` or `eps` is not positive, or a beta is outside [0, 1).
    """

    _refuses_complex = ValueError

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but its shape is {tuple(lr.shape)}")
        if not float(lr) > 0.0:
            raise ValueError(f"Invalid learning rate: {lr}; it must be positive")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}; it must be positive")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    @no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """RuntimeError if any parameter has a gradient, since gradients are dense here."""
        loss = evaluate(closure)
        if any(p.grad is not None for group in self.param_groups for p in group["params"]):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        return loss
