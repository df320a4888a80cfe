"""The safetensors format: eight bytes of header length, a JSON header, and the raw bytes of the arrays.

Written down at https://github.com/huggingface/safetensors; small enough that no package is needed for it.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad5329.dtypes import bfloat16

__all__ = ["as_bfloat16", "decode", "encode", "plain_bools", "warn_of_bfloat16"]

_HEADER_LIMIT = 100_000_000  # the limit of the reference implementation
_METADATA = "__metadata__"

_TYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "I8": "int8",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",
    "F32": "<f4",
    "F64": "<f8",
    "C64": "<c8",
}
_NAMES = {np.dtype(numpy).name: name for name, numpy in _TYPES.items()} | {"uint16": "U16", "bfloat16": "BF16"}


def encode(arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file that holds `arrays` in this order.

    Raises
    ------
    TypeError
        If an array's dtype has no name in the format.
    ValueError
        If a name is ``__metadata__``, which the format keeps for itself.
    """
    header: dict[str, Any] = {_METADATA: dict(metadata)} if metadata else {}
    for name, array in arrays.items():
        if name == _METADATA:
            raise ValueError(f"safetensors: no tensor can be called {_METADATA!r}; rename it")
        if array.dtype.name not in _NAMES:
            raise TypeError(
                f"safetensors: {name} has dtype {array.dtype}, expected {', '.join(_NAMES)}; convert it, or save "
                "to a file of another suffix, whose format keeps it"
            )
        header[name] = {"dtype": _NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": []}
    # Wide elements first, so that each array is aligned for readers that map the file.
    chunks, end = [], 0
    for name in sorted(arrays, key=lambda name: -arrays[name].itemsize):
        array = arrays[name]
        plain = array.view(np.uint16) if array.dtype.name == "bfloat16" else array
        chunks.append(plain.astype(plain.dtype.newbyteorder("<"), copy=False).tobytes())
        header[name]["data_offsets"] = [end, end := end + array.nbytes]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *chunks])


def decode(content: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a safetensors file, writable, each in memory of its own.

    bfloat16 becomes float32, with a warning, where ml_dtypes is not installed.

    Raises
    ------
    ValueError
        If the content does not follow the format; the message says where.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(len(content) - 8, _HEADER_LIMIT):
        raise ValueError(f"its first 8 bytes ask for a header of {length} bytes, but {len(content)} are all there is")
    header = json.loads(content[8 : 8 + length].decode(), object_pairs_hook=_without_repetition)
    if not isinstance(header, dict):
        raise ValueError(f"its header is a JSON {type(header).__name__}, expected an object")
    header.pop(_METADATA, None)
    data, end = memoryview(content)[8 + length :], 0
    arrays: dict[str, Any] = dict.fromkeys(header)
    widened: list[str] = []
    for name, (begin, stop, kind, shape) in sorted(
        ((name, _entry(name, entry)) for name, entry in header.items()), key=lambda pair: pair[1][:2]
    ):
        itemsize = np.dtype(_TYPES[kind]).itemsize
        if begin != end or stop > len(data) or stop - begin != math.prod(shape) * itemsize:
            raise ValueError(
                f"tensor {name!r} ({kind}, shape {shape}) has bytes {begin} to {stop}; expected "
                f"{math.prod(shape) * itemsize} bytes that begin at {end}, of the {len(data)} in the file"
            )
        end = stop
        raw = np.frombuffer(data[begin:stop], _TYPES[kind])
        if kind == "BF16":
            arrays[name] = as_bfloat16(raw, name, widened).reshape(shape)
        else:
            arrays[name] = plain_bools(raw, name).astype(raw.dtype.newbyteorder("=")).reshape(shape)
    if end != len(data):
        raise ValueError(f"its tensors take {end} bytes, but {len(data)} follow the header")
    warn_of_bfloat16(widened)
    return arrays


def as_bfloat16(raw: np.ndarray[Any, Any], name: str, widened: list[str]) -> np.ndarray[Any, Any]:
    """A row of bfloat16 bit patterns as bfloat16; as float32, and listed in `widened`, without ml_dtypes."""
    patterns = raw.astype(np.uint16)
    try:
        return patterns.view(bfloat16.numpy)
    except ImportError:
        widened.append(name)
        # The upper halves of float32 are the same bits.
        return (patterns.astype(np.uint32) << 16).view(np.float32)


def warn_of_bfloat16(names: Sequence[str]) -> None:
    """Say that tensors changed their dtype."""
    if names:
        warnings.warn(
            f"load: {len(names)} bfloat16 tensor(s) or storage(s), the first of them {names[0]!r}, became float32: "
            "bfloat16 needs ml_dtypes: pip install 'tinygrad5329[bfloat16]'",
            UserWarning,
            stacklevel=5,
        )


def plain_bools(raw: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """`raw`, checked to have only zeros and ones if it is boolean: NumPy relies on that."""
    if raw.dtype == np.bool_ and raw.size and raw.view(np.uint8).max() > 1:
        raise ValueError(f"tensor {name!r} is boolean, but has bytes other than 0 and 1")
    return raw


def _entry(name: str, entry: Any) -> tuple[int, int, str, tuple[int, ...]]:
    try:
        (begin, stop), kind, shape = entry["data_offsets"], entry["dtype"], tuple(entry["shape"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"tensor {name!r} is described by {str(entry)[:200]}") from None
    if not all(type(n) is int and n >= 0 for n in (begin, stop, *shape)):
        raise ValueError(f"tensor {name!r} has shape {shape} and offsets {begin}, {stop}; expected whole numbers")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"tensor {name!r} has dtype {kind!r}; this engine has {', '.join(_TYPES)}")
    return begin, stop, kind, shape


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("its header has one name twice")
    return found
