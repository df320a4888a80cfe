"""Tables of embeddings: rows looked up one by one, or reduced in bags."""

from __future__ import annotations

from typing import Any, Self

from tinygrad5329.creation import empty
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.ops.embedding import refuse_sparse
from tinygrad5329.tensor import Tensor


class _Table(Module):
    """What the two layers share: the weight, its padding row and its initial values."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    sparse: bool
    weight: Parameter

    def _build(self, padding_idx: int | None, weight: Tensor | None, freeze: bool, **factory: Any) -> None:
        refuse_sparse(self._get_name(), self.sparse)
        rows = self.num_embeddings
        if padding_idx is not None:
            if padding_idx and not -rows <= padding_idx < rows:
                raise AssertionError(
                    f"Padding_idx must be within num_embeddings: got {padding_idx} for {rows} embeddings"
                )
            padding_idx = padding_idx if padding_idx >= 0 else rows + padding_idx
        self.padding_idx = padding_idx
        if weight is None:
            shape = (rows, self.embedding_dim)
            self.weight = Parameter(empty(shape, **factory), requires_grad=not freeze)
            self.reset_parameters()
        else:
            if tuple(weight.shape) != (rows, self.embedding_dim):
                raise AssertionError(
                    "Shape of weight does not match num_embeddings and embedding_dim: got "
                    f"{tuple(weight.shape)}, expected {(rows, self.embedding_dim)}"
                )
            self.weight = Parameter(weight, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Draw new rows from N(0, 1); the padding row is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def _options(self) -> list[str]:
        """The parts of `extra_repr` that both have."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        return parts


class Embedding(_Table):
    """A table of vectors that is looked up by index.

    Shapes: input (...), int64 or int32; output (..., embedding_dim).

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        The number of vectors, and their length.
    padding_idx : int, optional
        The row that is zero at first and gets no gradient; negative numbers count from the end.
    max_norm : float, optional
        Rows with a larger norm are scaled down to it, in place, when they are looked up.
    norm_type : float
        The p of that norm.
    scale_grad_by_freq : bool
        Divide gradients by how often their row occurs in the input.
    sparse : bool
        Only False: gradients are dense.
    device, dtype : optional
        Of the weight.

    Attributes
    ----------
    weight : Parameter
        (num_embeddings, embedding_dim), drawn from N(0, 1).

    Raises
    ------
    AssertionError
        If `padding_idx` is out of range.
    RuntimeError
        If `sparse` is True.

    Notes
    -----
    Matches `torch.nn.Embedding`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.nn.Embedding(10, 3)(tg.tensor([[1, 2], [4, 5]])).shape
    tinygrad5329.Size([2, 2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self._build(padding_idx, _weight, _freeze, device=device, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows `input`."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        parts = self._options()
        if self.padding_idx is not None:
            parts.insert(1, f"padding_idx={self.padding_idx}")
        return ", ".join(parts)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """Make a layer of a given table (num_embeddings, embedding_dim); `freeze` keeps it from being trained."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        return cls(
            num_embeddings=rows,
            embedding_dim=columns,
            _weight=embeddings,
            _freeze=freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )


class EmbeddingBag(_Table):
    """A table of vectors of which bags are looked up and reduced.

    Shapes: input (B, N), or (N,) with `offsets` (B,); output (B, embedding_dim).

    Parameters
    ----------
    num_embeddings, embedding_dim, max_norm, norm_type, scale_grad_by_freq, sparse, device, dtype
        As for `Embedding`.
    mode : {"mean", "sum", "max"}
        How a bag is reduced; empty ones give 0.
    include_last_offset : bool
        `offsets` has one more element, the end of the last bag.
    padding_idx : int, optional
        The row that counts as absent.

    Raises
    ------
    AssertionError
        If `padding_idx` is out of range.
    RuntimeError
        If `sparse` is True.

    Notes
    -----
    Matches `torch.nn.EmbeddingBag`.
    """

    mode: str
    include_last_offset: bool

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self._build(padding_idx, _weight, False, device=device, dtype=dtype)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """Return the reduced bags; `per_sample_weights`, of the input's shape, are factors of a sum's rows."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the arguments that `repr` shows."""
        parts = [*self._options(), f"mode={self.mode!r}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        return ", ".join(parts)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Make a layer of a given table (num_embeddings, embedding_dim); `freeze` keeps it from being trained."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        layer = cls(
            num_embeddings=rows,
            embedding_dim=columns,
            _weight=embeddings,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        layer.weight.requires_grad = not freeze
        return layer
