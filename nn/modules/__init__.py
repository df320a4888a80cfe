"""Where PyTorch keeps its layers, for code that imports them from there: ``nn.modules.loss``, ``nn.modules.conv`` ...

Every name of `nn` is found here and in each of the modules below, and besides it the private names that published code
imports from PyTorch's files of these names (``nn.modules.batchnorm._BatchNorm``).
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_NN = __name__.rpartition(".")[0]

#: PyTorch's files, and the modules of `nn` that hold what else is in them.
_PLACES: dict[str, tuple[str, ...]] = {
    "activation": ("activation", "piecewise_activation"),
    "adaptive": ("adaptive",),
    "batchnorm": ("batchnorm",),
    "channelshuffle": (),
    "container": (),
    "conv": ("conv",),
    "distance": (),
    "dropout": ("dropout",),
    "flatten": (),
    "fold": (),
    "instancenorm": ("instancenorm",),
    "lazy": ("lazy",),
    "linear": ("linear",),
    "loss": ("loss",),
    "module": ("module_hooks", "module_backward_hooks", "module_registration_hooks", "module_state_dict"),
    "normalization": (),
    "padding": ("padding",),
    "pixelshuffle": (),
    "pooling": ("pooling",),
    "rnn": ("rnn",),
    "sparse": (),
    "transformer": ("transformer",),
    "upsampling": (),
    "utils": ("modules.tuples", "modules.prefix"),
}


class _Place(ModuleType):
    """One of PyTorch's files: the names of `nn`, and those of some of its modules."""

    def __init__(self, leaf: str) -> None:
        super().__init__(f"{__name__}.{leaf}", f"What PyTorch's torch.nn.modules.{leaf} has.")
        self._sources = tuple(f"{_NN}.{source}" for source in _PLACES[leaf])

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return dir(self)
        for module in self._modules():
            if name in vars(module):
                return vars(module)[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        found = {name for module in self._modules()[1:] for name, value in vars(module).items() if _is_own(value)}
        return sorted(found | set(sys.modules[_NN].__all__))

    def _modules(self) -> list[ModuleType]:
        modules = [sys.modules[_NN]]
        for source in self._sources:
            try:
                modules.append(import_module(source))
            except ModuleNotFoundError as error:
                if error.name != source:
                    raise
        return modules


def _is_own(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith(_NN)


for _leaf in _PLACES:
    globals()[_leaf] = sys.modules[f"{__name__}.{_leaf}"] = _Place(_leaf)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted({*sys.modules[_NN].__all__, *_PLACES})
    if not name.startswith("_") and name in vars(sys.modules[_NN]):
        return vars(sys.modules[_NN])[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __getattr__("__all__")
