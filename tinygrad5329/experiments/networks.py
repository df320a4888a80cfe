"""The networks of the studies, built from a configuration."""

from __future__ import annotations

from collections import OrderedDict

from tinygrad5329 import nn
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.extractors import LastState, attention_classifier, conv1d_extractor
from tinygrad5329.training.models import initialise_kaiming

__all__ = ["build_network"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
_NORMALISATIONS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


def build_network(configuration: Configuration, in_features: int = 128, num_classes: int = 10) -> nn.Sequential:
    """The network of a configuration, from scaled features (N, in_features) to logits (N, num_classes).

    Each hidden layer is linear, normalisation, activation, dropout, of which those that the configuration
    leaves out are not there; with ``residual`` the linear layer of all but the first is a residual block.
    Linear layers are drawn by Equation 46 (:func:`initialise_kaiming`), from the default generator.

    With ``extractor="attention"`` the network is that of :func:`attention_classifier`, and of the
    configuration's network only ``dropout`` counts.

    Raises
    ------
    ValueError
        If the extractor does not fit ``in_features``.

    Examples
    --------
    >>> from tinygrad5329.training import count_parameters
    >>> count_parameters(build_network(Configuration()))
    17802
    """
    if configuration.extractor == "attention":
        network = attention_classifier(in_features, num_classes, configuration.dropout)
        initialise_kaiming(network)
        return network
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    width = in_features
    for number, hidden in enumerate(configuration.hidden, start=1):
        if number == 1:
            layers["input"] = _first(configuration.extractor, width, hidden)
        elif configuration.residual:
            layers[f"residual{number}"] = _block(configuration, hidden)
        else:
            layers[f"linear{number}"] = nn.Linear(width, hidden)
        if configuration.normalisation != "none":
            layers[f"norm{number}"] = _NORMALISATIONS[configuration.normalisation](hidden)
        if configuration.activation != "none":
            layers[f"activation{number}"] = _ACTIVATIONS[configuration.activation]()
        if configuration.dropout:
            layers[f"dropout{number}"] = nn.Dropout(configuration.dropout)
        width = hidden
    layers["output"] = nn.Linear(width, num_classes)
    network = nn.Sequential(layers)
    initialise_kaiming(network)
    return network


def _first(extractor: str, in_features: int, out_features: int) -> nn.Module:
    if extractor == "conv1d":
        return conv1d_extractor(in_features, out_features)
    if extractor == "rnn":
        return LastState(in_features, out_features)
    return nn.Linear(in_features, out_features)


def _block(configuration: Configuration, width: int) -> nn.Module:
    branch: OrderedDict[str, nn.Module] = OrderedDict(linear1=nn.Linear(width, width))
    if configuration.activation != "none":
        branch["activation"] = _ACTIVATIONS[configuration.activation]()
    branch["linear2"] = nn.Linear(width, width)
    if configuration.stochastic_depth:
        from tinygrad5329.experiments.recipe import StochasticResidual

        return StochasticResidual(nn.Sequential(branch), configuration.stochastic_depth)
    return nn.Residual(nn.Sequential(branch))
