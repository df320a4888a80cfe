"""Which decisions mattered: the share of each in how the values of a study vary."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad5329.search.domains import Choice, Domain, Float
from tinygrad5329.search.output.floor import floor_of
from tinygrad5329.search.space import Slot, Space
from tinygrad5329.search.trial import Trial, complete_of

__all__ = ["FEWEST_TRIALS", "Importance", "importance_of"]

#: With fewer complete trials nothing is said of importance.
FEWEST_TRIALS = 20
_MOST_TRIALS = 200
_TREES = 8


@dataclass(frozen=True)
class Importance:
    """Share of one decision in that variance of the values which single decisions explain.

    Attributes
    ----------
    path : str
    shares : tuple of float
        One a forest; each forest's add up to 1 over all decisions.
    chance : float
        What 19 of 20 decisions stay below where none matters: in forests grown on shuffled values.
    """

    path: str
    shares: tuple[float, ...]
    chance: float

    @property
    def mean(self) -> float:
        """Over the forests."""
        return statistics.fmean(self.shares)

    @property
    def beyond_chance(self) -> bool:
        """Whether it lies above what shuffled values would show."""
        return self.mean > self.chance


def importance_of(space: Space, trials: Sequence[Trial], *, forests: int = 5) -> list[Importance] | None:
    """Functional ANOVA (Hutter, Hoos and Leyton-Brown 2014) by Optuna, on the complete trials.

    A decision that a trial did not take gets a random value of its domain, anew for each forest, so that it cannot
    tell anything, least of all that it was not taken: that is told by the decision it depends on. Decisions that fewer
    than a tenth of the trials took, or all in the same way, are left out. Values far below the others are raised to
    :func:`~tinygrad5329.search.output.floor.floor_of` them.

    Parameters
    ----------
    space : Space
    trials : sequence of Trial
        Of more than 200 complete ones each forest sees 200 drawn at random.
    forests : int
        Random forests, each with its own seed; their spread is that of the estimate.

    Returns
    -------
    list of Importance or None
        The most important first; None of fewer than 20 complete trials, or if all have the same value or decisions.

    Raises
    ------
    ImportError
        If Optuna or scikit-learn is missing.
    """
    complete = complete_of(trials)
    if len(complete) < FEWEST_TRIALS or len({trial.value for trial in complete}) == 1:
        return None
    slots = _compared(space, complete)
    if not slots:
        return None
    real = [_shares(space, slots, complete, seed, shuffled=False) for seed in range(forests)]
    shuffled = [_shares(space, slots, complete, seed, shuffled=True) for seed in range(forests)]
    chance = float(np.quantile([share for each in shuffled for share in each.values()], 0.95))
    found = [Importance(slot.path, tuple(each[slot.path] for each in real), chance) for slot in slots]
    return sorted(found, key=lambda each: -each.mean)


def _compared(space: Space, complete: Sequence[Trial]) -> list[Slot]:
    flats = [space.flatten(trial.architecture) for trial in complete]
    slots = []
    for slot in space.slots:
        values = [flat[slot.path] for flat in flats if slot.path in flat]
        if 10 * len(values) >= len(flats) and len({(type(value), value) for value in values}) > 1:
            slots.append(slot)
    return slots


def _shares(
    space: Space, slots: Sequence[Slot], complete: Sequence[Trial], seed: int, *, shuffled: bool
) -> dict[str, float]:
    try:
        import optuna
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "the importance of decisions needs Optuna and scikit-learn: pip install 'tinygrad5329[search,train]'"
        ) from error
    generator = random.Random(f"importance:{seed}")
    chosen = complete if len(complete) <= _MOST_TRIALS else generator.sample(complete, _MOST_TRIALS)
    values = [float(trial.value) for trial in chosen if trial.value is not None]
    floor = floor_of(values)
    values = [max(floor, value) for value in values]
    if shuffled:
        generator.shuffle(values)
    distributions = {slot.path: _distribution(slot.domain) for slot in slots}
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(direction="maximize")
        for trial, value in zip(chosen, values, strict=True):
            flat = space.flatten(trial.architecture)
            params = {
                slot.path: flat[slot.path] if slot.path in flat else slot.domain.sample(generator) for slot in slots
            }
            study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=_TREES, seed=seed)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    finally:
        optuna.logging.set_verbosity(verbosity)
    return {slot.path: float(shares.get(slot.path, 0.0)) for slot in slots}


def _distribution(domain: Domain) -> Any:
    from optuna import distributions

    if isinstance(domain, Choice):
        return distributions.CategoricalDistribution(domain.options)
    if isinstance(domain, Float):
        return distributions.FloatDistribution(domain.low, domain.high, log=domain.log)
    high = domain.low + (domain.high - domain.low) // domain.step * domain.step
    return distributions.IntDistribution(domain.low, high, log=domain.log, step=domain.step)
