"""``torch.types``: names for annotations."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import TypeAlias

from tinygrad5329.backends.device import device
from tinygrad5329.dtypes import dtype
from tinygrad5329.layout import layout
from tinygrad5329.size import Size
from tinygrad5329.storage import UntypedStorage
from tinygrad5329.tensor import Tensor

__all__ = [
    *("Device", "FileLike", "IntLikeType", "Number", "Storage", "_TensorOrTensors", "_bool", "_complex", "_device"),
    *("_dispatchkey", "_dtype", "_float", "_int", "_layout", "_size"),
]

_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]
_dtype, _device, _layout = dtype, device, layout
_int, _float, _bool, _complex = builtins.int, builtins.float, builtins.bool, builtins.complex
_dispatchkey: TypeAlias = str
_size: TypeAlias = Size | list[int] | tuple[int, ...]
Device: TypeAlias = device | str | int | None
FileLike: TypeAlias = str | os.PathLike[str]
IntLikeType: TypeAlias = int
Number: TypeAlias = int | float | bool
Storage: TypeAlias = UntypedStorage
