"""Objects between this process and its own workers: pickled, with the memory of large arrays sent as it is.

Pickle is used here and nowhere else, because both ends are processes of the same program and nothing
comes from outside it.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

__all__ = ["encode", "receive", "send"]

# Below this, one larger message is cheaper than two.
_OWN_MESSAGE = 1 << 16

Frames = Sequence[bytes]


def encode(message: Any) -> Frames:
    """``message`` as byte strings: a head, and the contents of large arrays.

    Everything is copied, so whoever owns the arrays may change them at once.
    """
    large: list[bytes] = []

    def set_apart(buffer: pickle.PickleBuffer) -> bool:
        with buffer.raw() as view:
            if view.nbytes < _OWN_MESSAGE:
                return True
            large.append(bytes(view))
        return False

    pickled = io.BytesIO()
    ForkingPickler(pickled, 5, True, set_apart).dump(message)
    sizes = struct.pack(f"<I{len(large)}Q", len(large), *map(len, large))
    return [sizes + pickled.getvalue(), *large]


def send(connection: Connection, frames: Frames) -> None:
    """Write what :func:`encode` made."""
    for frame in frames:
        connection.send_bytes(frame)


def receive(connection: Connection) -> Any:
    """The next message; EOFError if the other end has closed. Its arrays are writable and its own."""
    head = memoryview(connection.recv_bytes())
    (count,) = struct.unpack_from("<I", head)
    sizes = struct.unpack_from(f"<{count}Q", head, 4)
    buffers = []
    for size in sizes:
        buffer = np.empty(size, np.uint8)
        connection.recv_bytes_into(buffer.data)
        buffers.append(buffer.data)
    return pickle.loads(head[4 + 8 * count :], buffers=buffers)
