"""The controller of ENAS: an LSTM that decides an architecture one decision after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional
from tinygrad5329.search.domains import Choice, Integer, Value
from tinygrad5329.search.space import Architecture, Slot, Space
from tinygrad5329.search.weight_sharing.ranking import default_of
from tinygrad5329.tensor import Tensor

__all__ = ["Controller", "Decisions"]

_TRIES = 10_000
_DRAWN_WITHIN = 0.1  # uniform, as Pham et al. 2018, section 3.2


@dataclass(frozen=True)
class Decisions:
    """An architecture and how the controller came to it.

    Attributes
    ----------
    architecture : dict
        Complete.
    log_probability : Tensor
        (), the sum over the decisions.
    entropy : Tensor
        (), the mean of the entropies of what each decision was drawn from: a sum would be larger for the mere number
        of decisions, and as part of a reward pay for depth.
    count : int
        How many decisions it took.
    """

    architecture: Architecture
    log_probability: Tensor
    entropy: Tensor
    count: int


class Controller(nn.Module):
    """Draws architectures decision by decision (Pham et al. 2018, section 2.1; Zoph and Le 2017, section 3.1).

    At each decision that is taken the LSTM reads the embedding of the previous decision's value and gives, by a
    linear layer of the slot's own, one logit for each option; decisions whose conditions fail are passed over.
    Logits are ``2.5 * tanh(logits / 5)``, so that no option dies out (Pham et al. 2018, section 3.2). All weights are
    drawn from U(-0.1, 0.1).

    Parameters
    ----------
    space : Space
        Its limits are kept by drawing again; the probabilities are those before the limits.
    slots : mapping of str to Choice or Integer
        The decisions that it takes, by path.
    defaults : mapping of str to value
        What the other decisions come to, by path.
    hidden : int
        Width of the LSTM and of the embeddings.
    temperature, bound : float
        5 and 2.5 above.
    """

    def __init__(
        self,
        space: Space,
        slots: Mapping[str, Choice | Integer],
        defaults: Mapping[str, Value],
        hidden: int = 64,
        temperature: float = 5.0,
        bound: float = 2.5,
    ) -> None:
        super().__init__()
        self._space = space
        self._slots = dict(slots)
        self._defaults = dict(defaults)
        self._temperature = temperature
        self._bound = bound
        self._places = {path: place for place, path in enumerate(self._slots)}
        self._first_row: dict[str, int] = {}
        rows = 1  # row 0 is read before the first decision
        for path, domain in self._slots.items():
            self._first_row[path] = rows
            rows += len(domain.values)
        self.embedding = nn.Embedding(rows, hidden)
        self.cell = nn.LSTMCell(hidden, hidden)
        self.heads = nn.ModuleList(nn.Linear(hidden, len(each.values)) for each in self._slots.values())
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -_DRAWN_WITHIN, _DRAWN_WITHIN)

    def sample(self, generator: random.Random) -> Decisions:
        """A random admitted architecture, with the graph of its log-probability where gradients are recorded.

        Raises
        ------
        RuntimeError
            If the limits refuse 10,000 draws.
        """

        def draw(slot: Slot, probabilities: list[float]) -> int:
            return generator.choices(range(len(probabilities)), probabilities)[0]

        for _ in range(_TRIES):
            decisions = self._decide(draw)
            if self._space.admits(decisions.architecture):
                return decisions
        raise RuntimeError(f"the limits of the space refused {_TRIES} architectures of the controller; loosen them")

    def evaluate(self, architecture: Architecture) -> Decisions:
        """The log-probability and entropy of a given architecture."""
        flat = self._space.flatten(architecture)
        return self._decide(lambda slot, _: self._slots[slot.path].values.index(flat[slot.path]))

    def favourite(self, generator: random.Random) -> Architecture:
        """The likeliest option at each decision; where the limits refuse that, the likeliest of 100 draws."""
        with tg.no_grad():
            likeliest = self._decide(lambda _, probabilities: probabilities.index(max(probabilities))).architecture
            if self._space.admits(likeliest):
                return likeliest
            return max((self.sample(generator) for _ in range(100)), key=_likelihood).architecture

    def _decide(self, choose: Callable[[Slot, list[float]], int]) -> Decisions:
        weights = self.embedding.weight
        previous, state = weights[:1], None
        log_probabilities: list[Tensor] = []
        entropies: list[Tensor] = []

        def decide(slot: Slot) -> Value:
            nonlocal previous, state
            path = slot.path
            if path not in self._places:
                return default_of(slot, self._defaults)
            state = self.cell(previous, state)
            logits = self.heads[self._places[path]](state[0])[0]
            logits = self._bound * tg.tanh(logits / self._temperature)
            logs = functional.log_softmax(logits, dim=0)
            probabilities = tg.exp(logs)
            index = choose(slot, probabilities.tolist())
            log_probabilities.append(logs[index])
            entropies.append(-(probabilities * logs).sum())
            row = self._first_row[path] + index
            previous = weights[row : row + 1]
            return self._slots[path].values[index]

        architecture = self._space.complete(decide)
        return Decisions(architecture, tg.stack(log_probabilities).sum(), tg.stack(entropies).mean(), len(entropies))


def _likelihood(decisions: Decisions) -> float:
    # By decision: the deeper of two networks has the smaller probability for their mere number.
    return float(decisions.log_probability) / decisions.count
