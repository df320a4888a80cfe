"""``save`` and ``load``: objects to files and back, without pickle.

A saved file is a zip of ``state.json``, the structure, and ``tensors.safetensors``, the memory of the
tensors. Reading one, or one of PyTorch's, builds tensors and plain containers and can run no code.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329 import safetensors_file
from tinygrad5329.atomic import write_atomically
from tinygrad5329.backends.device import as_device, device
from tinygrad5329.state_tree import put_together, take_apart
from tinygrad5329.tensor import Tensor
from tinygrad5329.torch_file import LEGACY_MAGIC, read_legacy, read_zip

__all__ = ["load", "save"]

_FORMAT = "tinygrad5329 object"
_VERSION = 1
_TREE, _TENSORS = "state.json", "tensors.safetensors"

File = str | os.PathLike[str] | IO[bytes]


def save(
    obj: Any,
    f: File,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object to a file (``torch.save``), without pickle.

    Tensors that share memory share it again after :func:`load`, and a tensor that occurs twice is one
    tensor again. ``requires_grad`` is kept; ``grad``, the graph and hooks are not. Parameters stay
    Parameters; other subclasses come back as Tensors. A tensor that shares with none is written contiguous.

    Parameters
    ----------
    obj
        Any nest of dicts, OrderedDicts, lists, tuples, sets, ``None``, bool, int, float, complex, str, bytes,
        Tensors, Parameters, NumPy arrays, dtypes, devices and Sizes; the ``state_dict()`` of modules,
        optimizers and schedulers are of this kind. For a path that ends in ``.safetensors``: a dict of
        names and Tensors, written in that format, which many programs read. It has no sharing: each
        tensor is written in full, and comes back as a plain one.
    f : path-like or binary file
        Where to. A path is replaced in one step, so that an interrupted call leaves the file that was
        there; folders that are missing are made.
    pickle_module, pickle_protocol, _use_new_zipfile_serialization, _disable_byteorder_record
        How PyTorch pickles; nothing is pickled here, and files are the same for all protocols and both of PyTorch's
        formats. Another module than ``pickle``, or a record left out, is refused with a TypeError.

    Raises
    ------
    TypeError
        If `obj` holds anything else; the message says where, and what to pass instead.
    ValueError
        If a container holds itself.

    Examples
    --------
    >>> import io, tinygrad5329 as tg
    >>> file = io.BytesIO()
    >>> tg.save({"epoch": 3, "w": tg.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> tg.load(file)
    {'epoch': 3, 'w': tensor([1., 1.])}
    """
    if _disable_byteorder_record or not _is_usual(pickle_module):
        which = "_disable_byteorder_record" if _is_usual(pickle_module) else "pickle_module"
        raise TypeError(f"save: {which} is not supported, since files are written without pickle; leave it out")
    path = isinstance(f, (str, os.PathLike))
    if not path and not hasattr(f, "write"):
        raise TypeError(f"save: f is a {type(f).__name__}, expected a path or a file opened for writing bytes")
    if path and os.fspath(f).endswith(".safetensors"):  # type: ignore[arg-type]
        content = safetensors_file.encode(_flat(obj), {"format": "pt"})
    else:
        content = _encode(obj)
    if path:
        write_atomically(f, content)  # type: ignore[arg-type]
    else:
        f.write(content)  # type: ignore[union-attr]


