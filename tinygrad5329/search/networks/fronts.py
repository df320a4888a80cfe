"""What may stand before the layers of a network: the feature extractors of the report's task."""

from __future__ import annotations

from collections import OrderedDict

from tinygrad5329 import nn
from tinygrad5329.search.networks.blocks import LastState, LearnedPositions, SelfAttention

__all__ = ["EXTRACTORS", "build_front", "token_width"]

EXTRACTORS = ("linear", "conv1d", "recurrent", "attention")
_CHANNELS = 8
_KERNEL = 5
_EMBEDDING = 32
_HEADS = 4
_LONGEST_TOKEN = 16


def build_front(extractor: str, features: int) -> nn.Module | None:
    """A front that turns scaled features (N, features) into as many others; None for ``"linear"``.

    - ``"conv1d"``: two convolutions along the features as one channel, 8 filters of width 5, then one of width 1.
    - ``"recurrent"``: a GRU over the features cut into tokens (:func:`token_width`); its last state.
    - ``"attention"``: the same tokens, embedded, with learned positions, attend to each other once (norm first,
      Xiong et al. 2020); what they come to is added to the features.

    Raises
    ------
    ValueError
        If there is no such extractor.
    """
    if extractor == "linear":
        return None
    if extractor == "conv1d":
        return nn.Sequential(
            OrderedDict(
                channel=nn.Unflatten(1, (1, features)),
                conv1=nn.Conv1d(1, _CHANNELS, _KERNEL, padding=_KERNEL // 2),
                gelu=nn.GELU(),
                conv2=nn.Conv1d(_CHANNELS, 1, 1),
                flatten=nn.Flatten(),
            )
        )
    token = token_width(features)
    tokens = nn.Unflatten(1, (features // token, token))
    if extractor == "recurrent":
        return nn.Sequential(OrderedDict(tokens=tokens, state=LastState(token, features)))
    if extractor == "attention":
        attention = OrderedDict(norm=nn.LayerNorm(_EMBEDDING), attention=SelfAttention(_EMBEDDING, _HEADS))
        return nn.Residual(
            nn.Sequential(
                OrderedDict(
                    tokens=tokens,
                    embedding=nn.Linear(token, _EMBEDDING),
                    positions=LearnedPositions(features // token, _EMBEDDING),
                    block=nn.Residual(nn.Sequential(attention)),
                    projection=nn.Linear(_EMBEDDING, token),
                    flatten=nn.Flatten(),
                )
            )
        )
    raise ValueError(f"extractor: expected one of {', '.join(EXTRACTORS)}, got {extractor!r}")


def token_width(features: int) -> int:
    """The largest divisor of the number of features that is at most 16.

    Examples
    --------
    >>> token_width(128), token_width(64), token_width(30)
    (16, 16, 15)
    """
    return max(width for width in range(1, min(features, _LONGEST_TOKEN) + 1) if features % width == 0)
