"""The layers of a transformer: attention and a feed-forward network, each with a residual and a normalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad5329.nn import functional as F
from tinygrad5329.nn.dropout import Dropout
from tinygrad5329.nn.functional_attention import as_bias
from tinygrad5329.nn.layernorm import LayerNorm
from tinygrad5329.nn.linear import Linear
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.multihead_attention import MultiheadAttention
from tinygrad5329.tensor import Tensor


def activation_function(activation: str | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the function that "relu" or "gelu" names, or the callable itself."""
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What encoder and decoder layers share."""

    activation: Callable[[Tensor], Tensor]

    def _build(
        self,
        attentions: tuple[str, ...],
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: str | Callable[[Tensor], Tensor],
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        bias: bool,
        factory: dict[str, Any],
    ) -> None:
        for name in attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **factory
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **factory)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **factory)
        self.norm_first = norm_first
        blocks = range(1, len(attentions) + 2)
        for i in blocks:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **factory))
        for i in blocks:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation_function(activation)

    def _residual(self, x: Tensor, i: int, block: Callable[[Tensor], Tensor]) -> Tensor:
        """``x + dropout(block(x))``, normalised before the block or after the sum."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        if self.norm_first:
            return x + dropout(block(norm(x)))
        return norm(x + dropout(block(x)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feed-forward network.

    Shapes: (S, N, d_model), (N, S, d_model) with `batch_first`, or (S, d_model).

    Parameters
    ----------
    d_model, nhead, dim_feedforward : int
        The number of features, of heads, and of features between the two linear maps.
    dropout : float
        The probability to drop, everywhere in the layer.
    activation : "relu", "gelu" or callable
        Between the two linear maps.
    layer_norm_eps : float
    batch_first : bool
        The batch is the first dimension.
    norm_first : bool
        Normalise before attention and feed-forward network, not after.
    bias : bool
        Whether linear maps and normalisations have biases.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    RuntimeError
        If `activation` is another string.

    Notes
    -----
    Matches `torch.nn.TransformerEncoderLayer`; Vaswani et al., arXiv:1706.03762.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.nn.TransformerEncoderLayer(16, 4, 32)(tg.randn(5, 2, 16)).shape
    tinygrad5329.Size([5, 2, 16])
    """

    self_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._build(
            ("self_attn",),
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
            {"device": device, "dtype": dtype},
        )

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Return the encoded sequence; the masks are those of `MultiheadAttention`."""
        padding = as_bias(src_key_padding_mask, "src_key_padding_mask", src.dtype, src_mask)
        mask = as_bias(src_mask, "src_mask", src.dtype)

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(
                x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
            )[0]

        return self._residual(self._residual(src, 1, attend), 2, self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's output, and a feed-forward network.

    Parameters and shapes are those of `TransformerEncoderLayer`. Matches `torch.nn.TransformerDecoderLayer`, but
    keeps an `activation` that is a module when it is copied; PyTorch's copies fall back to relu.
    """

    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._build(
            ("self_attn", "multihead_attn"),
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
            {"device": device, "dtype": dtype},
        )

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the decoded sequence; `memory` is the encoder's output, the masks those of `MultiheadAttention`."""

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(
                x,
                x,
                x,
                attn_mask=tgt_mask,
                key_padding_mask=tgt_key_padding_mask,
                is_causal=tgt_is_causal,
                need_weights=False,
            )[0]

        def look_up(x: Tensor) -> Tensor:
            return self.multihead_attn(
                x,
                memory,
                memory,
                attn_mask=memory_mask,
                key_padding_mask=memory_key_padding_mask,
                is_causal=memory_is_causal,
                need_weights=False,
            )[0]

        x = self._residual(self._residual(tgt, 1, attend), 2, look_up)
        return self._residual(x, 3, self._feed_forward)
