"""How far below the best architecture every algorithm is after so many training steps, on the mini benchmark."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.search.benchmark.table import MiniBenchmark
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.strategies import Greedy, ProgressiveSearch, RandomSearch, RegularisedEvolution
from tinygrad5329.search.strategy import Strategy, generator_of
from tinygrad5329.search.trial import Trial

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.one_shot import OneShot

__all__ = ["ONE_SHOT", "TRAINED", "Curve", "Quartiles", "quartiles", "regret_curve"]

#: Algorithms that train each architecture they try, and those that train one supernet.
TRAINED = ("random", "greedy", "evolution", "pnas", "tpe")
ONE_SHOT = ("enas", "rlnas", "darts", "darts2")


@dataclass(frozen=True)
class Curve:
    """One run of one algorithm.

    Attributes
    ----------
    algorithm : str
    seed : int
    steps : tuple of int
        Training steps spent so far, rising.
    regrets : tuple of float
        By how much the mean validation accuracy of the architecture that it would choose by then is below the best,
        0 to 1.
    """

    algorithm: str
    seed: int
    steps: tuple[int, ...]
    regrets: tuple[float, ...]

    def at(self, steps: int) -> float:
        """The regret after so many steps; NaN before the first choice."""
        known = sum(each <= steps for each in self.steps)
        return self.regrets[known - 1] if known else float("nan")


@dataclass(frozen=True)
class Quartiles:
    """Of several runs of one algorithm, at the same steps; NaN until all of them have made a choice."""

    steps: tuple[int, ...]
    lower: tuple[float, ...]
    median: tuple[float, ...]
    upper: tuple[float, ...]


def quartiles(curves: Sequence[Curve], steps: Sequence[int]) -> Quartiles:
    """The quartiles of the regret after each of these numbers of steps; a run that has ended keeps its last."""
    table = np.array([[curve.at(each) for each in steps] for curve in curves])
    lower, median, upper = (tuple(np.quantile(table, share, axis=0).tolist()) for share in (0.25, 0.5, 0.75))
    return Quartiles(tuple(steps), lower, median, upper)


def regret_curve(benchmark: MiniBenchmark, algorithm: str, *, seed: int, steps: int) -> Curve:
    """One run within a budget of training steps.

    What an algorithm of :data:`TRAINED` tries is looked up: an architecture is worth the mean of the three seeds, and
    costs the steps of all three. Those of :data:`ONE_SHOT` really train their supernet; what they would choose
    after each epoch is looked up, which costs them nothing.

    Raises
    ------
    ValueError
        If there is no such algorithm, or the budget is not enough for one architecture.
    ImportError
        If Optuna is missing for ``"tpe"``, or scikit-learn for the supernets.
    """
    if algorithm in ONE_SHOT:
        return _with_supernet(benchmark, algorithm, seed, steps)
    if algorithm not in TRAINED:
        raise ValueError(f"algorithm: expected one of {', '.join(TRAINED + ONE_SHOT)}, got {algorithm!r}")
    trials = steps // _cost(benchmark)
    if trials < 1:
        raise ValueError(f"steps: expected {_cost(benchmark)} or more, what one architecture costs, got {steps}")
    run = _with_tpe if algorithm == "tpe" else _with_strategy
    regrets = [benchmark.regret(each) for each in run(benchmark, algorithm, seed, trials)]
    spent = [number * _cost(benchmark) for number in range(1, len(regrets) + 1)]
    return Curve(algorithm, seed, tuple(spent), tuple(np.minimum.accumulate(regrets).tolist()))


def _cost(benchmark: MiniBenchmark) -> int:
    return benchmark.steps * len(benchmark.seeds)


def _with_strategy(benchmark: MiniBenchmark, algorithm: str, seed: int, trials: int) -> list[Architecture]:
    strategy = _strategy(benchmark, algorithm, seed)
    history: list[Trial] = []
    for number in range(trials):
        architecture = strategy.propose(benchmark.space, history, generator_of(seed, number))
        if architecture is None:
            break
        history.append(Trial(number, architecture, value=benchmark.value(architecture)))
    return [trial.architecture for trial in history]


def _strategy(benchmark: MiniBenchmark, algorithm: str, seed: int) -> Strategy:
    """With settings for some hundred trials, not for the thousands of the papers."""
    made: dict[str, Callable[[], Strategy]] = {
        "random": RandomSearch,
        # From anywhere: from the space's first architecture all runs would be the same.
        "greedy": lambda: Greedy(start=benchmark.space.sample(generator_of(seed, -1))),
        "evolution": lambda: RegularisedEvolution(),
        "pnas": lambda: ProgressiveSearch(beam=8, first=8),
    }
    return made[algorithm]()


def _with_tpe(benchmark: MiniBenchmark, algorithm: str, seed: int, trials: int) -> list[Architecture]:
    from tinygrad5329.search.studies.study_error import require_optuna

    require_optuna()
    import optuna

    from tinygrad5329.search.studies.algorithms import algorithm_named
    from tinygrad5329.search.studies.suggestion import suggest

    tpe, tried = algorithm_named(algorithm), []
    talking = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize")
        for number in range(trials):
            study.sampler = tpe.sampler_for(seed, number)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                trial = study.ask()
                tried.append(suggest(trial, benchmark.space))
            study.tell(trial, benchmark.value(tried[-1]))
    finally:
        optuna.logging.set_verbosity(talking)
    return tried


def _with_supernet(benchmark: MiniBenchmark, algorithm: str, seed: int, steps: int) -> Curve:
    points: dict[int, float] = {}

    def chosen(spent: int, architecture: Architecture) -> None:
        points[spent] = benchmark.regret(architecture)

    task: Any = benchmark.task()  # its space is a cached property, which the protocol's plain attribute does not allow
    ranking = _one_shot(algorithm).search(task, steps=steps, seed=seed, report=chosen)
    chosen(steps, ranking[0])
    return Curve(algorithm, seed, tuple(points), tuple(points.values()))


def _one_shot(algorithm: str) -> OneShot:
    from tinygrad5329.search.weight_sharing.darts import DARTS
    from tinygrad5329.search.weight_sharing.enas import ENAS
    from tinygrad5329.search.weight_sharing.rlnas import RLNAS

    made: dict[str, Callable[[], OneShot]] = {
        "enas": ENAS,
        "rlnas": RLNAS,
        "darts": DARTS,
        "darts2": lambda: DARTS(gradient="exact"),
    }
    return made[algorithm]()
