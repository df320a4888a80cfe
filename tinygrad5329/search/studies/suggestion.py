"""A space as Optuna's parameters, and a strategy as one of its samplers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.domains import Choice, Integer
from tinygrad5329.search.space import Architecture, Slot, Space
from tinygrad5329.search.strategy import Strategy, generator_of
from tinygrad5329.search.studies.records import REFUSED, VOID, to_trial, visible
from tinygrad5329.search.studies.study_error import require_optuna

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

__all__ = ["NothingLeft", "distribution_of", "draw_number", "strategy_sampler", "suggest"]


class NothingLeft(Exception):
    """The strategy proposes nothing more, or nothing before a running trial ends."""


def distribution_of(slot: Slot) -> BaseDistribution:
    """A decision as Optuna's distribution."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    domain = slot.domain
    if isinstance(domain, Choice):
        return CategoricalDistribution(domain.options)
    if isinstance(domain, Integer):
        # Its largest value is one that whole steps reach.
        return IntDistribution(domain.low, domain.values[-1], log=domain.log, step=domain.step)
    return FloatDistribution(domain.low, domain.high, log=domain.log)


def suggest(trial: optuna.Trial, space: Space) -> Architecture:
    """The architecture that a trial's sampler decides on; each decision is one of its parameters, by path.

    Examples
    --------
    For an objective of your own::

        study.optimize(lambda trial: judge(suggest(trial, space)), n_trials=20)
    """

    def decide(slot: Slot) -> Any:
        domain = slot.domain
        if isinstance(domain, Choice):
            return trial.suggest_categorical(slot.path, domain.options)
        if isinstance(domain, Integer):
            return trial.suggest_int(slot.path, domain.low, domain.values[-1], step=domain.step, log=domain.log)
        return trial.suggest_float(slot.path, domain.low, domain.high, log=domain.log)

    return space.complete(decide)


def draw_number(trials: list[Any], number: int) -> int:
    """How many proposals were made before trial ``number``; a repeated or given-up trial is none of them."""
    begun = {trial.number for trial in visible(trials)}
    return sum(
        trial.number < number and (trial.number in begun or trial.user_attrs.get(VOID) == REFUSED) for trial in trials
    )


def strategy_sampler(strategy: Strategy, space: Space, seed: int) -> BaseSampler:
    """A sampler that asks a strategy, with the study's trials as its history.

    Parameters
    ----------
    strategy : Strategy
    space : Space
        What :func:`suggest` is called with.
    seed : int
        Together with the place of a trial in the study, all the randomness there is.

    Raises
    ------
    NothingLeft
        By the first suggestion, when the strategy proposes None.
    """
    require_optuna()
    import optuna

    class StrategySampler(optuna.samplers.BaseSampler):  # type: ignore[misc]
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
            return {slot.path: distribution_of(slot) for slot in space.slots}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            trials = study.get_trials(deepcopy=False)
            others = [each for each in visible(trials) if each.number != trial.number]
            history = [read for each in others if (read := to_trial(each, space, trials)) is not None]
            generator = generator_of(seed, draw_number(trials, trial.number))
            proposed = strategy.propose(space, history, generator)
            if proposed is None:
                raise NothingLeft
            return space.flatten(proposed)

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            raise ValueError(f"{param_name}: no decision of the space that the strategy searches")

        def __str__(self) -> str:
            return f"StrategySampler({strategy!r})"

    return StrategySampler()


def optuna_trial(study: optuna.Study, stored: int) -> optuna.Trial:
    """A stored, running trial as one that suggests."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on experimental samplers, and on signs of life, which the study gives
        return optuna.Trial(study, stored)
