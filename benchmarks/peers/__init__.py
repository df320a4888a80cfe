"""The libraries that are compared: how each is loaded, and which workloads it has."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cases import FAMILIES, Case
from benchmarks.program import Program

__all__ = ["PEERS", "Peer"]

_ALL = frozenset(FAMILIES)
#: What is written in plain array functions for libraries without layers.
_PLAIN = frozenset({"W1", "W2", "W3", "W4", "W7"})


@dataclass(frozen=True)
class Peer:
    """A library: module to import, distribution, pip command, and the module here that has its programs.

    `note` says why workloads are left out, or what the library needs besides; `kernels` which of this package's run
    ("": what a user gets, or what ``TINYGRAD5329_BACKEND`` says).
    """

    module: str
    distribution: str
    command: str
    programs: str
    families: frozenset[str] = _ALL
    note: str = ""
    kernels: str = ""

    def builder(self) -> Callable[[Case], Program]:
        """Import the library and return what makes a program of a case."""
        importlib.import_module(self.module)
        return importlib.import_module(f"benchmarks.peers.{self.programs}").build


_TORCH = "pip install torch --index-url https://download.pytorch.org/whl/cpu"

_OURS = ("tinygrad5329", "tinygrad5329")

PEERS = {
    "tinygrad5329": Peer(*_OURS, "pip install -e .", "tinygrad5329_eager"),
    "tinygrad5329-numpy": Peer(*_OURS, "pip install -e .", "tinygrad5329_eager", kernels="numpy"),
    "tinygrad5329-fast": Peer(*_OURS, "pip install -e '.[fast]'", "tinygrad5329_eager", kernels="fast"),
    "products": Peer(
        "numpy", "numpy", "pip install numpy", "products_alone", _ALL - {"W7"}, "scalars have no matrix products"
    ),
    "replay": Peer("tinygrad5329", "tinygrad5329", "pip install -e .", "tinygrad5329_replay"),
    "torch": Peer("torch", "torch", _TORCH, "torch_eager"),
    "torch-compile": Peer(
        "torch", "torch", _TORCH, "torch_compiled", _ALL - {"W7"}, "compiling 5,000 operations takes minutes"
    ),
    "jax": Peer("jax", "jax", "pip install jax", "jax_jit", _ALL - {"W7"}, "compiling 5,000 operations takes minutes"),
    "autograd": Peer("autograd", "autograd", "pip install autograd", "autograd_numpy", _PLAIN),
    "mygrad": Peer("mygrad", "mygrad", "pip install mygrad", "mygrad_numpy", _PLAIN),
    "tinygrad": Peer(
        "tinygrad",
        "tinygrad",
        "pip install tinygrad",
        "tinygrad_jit",
        frozenset({"W1"}),
        "its CPU device needs clang",
    ),
}
