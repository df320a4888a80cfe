"""The two networks of the report: its best model (Tables 14 and 15) and its baseline."""

from __future__ import annotations

from collections import OrderedDict

from tinygrad5329 import nn

__all__ = ["baseline", "best_model", "count_parameters", "initialise_kaiming"]


def best_model(in_features: int = 128, num_classes: int = 10, width: int = 256, dropout: float = 0.2) -> nn.Sequential:
    """The report's best model: 168,202 parameters for 128 features and 10 classes.

    ======================================  ==============================  ==========
    layer                                   output                          parameters
    ======================================  ==============================  ==========
    ``input``: Linear                       (N, width)                          33,024
    ``norm1``: BatchNorm1d, GELU, Dropout   (N, width)                             512
    ``residual``: x + Linear(GELU(Linear))  (N, width)                      2 * 65,792
    ``norm2``: BatchNorm1d, GELU, Dropout   (N, width)                             512
    ``output``: Linear                      (N, num_classes)                     2,570
    ======================================  ==============================  ==========

    The report names a "residual block (256, 256)" and prints no formula for it. Its parameter counts
    (Table 10: 102,410 with one 256 x 256 layer, 168,202 with the block) leave room for exactly one more
    256 x 256 layer, so the block holds two. Of the forms that fit, this is the usual one: an activation
    between the two layers, because without it they would collapse into one; none after the second, so
    that the identity path stays clean (He et al., "Identity Mappings in Deep Residual Networks", 2016);
    the normalisation and activation that follow the block play that part.

    Softmax is in the loss: the model returns logits for :class:`tinygrad5329.nn.CrossEntropyLoss`.
    The weights are drawn with :func:`initialise_kaiming`.

    Parameters
    ----------
    in_features : int
        Features of one sample: 128 for the report's data, 64 for ``digits``.
    num_classes : int
        Classes, that is logits a sample.
    width : int
        Width of the hidden layers.
    dropout : float
        Probability of dropping an activation, in [0, 1].

    Returns
    -------
    tinygrad5329.nn.Sequential
        From float input of shape (N, in_features) to logits of shape (N, num_classes).

    Examples
    --------
    >>> from tinygrad5329.training import best_model, count_parameters
    >>> count_parameters(best_model())
    168202
    """
    residual = nn.Residual(
        nn.Sequential(
            OrderedDict(
                linear1=nn.Linear(width, width),
                gelu=nn.GELU(),
                linear2=nn.Linear(width, width),
            )
        )
    )
    model = nn.Sequential(
        OrderedDict(
            input=nn.Linear(in_features, width),
            norm1=nn.BatchNorm1d(width),
            gelu1=nn.GELU(),
            dropout1=nn.Dropout(dropout),
            residual=residual,
            norm2=nn.BatchNorm1d(width),
            gelu2=nn.GELU(),
            dropout2=nn.Dropout(dropout),
            output=nn.Linear(width, num_classes),
        )
    )
    initialise_kaiming(model)
    return model


def baseline(in_features: int = 128, num_classes: int = 10, width: int = 128) -> nn.Sequential:
    """The report's baseline, Linear-GELU-Linear: 17,802 parameters for 128 features and 10 classes.

    Returns logits, as :func:`best_model` does, with the same initialisation.

    Examples
    --------
    >>> from tinygrad5329.training import baseline, count_parameters
    >>> count_parameters(baseline())
    17802
    """
    model = nn.Sequential(
        OrderedDict(
            input=nn.Linear(in_features, width),
            gelu=nn.GELU(),
            output=nn.Linear(width, num_classes),
        )
    )
    initialise_kaiming(model)
    return model


def initialise_kaiming(model: nn.Module) -> nn.Module:
    """Draw the weights of every ``Linear`` in ``model`` from N(0, 2 / fan_in); its biases become 0.

    This is the report's Equation 46 (He et al., "Delving Deep into Rectifiers", 2015, Equation 10), and
    what :func:`tinygrad5329.nn.init.kaiming_normal_` does with ``nonlinearity="relu"``. It draws from the
    default generator, in the order of ``model.modules()``, changes the model in place and returns it.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def count_parameters(model: nn.Module, trainable_only: bool = True) -> int:
    """How many numbers the parameters of ``model`` hold; a parameter used twice counts once.

    Examples
    --------
    >>> from tinygrad5329 import nn
    >>> from tinygrad5329.training import count_parameters
    >>> count_parameters(nn.Linear(128, 10))
    1290
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable_only)
