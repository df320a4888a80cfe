"""Layers, losses and containers with PyTorch's names, written forward-only: the tape does the rest."""

from __future__ import annotations

from tinygrad5329.nn import functional, init, parameter, utils
from tinygrad5329.nn.activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    LogSigmoid,
    Mish,
    PReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from tinygrad5329.nn.batchnorm import (
    BatchNorm1d,
)
from tinygrad5329.nn.distance import (
    CosineSimilarity,
    PairwiseDistance,
)
from tinygrad5329.nn.dropout import (
    AlphaDropout,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
)
from tinygrad5329.nn.flatten import (
    Flatten,
    Unflatten,
)
from tinygrad5329.nn.groupnorm import (
    GroupNorm,
)
from tinygrad5329.nn.layernorm import (
    LayerNorm,
)
from tinygrad5329.nn.linear import (
    Bilinear,
    Identity,
    Linear,
)
from tinygrad5329.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from tinygrad5329.nn.module import (
    Module,
)
from tinygrad5329.nn.module_dict import (
    ModuleDict,
)
from tinygrad5329.nn.module_list import (
    ModuleList,
)
from tinygrad5329.nn.parameter import (
    Buffer,
    Parameter,
)
from tinygrad5329.nn.parameter_dict import (
    ParameterDict,
)
from tinygrad5329.nn.parameter_list import (
    ParameterList,
)
from tinygrad5329.nn.piecewise_activation import (
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    ReLU,
    ReLU6,
    Softshrink,
    Threshold,
)
from tinygrad5329.nn.residual import (
    Residual,
)
from tinygrad5329.nn.rmsnorm import (
    RMSNorm,
)
from tinygrad5329.nn.sequential import (
    Sequential,
)
from tinygrad5329.nn.softmax import (
    LogSoftmax,
    Softmax,
    Softmin,
)

__all__ = [
    "AlphaDropout",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "Bilinear",
    "Buffer",
    "CELU",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "ELU",
    "FeatureAlphaDropout",
    "Flatten",
    "GELU",
    "GLU",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "PReLU",
    "PairwiseDistance",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "RMSNorm",
    "ReLU",
    "ReLU6",
    "Residual",
    "SELU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Unflatten",
    "functional",
    "init",
    "parameter",
    "utils",
]
