"""Another shape or order of dimensions in place: transpose_, t_, squeeze_, unsqueeze_, as_strided_.

No element moves: the tensor becomes one of its own views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad5329.grad_mode import state
from tinygrad5329.ops import shaping, strides
from tinygrad5329.tensor import Tensor, attach

__all__ = ["as_strided_"]


def _define(name: str, view: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if state.grad and self.requires_grad and self.is_leaf:
            raise RuntimeError(
                f"a leaf Variable that requires grad is being used in an in-place operation: {name}. Do it under "
                "tg.no_grad(), or use the operation that is not in place"
            )
        seen = view(self, *args, **kwargs)
        self._array = seen._array
        if seen._node is not None:
            self._node, self._rg = seen._node, True
        return self

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"``{name[:-1]}`` in place (``torch.Tensor.{name}``)."
    attach(**{name: operation})
    return operation


for _name in ("transpose", "swapaxes", "swapdims", "t", "squeeze", "unsqueeze"):
    _define(f"{_name}_", getattr(shaping, _name))
as_strided_ = _define("as_strided_", strides.as_strided)
del _name
