"""The threads of NumPy's linear algebra: how many there are, who decided so, and how many suit a piece of work.

No others compute here: every compiled kernel runs on the thread that calls it, so that two pools never compete for
the cores. What controls the pool is threadpoolctl where it is installed, else the OpenBLAS inside NumPy itself; for
another library without threadpoolctl there are only the environment variables, which it reads once, when it is loaded.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = [
    "LARGE_PRODUCT", "chosen_by", "count", "keep_to_one", "library", "limited", "set_count", "suited", "usable_cores",
]  # fmt: skip

#: From this size m * n * k of its largest product on, a training step is left as many threads as there are.
#: Measured with OpenBLAS on two cores: products in a row gain from 524,288 on, steps of the models 15 % at 2 million,
#: 25 % at 8 million and 29 % at 134 million. But where other programs use the cores the threads wait for one
#: another, each product up to a time slice: steps then took 2.5 times as long at 134 million and 240 times at half a
#: million. Below the bound there is more to lose than to gain.
LARGE_PRODUCT = 8_388_608

#: What BLAS libraries read, those of one library before those of all.
VARIABLES = (
    "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS",
)  # fmt: skip

#: The variables at the start: what is written into them later is not seen by the library either.
_environment = {name: text for name in VARIABLES if (text := os.environ.get(name))}
_asked = False


def library() -> str:
    """The BLAS library of NumPy: its name, version, and the processor whose kernels it has chosen, where it says so."""
    config: Any = np.show_config(mode="dicts")
    built = config.get("Build Dependencies", {}).get("blas", {})
    name = f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()
    core = _openblas("get_corename")
    if core is None:
        return name
    core.restype = ctypes.c_char_p
    return f"{name}, kernels for {core().decode()}"


def usable_cores() -> int:
    """Cores that this process may use: a container or taskset may leave fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count() -> int:
    """How many threads products use; where that cannot be asked, what the environment said at the start, or all."""
    # NumPy's own: SciPy's, which Numba loads, may be there with another count.
    counts = [get() for get, _ in _own_pool() or _pools()]
    if counts:
        return max(counts)
    return next((int(text) for text in _environment.values() if text.isdigit()), usable_cores())


def set_count(threads: int, *, asked: bool = False) -> None:
    """Let products use so many threads from now on; `asked` says that the user wants so, and :func:`suited` obeys.

    Raises
    ------
    ImportError
        The library's threads cannot be set without threadpoolctl.
    """
    global _asked
    pools = _pools()
    if not pools:
        raise ImportError(
            "the threads of this NumPy's linear algebra can be set by threadpoolctl (pip install threadpoolctl) or, "
            f"before Python starts, by {VARIABLES[-1]}"
        )
    for _, set_threads in pools:
        set_threads(threads)
    _asked = _asked or asked


def keep_to_one() -> None:
    """One thread from now on, for a worker process; no change where threads cannot be set."""
    for _, set_threads in _pools():
        set_threads(1)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """At most so many threads inside, and as before outside; no change where they cannot be set."""
    before = [(set_threads, get()) for get, set_threads in _pools()]
    try:
        for set_threads, old in before:
            set_threads(min(old, threads))
        yield
    finally:
        for set_threads, old in before:
            set_threads(old)


def suited(product: int) -> int:
    """How many threads suit work whose largest product has the size m * n * k: one, or as many as there are.

    A choice of the user's stands: by an environment variable, or by ``set_num_threads``.
    """
    return count() if product >= LARGE_PRODUCT or chosen_by() else 1


def chosen_by() -> str:
    """By what the user chose the number of threads: ``set_num_threads``, an environment variable, or "" if not."""
    return "set_num_threads" if _asked else next(iter(_environment), "")


def _pools() -> list[tuple[Callable[[], int], Callable[[int], Any]]]:
    """What tells and sets the threads of each BLAS library that is loaded; SciPy brings one of its own."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return _own_pool()
    libraries = (each for each in ThreadpoolController().lib_controllers if each.user_api == "blas")
    return [(each.get_num_threads, each.set_num_threads) for each in libraries]


def _own_pool() -> list[tuple[Callable[[], int], Callable[[int], Any]]]:
    get, set_threads = _openblas("get_num_threads"), _openblas("set_num_threads")
    return [] if get is None or set_threads is None else [(get, set_threads)]


def _openblas(name: str) -> Any:
    """A function of the OpenBLAS that NumPy is linked to, found through NumPy's own extension; None if it has none."""
    extension = getattr(getattr(np, "_core", None), "_multiarray_umath", None)
    if extension is None:
        return None
    library = ctypes.CDLL(extension.__file__)
    # The first two are the names in NumPy's wheels, with integers of 64 and 32 bits.
    for pattern in ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}64_", "openblas_{}"):
        if hasattr(library, pattern.format(name)):
            return getattr(library, pattern.format(name))
    return None
