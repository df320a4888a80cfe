"""Reading the files of ``torch.save`` without unpickling: tensors and plain containers, nothing else.

A pickle is a program for a small stack machine. The machine here knows the instructions that build plain
values, and of the names a program may ask for only those in ``_Machine.names``. Whatever else it asks for
is refused by name, before any of it is looked up, so that reading a file can run no code of its writer's.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import device
from tinygrad5329.creation import from_numpy
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.safetensors_file import as_bfloat16, plain_bools, warn_of_bfloat16
from tinygrad5329.size import Size
from tinygrad5329.state_tree import view_within
from tinygrad5329.tensor import Tensor

__all__ = ["LEGACY_MAGIC", "read_legacy", "read_zip"]

Locate = Callable[[str], None]

#: What every file of torch.save began with before it became a zip: a pickle of the number 0x1950A86A20F9469CFC6C.
LEGACY_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY_PROTOCOL = 1001

_STORAGES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": "u2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
    "ComplexFloatStorage": "c8",
    "ComplexDoubleStorage": "c16",
    "UntypedStorage": "u1",
}
_PLAIN = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": set}
# An integer, a float, text or bytes, by the beginning of the instruction's name.
_LITERALS = ("BININT", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BIN", "BINBYTES", "BINSTRING")
_ONLY = "; only tensors and plain containers are read"
_KEYS = (str, int, float, bool, bytes, type(None), dtypes.dtype, device)


def read_zip(archive: zipfile.ZipFile, locate: Locate) -> Any:
    """The object in an opened file of ``torch.save``; `locate` accepts or refuses where a storage was.

    Raises
    ------
    ValueError
        If the file asks for anything but tensors and plain values, or is damaged.
    """
    members = {info.filename: info for info in archive.infolist()}
    tops = [name.removesuffix("data.pkl") for name in members if name.split("/")[1:] == ["data.pkl"]]
    if len(tops) != 1:
        raise ValueError(f"it is a zip, but holds {len(tops)} files NAME/data.pkl; torch.save writes one")
    top = tops[0]
    order = archive.read(f"{top}byteorder") if f"{top}byteorder" in members else b"little"
    if order not in (b"little", b"big"):
        raise ValueError(f"its byteorder is {order[:20]!r}, expected little or big")
    widened: list[str] = []

    def fetch(kind: str, key: str, numel: int) -> np.ndarray[Any, Any]:
        numpy, name = np.dtype(_STORAGES[kind]), f"{top}data/{key}"
        if name not in members:
            raise ValueError(f"it has no entry {name!r}, the memory of one of its tensors")
        if members[name].file_size != numel * numpy.itemsize:
            raise ValueError(
                f"its entry {name!r} has {members[name].file_size} bytes; a {kind} of {numel} elements has "
                f"{numel * numpy.itemsize}"
            )
        return _storage(kind, archive.read(name), order == b"little", name, widened)

    found = _Machine(fetch, locate).run(io.BytesIO(archive.read(f"{top}data.pkl")))
    warn_of_bfloat16(widened)
    return found


def read_legacy(content: bytes, locate: Locate) -> Any:
    """The object in a file of ``torch.save`` from before PyTorch 1.6, which is a row of pickles.

    Raises
    ------
    ValueError
        As :func:`read_zip`.
    """
    stream = io.BytesIO(content)
    memory: dict[str, tuple[str, np.ndarray[Any, Any]]] = {}
    widened: list[str] = []
    declared = 0

    def fetch(kind: str, key: str, numel: int) -> np.ndarray[Any, Any]:
        nonlocal declared
        declared += numel * np.dtype(_STORAGES[kind]).itemsize
        if declared > len(content):
            raise ValueError(f"its tensors need {declared} bytes or more, but it has {len(content)}")
        # The bytes come after the pickle that refers to them.
        empty = np.empty(numel, _STORAGES[kind])
        memory[key] = kind, as_bfloat16(empty, key, []) if kind == "BFloat16Storage" else empty
        return memory[key][1]

    machine = _Machine(fetch, locate)
    stream.seek(len(LEGACY_MAGIC))
    protocol, system = machine.run(stream), machine.run(stream)
    if protocol != _LEGACY_PROTOCOL or not isinstance(system, dict):
        raise ValueError(f"its protocol version is {protocol!r}, expected {_LEGACY_PROTOCOL}")
    little = system.get("little_endian", True) is True
    found, keys = machine.run(stream), machine.run(stream)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or sorted(keys) != sorted(memory):
        raise ValueError("the storages that its tensors use are not those listed behind them")
    for key in keys:
        kind, array = memory[key]
        count = int.from_bytes(stream.read(8), "little" if little else "big")
        raw = stream.read(array.size * np.dtype(_STORAGES[kind]).itemsize)
        if count != array.size or len(raw) != array.size * np.dtype(_STORAGES[kind]).itemsize:
            raise ValueError(f"storage {key!r} should have {array.size} elements; it says {count}, or the file ends")
        array[...] = _storage(kind, raw, little, f"storage {key}", widened)
    if stream.read(1):
        raise ValueError("bytes follow its last storage")
    warn_of_bfloat16(widened)
    return found


def _storage(kind: str, raw: bytes, little: bool, name: str, widened: list[str]) -> np.ndarray[Any, Any]:
    flat = np.frombuffer(raw, np.dtype(_STORAGES[kind]).newbyteorder("<" if little else ">"))
    if kind == "BFloat16Storage":
        return as_bfloat16(flat, name, widened)
    return plain_bools(flat, name).astype(_STORAGES[kind])


class _Call:
    """A name that the pickle may call."""

    def __init__(self, name: str, build: Callable[..., Any]) -> None:
        self.name, self.build = name, build


class _Storage:
    """What a pickle may make tensors of: the type by name, or with its memory."""

    def __init__(self, kind: str, flat: np.ndarray[Any, Any] | None = None) -> None:
        self.kind, self.flat = kind, flat


class _Machine:
    """The stack machine; `fetch` gives the memory of a storage by type, key and number of elements."""

    def __init__(self, fetch: Callable[[str, str, int], np.ndarray[Any, Any]], locate: Locate) -> None:
        self.fetch, self.locate = fetch, locate
        self.storages: dict[str, _Storage] = {}
        calls: dict[str, Callable[..., Any]] = {
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torch._utils._rebuild_tensor_v3": _tensor_of_bytes,
            "torch._utils._rebuild_parameter": _parameter,
            "collections.OrderedDict": _ordered,
            "collections.Counter": _counter,
            "torch.Size": _size,
            "torch.device": device,
            "_codecs.encode": _bytes,
        }
        for module in ("builtins", "__builtin__"):
            calls[f"{module}.set"] = lambda items=(): set(map(_key, _iterable(items)))
            calls[f"{module}.frozenset"] = lambda items=(): frozenset(map(_key, _iterable(items)))
            calls[f"{module}.bytes"] = lambda: b""
            calls[f"{module}.complex"] = _complex
            calls[f"{module}.bytearray"] = _bytearray
        self.names: dict[str, Any] = {name: _Call(name, build) for name, build in calls.items()}
        self.names |= {f"torch.{each.name}": each for each in dtypes.ALL}
        self.names |= {f"torch.{kind}": _Storage(kind) for kind in _STORAGES}
        self.names["torch.storage.UntypedStorage"] = _Storage("UntypedStorage")

    def run(self, stream: io.BytesIO) -> Any:
        """Run the pickle at the stream's position to its end."""
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        for opcode, argument, position in pickletools.genops(stream):
            try:
                if opcode.name == "STOP":
                    return _plain(self.stack.pop())
                self.step(opcode.name, argument)
            except (IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
                raise ValueError(f"its pickle is damaged at byte {position} ({opcode.name}): {error!r}") from error
        raise ValueError("its pickle has no end")

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name.startswith(_LITERALS):
            stack.append(argument)
        elif name in _PLAIN:
            stack.append(_PLAIN[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self.memo[len(self.memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name == "MARK":
            self.marks.append(len(stack))
        elif name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
            items = self.since_mark() if name == "TUPLE" else self.last(int(name[-1]))
            # Arguments of calls are tuples too: names may stand in them, but no deeper.
            stack.append(tuple(_plain(item) if type(item) is tuple else item for item in items))
        elif name in ("APPEND", "APPENDS"):
            self.into(list, name == "APPENDS", 1).extend(map(_plain, self.items))
        elif name in ("SETITEM", "SETITEMS"):
            target = self.into(dict, name == "SETITEMS", 2)
            for key, value in zip(self.items[::2], self.items[1::2], strict=True):
                target[_key(key)] = _plain(value)
        elif name == "ADDITEMS":
            self.into(set, True, 1).update(map(_key, self.items))
        elif name == "GLOBAL":
            stack.append(self.look_up(argument.replace(" ", ".")))
        elif name == "STACK_GLOBAL":
            stack.append(self.look_up(".".join(self.last(2))))
        elif name == "REDUCE":
            call, arguments = self.last(2)
            if not isinstance(call, _Call) or not isinstance(arguments, tuple):
                raise TypeError(f"{type(call).__name__} is called")
            stack.append(call.build(*arguments))
        elif name == "BUILD":
            (attributes,) = self.last(1)
            # What state_dict() notes beside its entries.
            if type(stack[-1]) is not OrderedDict or type(attributes) is not dict or set(attributes) - {"_metadata"}:
                raise ValueError(f"it asks to set attributes of a {type(stack[-1]).__name__}{_ONLY}")
            if attributes:
                stack[-1]._metadata = attributes["_metadata"]  # type: ignore[attr-defined]
        elif name == "BINPERSID":
            stack.append(self.persistent(*self.last(1)))
        elif name not in ("PROTO", "FRAME"):
            wanted = argument or next((each.name for each in reversed(stack) if isinstance(each, _Call)), "an object")
            raise ValueError(f"it asks for {wanted} through {name}{_ONLY}")

    def look_up(self, name: str) -> Any:
        if name not in self.names:
            raise ValueError(
                f"it asks for {name}; only tensors, parameters and plain containers are read, since anything else "
                "could run code. Save the state_dict() with torch.save instead"
            )
        return self.names[name]

    def persistent(self, reference: Any) -> _Storage:
        tag, storage, key, location, numel, *view = reference
        if tag != "storage" or not isinstance(storage, _Storage) or any(each is not None for each in view):
            raise ValueError(f"it asks for {tag!r}, {view}; expected a storage that is no view")
        if not isinstance(key, str) or not isinstance(location, str) or type(numel) is not int or numel < 0:
            raise ValueError(f"it asks for storage {key!r} of {numel!r} elements at {location!r}")
        if key not in self.storages:
            self.locate(location)
            self.storages[key] = _Storage(storage.kind, self.fetch(storage.kind, key, numel))
        found = self.storages[key]
        if found.kind != storage.kind or found.flat is None or found.flat.size != numel:
            raise ValueError(f"it asks for storage {key!r} twice, as {found.kind} and as {storage.kind} of {numel}")
        return found

    def last(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError("the stack is empty")
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def since_mark(self) -> list[Any]:
        return self.last(len(self.stack) - self.marks.pop())

    def into(self, kind: type, marked: bool, count: int) -> Any:
        """Take the items off the stack into `items`, and give the container below them."""
        self.items = self.since_mark() if marked else self.last(count)
        target = self.stack[-1]
        if not isinstance(target, kind):
            raise TypeError(f"{type(target).__name__} is not a {kind.__name__}")
        return target


def _plain(value: Any) -> Any:
    """`value`, checked to be more than the name of something."""
    if isinstance(value, (_Call, _Storage)):
        name = value.name if isinstance(value, _Call) else f"a bare torch.{value.kind}"
        raise ValueError(f"it holds {name} itself{_ONLY}")
    if type(value) is tuple:
        for item in value:
            if isinstance(item, (_Call, _Storage)):
                _plain(item)
    return value


def _key(value: Any) -> Any:
    # Tuples within tuples, each twice in the next, would take for ever to hash.
    if not isinstance(value, _KEYS) and not (isinstance(value, tuple) and all(isinstance(v, _KEYS) for v in value)):
        raise ValueError(f"it has a {type(value).__name__} as a key; expected a plain value")
    return value


def _iterable(items: Any) -> Any:
    if not isinstance(items, (list, tuple)):
        raise TypeError(f"a set of a {type(items).__name__}")
    return items


def _complex(real: Any, imag: Any) -> complex:
    if type(real) is not float or type(imag) is not float:
        raise TypeError(f"a complex number of {type(real).__name__} and {type(imag).__name__}")
    return complex(real, imag)


def _bytearray(content: Any = b"") -> bytearray:
    if not isinstance(content, bytes):  # a number would ask for as many bytes
        raise TypeError(f"a bytearray of {type(content).__name__}")
    return bytearray(content)


def _counter(counts: Any = ()) -> Counter[Any]:
    found = Counter[Any]()
    for key, count in dict(counts).items():
        found[_key(key)] = _plain(count)
    return found


def _size(sizes: Any) -> Size:
    if not all(type(n) is int and n >= 0 for n in _iterable(sizes)):
        raise ValueError(f"it has torch.Size {str(sizes)[:100]}; expected whole numbers")
    return Size(sizes)


def _tensor(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, metadata: Any = None
) -> Tensor:
    if not isinstance(storage, _Storage) or storage.flat is None:
        raise TypeError("a tensor is made of something that is no storage")
    if hooks or metadata:
        raise ValueError(f"it has a tensor with hooks {hooks!r} or metadata {metadata!r}; save a plain clone of it")
    flat = storage.flat
    t = from_numpy(
        view_within(flat, flat.dtype, offset * flat.itemsize, size, tuple(step * flat.itemsize for step in stride))
    )
    t.requires_grad = requires_grad is True and (t.is_floating_point() or t.is_complex())
    return t


def _tensor_of_bytes(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, d: Any, metadata: Any = None
) -> Tensor:
    """A tensor of a dtype that PyTorch has no storage class for."""
    if not isinstance(storage, _Storage) or storage.flat is None or not isinstance(d, dtypes.dtype):
        raise TypeError("a tensor is made of something that is no storage, or has no dtype")
    typed = _Storage(storage.kind, storage.flat[: storage.flat.size // d.itemsize * d.itemsize].view(d.numpy))
    return _tensor(typed, offset, size, stride, requires_grad, hooks, metadata)


def _parameter(data: Any, requires_grad: Any, hooks: Any) -> Parameter:
    if hooks:
        raise ValueError("it has a parameter with hooks; save a plain clone of it")
    return Parameter(data.detach(), requires_grad is True)


def _ordered(*pairs: Any) -> OrderedDict[Any, Any]:
    found: OrderedDict[Any, Any] = OrderedDict()
    for key, value in _iterable(pairs[0]) if pairs else ():
        found[_key(key)] = _plain(value)
    return found


def _bytes(text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise TypeError(f"_codecs.encode with {encoding!r}")
    return text.encode("latin1")
