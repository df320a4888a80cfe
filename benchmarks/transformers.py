"""The models with attention, W5 and W6, through PyTorch's public API."""

from __future__ import annotations

from typing import Any

__all__ = ["attention_classifier", "gpt"]


def _block(tg: Any, width: int, heads: int, causal: bool) -> Any:
    nn, F = tg.nn, tg.nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1 = nn.LayerNorm(width)
            self.qkv = nn.Linear(width, 3 * width)
            self.proj = nn.Linear(width, width)
            self.norm2 = nn.LayerNorm(width)
            self.up = nn.Linear(width, 4 * width)
            self.gelu = nn.GELU()
            self.down = nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = self.qkv(self.norm1(x)).split(width, dim=2)
            q, k, v = (part.view(n, t, heads, width // heads).transpose(1, 2) for part in (q, k, v))
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
            x = x + self.proj(mixed.transpose(1, 2).reshape(n, t, width))
            return x + self.down(self.gelu(self.up(self.norm2(x))))

    return Block()


def attention_classifier(tg: Any) -> Any:
    """One block of width 16 with 4 heads, the mean over the tokens, 10 classes."""
    nn = tg.nn

    class Classifier(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.block = _block(tg, 16, 4, causal=False)
            self.head = nn.Linear(16, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.block(x).mean(dim=1))

    return Classifier()


def gpt(tg: Any) -> Any:
    """Four causal blocks of width 128 with 4 heads over 64 characters of an alphabet of 65."""
    nn = tg.nn

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(65, 128)
            self.positions = nn.Embedding(64, 128)
            self.blocks = nn.ModuleList([_block(tg, 128, 4, causal=True) for _ in range(4)])
            self.norm = nn.LayerNorm(128)
            self.head = nn.Linear(128, 65)

        def forward(self, codes: Any) -> Any:
            x = self.tokens(codes) + self.positions(tg.arange(codes.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x)).view(-1, 65)

    return GPT()
