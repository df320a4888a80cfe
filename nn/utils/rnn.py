"""Sequences of several lengths: padded to the longest, or packed step after step without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

from tinygrad5329 import dtypes
from tinygrad5329.creation import arange, empty_like, full, tensor
from tinygrad5329.ops import cat
from tinygrad5329.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences packed step after step: made by `pack_padded_sequence` or `pack_sequence`, taken by recurrent layers.

    Attributes
    ----------
    data : Tensor
        (rows, ...): the first step of every sequence, the longest first, then the second of those that have one ...
    batch_sizes : Tensor
        (steps,), int64: how many sequences have each step.
    sorted_indices, unsorted_indices : Tensor or None
        Where each of the packed sequences stood, and where to find each of the original ones; None if the
        sequences came in decreasing length.

    Notes
    -----
    Matches `torch.nn.utils.rnn.PackedSequence`.
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        """Make one of its parts; data and batch sizes may also come as a pair."""
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError(f"Expected data to be a list or tuple of length 2, got {type(data).__name__}")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert `data` as ``Tensor.to`` does; itself if there is nothing to convert."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._with(data)

    def cpu(self) -> Self:
        """Itself: it is on the CPU already."""
        return self

    def pin_memory(self) -> Self:
        """Itself: without a GPU there is nothing to pin for."""
        return self

    def double(self) -> Self:
        """With float64 data."""
        return self.to(dtypes.float64)

    def float(self) -> Self:
        """With float32 data."""
        return self.to(dtypes.float32)

    def half(self) -> Self:
        """With float16 data."""
        return self.to(dtypes.float16)

    def long(self) -> Self:
        """With int64 data."""
        return self.to(dtypes.int64)

    def int(self) -> Self:
        """With int32 data."""
        return self.to(dtypes.int32)

    def short(self) -> Self:
        """With int16 data."""
        return self.to(dtypes.int16)

    def char(self) -> Self:
        """With int8 data."""
        return self.to(dtypes.int8)

    def byte(self) -> Self:
        """With uint8 data."""
        return self.to(dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """False: the data are on the CPU."""
        return False

    def is_pinned(self) -> bool:
        """False: no memory is pinned."""
        return False

    def _with(self, data: Tensor) -> Self:
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Return the permutation that undoes another one; None for None. Matches `torch.nn.utils.rnn`'s."""
    if permutation is None:
        return None
    inverse = empty_like(permutation)
    inverse[permutation] = arange(permutation.numel(), dtype=permutation.dtype)
    return inverse


def _as_lengths(lengths: Any) -> list[int]:
    values = lengths.tolist() if isinstance(lengths, Tensor) else list(lengths)
    return [int(n) for n in values]


