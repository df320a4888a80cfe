"""Names for the annotations of layers' arguments (``torch.nn.common_types``)."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from tinygrad5329.tensor import Tensor

__all__ = [
    *(f"_{kind}_{n}_t" for kind in ("size", "ratio") for n in ("1", "2", "3", "4", "5", "6", "any")),
    *("_size_2_opt_t", "_size_3_opt_t", "_ratio_2_t", "_maybe_indices_t"),
]

_T = TypeVar("_T")
_many: TypeAlias = _T | tuple[_T, ...]
_size_any_t: TypeAlias = _many[int]
_size_1_t = _size_2_t = _size_3_t = _size_4_t = _size_5_t = _size_6_t = _size_any_t
_size_2_opt_t = _size_3_opt_t = int | tuple[int | None, ...]
_ratio_any_t: TypeAlias = _many[float]
_ratio_1_t = _ratio_2_t = _ratio_3_t = _ratio_4_t = _ratio_5_t = _ratio_6_t = _ratio_any_t
_maybe_indices_t: TypeAlias = Tensor | tuple[Tensor, Tensor]
