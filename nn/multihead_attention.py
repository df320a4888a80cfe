"""Multi-head attention."""

from __future__ import annotations

from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.nn import functional as F
from tinygrad5329.nn import init
from tinygrad5329.nn.linear import Linear
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under the name that PyTorch gives to the output projection of `MultiheadAttention`."""


class MultiheadAttention(Module):
    """Attention with several heads, each in a subspace of its own.

    Shapes: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), or with N first for `batch_first`, or
    without N; output as the query. See `forward` for the masks.

    Parameters
    ----------
    embed_dim, num_heads : int
        The number of features, and of the heads that share them.
    dropout : float
        The probability to drop an attention weight.
    bias : bool
        Whether the projections have biases.
    add_bias_kv : bool
        Learn one more key and value.
    add_zero_attn : bool
        Add a key and a value of zeros.
    kdim, vdim : int, optional
        Features of keys and values; `embed_dim` when omitted.
    batch_first : bool
        The batch is the first dimension.
    device, dtype : optional
        Of the parameters.

    Attributes
    ----------
    in_proj_weight : Parameter or None
        (3 * embed_dim, embed_dim); instead of it `q_proj_weight`, `k_proj_weight` and `v_proj_weight` where `kdim` or
        `vdim` differs from `embed_dim`. Drawn by `init.xavier_uniform_`.
    in_proj_bias : Parameter or None
        (3 * embed_dim,), zeros at first.
    out_proj : Linear
    bias_k, bias_v : Parameter or None

    Raises
    ------
    ValueError
        If `embed_dim` or `num_heads` is not positive.
    AssertionError
        If `num_heads` does not divide `embed_dim`; on the call, if shapes do not fit.

    Notes
    -----
    Matches `torch.nn.MultiheadAttention`; Vaswani et al., arXiv:1706.03762.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> x = tg.randn(5, 2, 16)
    >>> out, weights = tg.nn.MultiheadAttention(16, 4)(x, x, x)
    >>> out.shape, weights.shape
    (tinygrad5329.Size([5, 2, 16]), tinygrad5329.Size([2, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(f"embed_dim must be divisible by num_heads; got {embed_dim} and {num_heads}")
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn

        def parameter(name: str, shape: tuple[int, ...] | None) -> None:
            value = None if shape is None else Parameter(empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, value)

        same = self._qkv_same_embed_dim
        # In PyTorch's order, that of the state.
        parameter("q_proj_weight", None if same else (embed_dim, embed_dim))
        parameter("k_proj_weight", None if same else (embed_dim, self.kdim))
        parameter("v_proj_weight", None if same else (embed_dim, self.vdim))
        parameter("in_proj_weight", (3 * embed_dim, embed_dim) if same else None)
        parameter("in_proj_bias", (3 * embed_dim,) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        parameter("bias_k", (1, 1, embed_dim) if add_bias_kv else None)
        parameter("bias_v", (1, 1, embed_dim) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)  # type: ignore[arg-type]
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the output and the attention weights, or None for these.

        Parameters
        ----------
        key_padding_mask : Tensor, optional
            (N, S): bools, True for keys to ignore, or floats to add to the scores.
        need_weights : bool
            Return the weights, (N, L, S), or (N, num_heads, L, S) unless `average_attn_weights`. Without them the
            attention is faster.
        attn_mask : Tensor, optional
            (L, S) or (N * num_heads, L, S): bools, True for pairs that may not attend, or floats to add.
        is_causal : bool
            Tell that `attn_mask`, which must be given, is the causal mask.
        """
        swap = self.batch_first and query.dim() == 3
        if swap:
            ours, theirs = query is key, key is value
            query = query.transpose(0, 1)
            key = query if ours else key.transpose(0, 1)
            value = key if theirs else value.transpose(0, 1)
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(0, 1) if swap else out), weights
