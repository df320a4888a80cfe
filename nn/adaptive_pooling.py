"""Pooling layers that choose their own windows: to a given size, or at random."""

from __future__ import annotations

from typing import Any

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.conv import repeated
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class _AdaptiveAvgPool(Module):
    _pool: Any

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        return type(self)._pool(input, self.output_size)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"output_size={self.output_size}"


class _AdaptiveMaxPool(Module):
    _pool: Any

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        """Return the maxima, and where they lie with `return_indices`."""
        return type(self)._pool(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of (N, C, L) or (C, L) over `output_size` shares.

    Matches `torch.nn.AdaptiveAvgPool1d`.
    """

    _pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of (N, C, H, W) or (C, H, W) over `output_size` shares; a None keeps a size.

    Matches `torch.nn.AdaptiveAvgPool2d`.
    """

    _pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means of (N, C, D, H, W) or (C, D, H, W) over `output_size` shares; a None keeps a size.

    Matches `torch.nn.AdaptiveAvgPool3d`.
    """

    _pool = staticmethod(F.adaptive_avg_pool3d)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maxima of (N, C, L) or (C, L) over `output_size` shares.

    Matches `torch.nn.AdaptiveMaxPool1d`.
    """

    _pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima of (N, C, H, W) or (C, H, W) over `output_size` shares; a None keeps a size.

    Matches `torch.nn.AdaptiveMaxPool2d`.
    """

    _pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maxima of (N, C, D, H, W) or (C, D, H, W) over `output_size` shares; a None keeps a size.

    Matches `torch.nn.AdaptiveMaxPool3d`.
    """

    _pool = staticmethod(F.adaptive_max_pool3d)


class _FractionalMaxPool(Module):
    _dims: int
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = repeated(kernel_size, self._dims)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else repeated(output_size, self._dims)
        self.output_ratio = None if output_ratio is None else repeated(output_ratio, self._dims)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{self._get_name()} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """Return the maxima, and where they lie with `return_indices`."""
        pool = F.fractional_max_pool2d if self._dims == 2 else F.fractional_max_pool3d
        return pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """Maxima over windows at pseudo-random places, to an `output_size` or a ratio of the input's.

    Matches `torch.nn.FractionalMaxPool2d`; Graham, "Fractional max-pooling", 2014.
    """

    _dims = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """`FractionalMaxPool2d` over volumes. Matches `torch.nn.FractionalMaxPool3d`."""

    _dims = 3
