"""Lending the name torch to this package for one process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from tinygrad5329.compat.facade import Facade, facade, missing
from tinygrad5329.spelling import lend_name

__all__ = ["install_as_torch", "uninstall_as_torch"]


class _Finder(MetaPathFinder, Loader):
    """Answers for ``torch`` and everything below it, and for nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "torch":
            return None
        if facade(fullname) is None:
            # With its `name` set, `from torch import ...` would replace this message by its own.
            raise ModuleNotFoundError(missing(fullname))
        return ModuleSpec(fullname, self, origin="tinygrad5329", is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return facade(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to run: a facade is complete when it is made."""


def _installed() -> list[_Finder]:
    return [finder for finder in sys.meta_path if isinstance(finder, _Finder)]


def install_as_torch() -> None:
    """Let ``import torch``, and its submodules, mean tinygrad5329 from here on.

    Only this process is changed, and nothing on disk; dtypes and sizes print as ``torch.float32``. Names and submodules
    that have no counterpart raise AttributeError or ImportError and say which names are nearest. A second call does
    nothing; `tinygrad5329.compat.uninstall_as_torch` undoes it.

    Raises
    ------
    RuntimeError
        PyTorch itself has been imported.

    Examples
    --------
    ::

        import tinygrad5329
        tinygrad5329.install_as_torch()
        import torch
    """
    if _installed():
        return
    if "torch" in sys.modules:
        place = getattr(sys.modules["torch"], "__file__", None)
        raise RuntimeError(
            "install_as_torch: PyTorch itself is already imported"
            + (f" (from {place})" if place else "")
            + "; call it before anything imports torch, in a new process"
        )
    sys.meta_path.insert(0, _Finder())
    lend_name("torch")


def uninstall_as_torch() -> None:
    """Undo `install_as_torch`: no module named torch stays behind. Names already bound keep their meaning."""
    for finder in _installed():
        sys.meta_path.remove(finder)
    lend_name(None)
    for name in [name for name, module in sys.modules.items() if isinstance(module, Facade)]:
        del sys.modules[name]
