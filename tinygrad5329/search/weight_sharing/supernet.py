"""What a supernet is: one network that holds the weights of all architectures of a space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypeGuard

from tinygrad5329 import nn
from tinygrad5329.search.domains import Choice, Integer, Value
from tinygrad5329.search.space import Architecture
from tinygrad5329.tensor import Tensor

__all__ = ["Mixture", "Selection", "Supernet", "is_mixture"]

#: For each slot of a supernet the weights of its options, in the order of ``domain.values``: a tensor (options,)
#: that sums to 1.
Mixture: TypeAlias = Mapping[str, Tensor]
#: Which part of a supernet to use: a single path, or a mixture of all.
Selection: TypeAlias = Architecture | Mixture


class Supernet(nn.Module):
    """A network in which all architectures of a space share their weights.

    A single path computes what the built architecture computes with these weights, without dropout; a mixture with
    all the weight on one option of each slot computes the same as that single path. Batch normalisation takes the
    statistics of the batch always, in evaluation too: running statistics would mix those of all paths.

    Attributes
    ----------
    slots : mapping of str to Choice or Integer
        The decisions that the supernet covers, by path, in the order of the space.
    num_classes : int
    never_kept : mapping of str to tuple
        Options by path that take part in a mixture but that no architecture is given at the end: ``"none"`` on the
        edges of a cell (Liu et al. 2019, section 2.4).
    """

    slots: Mapping[str, Choice | Integer]
    num_classes: int
    never_kept: Mapping[str, tuple[Value, ...]]

    def forward(self, input: Tensor, selection: Selection) -> Tensor:
        """Logits (N, classes) of inputs (N, features).

        Parameters
        ----------
        selection : architecture or mapping of str to Tensor
            An architecture of the space, of which only the decisions of ``slots`` count; or a mixture, with a tensor
            for each slot. Told apart by the values: those of a mixture are all tensors.
        """
        if is_mixture(selection):
            self._check_mixture(selection)
            return self.mixed(input, selection)
        architecture = dict(selection)
        return self.path(input, architecture, self.weights_of(architecture))

    def path(self, input: Tensor, architecture: Architecture, weights: Mapping[str, Tensor]) -> Tensor:
        """Logits of a single path with weights named as those of :meth:`weights_of`."""
        raise NotImplementedError

    def mixed(self, input: Tensor, mixture: Mixture) -> Tensor:
        """Logits of a mixture."""
        raise NotImplementedError

    def weights_of(self, architecture: Architecture, tensors: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """The shared weights that a single path uses, as views of them.

        Parameters
        ----------
        tensors : mapping of str to Tensor, optional
            Cut these in place of the parameters; by the names and of the shapes of ``named_parameters``.

        Returns
        -------
        dict of str to Tensor
            By the names that the parameters have in the architecture's built module.
        """
        own = dict(self.named_parameters()) if tensors is None else tensors
        return {name: own[source][index] for name, source, index in self.places(architecture)}

    def places(self, architecture: Architecture) -> Iterator[tuple[str, str, Any]]:
        """For each weight on a single path its name in the built module, the shared parameter, and the index there."""
        raise NotImplementedError

    def copy_into(self, network: nn.Module, architecture: Architecture) -> None:
        """Give the built module of an architecture a copy of its shared weights."""
        network.load_state_dict(
            dict(network.named_buffers()) | {name: w.detach() for name, w in self.weights_of(architecture).items()}
        )

    def _check_mixture(self, mixture: Mapping[str, Tensor]) -> None:
        if mixture.keys() != self.slots.keys():
            missing, unknown = sorted(self.slots.keys() - mixture.keys()), sorted(mixture.keys() - self.slots.keys())
            raise ValueError(f"a mixture needs weights for every slot: missing {missing}, unknown {unknown}")
        for path, domain in self.slots.items():
            if tuple(mixture[path].shape) != (len(domain.values),):
                raise ValueError(
                    f"{path}: expected mixture weights of shape ({len(domain.values)},), one for each of "
                    f"{', '.join(map(str, domain.values))}; got {tuple(mixture[path].shape)}"
                )


def is_mixture(selection: Selection) -> TypeGuard[Mixture]:
    """Whether a selection is a mixture."""
    return all(isinstance(each, Tensor) for each in selection.values())


def weighted(weights: Tensor, terms: list[Tensor]) -> Tensor:
    """``sum(weights[i] * terms[i])``, the mixed operation of Liu et al. 2019, equation 2."""
    total = weights[0] * terms[0]
    for index, term in enumerate(terms[1:], start=1):
        total = total + weights[index] * term
    return total
