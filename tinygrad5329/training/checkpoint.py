"""Checkpoints: one safetensors file that holds any nest of dicts, lists, numbers, text and arrays.

The arrays are ordinary safetensors entries, so other tools can read the weights. Everything else is JSON
in the file's metadata, with a reference wherever an array stood. One file, so that one rename replaces
the whole state; never pickle, so that reading a checkpoint cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.atomic import write_atomically
from tinygrad5329.state_tree import put_together, take_apart
from tinygrad5329.tensor import Tensor

__all__ = ["CheckpointError", "load_checkpoint", "save_checkpoint"]

_FORMAT = "tinygrad5329 checkpoint"
_VERSION = 1


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be read, or does not belong to what it is loaded into."""


def save_checkpoint(path: str | os.PathLike[str], state: Mapping[str, Any]) -> Path:
    """Write ``state`` to ``path`` atomically.

    Parameters
    ----------
    path : path-like
        The file; by custom it ends in ``.safetensors``. See :func:`write_atomically` for what happens when
        writing is interrupted (the previous file stays).
    state : mapping
        Any nest of dicts, lists, tuples, ``None``, bool, int, float, str, Tensors, NumPy arrays and NumPy
        scalars. ``state_dict()`` of modules, optimizers and schedulers are of this kind. Tensors and
        arrays come back as Tensors and arrays of the same dtype, shape and bits.

    Returns
    -------
    pathlib.Path
        ``path``.

    Raises
    ------
    TypeError
        If ``state`` holds something else (a function, an object); the message says where.
    ImportError
        If ``safetensors`` is missing.

    Examples
    --------
    >>> import tempfile, os, tinygrad5329 as tg
    >>> from tinygrad5329.training import load_checkpoint, save_checkpoint
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_checkpoint(os.path.join(folder, "a.safetensors"), {"epoch": 3, "w": tg.ones(2)})
    ...     load_checkpoint(path)
    {'epoch': 3, 'w': tensor([1., 1.])}
    """
    safetensors_numpy = _import_safetensors()
    tree, arrays = take_apart(state)
    text = json.dumps(tree, allow_nan=False, separators=(",", ":"))
    metadata = {
        "format": _FORMAT,
        "version": str(_VERSION),
        "written_by": f"tinygrad5329 {tg.__version__}",
        "state": text,
        "sha256": _digest(text, arrays),
    }
    return write_atomically(path, safetensors_numpy.save(arrays, metadata))


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what :func:`save_checkpoint` wrote, checking every byte of it.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    dict
        The saved state, with fresh Tensors and arrays that share no memory with anything.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is truncated, damaged, not a checkpoint of this package, or written by a newer version
        of it. The message names the file, what was expected and what was found.
    ImportError
        If ``safetensors`` is missing.
    """
    safetensors_numpy = _import_safetensors()
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint {path} does not exist (or is not a file)")
    # Read once into memory: a checkpoint that is replaced meanwhile cannot be seen half old, half new.
    content = path.read_bytes()
    metadata = _read_metadata(path, content)
    if metadata.get("format") != _FORMAT:
        raise CheckpointError(
            f"checkpoint {path} was not written by tinygrad5329.training: its format field should be "
            f"{_FORMAT!r} but is {metadata.get('format')!r}"
        )
    if metadata.get("version") != str(_VERSION):
        raise CheckpointError(
            f"checkpoint {path} has format version {metadata.get('version')!r} (written by "
            f"{metadata.get('written_by')!r}) but this is tinygrad5329 {tg.__version__}, which reads version "
            f"{_VERSION}; update tinygrad5329"
        )
    try:
        arrays = safetensors_numpy.load(content)
        text = metadata["state"]
        if metadata["sha256"] != _digest(text, arrays):
            raise CheckpointError(
                f"checkpoint {path} is damaged: its content does not match the checksum written with it; "
                "use an older copy or start again"
            )
        state = put_together(json.loads(text), arrays)
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"checkpoint {path} is damaged: {type(error).__name__}: {error}") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"checkpoint {path} should hold a dict but holds a {type(state).__name__}")
    return state


def check_same_layout(
    path: str | os.PathLike[str], what: str, expected: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    """Raise :class:`CheckpointError` unless two state dicts have the same keys, shapes and dtypes."""
    problems = [f"missing {name}" for name in expected if name not in found]
    problems += [f"unexpected {name}" for name in found if name not in expected]
    for name in expected:
        if name in found and isinstance(expected[name], Tensor):
            here, there = expected[name], found[name]
            if not isinstance(there, Tensor) or tuple(here.shape) != tuple(there.shape):
                shape = tuple(there.shape) if isinstance(there, Tensor) else type(there).__name__
                problems.append(f"{name} is {shape}, expected {tuple(here.shape)}")
            elif here.dtype != there.dtype:
                problems.append(f"{name} is {there.dtype}, expected {here.dtype}")
    if problems:
        listed = "; ".join(problems[:6]) + (f"; and {len(problems) - 6} more" if len(problems) > 6 else "")
        raise CheckpointError(
            f"checkpoint {path} does not fit this {what}: {listed}. Build the {what} that was saved, or start a new run"
        )


def _import_safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError("checkpoints need the safetensors package: pip install 'tinygrad5329[train]'") from error
    return safetensors.numpy


def _read_metadata(path: Path, content: bytes) -> dict[str, str]:
    """The ``__metadata__`` of a safetensors header: 8 bytes of length, then that much JSON."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise CheckpointError(
            f"checkpoint {path} is truncated or not a safetensors file: it has {len(content)} bytes, "
            f"its first 8 ask for a header of {length}"
        )
    try:
        header = json.loads(content[8 : 8 + length])
        metadata = header.get("__metadata__", {})
        end = max((entry["data_offsets"][1] for k, entry in header.items() if k != "__metadata__"), default=0)
    except Exception as error:
        raise CheckpointError(
            f"checkpoint {path} is not a safetensors file, or its header is damaged ({error})"
        ) from error
    if len(content) != 8 + length + end:
        raise CheckpointError(
            f"checkpoint {path} is truncated or damaged: expected {8 + length + end} bytes, found {len(content)}"
        )
    return dict(metadata)


def _digest(text: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    digest = hashlib.sha256(text.encode("utf-8"))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
