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

from tinygrad5329 import autograd, backends, nn, optim, random, signal, special
from tinygrad5329.autograd.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled
from tinygrad5329.backends.device import device
from tinygrad5329.creation import *
from tinygrad5329.dtypes import (
    bfloat16,
    can_cast,
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
    uint16,
    uint32,
    uint64,
)
from tinygrad5329.dtypes import (
    bool_ as bool,
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
from tinygrad5329.layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from tinygrad5329.nn.functional import bilinear, cosine_similarity, pairwise_distance, pdist
from tinygrad5329.ops import *
from tinygrad5329.ops.native import *
from tinygrad5329.ops.primitive import REGISTRY as REGISTRY
from tinygrad5329.ops.promote import result_type
from tinygrad5329.printing import get_printoptions, printoptions, set_printoptions
from tinygrad5329.random import Generator, default_generator, initial_seed, manual_seed, seed
from tinygrad5329.randomness import *
from tinygrad5329.signal.windows import (
    bartlett_window,
    blackman_window,
    hamming_window,
    hann_window,
    kaiser_window,
)
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor, is_tensor

__version__ = "0.1.0"

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
newaxis = None

# Infinities and NaNs are values here, as in PyTorch, so NumPy's warnings about them say nothing new.
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tinygrad5329\.(ops|backends|tape|autograd)")

if TYPE_CHECKING:
    from tinygrad5329 import compat, distributions, fft, func, graph, linalg, profiler, testing, training, utils
    from tinygrad5329.compat import amp, hub, install_as_torch, jit, multiprocessing, types
    from tinygrad5329.compat.amp import GradScaler, autocast, is_autocast_enabled
    from tinygrad5329.compat.eager import compile
    from tinygrad5329.compat.probes import accelerator, compiler, cpu, cuda, distributed, mps, onnx, version, xpu
    from tinygrad5329.compat.settings import (
        are_deterministic_algorithms_enabled,
        get_default_device,
        get_float32_matmul_precision,
        get_num_interop_threads,
        get_num_threads,
        is_deterministic_algorithms_warn_only_enabled,
        set_default_device,
        set_float32_matmul_precision,
        set_flush_denormal,
        set_num_interop_threads,
        set_num_threads,
        use_deterministic_algorithms,
    )
    from tinygrad5329.dlpack import from_dlpack, to_dlpack
    from tinygrad5329.func import vmap
    from tinygrad5329.graph.summary import summary
    from tinygrad5329.legacy import (
        BFloat16Tensor,
        BoolTensor,
        ByteTensor,
        CharTensor,
        DoubleTensor,
        FloatTensor,
        HalfTensor,
        IntTensor,
        LongTensor,
        ShortTensor,
        set_default_tensor_type,
    )
    from tinygrad5329.serialization import load, save
    from tinygrad5329.storage import UntypedStorage

#: Loaded when first asked for, so that importing the engine stays quick: modules, and the names of others.
_LAZY_MODULES = {
    "compat": "compat",
    "distributions": "distributions",
    "func": "func",
    "fft": "fft",
    "linalg": "linalg",
    "graph": "graph",
    "testing": "testing",
    "training": "training",
    "utils": "utils",
    "amp": "compat.amp",
    "hub": "compat.hub",
    "jit": "compat.jit",
    "multiprocessing": "compat.multiprocessing",
    "profiler": "profiler",
    "types": "compat.types",
}
_LAZY_NAMES = {
    name: module
    for module, names in {
        "func": ("vmap",),
        "graph.summary": ("summary",),
        "serialization": ("load", "save"),
        "dlpack": ("from_dlpack", "to_dlpack"),
        "legacy": (
            "BFloat16Tensor",
            "BoolTensor",
            "ByteTensor",
            "CharTensor",
            "DoubleTensor",
            "FloatTensor",
            "HalfTensor",
            "IntTensor",
            "LongTensor",
            "ShortTensor",
            "set_default_tensor_type",
        ),
        "storage": ("UntypedStorage",),
        "compat.finder": ("install_as_torch",),
        "compat.amp": ("GradScaler", "autocast", "is_autocast_enabled"),
        "compat.eager": ("compile",),
        "compat.probes": (*("accelerator", "compiler", "cpu", "cuda", "distributed", "mps", "onnx", "version", "xpu"),),
        "compat.settings": (
            "are_deterministic_algorithms_enabled",
            "get_default_device",
            "get_float32_matmul_precision",
            "get_num_interop_threads",
            "get_num_threads",
            "is_deterministic_algorithms_warn_only_enabled",
            "set_default_device",
            "set_float32_matmul_precision",
            "set_flush_denormal",
            "set_num_interop_threads",
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
