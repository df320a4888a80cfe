"""Discrete Fourier transforms (``torch.fft``), differentiable to any order.

>>> import tinygrad5329 as tg
>>> tg.fft.rfft(tg.tensor([1.0, 0.0, -1.0, 0.0]))
tensor([0.+0.j, 2.+0.j, 0.+0.j])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.creation import finish
from tinygrad5329.dtypes import get_default_dtype, numpy_dtype
from tinygrad5329.ops.arguments import explain_all
from tinygrad5329.ops.fourier import (
    fft,
    fft2,
    fftn,
    fftshift,
    hfft,
    hfft2,
    hfftn,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    ihfft,
    ihfft2,
    ihfftn,
    irfft,
    irfft2,
    irfftn,
    rfft,
    rfft2,
    rfftn,
)
from tinygrad5329.tensor import Tensor

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


def _frequencies(
    op: str, make: Any, n: int, d: float, out: Any, dtype: Any, layout: Any, device: Any, requires_grad: bool
) -> Tensor:
    kind = numpy_dtype(get_default_dtype() if dtype is None and out is None else dtype or out.dtype)
    if n < 1:
        raise RuntimeError(f"{op}: n must be positive, got {n}")
    # The step is rounded first, as in PyTorch.
    values = make(n, 1 / n).astype(kind) * kind.type(1 / (n * d))
    return finish(op, values, requires_grad, device, layout, out=out)


def fftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of :func:`fft` for `n` samples at distance `d` (``torch.fft.fftfreq``)."""
    return _frequencies("fftfreq", np.fft.fftfreq, n, d, out, dtype, layout, device, requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of :func:`rfft` for `n` samples at distance `d` (``torch.fft.rfftfreq``)."""
    return _frequencies("rfftfreq", np.fft.rfftfreq, n, d, out, dtype, layout, device, requires_grad)


explain_all(globals(), __all__, __name__)
