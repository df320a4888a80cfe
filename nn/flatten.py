"""Layers that only change the shape."""

from __future__ import annotations

from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class Flatten(Module):
    """Join the dimensions from `start_dim` to `end_dim` (inclusive) into one.

    Parameters
    ----------
    start_dim, end_dim : int
        The defaults keep the batch dimension: (N, ...) becomes (N, product of the others).

    Notes
    -----
    Matches `torch.nn.Flatten`.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Return the flattened input."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split dimension `dim` into several: the inverse of `Flatten`.

    Parameters
    ----------
    dim : int
        The dimension to split.
    unflattened_size : sequence of int
        What it becomes; one size may be -1 and is then inferred.

    Raises
    ------
    TypeError
        If `unflattened_size` is not a tuple or list of int.

    Notes
    -----
    Matches `torch.nn.Unflatten` without named dimensions.
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"Unflatten: dim must be an int, but found type {type(dim).__name__}")
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for position, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {position}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with dimension `dim` split."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
