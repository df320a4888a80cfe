"""Python functions of single elements, written into a tensor: ``apply_``, ``map_``, ``map2_``.

They are as slow as the loop they are, in PyTorch too; no gradient goes through them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.ops.expanding import broadcast_to
from tinygrad5329.tensor import Tensor, bump_version, method

__all__: list[str] = []


def _write(self: Tensor, name: str, callable: Callable[..., Any], others: tuple[Tensor, ...]) -> Tensor:
    if self.requires_grad or any(t.requires_grad for t in others):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    for t in others:
        if t.dtype is not self.dtype:
            raise TypeError(f"expected tensors of the same dtype, got {t.dtype} and {self.dtype}")
    arrays = [self._array, *(broadcast_to(t, self.shape)._array for t in others)]
    values = [callable(*elements) for elements in zip(*(a.reshape(-1).tolist() for a in arrays), strict=True)]
    np.copyto(self._array, np.array(values, self._array.dtype).reshape(self._array.shape))
    bump_version(self, name)
    return self


@method
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace every element by `callable` of it (``torch.Tensor.apply_``).

    >>> import tinygrad5329 as tg
    >>> tg.tensor([1.0, 4.0]).apply_(lambda x: x + 1)
    tensor([2., 5.])
    """
    return _write(self, "apply_", callable, ())


@method
def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace every element by `callable` of it and its partner in `tensor` (``torch.Tensor.map_``)."""
    return _write(self, "map_", callable, (tensor,))


@method
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace every element by `callable` of it and its partners in `x` and `y` (``torch.Tensor.map2_``)."""
    return _write(self, "map2_", callable, (x, y))
