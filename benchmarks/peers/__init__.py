"""The libraries that are compared: how each is loaded, and which workloads it has."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cases import FAMILIES, Case
from benchmarks.program import Program

__all__ = ["PEERS", "Peer"]

_ALL = frozenset(FAMILIES)


@dataclass(frozen=True)
class Peer:
    """A library: module to import, distribution, pip command, and the module here that has its programs.

    `note` says why workloads are left out, or what the library needs besides.
    """

    module: str
    distribution: str
    command: str
    programs: str
    families: frozenset[str] = _ALL
    note: str = ""

    def builder(self) -> Callable[[Case], Program]:
        """Import the library and return what makes a program of a case."""
        importlib.import_module(self.module)
        return importlib.import_module(f"benchmarks.peers.{self.programs}").build


_TORCH = "pip install torch --index-url https://download.pytorch.org/whl/cpu"

PEERS = {
    "tinygrad5329": Peer("tinygrad5329", "tinygrad5329", "pip install -e .", "tinygrad5329_eager"),
    "torch": Peer("torch", "torch", _TORCH, "torch_eager"),
    "torch-compile": Peer(
        "torch", "torch", _TORCH, "torch_compiled", _ALL - {"W7"}, "compiling 5,000 operations takes minutes"
    ),
    "jax": Peer("jax", "jax", "pip install jax", "jax_jit", _ALL - {"W7"}, "compiling 5,000 operations takes minutes"),
    "autograd": Peer("autograd", "autograd", "pip install autograd", "autograd_numpy", frozenset({"W1", "W2", "W7"})),
    "mygrad": Peer("mygrad", "mygrad", "pip install mygrad", "mygrad_numpy", frozenset({"W1", "W2", "W7"})),
    "tinygrad": Peer(
        "tinygrad",
        "tinygrad",
        "pip install tinygrad",
        "tinygrad_jit",
        frozenset({"W1"}),
        "its CPU device needs clang",
    ),
}
