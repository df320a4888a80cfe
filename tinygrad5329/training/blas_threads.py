"""How many threads the linear algebra may use during a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_blas_thread"]

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread inside, unless the user has set one of its environment variables.

    Products as small as those of a batch of 32 gain nothing from a second thread, and on a machine that
    is busy with other things they lose a great deal: the threads wait for each other in a busy loop (on
    two shared cores an epoch took 20 times as long). One thread also makes the order of summation, and so
    the last bits of a result, independent of the number of cores.

    Raises
    ------
    ImportError
        If threadpoolctl, which comes with scikit-learn, is missing.
    """
    if any(os.environ.get(name) for name in _VARIABLES):
        yield
        return
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("a run needs scikit-learn: pip install 'tinygrad5329[train]'") from error
    with threadpool_limits(limits=1, user_api="blas"):
        yield
