"""Views made into copies: view_copy, transpose_copy and their kin, for code that may not alias memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad5329.ops import diagonals, picking, shaping, splitting, strides
from tinygrad5329.ops.convert import detach
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor

__all__: list[str] = []


def _define(name: str, view: Callable[..., Any], *, several: bool = False) -> None:
    """The function ``{name}_copy``: the result, or all results, of `view` copied."""

    def one(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = view(input, *args, **kwargs).clone()
        return result if out is None else write_out(f"{name}_copy", out, result)

    def many(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        results = tuple([t.clone() for t in view(input, *args, **kwargs)])
        if out is None:
            return results
        for place, result in zip(out, results, strict=True):
            write_out(f"{name}_copy", place, result)
        return None

    function = many if several else one
    function.__name__ = function.__qualname__ = f"{name}_copy"
    function.__doc__ = f"``{name}`` as a copy (``torch.{name}_copy``)."
    globals()[f"{name}_copy"] = function
    __all__.append(f"{name}_copy")


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return input[(*(slice(None),) * (dim % max(input.dim(), 1)), slice(start, end, step))]


_define("alias", lambda x: x[...])
_define("as_strided", strides.as_strided)
_define("detach", detach)
_define("diagonal", diagonals.diagonal)
_define("expand", lambda x, size, *, implicit=False: x.expand(size))
_define("permute", shaping.permute)
_define("select", picking.select)
_define("slice", _slice)
_define("split", splitting.split, several=True)
_define("split_with_sizes", splitting.split_with_sizes, several=True)
_define("squeeze", shaping.squeeze)
_define("t", shaping.t)
_define("transpose", shaping.transpose)
_define("unbind", splitting.unbind, several=True)
_define("unfold", lambda x, dimension, size, step: x.unfold(dimension, size, step))
_define("unsqueeze", shaping.unsqueeze)
_define("view", lambda x, size=None, *, dtype=None: x.view(size if dtype is None else dtype))
