"""The older place of `func.functional_call`."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`func.functional_call`, with PyTorch's warning that this place is deprecated."""
    from tinygrad5329.func import functional_call as call

    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated; use `torch.func.functional_call` instead.",
        FutureWarning,
        stacklevel=2,
    )
    return call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
