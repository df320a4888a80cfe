"""`linear` and `bilinear`."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.ops.linalg import linear as linear
from tinygrad5329.tensor import Tensor


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x1^T W_k x2 + b_k`` for each output feature k.

    Parameters
    ----------
    input1, input2 : Tensor
        (..., in1_features) and (..., in2_features), with equal leading dimensions.
    weight : Tensor
        (out_features, in1_features, in2_features).
    bias : Tensor, optional
        (out_features,).

    Raises
    ------
    RuntimeError
        If the shapes do not fit.

    Notes
    -----
    Matches `torch.nn.functional.bilinear`.
    """
    if input1.ndim != input2.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}")
    for dim in range(input1.ndim - 1):
        if input1.shape[dim] != input2.shape[dim]:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {dim}: got {input1.shape[dim]} and "
                f"{input2.shape[dim]}"
            )
    for number, (input, features) in enumerate(zip((input1, input2), weight.shape[1:], strict=True), start=1):
        if input.shape[-1] != features:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: got {input.shape[-1]} but "
                f"expected {features}"
            )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {tuple(bias.shape)} but expected "
            f"({weight.shape[0]},)"
        )
    out = ops.einsum("...i,kij,...j->...k", input1, weight, input2)
    return out if bias is None else out + bias
