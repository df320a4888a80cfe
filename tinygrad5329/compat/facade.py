"""The modules that a script sees under the names of torch: each looks its names up in a module of this package."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tinygrad5329.compat import probes
from tinygrad5329.compat.probes import Probe
from tinygrad5329.compat.reasons import reason

__all__ = ["Facade", "facade", "missing", "public_names", "resolve"]

#: PyTorch's public modules whose counterpart has the same place here, as far as it exists: one that is added to the
#: package is found without a change here. A dot opens the submodules of the module before it.
_SAME_PLACE = frozenset(
    f"{parent}.{leaf}".strip(".")
    for parent, leaves in {
        "": (
            *("nn", "optim", "utils", "autograd", "distributions", "fft", "func", "linalg", "return_types"),
            *("serialization", "signal", "special", "storage", "testing"),
        ),
        "signal": ("windows",),
        "nn": ("attention", "common_types", "functional", "init", "modules", "parallel", "parameter", "utils"),
        "nn.modules": (
            "activation",
            "adaptive",
            "batchnorm",
            "channelshuffle",
            "container",
            "conv",
            "distance",
            "dropout",
            "flatten",
            "fold",
            "instancenorm",
            "lazy",
            "linear",
            "loss",
            "module",
            "normalization",
            "padding",
            "pixelshuffle",
            "pooling",
            "rnn",
            "sparse",
            "transformer",
            "upsampling",
            "utils",
        ),
        "nn.utils": (
            *("clip_grad", "convert_parameters", "fusion", "parametrizations", "parametrize", "prune", "rnn"),
            *("spectral_norm", "stateless", "weight_norm"),
        ),
        "optim": (
            *("adadelta", "adagrad", "adam", "adamax", "adamw", "asgd", "lbfgs", "lr_scheduler", "nadam", "optimizer"),
            *("radam", "rmsprop", "rprop", "sgd", "sparse_adam", "swa_utils"),
        ),
        "utils": ("checkpoint", "data", "dlpack", "tensorboard"),
        "utils.data": ("dataloader", "dataset", "distributed", "sampler"),
        "autograd": ("forward_ad", "function", "functional", "gradcheck", "graph", "variable"),
        "distributions": (
            *("bernoulli", "beta", "binomial", "categorical", "cauchy", "constraint_registry", "constraints"),
            *("dirichlet", "distribution", "exp_family", "exponential", "gamma", "geometric", "gumbel", "independent"),
            *("kl", "laplace", "log_normal", "mixture_same_family", "multinomial", "multivariate_normal", "normal"),
            *("one_hot_categorical", "poisson", "relaxed_bernoulli", "relaxed_categorical", "studentT"),
            "transformed_distribution",
            *("transforms", "uniform"),
        ),
    }.items()
    for leaf in leaves
)

#: Those that stand elsewhere.
_ELSEWHERE = {
    "": "tinygrad5329",
    "__config__": "tinygrad5329.compat.config_text",
    "amp": "tinygrad5329.compat.amp",
    "amp.autocast_mode": "tinygrad5329.compat.amp",
    "amp.grad_scaler": "tinygrad5329.compat.amp",
    "autograd.anomaly_mode": "tinygrad5329.autograd.anomaly",
    "autograd.grad_mode": "tinygrad5329.grad_mode",
    "autograd.profiler": "tinygrad5329.profiler.older",
    "cuda.amp.grad_scaler": "tinygrad5329.compat.amp",
    "functional": "tinygrad5329.ops",
    "hub": "tinygrad5329.compat.hub",
    "jit": "tinygrad5329.compat.jit",
    "multiprocessing": "tinygrad5329.compat.multiprocessing",
    "profiler": "tinygrad5329.profiler",
    "types": "tinygrad5329.compat.types",
    "utils.data._utils": "tinygrad5329.utils.data.worker_info",
    "utils.data._utils.collate": "tinygrad5329.utils.data.collate",
    "utils.hooks": "tinygrad5329.hooks",
    "utils.model_zoo": "tinygrad5329.compat.hub",
    "random": "tinygrad5329.compat.rng",
    "distributions.half_normal": "tinygrad5329.distributions.half",
    "distributions.half_cauchy": "tinygrad5329.distributions.half",
    "distributions.chi2": "tinygrad5329.distributions.gamma",
    "distributions.utils": "tinygrad5329.distributions.parameters",
}

#: Names that published code imports from a module of PyTorch's other than the one that says them in public.
_ALSO = {
    f"torch.utils.data.dataloader.{name}": f"torch.utils.data.{name}"
    for name in ("Dataset", "IterableDataset", "default_collate", "default_convert")
}

#: Where else a name may be that is not in the module it was asked of.
_LIKELY = ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils.data", "torch.autograd")

#: What `tinygrad5329` has at hand that is not torch's.
_NOT_TORCHS = {
    "annotations",
    "Any",
    "TYPE_CHECKING",
    "REGISTRY",
    "compat",
    "graph",
    "install_as_torch",
    "summary",
    "training",
}


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
        if name.startswith("__") and not isinstance(self._target, Probe) and facade(full) is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if not self._is_value(name):  # a function goes before the module it stands in: torch.autograd.gradcheck
            found = facade(full)
            if found is not None:
                return found
            if full not in _ALSO:
                raise AttributeError(missing(full))
            home, _, name = _ALSO[full].rpartition(".")
            return getattr(facade(home), name)
        value = getattr(self._target, name)
        if callable(value):  # so that the next use need not come here; flags must
            vars(self)[name] = value
        return value

    def _is_value(self, name: str) -> bool:
        """Whether the target has under this name something other than a module."""
        return name in _names(self._target) and not isinstance(getattr(self._target, name), (ModuleType, Probe))

    def __setattr__(self, name: str, value: Any) -> None:
        target = vars(self).get("_target")
        if isinstance(value, Facade) and self._is_value(name):
            return  # the import of a submodule binds it here
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
    if isinstance(target, ModuleType):
        listed = getattr(target, "__all__", None)
        if listed is not None:  # private names too: what published code imports from torch.nn.modules
            return set(listed)
    values = vars(target)
    found = dir(target) if isinstance(target, ModuleType) else values
    names = {name for name in found if not isinstance(values.get(name), ModuleType)} - _NOT_TORCHS
    return {name for name in names if not name.startswith("_") or name == "__version__"}


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
    near_by = f"nearest: {', '.join(near)}" if near else ""
    return "; ".join(filter(None, [f"{path} is not in tinygrad5329", reason(path) or near_by]))


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