def _running(lengths: Sequence[int], steps: int, side: str = "right") -> Tensor:
    """Which steps each sequence has: bools (N, steps)."""
    count = tensor(lengths).reshape(-1, 1)
    return arange(steps) < count if side == "right" else arange(steps) >= steps - count


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | list[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences.

    Parameters
    ----------
    input : Tensor
        (T, N, ...), or (N, T, ...) with `batch_first`.
    lengths : Tensor or list of int
        Of the N sequences, without their padding.
    enforce_sorted : bool
        Raise unless the lengths decrease; otherwise the sequences are sorted here.

    Raises
    ------
    RuntimeError
        If the lengths are not sorted, not positive, longer than T, or not N.

    Notes
    -----
    Matches `torch.nn.utils.rnn.pack_padded_sequence`.
    """
    sizes = _as_lengths(lengths)
    order: Tensor | None = None
    if enforce_sorted:
        if any(a < b for a, b in pairwise(sizes)):
            raise RuntimeError(
                "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
                f"`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence; got {sizes}"
            )
    else:
        places = sorted(range(len(sizes)), key=lambda i: -sizes[i])
        sizes = [sizes[i] for i in places]
        order = tensor(places, dtype=dtypes.int64)
    if batch_first:
        input = input.transpose(0, 1)
    steps, count = input.shape[:2]
    if len(sizes) != count:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} (batch_size={count})"
        )
    if any(n <= 0 for n in sizes):
        raise RuntimeError(
            f"Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0: {sizes}"
        )
    if sizes and sizes[0] > steps:
        raise RuntimeError(f"pack_padded_sequence: got a length of {sizes[0]}, the input has {steps} steps")
    if order is not None:
        input = input.index_select(1, order)
    mask = _running(sizes, sizes[0] if sizes else 0).transpose(0, 1)
    return PackedSequence(input[: mask.shape[0]][mask], mask.sum(1), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Pad packed sequences: the inverse of `pack_padded_sequence`.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool
        Return (N, T, ...) instead of (T, N, ...).
    padding_value : float
        What stands behind the end of a sequence.
    total_length : int, optional
        The T to pad to; the longest length when omitted.

    Returns
    -------
    tuple of Tensor
        The padded sequences in their original order, and their lengths.

    Raises
    ------
    ValueError
        If `total_length` is less than the longest length.

    Notes
    -----
    Matches `torch.nn.utils.rnn.pad_packed_sequence`.
    """
    steps = sequence.batch_sizes.shape[0]
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    lengths = _lengths_of(sequence)
    padded = _filled(_running(lengths.tolist(), steps).transpose(0, 1), sequence.data, padding_value)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return padded.transpose(0, 1) if batch_first else padded, lengths


def _lengths_of(sequence: PackedSequence) -> Tensor:
    sizes = sequence.batch_sizes
    return (arange(int(sizes[0])).reshape(-1, 1) < sizes).sum(1)


def _filled(mask: Tensor, rows: Tensor, padding_value: float) -> Tensor:
    """The rows at the places of `mask`, `padding_value` elsewhere."""
    out = full((*mask.shape, *rows.shape[1:]), padding_value, dtype=rows.dtype)
    out[mask] = rows
    return out


def pad_sequence(
    sequences: Tensor | list[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences (L, ...) of several lengths into (T, N, ...), or (N, T, ...) with `batch_first`.

    Parameters
    ----------
    sequences : list of Tensor
    batch_first : bool
    padding_value : float
        What fills up the shorter ones, on their `padding_side`, "right" or "left".

    Raises
    ------
    RuntimeError
        If there are no sequences, their further dimensions differ, or the side is unknown.

    Notes
    -----
    Matches `torch.nn.utils.rnn.pad_sequence`.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f"pad_sequence: Expected iterable for input sequences, but got {type(sequences).__name__}")
    parts = list(sequences.unbind(0) if isinstance(sequences, Tensor) else sequences)
    if not parts:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    for part in parts:
        if part.dim() == 0:
            raise RuntimeError("pad_sequence: expected sequences of at least 1 dimension, got a tensor of shape ()")
        if part.shape[1:] != parts[0].shape[1:]:
            raise RuntimeError(
                "pad_sequence: all sequences must have the same dimensions behind the first; got "
                f"{tuple(parts[0].shape)} and {tuple(part.shape)}"
            )
    lengths = [part.shape[0] for part in parts]
    padded = _filled(_running(lengths, max(lengths), padding_side), cat(parts), padding_value)
    return padded if batch_first else padded.transpose(0, 1).contiguous()


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Return the sequences that were padded on their right. Matches `torch.nn.utils.rnn.unpad_sequence`."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [padded_sequences[i][:n] for i, n in enumerate(_as_lengths(lengths))]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L, ...) of several lengths.

    They must come in decreasing length unless `enforce_sorted` is False. Matches `torch.nn.utils.rnn.pack_sequence`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> pack_sequence([tg.tensor([1, 2, 3]), tg.tensor([4, 5])]).data
    tensor([1, 4, 2, 5, 3])
    """
    lengths = [part.shape[0] for part in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Return the sequences that were packed. Matches `torch.nn.utils.rnn.unpack_sequence`."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
