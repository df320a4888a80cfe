"""Who may begin which trial: the budget, lost trials, and processes that know of one another by the storage alone.

A trial is reserved by creating it, which the storage does one after another and numbers. Whether it may begin is
decided afterwards, from the trials with smaller numbers only. So of several processes that want the last of a budget,
or to repeat the same lost trial, the one with the smallest number wins, none waits for a lock, and the others give
their trial up before it has cost a step.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.studies.budget import Budget
from tinygrad5329.search.studies.owner import is_gone
from tinygrad5329.search.studies.records import (
    ARCHITECTURE,
    INTERRUPTED,
    OWNER,
    PHASE,
    RESERVED,
    SECONDS,
    VOID,
    charged_steps,
    is_decided,
    is_lost,
    is_open,
    predecessor,
    retry_attributes,
    superseded,
)  # fmt: skip

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

__all__ = ["RETRIES", "Ledger", "Reserved"]

#: How often a trial whose process died is tried again.
RETRIES = 2
#: Seconds that a proposal waits for those that were asked for before it.
_PATIENCE = 60.0


@dataclass(frozen=True)
class Reserved:
    """A trial that may begin.

    Attributes
    ----------
    number : int
    stored : int
        The storage's number of it.
    repeats : FrozenTrial or None
        The lost trial that it repeats.
    """

    number: int
    stored: int
    repeats: FrozenTrial | None = None


class Ledger:
    """Reserves the trials of a study.

    Parameters
    ----------
    study : optuna.Study
    budget : Budget
    owner : dict
        Mark of this process; see :func:`~tinygrad5329.search.studies.owner.ownership`.
    """

    def __init__(self, study: optuna.Study, budget: Budget, owner: dict[str, Any]) -> None:
        self.study = study
        self.budget = budget
        # Optuna's public ways in create a trial in several writes, between which a process can be killed.
        self.storage = study._storage
        self._key = study._study_id
        self._owner = owner

    def trials(self) -> list[FrozenTrial]:
        """All that are stored, by number."""
        return list(self.storage.get_all_trials(self._key, deepcopy=False))

    def spent(self, trials: list[FrozenTrial] | None = None) -> float:
        """Steps or seconds that all trials have cost so far, running ones included."""
        trials = self.trials() if trials is None else trials
        if self.budget.unit == "steps":
            return sum(charged_steps(trial, trials) for trial in trials)
        return sum(_seconds(trial) for trial in trials)

    def committed(self, trials: list[FrozenTrial], before: int | None = None) -> float:
        """What the trials up to a number have cost, and what the running ones of them may come to cost."""
        among = [trial for trial in trials if before is None or trial.number < before]
        if self.budget.unit == "steps":
            return sum(
                int(trial.user_attrs.get(RESERVED, 0)) if _counts_whole(trial) else charged_steps(trial, trials)
                for trial in among
            )
        usual = self._usual_seconds(trials)
        return sum(max(usual, _seconds(trial)) if _counts_whole(trial) else _seconds(trial) for trial in among)

    def reserve(self, steps: int, phase: str | None = None) -> Reserved | str:
        """Take the next trial.

        Parameters
        ----------
        steps : int
            That it takes at most.
        phase : str, optional
            Instead of an architecture's trial one that trains shared weights under this name.

        Returns
        -------
        Reserved, "wait" or "spent"
            ``"wait"``: nothing can begin before a running trial ends. ``"spent"``: the budget has no room left.
        """
        self.bury()
        trials = self.trials()
        lost = self._to_repeat(trials, phase)
        steps = int(lost.user_attrs[RESERVED]) if lost is not None and phase is None else steps
        if not self._fits(self.committed(trials), steps, trials):
            return "wait" if any(map(is_open, trials)) else "spent"
        created = self.storage.create_new_trial(self._key, template_trial=self._template(steps, phase, lost))
        number = self.storage.get_trial_number_from_id(created)
        self.sign_of_life(created)
        trials = self.trials()
        if not self._fits(self.committed(trials, before=number), steps, trials):
            self.give_up(created, "the budget had no room left")
            return "wait"
        if lost is not None and any(
            each.number < number and predecessor(each) == lost.number and VOID not in each.user_attrs for each in trials
        ):
            self.give_up(created, "another process was first")
            return "wait"
        return Reserved(number, created, lost)

    def await_earlier(self, number: int) -> None:
        """Wait until it is known what all trials before this one try."""
        patience = time.monotonic() + _PATIENCE
        while time.monotonic() < patience:
            if not any(is_open(each) and each.number < number and not is_decided(each) for each in self.trials()):
                return
            time.sleep(0.05)
            self.bury()

    def give_up(self, stored: int, reason: str) -> None:
        """End a trial that has not begun."""
        import optuna

        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            self.storage.set_trial_user_attr(stored, VOID, reason)
            self._fail(stored)

    def lose(self, stored: int, *, interrupted: bool = False) -> None:
        """End a trial whose process is gone, so that it is tried again."""
        if interrupted:
            self.storage.set_trial_user_attr(stored, INTERRUPTED, True)
        self._fail(stored)

    def bury(self) -> None:
        """End running trials whose processes are gone: of this host at once, of others without a sign of life."""
        import optuna

        for trial in self.trials():
            owner = trial.user_attrs.get(OWNER)
            if is_open(trial) and owner is not None and is_gone(owner):
                self._fail(trial._trial_id)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(self.study)

    def sign_of_life(self, stored: int) -> None:
        """Tell other hosts that a trial is still running, where the storage has room for that."""
        storage: Any = self.storage
        if hasattr(storage, "record_heartbeat") and storage.get_heartbeat_interval() is not None:
            storage.record_heartbeat(stored)

    def _fits(self, committed: float, steps: int, trials: list[FrozenTrial]) -> bool:
        if self.budget.unit == "steps":
            return committed + steps <= self.budget.amount
        return committed + self._usual_seconds(trials) <= self.budget.amount and committed < self.budget.amount

    def _usual_seconds(self, trials: list[FrozenTrial]) -> float:
        # What a trial will take is not known before; one that took all its steps tells.
        whole = [_seconds(each) for each in trials if each.state.name == "COMPLETE" and PHASE not in each.user_attrs]
        return max(whole, default=0.0)

    def _to_repeat(self, trials: list[FrozenTrial], phase: str | None) -> FrozenTrial | None:
        repeated = superseded(trials)
        by_number = {trial.number: trial for trial in trials}
        for trial in trials:
            if not is_lost(trial) or trial.number in repeated or trial.user_attrs.get(PHASE) != phase:
                continue
            chain = [by_number[number] for number in trial.system_attrs.get("retry_history", [])] + [trial]
            if sum(INTERRUPTED not in each.user_attrs for each in chain) <= RETRIES:
                return trial
        return None

    def _template(self, steps: int, phase: str | None, lost: FrozenTrial | None) -> FrozenTrial:
        import optuna

        attributes: dict[str, Any] = {OWNER: self._owner, RESERVED: steps}
        if phase is not None:
            attributes[PHASE] = phase
        system: Mapping[str, Any] = {}
        if lost is not None:
            system = retry_attributes(lost)
            if ARCHITECTURE in lost.user_attrs:
                attributes[ARCHITECTURE] = lost.user_attrs[ARCHITECTURE]
        return optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            params=lost.params if lost is not None else {},
            distributions=lost.distributions if lost is not None else {},
            user_attrs=attributes,
            system_attrs=dict(system),
        )

    def _fail(self, stored: int) -> None:
        import optuna

        # Another process may have been first.
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            self.storage.set_trial_state_values(stored, state=optuna.trial.TrialState.FAIL)


def _counts_whole(trial: FrozenTrial) -> bool:
    return is_open(trial) and VOID not in trial.user_attrs


def _seconds(trial: FrozenTrial) -> float:
    return 0.0 if VOID in trial.user_attrs else float(trial.user_attrs.get(SECONDS, 0.0))
