"""Taking a nest of containers, plain values and tensors apart into JSON and named arrays, and back."""

from __future__ import annotations

import base64
import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import device
from tinygrad5329.creation import from_numpy
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["put_together", "take_apart", "view_within"]

Arrays = dict[str, np.ndarray[Any, Any]]

# A JSON object with this key stands for what JSON has no word for: {"$": "tensor", "name": "model.weight"}.
_TAG = "$"
_RESERVED = "__metadata__"  # safetensors keeps this name for itself
_DTYPES = {each.name: each for each in dtypes.ALL}
_DICTS = (dict, OrderedDict)  # others, such as a Counter, would come back as less than they were
_SEQUENCES: dict[type, str] = {tuple: "tuple", Size: "size", set: "set", frozenset: "frozenset"}


def take_apart(state: Any, what: str = "checkpoint") -> tuple[Any, Arrays]:
    """Split `state` into a tree that JSON can hold and the arrays it refers to by name.

    The names are the dotted paths of the arrays, so that a reader of the file finds
    ``model.output.weight`` under that name. Tensors that share memory refer to one array.

    Raises
    ------
    TypeError
        If `state` holds anything but dicts, OrderedDicts, lists, tuples, sets, ``None``, bool, int, float, complex,
        str, bytes, Tensors, Parameters, dtypes, devices, Sizes, and arrays and NumPy scalars of bool,
        integer or float dtype; the message, which begins with `what`, gives its path.
    ValueError
        If a container holds itself.
    """
    writer = _Writer(what)
    tree = writer.encode(state, "")
    writer.settle()
    return tree, writer.arrays


def put_together(tree: Any, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    """The inverse of :func:`take_apart`; Tensors and arrays are copies that share what they shared.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the tree is not one that :func:`take_apart` makes.
    """
    return _Reader(arrays).decode(tree)


def view_within(memory: np.ndarray[Any, Any], numpy: Any, offset: Any, size: Any, stride: Any) -> np.ndarray[Any, Any]:
    """The array of this dtype, offset, shape and strides (in bytes) in contiguous memory, checked to lie in it.

    Raises
    ------
    ValueError
        If it does not, or if these are no whole numbers. Python's integers decide: NumPy's own check wraps around.
    """
    numbers = (offset, *size, *stride)
    if not all(type(n) is int and n >= 0 for n in numbers) or len(size) != len(stride):
        raise ValueError(
            f"it has a tensor of offset {offset!r}, size {size!r} and stride {stride!r}; expected whole numbers, as "
            "many strides as sizes"
        )
    elements = math.prod(size)
    end = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) + numpy.itemsize
    if elements * numpy.itemsize >= 2**63 or (elements and end > memory.nbytes):
        raise ValueError(
            f"it has a tensor of size {size} that begins at byte {offset}, with steps of {stride} bytes, so it ends at "
            f"byte {end} of a storage of {memory.nbytes}"
        )
    if not elements:
        return np.empty(tuple(size), numpy)
    return np.ndarray(tuple(size), numpy, memory, offset, tuple(stride))


