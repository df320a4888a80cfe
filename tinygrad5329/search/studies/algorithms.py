"""The algorithms by name: each an Optuna sampler, a pruner, and perhaps shared weights trained first."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.strategies.evolution import RegularisedEvolution
from tinygrad5329.search.strategies.greedy import Greedy
from tinygrad5329.search.strategies.pnas import ProgressiveSearch
from tinygrad5329.search.strategies.random_search import RandomSearch
from tinygrad5329.search.strategy import Strategy, generator_of
from tinygrad5329.search.studies.grid_walk import GridWalk
from tinygrad5329.search.studies.one_shot import ONE_SHOT
from tinygrad5329.search.studies.study_error import StudyError
from tinygrad5329.search.task import Task

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

__all__ = ["ALGORITHMS", "Algorithm", "algorithm_named"]

#: Successive halving and Hyperband keep one in so many.
_REDUCTION = 3
#: The first judgement comes after this share of a trial's steps.
_FIRST_RUNG = 9


@dataclass(frozen=True)
class Algorithm:
    """How a study decides what to try next, and what to stop.

    Attributes
    ----------
    name : str
    says : str
        In a few words.
    strategy : Strategy, optional
        Proposes; without it ``sampler`` does.
    sampler : callable, optional
        Given a seed, one of Optuna's samplers; made anew for each trial, so that what a resumed study draws does not
        depend on where it was interrupted.
    pruner : callable, optional
        Given the steps of a trial, one of Optuna's pruners.
    one_shot : str, optional
        Search with shared weights whose ranking is trained from scratch.
    objectives : tuple of str
        What is searched for: ``"value"``, the larger the better, and measures, the smaller the better.
    """

    name: str
    says: str
    strategy: Strategy | None = None
    sampler: Callable[[int], BaseSampler] | None = None
    pruner: Callable[[int], BasePruner] | None = None
    one_shot: str | None = None
    objectives: tuple[str, ...] = ("value",)

    def sampler_for(self, seed: int, draw: int) -> BaseSampler:
        """Optuna's sampler for the proposal number ``draw`` of a study."""
        import optuna

        assert self.sampler is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return self.sampler(generator_of(seed, draw).getrandbits(32))

    def pruner_for(self, steps: int) -> BasePruner:
        """Optuna's pruner for trials of so many steps."""
        import optuna

        return optuna.pruners.NopPruner() if self.pruner is None else self.pruner(steps)


def algorithm_named(name: str) -> Algorithm:
    """The algorithm of a name.

    Raises
    ------
    StudyError
        Lists them.
    """
    if name not in ALGORITHMS:
        raise StudyError(f"algorithm: expected one of {', '.join(ALGORITHMS)}, got {name!r}")
    return ALGORITHMS[name]


def check_task_for(algorithm: Algorithm, task: Task) -> None:
    """Complain of a task that the algorithm cannot search.

    Raises
    ------
    StudyError
        Says why.
    """
    if algorithm.name == "cmaes" and all(slot.domain.as_dict()["kind"] == "choice" for slot in task.space.slots):
        raise StudyError("algorithm cmaes: it needs numbers to search, and the space has none; take tpe or evolution")
    lacks = [each for each in ("supernet", "search_data", "defaults") if not hasattr(task, each)]
    if algorithm.one_shot is not None and lacks:
        raise StudyError(
            f"algorithm {algorithm.name}: it shares weights in a supernet, and the task {task.name} has no "
            f"{', '.join(lacks)}; take evolution, or see tinygrad5329.search.weight_sharing.one_shot.SupernetTask"
        )


def _tpe(seed: int) -> Any:
    import optuna

    return optuna.samplers.TPESampler(seed=seed, group=True, constant_liar=True)


def _cmaes(seed: int) -> Any:
    import optuna

    return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def _nsga2(seed: int) -> Any:
    import optuna

    return optuna.samplers.NSGAIISampler(seed=seed, population_size=20)


def _halving(steps: int) -> Any:
    import optuna

    return optuna.pruners.SuccessiveHalvingPruner(
        min_resource=max(1, steps // _FIRST_RUNG), reduction_factor=_REDUCTION
    )


def _hyperband(steps: int) -> Any:
    import optuna

    return optuna.pruners.HyperbandPruner(
        min_resource=max(1, steps // _FIRST_RUNG), max_resource=steps, reduction_factor=_REDUCTION
    )


_TABLE = [
    Algorithm("random", "random search", RandomSearch()),
    Algorithm("greedy", "one decision after another, the report's procedure", Greedy()),
    Algorithm("grid", "all architectures, numbers in 5 values", GridWalk()),
    Algorithm("evolution", "regularised evolution (Real et al. 2019)", RegularisedEvolution()),
    Algorithm("pnas", "progressive search with a predictor (Liu et al. 2018)", ProgressiveSearch()),
    Algorithm("tpe", "tree-structured Parzen estimator, Optuna's", sampler=_tpe),
    Algorithm("cmaes", "CMA-ES, Optuna's; choices at random", sampler=_cmaes),
    Algorithm("halving", "random search with successive halving, Optuna's", RandomSearch(), pruner=_halving),
    Algorithm("hyperband", "TPE with Hyperband, Optuna's", sampler=_tpe, pruner=_hyperband),
    Algorithm("nsga2", "NSGA-II on value and latency, Optuna's", sampler=_nsga2, objectives=("value", "latency")),
    *(Algorithm(name, says, one_shot=name) for name, says in ONE_SHOT.items()),
]
ALGORITHMS: dict[str, Algorithm] = {algorithm.name: algorithm for algorithm in _TABLE}
