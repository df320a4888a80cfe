"""How many threads the linear algebra may use during a run."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tinygrad5329 import nn
from tinygrad5329.backends import threads

__all__ = ["one_blas_thread", "suited_blas_threads"]


def one_blas_thread() -> AbstractContextManager[None]:
    """One thread inside, unless the user has chosen: the last bits of a result then do not depend on the machine."""
    return threads.limited(threads.suited(0))


def suited_blas_threads(model: nn.Module, rows: int) -> AbstractContextManager[None]:
    """The threads that suit training `model`, inside: one if its products are small, else as many as there are.

    A choice of the user's stands; the bound and its measurements are in ``backends/threads.py``.

    Parameters
    ----------
    model : Module
        Its largest product is taken to be that of `rows` rows and the largest matrix among its parameters.
    rows : int
        Samples in a batch; times the positions of a sample (tokens, pixels) where layers work on each.

    Examples
    --------
    >>> from tinygrad5329 import nn
    >>> from tinygrad5329.training import suited_blas_threads
    >>> with suited_blas_threads(nn.Linear(128, 10), rows=32):
    ...     pass  # trainer.fit(...)
    """
    largest = max((p.numel() for p in model.parameters() if p.dim() > 1), default=0)
    return threads.limited(threads.suited(rows * largest))