class _Writer:
    def __init__(self, what: str) -> None:
        self.what = what
        self.arrays: Arrays = {}
        self.within: set[int] = set()
        self.seen: dict[int, tuple[int, dict[str, Any], Tensor]] = {}
        self.tensors: list[tuple[dict[str, Any], np.ndarray[Any, Any], str]] = []

    def encode(self, value: Any, where: str) -> Any:
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, np.generic):  # before float: np.float64 is one, and would lose its type
            return {_TAG: "scalar", "name": self.keep(np.asarray(value), where)}
        if type(value) is float:
            # JSON has no inf and nan; of all other floats it keeps every bit, as repr does.
            return value if math.isfinite(value) else {_TAG: "float", "value": repr(value)}
        if type(value) is complex:
            return {_TAG: "complex", "value": [repr(value.real), repr(value.imag)]}
        if isinstance(value, Tensor):
            return self.tensor(value, where)
        if isinstance(value, np.ndarray):
            return {_TAG: "array", "name": self.keep(value, where)}
        if type(value) is bytes:
            return {_TAG: "bytes", "value": base64.b64encode(value).decode()}
        if isinstance(value, dtypes.dtype):
            return {_TAG: "dtype", "value": value.name}
        if isinstance(value, device):
            return {_TAG: "device", "value": str(value)}
        mapping = isinstance(value, Mapping) and (not isinstance(value, dict) or type(value) in _DICTS)
        if mapping or type(value) is list or type(value) in _SEQUENCES:
            if id(value) in self.within:
                raise ValueError(f"{self.what}: {where or 'the object'} holds itself; a file cannot")
            self.within.add(id(value))
            encoded = self.mapping(value, where) if mapping else self.sequence(value, where)
            self.within.remove(id(value))
            return encoded
        raise TypeError(
            f"{self.what}: {where or 'the object'} is a {type(value).__name__}, expected dict, OrderedDict, list, "
            "tuple, set, None, bool, int, float, complex, str, bytes, Tensor, NumPy array, dtype, device or Size; "
            + _advice(value)
        )

    def sequence(self, value: Any, where: str) -> Any:
        if isinstance(value, (set, frozenset)):  # whose order differs from run to run
            order = sorted(value, key=lambda v: (type(v).__name__, "" if isinstance(v, Tensor) else repr(v)))
        else:
            order = list(value)
        items = [self.encode(item, _join(where, i)) for i, item in enumerate(order)]
        return items if type(value) is list else {_TAG: _SEQUENCES[type(value)], "items": items}

    def mapping(self, value: Mapping[Any, Any], where: str) -> Any:
        ordered = isinstance(value, OrderedDict)
        if not ordered and _TAG not in value and all(type(key) is str for key in value):
            return {key: self.encode(item, _join(where, key)) for key, item in value.items()}
        pairs = [[self.encode(k, _join(where, k)), self.encode(v, _join(where, k))] for k, v in value.items()]
        if not ordered:
            return {_TAG: "dict", "items": pairs}
        # What state_dict() notes beside the entries: the version of each module's format.
        metadata = getattr(value, "_metadata", None)
        return {_TAG: "ordered", "items": pairs, "metadata": self.encode(metadata, _join(where, "_metadata"))}

    def tensor(self, value: Tensor, where: str) -> dict[str, Any]:
        if id(value) in self.seen:
            number, node, _ = self.seen[id(value)]
            node["id"] = number
            return {_TAG: "same", "id": number}
        node = {_TAG: "parameter" if isinstance(value, Parameter) else "tensor"}
        if value.requires_grad:
            node["requires_grad"] = True
        self.seen[id(value)] = (len(self.seen), node, value)
        self.tensors.append((node, value.numpy(force=True), where))
        return node

    def settle(self) -> None:
        """Name the arrays of the tensors: one for all that share memory."""
        groups: dict[Any, list[tuple[dict[str, Any], np.ndarray[Any, Any], str]]] = {}
        for number, (node, array, where) in enumerate(self.tensors):
            alone = array.size == 0 or any(step < 0 for step in array.strides)
            # NumPy wants bools to be zeros and ones: their bytes are never read as another type's.
            key = number if alone else (id(_storage(array)), array.dtype == np.bool_)
            groups.setdefault(key, []).append((node, array, where))
        for members in groups.values():
            _, first, where = members[0]
            same = {(a.ctypes.data, a.shape, a.strides, a.dtype) for _, a, _ in members}
            if len(same) == 1 and first.dtype.kind in "biufV":
                name = self.keep(first, where)
                for node, _, _ in members:
                    node["name"] = name
                continue
            bounds = [np.lib.array_utils.byte_bounds(array) for _, array, _ in members]
            low, high = min(bounds)[0], max(end for _, end in bounds)
            lowest = members[bounds.index(min(bounds))][1]
            start = np.lib.stride_tricks.as_strided(lowest, (1,), (lowest.itemsize,)).view(np.uint8)
            memory = np.lib.stride_tricks.as_strided(start, (high - low,), (1,))
            if len({array.dtype for _, array, _ in members}) == 1 and first.dtype.kind in "biufV":
                whole = all((begin - low) % first.itemsize == 0 for begin, _ in bounds)
                memory = memory.view(first.dtype) if whole and len(memory) % first.itemsize == 0 else memory
            name = self.keep(memory, where)
            for (node, array, _), (begin, _) in zip(members, bounds, strict=True):
                # Offsets and strides count bytes.
                node |= {"name": name, "dtype": array.dtype.name, "offset": begin - low}
                node |= {"size": list(array.shape), "stride": list(array.strides)}

    def keep(self, array: np.ndarray[Any, Any], where: str) -> str:
        if array.dtype.kind not in "biufV":
            raise TypeError(f"{self.what}: {where} has dtype {array.dtype}; expected bool, integer or float")
        name = where or "value"
        while name in self.arrays or name == _RESERVED:  # {"a": {"b": x}, "a.b": y} spells one path twice
            name += "'"
        # ascontiguousarray alone would turn a 0-d array into one of shape (1,)
        self.arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
        return name


