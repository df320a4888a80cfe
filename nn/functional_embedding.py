"""`embedding` and `embedding_bag`."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.creation import arange
from tinygrad5329.dtypes import int32, int64
from tinygrad5329.ops.embedding import embedding_renorm_
from tinygrad5329.ops.promote import cast
from tinygrad5329.tensor import Tensor

_MODES = {"sum": 0, "mean": 1, "max": 2}


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look up the rows `input` of `weight`.

    Parameters
    ----------
    input : Tensor
        int64 or int32, of any shape.
    weight : Tensor
        (num_embeddings, embedding_dim).
    padding_idx : int, optional
        The row that gets no gradient; negative numbers count from the end.
    max_norm : float, optional
        Rows that are looked up and have a larger norm are scaled down to it, in place in `weight`.
    norm_type : float
        The p of that norm.
    scale_grad_by_freq : bool
        Divide gradients by how often their row occurs in `input`.
    sparse : bool
        Only False: gradients are dense.

    Raises
    ------
    AssertionError
        If `padding_idx` is out of range.
    IndexError
        If an index is.
    RuntimeError
        If `weight` is not a matrix, `input` holds no integers, or `sparse` is True.

    Notes
    -----
    Matches `torch.nn.functional.embedding`.
    """
    if padding_idx is None:
        padding_idx = -1
    else:
        rows = weight.shape[0]
        if not -rows <= padding_idx < rows:
            raise AssertionError(
                f"Padding_idx must be within num_embeddings: got {padding_idx} for {rows} embeddings; in embedding"
            )
        padding_idx %= rows
    if max_norm is not None:
        embedding_renorm_(weight, input, max_norm, norm_type)
    return ops.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Look up rows of `weight` and reduce those of each bag.

    Parameters
    ----------
    input : Tensor
        Indices: (B, N) for B bags of N, or (N,) with `offsets`.
    weight : Tensor
        (num_embeddings, embedding_dim).
    offsets : Tensor, optional
        (B,), where the bags begin in a 1-d `input`.
    max_norm, norm_type, scale_grad_by_freq, sparse
        As for `embedding`.
    mode : {"mean", "sum", "max"}
        Empty bags give 0.
    per_sample_weights : Tensor, optional
        Of the shape of `input`: factors of the rows of a sum.
    include_last_offset : bool
        `offsets` has one more element, the end of the last bag.
    padding_idx : int, optional
        The row that counts as absent.

    Returns
    -------
    Tensor
        (B, embedding_dim).

    Raises
    ------
    ValueError
        If shapes do not fit or `mode` is unknown or does not go with another argument.
    NotImplementedError
        If `per_sample_weights` comes with another mode than "sum".
    RuntimeError
        If an index or offset is out of range, a dtype does not fit, or `sparse` is True.

    Notes
    -----
    Matches `torch.nn.functional.embedding_bag`.
    """
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the "
            f"same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}")
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        if input.numel() == 0 and input.shape[0]:
            raise RuntimeError(f"step must be nonzero: embedding_bag got bags of no indices, {tuple(input.shape)}")
        offsets = arange(0, input.numel(), input.shape[1] or 1, dtype=input.dtype)
        input = input.reshape(-1)
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError(f"offsets has to be a 1D Tensor; got shape {tuple(offsets.shape)}")
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
    if mode not in _MODES:
        raise ValueError(f"mode has to be one of sum, mean or max; got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}')"
        )
    if max_norm is not None:
        embedding_renorm_(weight, input, max_norm, norm_type)
    if input.dtype is int32 and offsets.dtype is int64:
        input = cast(input, int64)
    return ops.embedding_bag(
        weight,
        input,
        offsets,
        scale_grad_by_freq,
        _MODES[mode],
        sparse,
        per_sample_weights,
        include_last_offset,
        padding_idx,
    )[0]
