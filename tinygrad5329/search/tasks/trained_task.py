"""What tasks have in common that train classifiers of scaled features: the data, the limits, the training."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.preparation import Source, Split
from tinygrad5329.search.domains import Value
from tinygrad5329.search.latency.measure import measure_latency
from tinygrad5329.search.latency.table import LatencyTable
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.task import Outcome, Report
from tinygrad5329.search.tasks.report_space import TRAINING_DEFAULTS
from tinygrad5329.search.tasks.training import steps_of, train_and_judge, training_configuration
from tinygrad5329.training.models import count_parameters

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.one_shot import SearchData

__all__ = ["TrainedTask"]


class TrainedTask(ABC):
    """Classifiers of a data set, trained on its training rows and judged on rows held out of them.

    A subclass declares the space and builds the networks. What the space decides by the names of
    :func:`~tinygrad5329.search.tasks.training.training_configuration` (``optimizer``, ``sgd_lr``, ...) decides the
    training; what it does not decide is taken from :attr:`defaults`.

    Parameters
    ----------
    data : str
        A data set's name (``digits``, ``report128``, ``cifar10-pca128``), or a folder with its four files. A tenth of
        the training rows is held out and judges; the test rows are looked at once, when a training has ended.
    epochs, batch_size : int
        The same for all architectures, so that their steps are worth the same.
    quick : bool
        On 2,000 training and 1,000 test rows at most.
    max_parameters : int, optional
        The space is without networks that have more.
    max_latency : float, optional
        The space is without networks that ``latency`` predicts to take more seconds.
    latency : LatencyTable or path, optional
        Predicts the latency, for the limit and for ``measures["latency"]``; without it that is measured on the
        trained network.
    latency_batch : int
        Rows of one forward pass.

    Attributes
    ----------
    name, value_name : str
        What the task is called in records, and its values.
    defaults : mapping of str to value
        By path, what decisions come to that are not searched.
    drawn_by : callable or None
        A function of this package that draws the weights of a network again as :meth:`network` does, for the source
        of the winner; None where the layers draw their own.

    Raises
    ------
    ValueError
        If a number is out of range, or ``max_latency`` has no table to go by.
    """

    name: str = "trained"
    value_name: str = "validation accuracy"
    defaults: Mapping[str, Value] = TRAINING_DEFAULTS
    drawn_by: Callable[[nn.Module], nn.Module] | None = None

    def __init__(
        self,
        data: str = "digits",
        epochs: int = 10,
        batch_size: int = 200,
        quick: bool = False,
        max_parameters: int | None = None,
        max_latency: float | None = None,
        latency: LatencyTable | str | os.PathLike[str] | None = None,
        latency_batch: int = 1,
    ) -> None:
        for key, value in (("epochs", epochs), ("latency_batch", latency_batch), ("max_parameters", max_parameters)):
            if value is not None and (type(value) is not int or value < 1):
                raise ValueError(f"{key}: expected a whole number from 1, got {value!r}")
        if type(batch_size) is not int or batch_size < 2:
            raise ValueError(f"batch_size: expected a whole number from 2, got {batch_size!r}")
        if max_latency is not None and not max_latency > 0:
            raise ValueError(f"max_latency: expected seconds above 0, got {max_latency!r}")
        if max_latency is not None and latency is None:
            raise ValueError(
                "max_latency needs a latency table of this machine: python -m tinygrad5329.search.latency --space "
                f"{self.name} --out latency.json, then latency='latency.json' (--latency latency.json)"
            )
        self.data = data
        self.epochs = epochs
        self.batch_size = batch_size
        self.quick = quick
        self.max_parameters = max_parameters
        self.max_latency = max_latency
        self.latency_batch = latency_batch
        self.latency = latency if isinstance(latency, LatencyTable | None) else LatencyTable.load(latency)
        if self.latency is not None:
            self.latency.check_batch(latency_batch)

    @abstractmethod
    def declare(self) -> Space:
        """The space, without limits."""

    @abstractmethod
    def network(self, architecture: Architecture, features: int, classes: int) -> nn.Module:
        """The network of an architecture, from (N, features) to logits (N, classes), with new weights."""

    def count_parameters(self, architecture: Architecture) -> int:
        """Parameters of the network; here by building it. A subclass may know a quicker way."""
        state = tg.default_generator.get_state()
        try:
            return count_parameters(self.build(architecture))
        finally:
            tg.default_generator.set_state(state)

    def operations(self, architecture: Architecture) -> list[str]:
        """What a forward pass does, by the names of a latency table.

        Raises
        ------
        ValueError
            Here, always: a subclass whose networks are made of other things has no names for them.
        """
        raise ValueError(
            f"{self.name}: the task does not name the operations of its networks, so a latency table cannot predict "
            "them; leave latency out, and it is measured"
        )

    def predict_latency(self, architecture: Architecture) -> float:
        """Seconds of one forward pass of ``latency_batch`` rows, by the latency table.

        Raises
        ------
        ValueError
            If the task has no table, or the table not all the operations of the network.
        """
        if self.latency is None:
            raise ValueError(f"{self.name}: the task has no latency table; give it latency='latency.json'")
        return self.latency.predict(self.operations(architecture), self.latency_batch)

    @cached_property
    def space(self) -> Space:
        """What is searched, within the limits."""
        space = self.declare()
        if self.max_parameters is not None:
            most = self.max_parameters
            space = space.limited(lambda architecture: self.count_parameters(architecture) <= most)
        if self.max_latency is not None:
            longest = self.max_latency
            space = space.limited(lambda architecture: self.predict_latency(architecture) <= longest)
        return space

    @cached_property
    def source(self) -> Source:
        """The data, loaded when they are first asked for."""
        return Source(self.data)

    @cached_property
    def split(self) -> Split:
        """The rows: training, validation, test."""
        return self.source.split(self._rows)

    @cached_property
    def steps(self) -> int:
        """Training steps of one architecture."""
        return steps_of(self._rows, self.split)

    def build(self, architecture: Architecture) -> nn.Module:
        """The architecture as an ordinary module with new weights, drawn from the default generator."""
        facts = self.split.facts
        return self.network(architecture, facts.features, facts.classes)

    def example(self, rows: int = 8) -> tg.Tensor:
        """The first rows of the training data, (rows, features)."""
        inputs: tg.Tensor = self.split.train.tensors[0][:rows]
        return inputs

    def train(self, architecture: Architecture, *, seed: int, report: Report) -> Outcome:
        """Train from scratch; see :func:`~tinygrad5329.search.tasks.training.train_and_judge`.

        Two trainings with the same seed differ in nothing but a latency that is measured.

        Raises
        ------
        TrialDiverged
            If a loss becomes NaN or infinite.
        """
        self.space.check(architecture)
        configuration = self._configuration(architecture, seed)
        tg.manual_seed(seed)
        model = self.build(architecture)
        outcome = train_and_judge(model, configuration, self.split, report)
        if self.latency is None:
            latency = measure_latency(model, self.example(self.latency_batch))
        else:
            latency = self.predict_latency(architecture)
        return Outcome(outcome.value, outcome.steps, {**outcome.measures, "latency": latency})

    def describe(self) -> dict[str, Any]:
        """All that decides the outcome of an architecture, for JSON: another description is another task."""
        settings = ("epochs", "batch_size", "quick", "max_parameters", "max_latency", "latency_batch")
        return {
            "name": self.name,
            "settings": {key: getattr(self, key) for key in settings},
            "defaults": dict(self.defaults),
            "data": {"name": self.source.name, "fingerprint": self.source.fingerprint},
            "latency": None if self.latency is None else self.latency.fingerprint(),
            "space": self.space.as_dict(),
        }

    def search_data(self, seed: int) -> SearchData:
        """The rows for algorithms with shared weights; the same seed gives the same halves of the training rows."""
        from tinygrad5329.search.weight_sharing.one_shot import SearchData

        features, classes = self.split.train.tensors
        order = tg.randperm(len(features), generator=tg.Generator().manual_seed(seed))
        first, second = order[: len(order) // 2], order[len(order) // 2 :]
        held_out = self.split.judging.tensors
        return SearchData(
            first_half=(features[first], classes[first]),
            second_half=(features[second], classes[second]),
            validation=(held_out[0], held_out[1]),
            batch_size=self.batch_size,
        )

    @property
    def _rows(self) -> Configuration:
        """What decides the rows and their batches, whatever the architecture."""
        return Configuration(epochs=self.epochs, batch_size=self.batch_size, quick=self.quick)

    def _configuration(self, architecture: Architecture, seed: int) -> Configuration:
        defaults = dict(self.defaults)
        if "lr" in architecture:  # it is for every optimizer: a default for one of them must not stand before it
            defaults = {key: value for key, value in defaults.items() if not key.endswith("_lr")}
        return training_configuration(
            {**defaults, **architecture}, epochs=self.epochs, batch_size=self.batch_size, seed=seed, quick=self.quick
        )
