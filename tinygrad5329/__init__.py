"""tinygrad5329: a NumPy autograd engine with a dynamic computation graph and PyTorch's API.

>>> import tinygrad5329 as tg
>>> x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> y = (x**2).sum()
>>> y.backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from __future__ import annotations

import math as _math
import warnings as _warnings
from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from tinygrad5329 import autograd, backends, nn, optim, random
from tinygrad5329.backends.device import device
from tinygrad5329.creation import *
from tinygrad5329.dtypes import (
    bool_ as bool,
)
from tinygrad5329.dtypes import (
    cdouble,
    cfloat,
    complex64,
    complex128,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
)
from tinygrad5329.dtypes import (
    float32 as float,
)
from tinygrad5329.dtypes import (
    int32 as int,
)
from tinygrad5329.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from tinygrad5329.ops import *
from tinygrad5329.ops.primitive import REGISTRY as REGISTRY
from tinygrad5329.ops.promote import can_cast, result_type
from tinygrad5329.printing import set_printoptions
from tinygrad5329.random import Generator, default_generator, initial_seed, manual_seed, seed
from tinygrad5329.randomness import *
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor, is_tensor

__version__ = "0.1.0"

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None

# Infinities and NaNs are values here, as in PyTorch, so NumPy's warnings about them say nothing new.
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tinygrad5329\.(ops|backends|tape)")

if TYPE_CHECKING:
    from tinygrad5329 import compat, graph, training, utils
    from tinygrad5329.compat import amp, install_as_torch
    from tinygrad5329.compat.amp import GradScaler, autocast, is_autocast_enabled
    from tinygrad5329.compat.eager import compile
    from tinygrad5329.compat.probes import accelerator, cuda, jit, mps, version, xpu
    from tinygrad5329.compat.settings import (
        are_deterministic_algorithms_enabled,
        get_default_device,
        get_float32_matmul_precision,
        get_num_threads,
        is_deterministic_algorithms_warn_only_enabled,
        set_default_device,
        set_float32_matmul_precision,
        set_num_threads,
        use_deterministic_algorithms,
    )
    from tinygrad5329.serialization import load, save

#: Loaded when first asked for, so that importing the engine stays quick: modules, and the names of others.
_LAZY_MODULES = {
    "compat": "compat",
    "graph": "graph",
    "training": "training",
    "utils": "utils",
    "amp": "compat.amp",
}
_LAZY_NAMES = {
    name: module
    for module, names in {
        "serialization": ("load", "save"),
        "compat.finder": ("install_as_torch",),
        "compat.amp": ("GradScaler", "autocast", "is_autocast_enabled"),
        "compat.eager": ("compile",),
        "compat.probes": ("accelerator", "cuda", "jit", "mps", "version", "xpu"),
        "compat.settings": (
            "are_deterministic_algorithms_enabled",
            "get_default_device",
            "get_float32_matmul_precision",
            "get_num_threads",
            "is_deterministic_algorithms_warn_only_enabled",
            "set_default_device",
            "set_float32_matmul_precision",
            "set_num_threads",
            "use_deterministic_algorithms",
        ),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return _import_module(f"tinygrad5329.{_LAZY_MODULES[name]}")
    if name in _LAZY_NAMES:
        return getattr(_import_module(f"tinygrad5329.{_LAZY_NAMES[name]}"), name)
    raise AttributeError(f"module 'tinygrad5329' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY_MODULES, *_LAZY_NAMES})
