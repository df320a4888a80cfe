"""One trial of a study from its reservation to its end, as the storage sees it."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.space import Architecture
from tinygrad5329.search.strategy import Strategy
from tinygrad5329.search.studies.algorithms import Algorithm
from tinygrad5329.search.studies.ledger import Ledger, Reserved
from tinygrad5329.search.studies.records import (
    ARCHITECTURE,
    ERROR,
    EXACT,
    MEASURES,
    RANKING,
    REFUSED,
    SECONDS,
    STEPS,
    VOID,
    begun_of,
    is_open,
)  # fmt: skip
from tinygrad5329.search.studies.study_error import StudyError
from tinygrad5329.search.studies.suggestion import NothingLeft, draw_number, optuna_trial, strategy_sampler, suggest
from tinygrad5329.search.task import Task

if TYPE_CHECKING:
    import optuna

__all__ = ["Begun", "TrialBook"]

#: Proposals that the limits of a space may refuse in a row.
_REFUSALS = 1_000
#: Trials that may fail in a row, before any other end.
_FAILURES = 20
#: Architectures kept of a ranking.
_RANKED = 500


@dataclass
class Begun:
    """A trial that is being trained.

    Attributes
    ----------
    number, stored : int
        In the study, and in the storage.
    architecture : dict or None
        None for a search with shared weights.
    trial : optuna.Trial
    base : int
        Steps of what it reports that were taken by lost trials that it goes on from.
    """

    number: int
    stored: int
    architecture: Architecture | None
    trial: optuna.Trial
    base: int = 0
    stopped: str = ""


class TrialBook:
    """Begins trials, writes down their reports, and ends them.

    Parameters
    ----------
    study : optuna.Study
    ledger : Ledger
    task : Task
    algorithm : Algorithm
    strategy : Strategy or None
        What proposes; None for Optuna's samplers.
    seed : int
    """

    def __init__(
        self,
        study: optuna.Study,
        ledger: Ledger,
        task: Task,
        algorithm: Algorithm,
        strategy: Strategy | None,
        seed: int,
    ) -> None:
        self.ledger = ledger
        self._study = study
        self._task = task
        self._algorithm = algorithm
        self._strategy = strategy
        self._seed = seed
        self._barren = -1

    def begin(self) -> Begun | str:
        """The next trial, decided and written down.

        Returns
        -------
        Begun, "wait", "spent" or "exhausted"
            ``"wait"``: not before a running trial ends; ``"spent"``: the budget has no room for another;
            ``"exhausted"``: the algorithm proposes nothing more.

        Raises
        ------
        StudyError
            If the limits of the space refuse a thousand proposals in a row, or nothing but failures has come.
        """
        if self._barren == self._ended():  # nothing has ended since nothing was proposed
            return self._nothing()
        for _ in range(_REFUSALS):
            reserved = self.ledger.reserve(self._task.steps)
            if isinstance(reserved, str):
                return reserved
            try:
                begun = self._decide(reserved)
            except NothingLeft:
                self.ledger.give_up(reserved.stored, "nothing was proposed")
                self._barren = self._ended()
                return self._nothing()
            except BaseException:
                self.ledger.give_up(reserved.stored, "it could not be proposed")
                raise
            if begun is not None:
                return begun
        raise StudyError(f"the limits of the space refused {_REFUSALS} proposals in a row; loosen them")

    def report(self, begun: Begun, steps: int, value: float, seconds: float) -> bool:
        """Write down what a trial reports; returns whether it is to go on."""
        storage = self.ledger.storage
        storage.set_trial_user_attr(begun.stored, STEPS, steps - begun.base)
        storage.set_trial_user_attr(begun.stored, SECONDS, seconds)
        storage.set_trial_intermediate_value(begun.stored, steps - begun.base, value)
        if self.ledger.budget.unit == "seconds" and self.ledger.spent() >= self.ledger.budget.amount:
            begun.stopped = "the budget of seconds is spent"
            return False
        # One that has taken all its steps would be stopped for nothing.
        judged = self._algorithm.pruner is not None and begun.architecture is not None and steps < self._task.steps
        if judged and self._study.pruner.prune(self._study, storage.get_trial(begun.stored)):
            begun.stopped = f"stopped by {self._algorithm.name}"
            return False
        return True

    def end(self, begun: Begun, answer: dict[str, Any]) -> str:
        """Write down how a trial ended; see ``training.carry_out``. Returns what became of it."""
        import optuna

        states = optuna.trial.TrialState
        storage, stored = self.ledger.storage, begun.stored
        if answer["kind"] in ("died", "interrupted"):
            self.ledger.lose(stored, interrupted=answer["kind"] == "interrupted")
            return "lost"
        storage.set_trial_user_attr(stored, STEPS, max(0, int(answer["steps"]) - begun.base))
        storage.set_trial_user_attr(stored, SECONDS, float(answer["seconds"]))
        kind, values = answer["kind"], []
        if kind == "done" and begun.architecture is None:
            storage.set_trial_user_attr(stored, RANKING, answer["ranking"][:_RANKED])
            self._tell(begun.trial, states.PRUNED, None)  # it has no value that could be compared
            return "complete"
        if kind == "done":
            measures = answer.get("measures", {})
            storage.set_trial_user_attr(stored, MEASURES, measures)
            lacks = [name for name in self._algorithm.objectives[1:] if not _is_number(measures.get(name))]
            values = [
                answer["value"],
                *(measures[name] for name in self._algorithm.objectives[1:] if name not in lacks),
            ]
            if lacks:
                got = f", got {measures[lacks[0]]!r}" if lacks[0] in measures else ""
                kind, answer = "failed", {**answer, "error": f"the task measures no {lacks[0]}{got}", "exact": True}
        if kind == "pruned":
            storage.set_trial_user_attr(stored, MEASURES, {"stopped": begun.stopped or "by the task"})
        if kind == "failed":
            if answer.get("exact"):
                storage.set_trial_user_attr(stored, EXACT, True)
            storage.set_trial_user_attr(stored, ERROR, answer["error"])
        state = {"done": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[kind]
        self._tell(begun.trial, state, values if kind == "done" else None)
        return {"done": "complete"}.get(kind, str(kind))

    def _ended(self) -> int:
        self.ledger.bury()
        trials = begun_of(self.ledger.trials())
        ended = [each for each in trials if not is_open(each)]
        if len(ended) >= _FAILURES and all(ERROR in each.user_attrs for each in ended):
            raise StudyError(
                f"all {len(ended)} trials failed, the last with {ended[-1].user_attrs[ERROR]}; mend the task, and "
                "begin again with another storage"
            )
        return len(ended)

    def _nothing(self) -> str:
        return "wait" if any(map(is_open, self.ledger.trials())) else "exhausted"

    def _decide(self, reserved: Reserved) -> Begun | None:
        space = self._task.space
        if reserved.repeats is not None:
            trial = optuna_trial(self._study, reserved.stored)
            return Begun(reserved.number, reserved.stored, reserved.repeats.user_attrs[ARCHITECTURE], trial)
        self.ledger.await_earlier(reserved.number)
        if self._strategy is not None:
            self._study.sampler = strategy_sampler(self._strategy, space, self._seed)
        else:
            draw = draw_number(self.ledger.trials(), reserved.number)
            self._study.sampler = self._algorithm.sampler_for(self._seed, draw)
        trial = optuna_trial(self._study, reserved.stored)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna's, on samplers that it calls experimental
            architecture = suggest(trial, space)
        if self._strategy is None and not space.admits(architecture):
            import optuna

            self.ledger.storage.set_trial_user_attr(reserved.stored, VOID, REFUSED)
            trial.set_constraint("limits", 1.0)  # above 0: the samplers learn to keep away
            self._tell(trial, optuna.trial.TrialState.PRUNED, None)
            return None
        self.ledger.storage.set_trial_user_attr(reserved.stored, ARCHITECTURE, architecture)
        return Begun(reserved.number, reserved.stored, architecture, trial)

    def _tell(self, trial: optuna.Trial, state: Any, values: list[float] | None) -> None:
        import optuna

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Optuna's, on samplers that do not look at constraints
                self._study.tell(trial, values=values, state=state)
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError) as error:
            # Ended by another process that saw no sign of life; this process was asleep for minutes.
            stored = self.ledger.storage.get_trial(trial._trial_id)
            if not stored.state.is_finished():
                raise
            raise StudyError(
                f"trial {trial.number} was given up by another process, which saw no sign of life of this one for "
                "minutes; start this command again"
            ) from error


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
