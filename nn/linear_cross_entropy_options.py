"""How `linear_cross_entropy` divides its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad5329 import dtypes

__all__ = ["LinearCrossEntropyOptions", "rows_at_a_time"]


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """Compute the logits of some rows at a time, and again in the backward pass, so that they are never all there.

    Parameters
    ----------
    allow_retain_graph : bool
        Accepted for PyTorch's sake: a graph can always be retained here.
    batch_chunk_size : int, optional
        Rows at a time.
    chunking_method : str or None
        "aspect_ratio": as many rows as make the logits about as large as the input, a power of 2; "aspect_ratio:n": an
        n-th of them; "auto": one of the two, unless `batch_chunk_size` is given; None: `batch_chunk_size` rows.
    acc_policy : {"auto", "accurate", "balanced", "compact"}
        Accepted for PyTorch's sake: it says how half precision is summed, which is always in float32 here.
    acc_dtype : dtype, optional
        That of the sums: None, or the one that is used.

    Raises
    ------
    ValueError
        A value is not one of these.

    Notes
    -----
    Matches `torch.nn.LinearCrossEntropyOptions`.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: dtypes.dtype | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = str(self.chunking_method).partition(":")
            if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor))):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size: Any = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and not self.acc_dtype.is_floating_point:
            raise ValueError(f"acc_dtype must be None or a floating point dtype, got {self.acc_dtype!r}")


def rows_at_a_time(
    options: LinearCrossEntropyOptions, samples: int, features: int, classes: int, dtype: dtypes.dtype
) -> int:
    """How many rows to work on at a time.

    Raises ValueError if `batch_chunk_size` and `chunking_method` disagree or `acc_dtype` is not what is used.
    """
    used = dtypes.float32 if dtype.itemsize == 2 else dtype
    if options.acc_dtype not in (None, dtype, used):
        raise ValueError(f"linear_cross_entropy: sums of {dtype} are in {used}, not in {options.acc_dtype}")
    method, size = options.chunking_method, options.batch_chunk_size
    if method is None or (method == "auto" and size is not None):
        return samples if size is None else min(size, samples)
    if method == "auto":
        method = "aspect_ratio" if dtype.itemsize == 2 else "aspect_ratio:2"
    divisor = int(method.partition(":")[2] or 1)
    wanted = -(-samples // -(-classes // max(features, 1)))
    found = max(1, min((1 << max(wanted - 1, 0).bit_length()) // divisor, samples))
    if size is not None and size != found:
        raise ValueError(
            f"batch_chunk_size={size} and chunking_method={options.chunking_method!r}, which gives {found}, disagree; "
            "leave one out"
        )
    return found
