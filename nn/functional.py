"""Layers and losses as functions, with PyTorch's names and signatures (``import ... nn.functional as F``).

Functions that the engine has under the same name and signature are handed on as they are.
"""

from __future__ import annotations

from tinygrad5329.creation import one_hot
from tinygrad5329.nn.functional_activation import (
    celu,
    elu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    tanh,
    threshold,
)
from tinygrad5329.nn.functional_binary_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
)
from tinygrad5329.nn.functional_classification_loss import (
    cross_entropy,
    nll_loss,
)
from tinygrad5329.nn.functional_distance import (
    cosine_similarity,
    normalize,
    pairwise_distance,
)
from tinygrad5329.nn.functional_dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from tinygrad5329.nn.functional_linear import (
    bilinear,
    linear,
)
from tinygrad5329.nn.functional_regression_loss import (
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from tinygrad5329.nn.functional_softmax import (
    log_softmax,
    softmax,
    softmin,
)
from tinygrad5329.ops import (
    batch_norm,
    gelu,
    glu,
    group_norm,
    hardshrink,
    instance_norm,
    layer_norm,
    logsigmoid,
    pad,
    prelu,
    rms_norm,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
)

__all__ = [
    "alpha_dropout",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "feature_alpha_dropout",
    "gelu",
    "glu",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "huber_loss",
    "instance_norm",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]
