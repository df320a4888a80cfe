"""AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from typing import Any

from tinygrad5329.optim.adam import Adam
from tinygrad5329.optim.optimizer import ParamsT
from tinygrad5329.tensor import Tensor

__all__ = ["AdamW"]


class AdamW(Adam):
    """:class:`Adam` whose weight decay shrinks the parameters themselves (``torch.optim.AdamW``).

    Each step first multiplies a parameter by ``1 - lr * weight_decay``; the decay does not pass through
    the running averages. Parameters, errors and state are Adam's, but `weight_decay` is 0.01 by default.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.tensor([1.0], requires_grad=True)
    >>> w.grad = tg.zeros(1)
    >>> tg.optim.AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w
    tensor([0.9500], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A state saved by Adam, or by a version without the option, does not make this optimizer Adam.
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