class _Reader:
    def __init__(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self.arrays = arrays
        self.copies: Arrays = {}
        self.tensors: dict[int, Tensor] = {}

    def decode(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self.decode(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if _TAG not in tree:
            return {key: self.decode(item) for key, item in tree.items()}
        match tree[_TAG]:
            case "tensor" | "parameter":
                return self.tensor(tree)
            case "same":
                return self.tensors[tree["id"]]
            case "array":
                return self.arrays[tree["name"]].copy()
            case "scalar":
                return self.arrays[tree["name"]][()]
            case "float":
                return float(tree["value"])
            case "complex":
                return complex(*map(float, tree["value"]))
            case "bytes":
                return base64.b64decode(tree["value"], validate=True)
            case "dtype":
                return _DTYPES[tree["value"]]
            case "device":
                return device(tree["value"])
            case "tuple" | "size" | "set" | "frozenset" as kind:
                make = next(each for each, name in _SEQUENCES.items() if name == kind)
                return make([self.decode(item) for item in tree["items"]])
            case "dict":
                return {self.decode(k): self.decode(v) for k, v in tree["items"]}
            case "ordered":
                ordered = OrderedDict((self.decode(k), self.decode(v)) for k, v in tree["items"])
                if tree["metadata"] is not None:
                    ordered._metadata = self.decode(tree["metadata"])  # type: ignore[attr-defined]
                return ordered
            case tag:
                raise ValueError(f"unknown tag {tag!r}")

    def tensor(self, node: dict[str, Any]) -> Tensor:
        name = node["name"]
        if name not in self.copies:
            self.copies[name] = self.arrays[name].copy()
        array = self.copies[name]
        if "size" in node:
            numpy = _DTYPES[node["dtype"]].numpy
            if (numpy == np.bool_) != (array.dtype == np.bool_):
                raise ValueError(f"tensor {name!r} is a {numpy} view of {array.dtype} memory")
            array = view_within(array, numpy, node["offset"], node["size"], node["stride"])
        t = from_numpy(array)
        if node[_TAG] == "parameter":
            t = Parameter(t, requires_grad=False)
        if node.get("requires_grad"):
            t.requires_grad = True
        if "id" in node:
            self.tensors[node["id"]] = t
        return t


def _storage(array: np.ndarray[Any, Any]) -> Any:
    """The object that owns the memory of `array`."""
    owner: Any = array
    while getattr(owner, "base", None) is not None:
        owner = owner.base
    return owner


def _join(where: str, key: Any) -> str:
    return f"{where}.{key}" if where else str(key)


def _advice(value: Any) -> str:
    if not isinstance(value, type) and hasattr(value, "state_dict"):
        return "pass its .state_dict()"
    if not isinstance(value, type) and hasattr(value, "get_state"):
        return "pass its .get_state()"
    if callable(value):
        return "pass its name, and look it up after loading"
    for plain in (dict, list, tuple, str, bytes, int, float, complex):
        if isinstance(value, plain):
            return f"pass {plain.__name__}(value)"
    return "pass what it was built from, as a dict of plain values"
