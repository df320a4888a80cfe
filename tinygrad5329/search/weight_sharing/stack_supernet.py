"""The supernet of stack spaces: shared weights at the largest width and depth, and all extractors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.func import functional_call
from tinygrad5329.nn import functional
from tinygrad5329.search.domains import Choice, Integer
from tinygrad5329.search.networks.fronts import build_front
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.weight_sharing.shared_layer import SharedLayer
from tinygrad5329.search.weight_sharing.supernet import Mixture, Supernet, weighted
from tinygrad5329.tensor import Tensor
from tinygrad5329.training.models import initialise_kaiming

__all__ = ["StackSupernet"]

_KEYS = ("width", "activation", "normalisation", "form")


class StackSupernet(Supernet):
    """Shared weights for a space with a :class:`~tinygrad5329.search.parts.Stack` named ``"layers"``.

    On a single path a narrow layer uses the leading rows and columns of the shared matrices. In a mixture a layer
    computes all its features and multiplies each by the summed weight of the widths that reach it (Wan et al. 2020,
    FBNetV2, equation 4); over activations, normalisations, forms and extractors it takes weighted sums (Liu et al.
    2019, equation 2), over depths the weighted sum of the layers' outputs, which goes to the one head.

    Covered are ``layers.depth``, each layer's ``width``, ``activation``, ``normalisation`` and ``form``, and
    ``extractor``, as far as the space decides them.

    Parameters
    ----------
    space : Space
    in_features, num_classes : int

    Raises
    ------
    ValueError
        If the space has no such stack, or a layer of it cannot be built.
    """

    def __init__(self, space: Space, in_features: int, num_classes: int) -> None:
        super().__init__()
        stack = space.parts.get("layers")
        if not isinstance(stack, Stack) or "width" not in stack.part:
            raise ValueError(f"StackSupernet: expected a Stack with a width named 'layers' in the space, got {stack!r}")
        self.num_classes = num_classes
        self.never_kept = {}
        self.slots = {
            slot.path: slot.domain
            for slot in space.slots
            if _covered(slot.path) and isinstance(slot.domain, (Choice, Integer))
        }
        self._depths = tuple(range(stack.low, stack.high + 1))
        options: dict[str, tuple[Any, ...]] = {}
        for key in _KEYS:
            if key in stack.part:
                values = stack.part[key].values
                if values is None:
                    raise ValueError(f"layers.1.{key}: a Float has no list of options; make it a Choice or an Integer")
                options[key] = values
        self._front_names = _extractors(space)
        fronts = {name: build_front(name, in_features) for name in self._front_names}
        self.fronts = nn.ModuleDict({name: front for name, front in fronts.items() if front is not None})
        self.layers = nn.ModuleList()
        in_widths: tuple[int, ...] = (in_features,)
        for _ in range(stack.high):
            self.layers.append(SharedLayer(options, in_widths))
            in_widths = options["width"]
        self.head = nn.Linear(max(options["width"]), num_classes)
        self._in_features = in_features
        initialise_kaiming(self)

    def path(self, input: Tensor, architecture: Architecture, weights: Mapping[str, Tensor]) -> Tensor:
        name = architecture.get("extractor", "linear")
        output = input
        if name in self.fronts:
            own = {key.removeprefix("front."): each for key, each in weights.items() if key.startswith("front.")}
            output = functional_call(self.fronts[name], own, (input,))
        for number, layer in enumerate(architecture["layers"], start=1):
            shared: Any = self.layers[number - 1]
            output = shared.path(output, layer, f"layer{number}.", weights)
        return functional.linear(output, weights["head.weight"], weights["head.bias"])

    def mixed(self, input: Tensor, mixture: Mixture) -> Tensor:
        fronts = [self.fronts[name](input) if name in self.fronts else input for name in self._front_names]
        output = weighted(mixture["extractor"], fronts) if len(fronts) > 1 else fronts[0]
        single = width = tg.ones(1, dtype=input.dtype)
        outputs = []
        for number, layer in enumerate(self.layers, start=1):
            shared: Any = layer
            own = {key: mixture[path] for key in _KEYS if (path := f"layers.{number}.{key}") in mixture}
            output = shared.mixed(output, width, own)
            width = own.get("width", single)
            if number >= self._depths[0]:
                outputs.append(output)
        output = weighted(mixture["layers.depth"], outputs) if len(outputs) > 1 else outputs[0]
        logits: Tensor = self.head(output)
        return logits

    def places(self, architecture: Architecture) -> Iterator[tuple[str, str, Any]]:
        name = architecture.get("extractor", "linear")
        if name in self.fronts:
            for own, _ in self.fronts[name].named_parameters():
                yield f"front.{own}", f"fronts.{name}.{own}", ...
        width = self._in_features
        for number, layer in enumerate(architecture["layers"], start=1):
            shared: Any = self.layers[number - 1]
            for own, source, index in shared.places(layer, width):
                yield f"layer{number}.{own}", f"layers.{number - 1}.{source}", index
            width = layer["width"]
        yield "head.weight", "head.weight", (slice(None), slice(width))
        yield "head.bias", "head.bias", ...


def _covered(path: str) -> bool:
    first, _, rest = path.partition(".")
    return path == "extractor" or (first == "layers" and (rest == "depth" or rest.partition(".")[2] in _KEYS))


def _extractors(space: Space) -> tuple[Any, ...]:
    decided = space.parts.get("extractor")
    return decided.options if isinstance(decided, Choice) else ("linear",)
