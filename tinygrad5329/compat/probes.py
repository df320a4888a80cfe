"""Devices and libraries that scripts ask for and this engine does without: honest answers, flags that can be set.

Answers and errors are those of PyTorch's build for the CPU.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import tinygrad5329
from tinygrad5329.compat import amp, eager

__all__ = [
    *(
        "Probe",
        "accelerator",
        "backends",
        "compiler",
        "cpu",
        "cuda",
        "distributed",
        "jit",
        "mps",
        "onnx",
        "version",
        "xpu",
    ),
]


_NO_DEVICE = "tinygrad5329 computes on the CPU and has no such device; test is_available() first"


class Probe:
    """What can be asked of ``torch.<name>``, and told to it: a flag that is set changes nothing but itself.

    Functions named in `raising` need what is not here: they raise `error`, and say `why`. Unknown flags raise
    AttributeError.
    """

    def __init__(
        self, name: str, raising: str = "", error: type[Exception] = RuntimeError, why: str = "", **values: Any
    ) -> None:
        vars(self).update(values, _name=name)
        vars(self).update((each, _raises(f"{name}.{each}", error, why or _NO_DEVICE)) for each in raising.split())

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name not in vars(self):
            self.__getattr__(name)
        vars(self)[name] = value

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(each for each in vars(self) if each[0] != "_")
        raise AttributeError(f"torch.{self._name}.{name} is not in tinygrad5329, which has there: {known}")


def _raises(name: str, error: type[Exception], why: str) -> Callable[..., Any]:
    def function(*arguments: Any, **options: Any) -> NoReturn:
        raise error(f"torch.{name}: {why}")

    return function


def _each(value: Any, names: str) -> dict[str, Any]:
    """Options of `Probe` that have the same value."""
    return dict.fromkeys(names.split(), value)


def _no(argument: Any = None) -> bool:
    return False


def _yes() -> bool:
    return True


def _zero(device: Any = None) -> int:
    return 0


def _nothing(argument: Any = None) -> None:
    """No device to seed, no cache to empty."""


class OutOfMemoryError(RuntimeError):
    """What a device would raise when its memory is full; the CPU raises MemoryError."""


class _ReduceOp(enum.Enum):
    """How processes would combine their tensors."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4


@contextmanager
def _cudnn_flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
) -> Iterator[None]:
    new = dict(locals())
    flags = vars(backends.cudnn)
    before = {name: flags[name] for name in new}
    flags.update(new)
    try:
        yield
    finally:
        flags.update(before)


@contextmanager
def _sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """There is one way to compute attention here, so a choice changes nothing."""
    yield


_device: dict[str, Any] = {"is_available": _no, "device_count": _zero, "manual_seed": _nothing}

