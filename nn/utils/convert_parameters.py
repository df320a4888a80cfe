"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad5329 import ops
from tinygrad5329.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of the parameters, one parameter after the other, as a vector (differentiably).

    Matches `torch.nn.utils.parameters_to_vector`.
    """
    return ops.cat([parameter.view(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make slices of a vector the values of the parameters: the inverse of `parameters_to_vector`.

    The parameters then share the vector's memory.

    Raises
    ------
    TypeError
        If `vec` is not a Tensor.
    RuntimeError
        If it is too short.

    Notes
    -----
    Matches `torch.nn.utils.vector_to_parameters`.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected vec to be a Tensor, but got: {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        stop = start + parameter.numel()
        parameter.data = vec[start:stop].view_as(parameter).data
        start = stop
