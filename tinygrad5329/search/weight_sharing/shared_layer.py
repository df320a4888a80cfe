"""One layer of a stack in all its forms at once, with weights at the largest width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional
from tinygrad5329.search.networks.stack import ACTIVATIONS, LAYER_DEFAULTS, NORMALISATIONS
from tinygrad5329.search.weight_sharing.supernet import Mixture, weighted
from tinygrad5329.tensor import Tensor

__all__ = ["SharedLayer"]

_EPSILON = 1e-5  # of BatchNorm1d and LayerNorm


class SharedLayer(nn.Module):
    """Weights of a layer at its largest width; a narrower one uses their leading slices.

    ``linear`` belongs to the plain form, ``linear1``, ``linear2`` and ``shortcut`` to the residual one, ``batch`` and
    ``layer`` to the normalisations; there are those that the options need. All activations share them.

    Parameters
    ----------
    options : mapping of str to tuple
        What ``"width"``, ``"activation"``, ``"normalisation"`` and ``"form"`` can be; for those left out there is the
        default of a built layer.
    in_widths : tuple of int
        What the width of the input can be.
    """

    masks: Tensor
    agreement: Tensor

    def __init__(self, options: Mapping[str, tuple[Any, ...]], in_widths: tuple[int, ...]) -> None:
        super().__init__()
        self.options = {key: (default,) for key, default in LAYER_DEFAULTS.items()} | dict(options)
        tables: dict[str, Any] = {
            "activation": ACTIVATIONS, "normalisation": NORMALISATIONS, "form": ("plain", "residual")
        }  # fmt: skip
        for key, table in tables.items():
            unknown = [each for each in self.options[key] if each not in table]
            if unknown:
                raise ValueError(f"{key}: expected one of {', '.join(table)}, got {unknown[0]!r}")
        self.widths: tuple[int, ...] = self.options["width"]
        unfit = [each for each in self.widths if type(each) is not int or each < 1]
        if unfit:
            raise ValueError(f"width: expected a whole number from 1, got {unfit[0]!r}")
        widest, self.in_widest = max(self.widths), max(in_widths)
        self.activations = {name: ACTIVATIONS[name]() for name in self.options["activation"]}
        if "plain" in self.options["form"]:
            self.linear = nn.Linear(self.in_widest, widest)
        if "residual" in self.options["form"]:
            self.linear1 = nn.Linear(self.in_widest, widest)
            self.linear2 = nn.Linear(widest, widest)
            self.shortcut = nn.Linear(self.in_widest, widest, bias=False)
        if "batch" in self.options["normalisation"]:
            self.batch = nn.BatchNorm1d(widest, track_running_stats=False)
        if "layer" in self.options["normalisation"]:
            self.layer = nn.LayerNorm(widest)
        columns = tg.arange(widest)
        self.register_buffer("masks", tg.stack([columns < width for width in self.widths]).float(), persistent=False)
        same = [[float(before == width) for width in self.widths] for before in in_widths]
        self.register_buffer("agreement", tg.tensor(same), persistent=False)

    def places(self, layer: Mapping[str, Any], in_width: int) -> Iterator[tuple[str, str, Any]]:
        """As :meth:`Supernet.places`, by the names within the layer."""
        width, form, normalisation = layer["width"], self._key(layer, "form"), self._key(layer, "normalisation")
        first, square, rows = (slice(width), slice(in_width)), (slice(width), slice(width)), slice(width)
        if form == "plain":
            yield "linear.weight", "linear.weight", first
            yield "linear.bias", "linear.bias", rows
        else:
            yield "residual.module.linear1.weight", "linear1.weight", first
            yield "residual.module.linear1.bias", "linear1.bias", rows
            yield "residual.module.linear2.weight", "linear2.weight", square
            yield "residual.module.linear2.bias", "linear2.bias", rows
            if in_width != width:
                yield "residual.shortcut.weight", "shortcut.weight", first
        if normalisation != "none":
            yield "norm.weight", f"{normalisation}.weight", rows
            yield "norm.bias", f"{normalisation}.bias", rows

    def path(self, input: Tensor, layer: Mapping[str, Any], prefix: str, weights: Mapping[str, Tensor]) -> Tensor:
        """The output (N, width) of a single path, with the weights that begin with ``prefix``."""
        activation = self.activations[self._key(layer, "activation")]
        if self._key(layer, "form") == "plain":
            output = functional.linear(input, weights[f"{prefix}linear.weight"], weights[f"{prefix}linear.bias"])
        else:
            branch = f"{prefix}residual.module.linear"
            output = functional.linear(input, weights[f"{branch}1.weight"], weights[f"{branch}1.bias"])
            output = functional.linear(activation(output), weights[f"{branch}2.weight"], weights[f"{branch}2.bias"])
            shortcut = weights.get(f"{prefix}residual.shortcut.weight")
            output = (input if shortcut is None else functional.linear(input, shortcut)) + output
        normalisation = self._key(layer, "normalisation")
        if normalisation == "batch":
            scale, shift = weights[f"{prefix}norm.weight"], weights[f"{prefix}norm.bias"]
            output = functional.batch_norm(output, None, None, scale, shift, training=True)
        elif normalisation == "layer":
            scale, shift = weights[f"{prefix}norm.weight"], weights[f"{prefix}norm.bias"]
            output = functional.layer_norm(output, (layer["width"],), scale, shift)
        activated: Tensor = activation(output)
        return activated

    def mixed(self, input: Tensor, in_mixture: Tensor, mixture: Mixture) -> Tensor:
        """The output (N, largest width) of a mixture, features beyond a width weakened by its weight.

        Parameters
        ----------
        input : Tensor
            (N, largest input width), weakened likewise.
        in_mixture : Tensor
            Weights of the input's widths.
        mixture : mapping of str to Tensor
            Weights by key of the layer; only keys with several options are looked at.
        """
        width = self._weights("width", mixture, input)
        mask = width @ self.masks.to(input.dtype)
        forms = []
        for form in self.options["form"]:
            if form == "plain":
                forms.append(self.linear(input))
            else:
                inner = mask * self._activated(self.linear1(input), mixture)
                forms.append(self._shortcut(input, in_mixture, width) + self.linear2(inner))
        output = weighted(mixture["form"], forms) if len(forms) > 1 else forms[0]
        kinds = []
        for normalisation in self.options["normalisation"]:
            if normalisation == "none":
                kinds.append(output)
            elif normalisation == "batch":
                kinds.append(self.batch(output))
            else:
                kinds.append(self._normalised_by_layer(output, width))
        output = weighted(mixture["normalisation"], kinds) if len(kinds) > 1 else kinds[0]
        return mask * self._activated(output, mixture)

    def _shortcut(self, input: Tensor, in_mixture: Tensor, width: Tensor) -> Tensor:
        # The identity stands where both widths agree; its weight is the probability of that.
        projected: Tensor = self.shortcut(input)
        if not bool(self.agreement.any()):
            return projected
        agree = in_mixture @ self.agreement.to(input.dtype) @ width
        widest = max(self.widths)
        kept = input[:, :widest] if self.in_widest >= widest else functional.pad(input, (0, widest - self.in_widest))
        return agree * kept + (1 - agree) * projected

    def _activated(self, input: Tensor, mixture: Mixture) -> Tensor:
        terms = [activation(input) for activation in self.activations.values()]
        return weighted(mixture["activation"], terms) if len(terms) > 1 else terms[0]

    def _normalised_by_layer(self, input: Tensor, width: Tensor) -> Tensor:
        # Each width has a mean and a variance of its own; those of a mixture are their weighted sums.
        if len(self.widths) == 1:
            output: Tensor = self.layer(input)
            return output
        moments = [tg.var_mean(input[:, :each], dim=1, correction=0, keepdim=True) for each in self.widths]
        variance = weighted(width, [each[0] for each in moments])
        mean = weighted(width, [each[1] for each in moments])
        scaled: Tensor = (input - mean) * tg.rsqrt(variance + _EPSILON)
        return scaled * self.layer.weight + self.layer.bias

    def _weights(self, key: str, mixture: Mixture, like: Tensor) -> Tensor:
        return mixture[key] if len(self.options[key]) > 1 else tg.ones(1, dtype=like.dtype)

    def _key(self, layer: Mapping[str, Any], key: str) -> Any:
        return layer.get(key, LAYER_DEFAULTS[key])