accelerator = Probe(
    "accelerator",
    "current_device_index empty_cache memory_allocated set_device_index synchronize",
    is_available=_no,
    device_count=_zero,
    current_accelerator=lambda check_available=False: None,
)
mps = Probe("mps", "current_allocated_memory driver_allocated_memory empty_cache seed synchronize", **_device)
xpu = Probe("xpu", "synchronize", AssertionError, **_device, manual_seed_all=_nothing, empty_cache=_nothing)
cuda = Probe(
    "cuda",
    "Event Stream current_device current_stream device get_device_capability get_device_name get_device_properties "
    "get_rng_state init initial_seed ipc_collect mem_get_info memory_summary reset_peak_memory_stats set_device "
    "set_rng_state stream synchronize "
    "BFloat16Tensor BoolTensor ByteTensor CUDAGraph CharTensor DoubleTensor FloatTensor HalfTensor IntTensor "
    "LongTensor ShortTensor",
    AssertionError,
    **_device,
    **dict.fromkeys(("manual_seed_all", "seed", "seed_all", "empty_cache"), _nothing),  # type: ignore[arg-type]
    **dict.fromkeys(("memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved"), _zero),  # type: ignore[arg-type]
    is_initialized=_no,
    is_bf16_supported=_no,
    OutOfMemoryError=OutOfMemoryError,
    nvtx=Probe("cuda.nvtx", "mark range range_pop range_push"),
    amp=Probe(
        "cuda.amp",
        autocast=lambda enabled=True, dtype=None, cache_enabled=True: amp.autocast("cuda", dtype, enabled),
        GradScaler=partial(amp.GradScaler, "cuda"),
    ),
)
backends = Probe(
    "backends",
    cudnn=Probe(
        "backends.cudnn",
        enabled=True,
        benchmark=False,
        benchmark_limit=None,
        deterministic=False,
        allow_tf32=True,
        is_available=_no,
        version=lambda: None,
        flags=_cudnn_flags,
    ),
    cuda=Probe(
        "backends.cuda",
        is_built=_no,
        sdp_kernel=_sdp_kernel,
        **_each(_nothing, "enable_cudnn_sdp enable_flash_sdp enable_math_sdp enable_mem_efficient_sdp"),
        **_each(_yes, "cudnn_sdp_enabled flash_sdp_enabled math_sdp_enabled mem_efficient_sdp_enabled"),
        matmul=Probe("backends.cuda.matmul", allow_tf32=False, allow_fp16_reduced_precision_reduction=True),
    ),
    cpu=Probe("backends.cpu", get_cpu_capability=lambda: "DEFAULT"),
    mps=Probe("backends.mps", is_available=_no, is_built=_no),
    opt_einsum=Probe("backends.opt_einsum", is_available=_no, enabled=False, strategy=None),
    mkl=Probe("backends.mkl", is_available=_no),
    mkldnn=Probe("backends.mkldnn", is_available=_no, enabled=True),
    openmp=Probe("backends.openmp", is_available=_no),
)
compiler = Probe(
    "compiler",
    compile=eager.compile,
    disable=eager.disable,
    **_each(lambda fn: fn, "allow_in_graph assume_constant_result"),
    **_each(_nothing, "cudagraph_mark_step_begin reset"),
    **_each(_no, "is_compiling is_dynamo_compiling is_exporting"),
)
cpu = Probe(
    "cpu",
    is_available=_yes,
    is_initialized=_yes,
    device_count=lambda: 1,
    current_device=lambda: "cpu",
    set_device=_nothing,
    synchronize=_nothing,
)
#: Private, but their switches stand in published scripts.
_dynamo = Probe(
    "_dynamo",
    reset=_nothing,
    disable=eager.disable,
    config=Probe("_dynamo.config", cache_size_limit=8, recompile_limit=8, suppress_errors=False, verbose=False),
)
_inductor = Probe(
    "_inductor",
    config=Probe(
        "_inductor.config",
        coordinate_descent_tuning=False,
        epilogue_fusion=True,
        fx_graph_cache=True,
        max_autotune=False,
        triton=Probe("_inductor.config.triton", cudagraphs=False, unique_kernel_names=True),
    ),
)
distributed = Probe(
    "distributed",
    "all_gather all_gather_object all_reduce all_to_all barrier broadcast broadcast_object_list destroy_process_group "
    "gather get_backend get_rank get_world_size init_process_group irecv isend monitored_barrier new_group recv "
    "reduce reduce_scatter scatter send",
    why="tinygrad5329 runs in one process; test is_available() and is_initialized() first",
    **_each(
        _no, "is_available is_gloo_available is_initialized is_mpi_available is_nccl_available is_torchelastic_launched"
    ),
    ReduceOp=_ReduceOp,
)
onnx = Probe(
    "onnx", "export dynamo_export", why="models are not exported to ONNX; save the state_dict", is_in_onnx_export=_no
)
#: The release of PyTorch whose names and behaviour are followed, then what this is.
version = Probe(
    "version", __version__=f"2.13.0+tinygrad5329.{tinygrad5329.__version__}", cuda=None, hip=None, xpu=None, debug=False
)
