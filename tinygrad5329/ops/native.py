"""Functions that ``torch`` has in another form than ``torch.nn.functional``: other names, orders or results.

``torch.batch_norm`` takes its tensors in another order than ``torch.nn.functional.batch_norm``, dropout calls its flag
`train`, and the `native_` functions return beside the result what a backward pass needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinygrad5329.creation import empty, full
from tinygrad5329.ops import activation, batch_normalization, layer_normalization, moments, rectifiers
from tinygrad5329.ops.arguments import explain_all
from tinygrad5329.ops.dropout import alpha_dropout as _alpha_dropout
from tinygrad5329.ops.dropout import dropout as _dropout
from tinygrad5329.ops.dropout import feature_alpha_dropout as _feature_alpha_dropout
from tinygrad5329.ops.dropout import feature_dropout as _feature_dropout
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.pointwise import rsqrt  # type: ignore[attr-defined]
from tinygrad5329.ops.rrelu import rrelu, rrelu_
from tinygrad5329.tensor import Tensor

__all__ = [
    "alpha_dropout", "alpha_dropout_", "batch_norm", "celu_", "dropout", "dropout_", "feature_alpha_dropout",
    "feature_alpha_dropout_", "feature_dropout", "feature_dropout_", "group_norm", "instance_norm", "layer_norm",
    "native_batch_norm", "native_dropout", "native_group_norm", "native_layer_norm", "rrelu", "rrelu_", "selu_",
    "threshold_",
]  # fmt: skip


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """:func:`ops.batch_norm` with another order of arguments (``torch.batch_norm``); there is no cuDNN to enable."""
    return batch_normalization.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """:func:`ops.instance_norm` with another order of arguments (``torch.instance_norm``)."""
    return batch_normalization.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """:func:`ops.layer_norm` (``torch.layer_norm``); there is no cuDNN to enable."""
    return layer_normalization.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """:func:`ops.group_norm` (``torch.group_norm``); there is no cuDNN to enable."""
    return layer_normalization.group_norm(input, num_groups, weight, bias, eps)


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer normalisation, the means and the inverse deviations (``torch.native_layer_norm``)."""
    out = layer_normalization.layer_norm(input, normalized_shape, weight, bias, eps)
    dims = tuple(range(input.ndim - len(tuple(normalized_shape)), input.ndim))
    return out, *_statistics(input.detach(), dims, eps, keepdim=True)


def native_group_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Group normalisation of (N, C, ...), the means and the inverse deviations (``torch.native_group_norm``)."""
    if input.numel() != N * C * HxW:
        raise RuntimeError(f"native_group_norm: expected {N} * {C} * {HxW} elements, got {tuple(input.shape)}")
    out = layer_normalization.group_norm(input.reshape(N, C, HxW), group, weight, bias, eps).reshape(input.shape)
    return out, *_statistics(input.reshape(N, group, C // group * HxW), (2,), eps)


def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalisation, and in training the batch's mean and inverse deviation (``torch.native_batch_norm``)."""
    out = batch_normalization.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return out, empty(0, dtype=input.dtype), empty(0, dtype=input.dtype)
    return out, *_statistics(input.detach(), tuple(i for i in range(input.ndim) if i != 1), eps)


def _statistics(x: Tensor, dims: tuple[int, ...], eps: float, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    var, mean = moments.var_mean(x, dims, correction=0, keepdim=keepdim)
    return mean, rsqrt(var + eps)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """Dropout, and which elements were kept (``torch.native_dropout``)."""
    if not train or not input.numel():
        return input.clone(), full(input.shape, True)
    # Dropped ones show which elements the mask keeps; the draws are those of dropout.
    scale = _dropout(empty(input.shape, dtype=input.dtype).fill_(1), p, True)
    return input * scale, scale != 0


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero elements with probability `p`, scale the others (``torch.dropout``); see ``nn.functional.dropout``."""
    return _dropout(input, p, train)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero whole channels with probability `p` (``torch.feature_dropout``)."""
    return _feature_dropout(input, p, train)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout that keeps mean and variance of SELU's activations (``torch.alpha_dropout``)."""
    return _alpha_dropout(input, p, train)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Alpha dropout of whole channels (``torch.feature_alpha_dropout``)."""
    return _feature_alpha_dropout(input, p, train)


def _dropping(name: str, function: Callable[..., Tensor], input: Tensor, p: float, train: bool) -> Tensor:
    return in_place(input, name, function, p, True) if train else input


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place (``torch.dropout_``)."""
    return _dropping("dropout_", _dropout, input, p, train)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place (``torch.feature_dropout_``)."""
    return _dropping("feature_dropout_", _feature_dropout, input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place (``torch.alpha_dropout_``)."""
    return _dropping("alpha_dropout_", _alpha_dropout, input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place (``torch.feature_alpha_dropout_``)."""
    return _dropping("feature_alpha_dropout_", _feature_alpha_dropout, input, p, train)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` in place (``torch.celu_``)."""
    return in_place(input, "celu_", activation.celu, alpha)


def selu_(input: Tensor) -> Tensor:
    """`selu` in place (``torch.selu_``)."""
    return in_place(input, "selu_", activation.selu)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold` in place (``torch.threshold_``)."""
    return in_place(input, "threshold_", rectifiers.threshold, threshold, value)


explain_all(globals(), __all__, __name__)
