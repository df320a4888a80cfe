"""Transformers: stacks of encoder and decoder layers, and the two together."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from tinygrad5329.creation import full
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.functional_attention import as_bias
from tinygrad5329.nn.layernorm import LayerNorm
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.module_list import ModuleList
from tinygrad5329.nn.transformer_layer import TransformerDecoderLayer, TransformerEncoderLayer
from tinygrad5329.tensor import Tensor


def _square_subsequent_mask(size: int, device: Any = None, dtype: Any = None) -> Tensor:
    return full((size, size), -math.inf, device=device, dtype=dtype).triu(1)


def _is_causal(mask: Tensor | None, told: bool | None, size: int) -> bool:
    """Whether the mask is the causal one, unless the caller says so."""
    if told is not None or mask is None:
        return bool(told)
    if tuple(mask.shape[-2:]) != (size, size) or not mask.is_floating_point():
        return False
    return bool((mask == _square_subsequent_mask(size, dtype=mask.dtype)).all())


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other.

    Parameters
    ----------
    encoder_layer : Module
        Such as `TransformerEncoderLayer`; every copy starts with its values.
    num_layers : int
    norm : Module, optional
        Applied at the end.
    enable_nested_tensor, mask_check : bool
        Accepted for PyTorch's sake: they choose a path of the same values there.

    Notes
    -----
    Matches `torch.nn.TransformerEncoder`.
    """

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Return the encoded sequence. Whether `mask` is the causal one is found out unless `is_causal` tells."""
        padding = as_bias(src_key_padding_mask, "src_key_padding_mask", src.dtype, mask)
        bias = as_bias(mask, "mask", src.dtype)
        first = self.layers[0].self_attn.batch_first if len(self.layers) and src.dim() == 3 else False
        causal = _is_causal(bias, is_causal, src.shape[1 if first else 0])
        for layer in self.layers:
            src = layer(src, src_mask=bias, is_causal=causal, src_key_padding_mask=padding)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Copies of a decoder layer, one after the other, and `norm` at the end. Matches `torch.nn.TransformerDecoder`."""

    def __init__(self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the decoded sequence. Whether `tgt_mask` is the causal one is found out unless told."""
        first = self.layers[0].self_attn.batch_first if len(self.layers) and tgt.dim() == 3 else False
        causal = _is_causal(tgt_mask, tgt_is_causal, tgt.shape[1 if first else 0])
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder and a decoder that attends to what it encoded.

    Shapes: src (S, N, d_model), tgt and output (T, N, d_model); N first with `batch_first`, or no N.

    Parameters
    ----------
    d_model, nhead, num_encoder_layers, num_decoder_layers, dim_feedforward : int
    dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        As for `TransformerEncoderLayer`.
    custom_encoder, custom_decoder : Module, optional
        Used instead of the standard ones.

    Raises
    ------
    RuntimeError
        On the call, if batches or features do not fit.

    Notes
    -----
    Matches `torch.nn.Transformer`; Vaswani et al., arXiv:1706.03762.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        custom_encoder: Any | None = None,
        custom_decoder: Any | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = {"device": device, "dtype": dtype}
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def stack(kind: Any, layer: Any, count: int) -> Any:
            one = layer(*options, **factory)
            return kind(one, count, LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **factory))

        self.encoder: Any = custom_encoder
        if custom_encoder is None:
            self.encoder = stack(TransformerEncoder, TransformerEncoderLayer, num_encoder_layers)
        self.decoder: Any = custom_decoder
        if custom_decoder is None:
            self.decoder = stack(TransformerDecoder, TransformerDecoderLayer, num_decoder_layers)
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """Return the causal mask (sz, sz): -inf above the diagonal, 0 elsewhere."""
        return _square_subsequent_mask(sz, device, dtype)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Encode `src` and decode `tgt`; the masks are those of `MultiheadAttention`."""
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                f"the batch number of src and tgt must be equal; got {tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model, {self.d_model}; got {tuple(src.shape)} "
                f"and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
