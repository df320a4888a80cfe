"""Devices and libraries that scripts ask for and this engine does without: honest answers, flags that can be set.

Answers and errors are those of PyTorch's build for the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import tinygrad5329
from tinygrad5329.compat import amp
from tinygrad5329.compat.eager import ignore, script, trace

__all__ = ["Probe", "accelerator", "backends", "cuda", "jit", "mps", "version", "xpu"]


class Probe:
    """What can be asked of ``torch.<name>``, and told to it: a flag that is set changes nothing but itself.

    Functions named in `raising` need the device, and raise `error`. Unknown flags raise AttributeError.
    """

    def __init__(self, name: str, raising: str = "", error: type[Exception] = RuntimeError, **values: Any) -> None:
        vars(self).update(values, _name=name)
        vars(self).update((each, _raises(f"{name}.{each}", error)) for each in raising.split())

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name not in vars(self):
            self.__getattr__(name)
        vars(self)[name] = value

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(each for each in vars(self) if each[0] != "_")
        raise AttributeError(f"torch.{self._name}.{name} is not in tinygrad5329, which has there: {known}")


def _raises(name: str, error: type[Exception]) -> Callable[..., Any]:
    def function(*arguments: Any, **options: Any) -> NoReturn:
        raise error(f"torch.{name}: tinygrad5329 computes on the CPU and has no such device; test is_available() first")

    return function


def _no(argument: Any = None) -> bool:
    return False


def _zero(device: Any = None) -> int:
    return 0


def _nothing(argument: Any = None) -> None:
    """No device to seed, no cache to empty."""


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
    "set_rng_state stream synchronize",
    AssertionError,
    **_device,
    **dict.fromkeys(("manual_seed_all", "seed", "seed_all", "empty_cache"), _nothing),
    **dict.fromkeys(("memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved"), _zero),
    is_initialized=_no,
    is_bf16_supported=_no,
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
        matmul=Probe("backends.cuda.matmul", allow_tf32=False, allow_fp16_reduced_precision_reduction=True),
    ),
    mps=Probe("backends.mps", is_available=_no, is_built=_no),
    mkl=Probe("backends.mkl", is_available=_no),
    mkldnn=Probe("backends.mkldnn", is_available=_no, enabled=True),
    openmp=Probe("backends.openmp", is_available=_no),
)
jit = Probe("jit", script=script, trace=trace, ignore=ignore, unused=lambda fn: fn, is_scripting=_no, is_tracing=_no)
#: The release of PyTorch whose names and behaviour are followed, then what this is.
version = Probe(
    "version", __version__=f"2.13.0+tinygrad5329.{tinygrad5329.__version__}", cuda=None, hip=None, xpu=None, debug=False
)
