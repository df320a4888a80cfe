"""Dropout layers. In evaluation mode they all return their input unchanged."""

from __future__ import annotations

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class _DropoutNd(Module):
    """What the dropout layers share.

    Parameters
    ----------
    p : float
        The probability to drop, between 0 and 1.
    inplace : bool
        Write the result into the input.

    Raises
    ------
    ValueError
        If `p` is out of range.
    """

    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Set each element to zero with probability `p` and divide the others by ``1 - p``.

    Parameters
    ----------
    p : float
        Between 0 and 1.
    inplace : bool
        Write the result into the input.

    Raises
    ------
    ValueError
        If `p` is out of range.

    Notes
    -----
    Matches `torch.nn.Dropout`, also in the masks that a seed gives. Hinton et al., "Improving neural networks
    by preventing co-adaptation of feature detectors", 2012.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with elements dropped (training mode) or as it is."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Drop whole channels of (N, C, L) or (C, L). Matches `torch.nn.Dropout1d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped (training mode) or as it is."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Drop whole channels of (N, C, H, W). Matches `torch.nn.Dropout2d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped (training mode) or as it is."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Drop whole channels of (N, C, D, H, W) or (C, D, H, W). Matches `torch.nn.Dropout3d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped (training mode) or as it is."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Drop elements so that mean 0 and variance 1, as `SELU` gives them, are kept.

    Matches `torch.nn.AlphaDropout`; Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with elements dropped (training mode) or as it is."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_DropoutNd):
    """Drop whole channels as `AlphaDropout` drops elements. Matches `torch.nn.FeatureAlphaDropout`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped (training mode) or as it is."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
