"""What stands in the place of the first hidden layer in Table 13: a convolution, a recurrence, self-attention.

Each takes scaled features (N, F). The report prints parameter counts and no structures: those of the
convolution and the recurrence follow from their counts, that of attention is one of many that fit its count.
"""

from __future__ import annotations

from collections import OrderedDict

from tinygrad5329 import nn
from tinygrad5329.tensor import Tensor

__all__ = ["LastState", "attention_classifier", "conv1d_extractor"]

_FILTER_WIDTH = 2
_STEPS = 2
_TOKEN = 32
_HEADS = 4


def conv1d_extractor(in_features: int, out_features: int) -> nn.Sequential:
    """Filters of width 2 over the features as one channel, flattened: 6 parameters from 128 to 256.

    One zero after the last feature keeps the length, so that ``out_features / in_features`` filters give
    ``out_features`` values.

    Raises
    ------
    ValueError
        If the filters would not be a whole number.
    """
    if out_features % in_features:
        raise ValueError(
            f"hidden: the conv1d extractor gives a multiple of its {in_features} features, not {out_features}"
        )
    return nn.Sequential(
        OrderedDict(
            channel=nn.Unflatten(1, (1, in_features)),
            pad=nn.ConstantPad1d((0, _FILTER_WIDTH - 1), 0.0),
            conv=nn.Conv1d(1, out_features // in_features, _FILTER_WIDTH),
            flatten=nn.Flatten(),
        )
    )


class LastState(nn.Module):
    """A tanh recurrence over the features in two steps; gives its last state (N, out_features).

    With 128 features and 256 units: 64 * 256 + 256 * 256 + 2 * 256 = 82,432 parameters.

    Raises
    ------
    ValueError
        If the features cannot be halved.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        if in_features % _STEPS:
            raise ValueError(f"extractor: the rnn reads {_STEPS} steps, which {in_features} features do not make")
        self.steps = nn.Unflatten(1, (_STEPS, in_features // _STEPS))
        self.rnn = nn.RNN(in_features // _STEPS, out_features, batch_first=True)

    def forward(self, input: Tensor) -> Tensor:
        _, last = self.rnn(self.steps(input))
        return last[0]


def attention_classifier(in_features: int, num_classes: int, dropout: float) -> nn.Sequential:
    """Self-attention over the features as tokens of 32, and a linear layer: 7,754 parameters from 128 to 10.

    One transformer encoder layer (4 heads, feed-forward width 32, GELU): 4,224 for attention, 2,112 for the
    feed-forward layers, 128 for two layer norms; then 1,290 from the flattened tokens to the classes.

    Raises
    ------
    ValueError
        If the features do not make whole tokens.
    """
    if in_features % _TOKEN:
        raise ValueError(f"extractor: attention reads tokens of {_TOKEN}, which {in_features} features do not make")
    return nn.Sequential(
        OrderedDict(
            tokens=nn.Unflatten(1, (in_features // _TOKEN, _TOKEN)),
            encoder=nn.TransformerEncoderLayer(
                _TOKEN, _HEADS, dim_feedforward=_TOKEN, dropout=dropout, activation="gelu", batch_first=True
            ),
            flatten=nn.Flatten(),
            output=nn.Linear(in_features, num_classes),
        )
    )
