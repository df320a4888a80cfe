"""Taking a nest of dicts, lists, numbers and arrays apart into JSON and named arrays, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.tensor import Tensor

Arrays = dict[str, np.ndarray[Any, Any]]

# A JSON object with this key stands for what JSON has no word for: {"$": "tensor", "name": "model.weight"}.
_TAG = "$"
_RESERVED = "__metadata__"  # safetensors keeps this name for itself


def take_apart(state: Any) -> tuple[Any, Arrays]:
    """Split ``state`` into a tree that JSON can hold and the arrays it refers to by name.

    The names are the dotted paths of the arrays, so that a reader of the file finds
    ``model.output.weight`` under that name.

    Raises
    ------
    TypeError
        If ``state`` holds anything but dicts, lists, tuples, ``None``, bool, int, float, str, Tensors,
        arrays and NumPy scalars of bool, integer or float dtype; the message gives its path.
    """
    arrays: Arrays = {}
    return _encode(state, "", arrays), arrays


def put_together(tree: Any, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    """The inverse of :func:`take_apart`; Tensors and arrays are copies."""
    if isinstance(tree, list):
        return [put_together(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if _TAG not in tree:
        return {key: put_together(item, arrays) for key, item in tree.items()}
    match tree[_TAG]:
        case "tensor":
            return tg.from_numpy(arrays[tree["name"]].copy())
        case "array":
            return arrays[tree["name"]].copy()
        case "scalar":
            return arrays[tree["name"]][()]
        case "float":
            return float(tree["value"])
        case "tuple":
            return tuple(put_together(item, arrays) for item in tree["items"])
        case "dict":
            return {put_together(k, arrays): put_together(v, arrays) for k, v in tree["items"]}
        case tag:
            raise ValueError(f"unknown tag {tag!r}")


def _encode(value: Any, where: str, arrays: Arrays) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):  # before float: np.float64 is one, and would lose its type
        return {_TAG: "scalar", "name": _keep(np.asarray(value), where, arrays)}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        # JSON has no inf and nan; of all other floats it keeps every bit, as repr does.
        return value if math.isfinite(value) else {_TAG: "float", "value": repr(value)}
    if isinstance(value, Tensor):
        return {_TAG: "tensor", "name": _keep(value.detach().numpy(), where, arrays)}
    if isinstance(value, np.ndarray):
        return {_TAG: "array", "name": _keep(value, where, arrays)}
    if isinstance(value, (list, tuple)):
        items = [_encode(item, _join(where, i), arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {_TAG: "tuple", "items": items}
    if isinstance(value, Mapping):
        if _TAG not in value and all(isinstance(key, str) for key in value):
            return {key: _encode(item, _join(where, key), arrays) for key, item in value.items()}
        pairs = [[_encode(k, where, arrays), _encode(v, _join(where, k), arrays)] for k, v in value.items()]
        return {_TAG: "dict", "items": pairs}
    raise TypeError(
        f"checkpoint: {where or 'the state'} is a {type(value).__name__}; expected dict, list, tuple, None, "
        "bool, int, float, str, Tensor or NumPy array (save what it was built from instead)"
    )


def _join(where: str, key: Any) -> str:
    return f"{where}.{key}" if where else str(key)


def _keep(array: np.ndarray[Any, Any], where: str, arrays: Arrays) -> str:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"checkpoint: {where} has dtype {array.dtype}; expected bool, integer or float")
    name = where or "value"
    while name in arrays or name == _RESERVED:  # {"a": {"b": x}, "a.b": y} spells one path twice
        name += "'"
    # ascontiguousarray alone would turn a 0-d array into one of shape (1,)
    arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
    return name
