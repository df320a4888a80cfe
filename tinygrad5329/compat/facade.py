"""The modules that a script sees under the names of torch: each looks its names up in a module of this package."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tinygrad5329.compat import probes
from tinygrad5329.compat.probes import Probe

__all__ = ["Facade", "facade", "missing", "public_names", "resolve"]

#: PyTorch's public modules whose counterpart has the same place here, as far as it exists: one that is added to the
#: package is found without a change here. A dot opens the submodules of the module before it.
_SAME_PLACE = frozenset(
    f"{parent}.{leaf}".strip(".")
    for parent, leaves in {
        "": ("nn", "optim", "utils", "autograd", "distributions", "fft", "func", "linalg", "special", "testing"),
        "nn": ("functional", "init", "parameter", "utils", "attention"),
        "nn.utils": ("clip_grad", "convert_parameters", "fusion", "parametrizations", "parametrize", "prune", "rnn"),
        "optim": ("adam", "adamw", "lr_scheduler", "optimizer", "sgd", "swa_utils"),
        "utils": ("checkpoint", "data", "dlpack"),
        "utils.data": ("dataloader", "dataset", "sampler"),
        "autograd": ("forward_ad", "function", "functional", "gradcheck", "graph"),
        "distributions": ("bernoulli", "categorical", "kl", "multivariate_normal", "normal", "uniform"),
    }.items()
    for leaf in leaves
)

#: Those that stand elsewhere.
_ELSEWHERE = {
    "": "tinygrad5329",
    "nn.modules": "tinygrad5329.nn",
    "amp": "tinygrad5329.compat.amp",
    "random": "tinygrad5329.compat.rng",
}

#: Where else a name may be that is not in the module it was asked of.
_LIKELY = ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils.data", "torch.autograd")

#: What `tinygrad5329` has at hand that is not torch's.
_NOT_TORCHS = {"annotations", "Any", "TYPE_CHECKING", "REGISTRY", "compat", "graph", "install_as_torch", "training"}


class Facade(ModuleType):
    """A module named like one of torch's, whose names are those of `target`; asked for another, it says so."""

    def __init__(self, name: str, target: Any) -> None:
        super().__init__(name, f"{name} as tinygrad5329 has it.")
        self.__path__: list[str] = []  # a package to the import system: it asks the finder for every missing name
        self._target = target
        if name == "torch":
            self.__version__ = probes.version.__version__

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        if name == "__all__":  # without the names that would hide built-in functions
            return sorted(public_names(self.__name__) - {"bool", "float", "int"})
        if name.startswith("__") and not isinstance(self._target, Probe):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = facade(full)
        if found is not None:
            return found
        if name not in _names(self._target):
            raise AttributeError(missing(full))
        value = getattr(self._target, name)
        if callable(value):  # so that the next use need not come here; flags must
            vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        target = vars(self).get("_target")
        if isinstance(target, Probe) and not name.startswith("__") and not isinstance(value, Facade):
            setattr(target, name, value)  # torch.backends.cudnn.benchmark = True
        else:
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *public_names(self.__name__)})


@cache
def facade(name: str) -> Facade | None:
    """The module that stands for torch's module `name`, or None if it has no counterpart."""
    place = name.removeprefix("torch").removeprefix(".")
    if place in _ELSEWHERE:
        return Facade(name, import_module(_ELSEWHERE[place]))
    probe: Any = probes
    for part in place.split("."):
        probe = vars(probe).get(part)
        if not isinstance(probe, Probe):
            break
    else:
        return Facade(name, probe)
    if place not in _SAME_PLACE:
        return None
    here = f"tinygrad5329.{place}"
    try:
        return Facade(name, import_module(here))
    except ModuleNotFoundError as error:
        if error.name is not None and f"{here}.".startswith(f"{error.name}."):
            return None
        raise


def _names(target: Any) -> set[str]:
    """The public names of a module here, or of a probe."""
    listed = getattr(target, "__all__", None) if isinstance(target, ModuleType) else vars(target)
    if listed is None:
        values = vars(target)
        listed = {name for name in dir(target) if not isinstance(values.get(name), ModuleType)} - _NOT_TORCHS
    return {name for name in listed if not name.startswith("_") or name == "__version__"}


@cache
def _submodules(name: str) -> frozenset[str]:
    children = (f"torch.{place}".rpartition(".") for place in (*_SAME_PLACE, *_ELSEWHERE))
    return frozenset(leaf for parent, _, leaf in children if parent == name and leaf and facade(f"{parent}.{leaf}"))


def public_names(name: str) -> set[str]:
    """The names that torch's module `name` has here, its submodules among them."""
    module = facade(name)
    return set() if module is None else _names(module._target) | _submodules(name)


def missing(path: str) -> str:
    """What to say about the dotted name `path` of torch that does not exist here, with the names nearest to it."""
    parent, _, name = path.rpartition(".")
    near = [f"{other}.{name}" for other in _LIKELY if other != parent and name in public_names(other)]
    close = get_close_matches(name, sorted(public_names(parent)), n=3, cutoff=0.7)
    near += [f"{parent}.{each}" for each in close]
    return f"{path} is not in tinygrad5329" + (f"; nearest: {', '.join(near)}" if near else "")


def resolve(path: str) -> tuple[str, bool]:
    """As much of the dotted name `path` of torch as modules and classes can tell, and whether it exists here.

    >>> resolve("torch.nn.functional.relu.anything")
    ('torch.nn.functional.relu', True)
    >>> resolve("torch.nn.Linnear.weight")
    ('torch.nn.Linnear', False)
    """
    value: Any = facade("torch")
    known = "torch"
    for name in path.split(".")[1:]:
        if not isinstance(value, (ModuleType, Probe, type)):
            break
        known = f"{known}.{name}"
        try:
            value = getattr(value, name)
        except AttributeError:
            return known, False
    return known, True