def load(
    f: File,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read an object from a file (``torch.load``), without pickle.

    The content says what the file is: one of :func:`save`, a ``.safetensors``, or one of ``torch.save``
    (the zip, and the older row of pickles). Of PyTorch's files those are read that hold tensors,
    parameters and plain containers; one that asks for anything else is refused.

    Parameters
    ----------
    f : path-like or binary file
        What to read, up to its end.
    map_location : str, device, dict or callable, optional
        Where storages go that were on another device when ``torch.save`` wrote them. All tensors here
        are on the CPU, so ``"cpu"`` (or a dict or callable that leads there) is all that can work.
    pickle_module, **pickle_load_args
        How PyTorch unpickles. Nothing is unpickled here: ``pickle`` itself is accepted, and ``encoding``, which is
        about files of Python 2; anything else is a TypeError.
    weights_only : bool
        Accepted for PyTorch's sake; False lets nothing more in.
    mmap : bool, optional
        Only False or None: files are read, not mapped.

    Returns
    -------
    object
        New objects, which share no memory with anything else. bfloat16 becomes float32, with a warning.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RuntimeError
        If the file is none of these, is damaged, or asks for anything but tensors and plain containers;
        or if a storage was on another device and `map_location` does not say ``"cpu"``.
    """
    if not _is_usual(pickle_module) or pickle_load_args.keys() - {"encoding"}:
        names = sorted(pickle_load_args.keys() - {"encoding"}) or ["pickle_module"]
        raise TypeError(f"load: {', '.join(names)} is not supported, since nothing is unpickled; leave it out")
    if mmap:
        raise RuntimeError("load: mmap=True is not supported, the file is read into memory; leave mmap out")
    if not (weights_only is None or isinstance(weights_only, bool)):
        raise TypeError(f"load: weights_only must be a bool, got {weights_only!r}")
    if isinstance(map_location, (str, device)):
        as_device(map_location)
    elif not (map_location is None or isinstance(map_location, Mapping) or callable(map_location)):
        raise TypeError(f"load: map_location must be a device, str, dict or callable, got {map_location!r}")
    if isinstance(f, (str, os.PathLike)):
        name, content = os.fspath(f), Path(f).read_bytes()
    elif hasattr(f, "read"):
        name, content = str(getattr(f, "name", type(f).__name__)), f.read()
    else:
        raise TypeError(f"load: f is a {type(f).__name__}, expected a path or a file opened for reading bytes")
    if not isinstance(content, bytes):
        raise TypeError(f"load: {name} gives {type(content).__name__}; open it for reading bytes, mode 'rb'")
    try:
        return _decode(content, _locator(map_location))
    except _WrongDevice as error:
        raise RuntimeError(f"load: {name}: {error}") from error
    except UserWarning:  # where warnings are errors, they stay what they are
        raise
    except Exception as error:
        # The messages of the readers begin with what is wrong; those of Python's with the kind of error.
        kind = "" if type(error) is ValueError else f"it is damaged: {type(error).__name__}: "
        raise RuntimeError(f"load: cannot read {name}: {kind}{error}") from error


class _WrongDevice(Exception):
    """A storage was on a device that is not here."""


def _is_usual(pickle_module: Any) -> bool:
    """Whether a `pickle_module` asks for nothing but PyTorch's default."""
    return pickle_module is None or getattr(pickle_module, "__name__", "") == "pickle"


def _flat(obj: Any) -> dict[str, np.ndarray[Any, Any]]:
    if not isinstance(obj, Mapping):
        advice = "; pass its .state_dict()" if hasattr(obj, "state_dict") else ""
        raise TypeError(
            f"save: a .safetensors file holds a dict of names and Tensors, got {type(obj).__name__}{advice}"
        )
    for key, value in obj.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise TypeError(
                f"save: a .safetensors file holds a flat dict of names and Tensors, but {key!r} is a "
                f"{type(value).__name__}; save to a file of another suffix, such as .pt, to keep any nest"
            )
    return {key: value.numpy(force=True) for key, value in obj.items()}


def _encode(obj: Any) -> bytes:
    tree, arrays = take_apart(obj, "save")
    head = {"format": _FORMAT, "version": _VERSION, "written_by": f"tinygrad5329 {tg.__version__}", "state": tree}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # ZipInfo's fixed date, so that equal objects give equal files.
        archive.writestr(zipfile.ZipInfo(_TREE), json.dumps(head, allow_nan=False, separators=(",", ":")))
        archive.writestr(zipfile.ZipInfo(_TENSORS), safetensors_file.encode(arrays))
    return file.getvalue()


def _decode(content: bytes, locate: Callable[[str], None]) -> Any:
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check(archive, len(content))
            if _TREE not in archive.namelist():
                return read_zip(archive, locate)
            head = json.loads(archive.read(_TREE))
            if not isinstance(head, dict) or head.get("format") != _FORMAT or head.get("version") != _VERSION:
                raise ValueError(
                    f"its {_TREE} should begin with format {_FORMAT!r}, version {_VERSION}, but begins with "
                    f"{str(head)[:120]}; if a newer tinygrad5329 wrote it, update this one ({tg.__version__})"
                )
            return put_together(head["state"], safetensors_file.decode(archive.read(_TENSORS)))
    if content.startswith(LEGACY_MAGIC):
        return read_legacy(content, locate)
    if content[8:9] == b"{":
        return {name: tg.from_numpy(array) for name, array in safetensors_file.decode(content).items()}
    if content[:1] == b"\x80":
        raise ValueError("it is a pickle that torch.save did not write, and is not read: it could run code")
    raise ValueError(
        f"it has {len(content)} bytes, the first of them {content[:8]!r}; expected a file of tinygrad5329.save, "
        "torch.save or safetensors"
    )


def _check(archive: zipfile.ZipFile, length: int) -> None:
    """That the archive is no more than its bytes: its files are stored as they are, one after another."""
    infos = archive.infolist()
    if any(info.filename.endswith("/constants.pkl") for info in infos):
        raise ValueError("it is a TorchScript archive, a program; save the state_dict() of the module instead")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise ValueError(f"its entry {info.filename!r} is compressed or encrypted; save it again, uncompressed")
        if info.filename.startswith("/") or "\\" in info.filename or ".." in info.filename.split("/"):
            raise ValueError(f"its entry {info.filename!r} points out of the archive")
    if len({info.filename for info in infos}) != len(infos):
        raise ValueError("it has two entries of one name")
    if sum(info.file_size for info in infos) > length:
        raise ValueError(f"its entries claim more bytes than the {length} it has")


def _locator(map_location: Any) -> Callable[[str], None]:
    """A function that refuses the storages that `map_location` does not bring to the CPU."""

    def locate(location: str) -> None:
        target = map_location
        if isinstance(map_location, Mapping):
            target = map_location.get(location)
        elif callable(map_location):
            # PyTorch passes the storage; there is none here, and what such functions do is return it.
            storage = tg.empty(0)
            answer = map_location(storage, location)
            target = "cpu" if answer is storage else answer
        if target is None:
            target = location
        if not isinstance(target, (str, device)):
            raise _WrongDevice(f"map_location gives {target!r} for {location!r}; expected 'cpu'")
        if device(target).type != "cpu":
            raise _WrongDevice(
                f"Attempting to deserialize object on device '{target}', but this engine computes on 'cpu' alone; "
                "pass map_location='cpu'"
            )

    return locate
