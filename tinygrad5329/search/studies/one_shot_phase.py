"""The first part of a search with shared weights: training them, as one trial of the study, and their ranking."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.strategies.tried import key_of, keys_of
from tinygrad5329.search.studies.ledger import Ledger
from tinygrad5329.search.studies.records import (
    ERROR,
    PHASE,
    RANKING,
    RESERVED,
    SECONDS,
    STEPS,
    VOID,
    charged_steps,
    is_open,
    superseded,
)  # fmt: skip
from tinygrad5329.search.studies.study_error import StudyError
from tinygrad5329.search.studies.suggestion import optuna_trial
from tinygrad5329.search.studies.trial_run import Begun
from tinygrad5329.search.trial import Trial

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial


__all__ = ["Ranked", "SharedWeights"]


@dataclass(frozen=True)
class Ranked:
    """Architectures in a given order, each tried once.

    Parameters
    ----------
    ranking : tuple of dict
        The most promising first.
    """

    ranking: tuple[Architecture, ...]

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture | None:
        """The first within the limits that has not been tried; None at the end."""
        tried = keys_of(space, history)
        return next((each for each in self.ranking if key_of(space, each) not in tried and space.admits(each)), None)


class SharedWeights:
    """Trains the supernet of a study, once, whichever process comes first; its trial is no architecture's.

    Parameters
    ----------
    study : optuna.Study
    ledger : Ledger
    name : str
        Of the search.
    steps : int
        That it may take.
    """

    def __init__(self, study: optuna.Study, ledger: Ledger, name: str, steps: int) -> None:
        self._study = study
        self._ledger = ledger
        self._name = name
        self._steps = steps

    def begin(self) -> Begun | str:
        """Its trial; ``"wait"`` while another process is at it; ``"exhausted"`` when it is done.

        Raises
        ------
        StudyError
            If it failed, or the budget has no room for it.
        """
        self._ledger.bury()
        trials = self._phases()
        if any(RANKING in each.user_attrs for each in trials):
            return "exhausted"
        failed = next((each for each in trials if ERROR in each.user_attrs), None)
        if failed is not None:
            raise StudyError(
                f"{self._name}: training the shared weights failed: {failed.user_attrs[ERROR]}; mend that, and "
                "begin again with another storage"
            )
        if any(map(is_open, trials)):
            return "wait"
        repeated = superseded(trials)
        lost = [each for each in trials if each.number not in repeated]
        # Steps up to the last checkpoint: it is written before its report.
        base = sum(int(each.user_attrs.get(STEPS, 0)) for each in trials)
        total = int(trials[0].user_attrs[RESERVED]) if trials else self._steps
        reserved = self._ledger.reserve(total - base, phase=self._name)
        if reserved == "wait":
            return "wait"
        if isinstance(reserved, str):
            raise StudyError(f"{self._name}: the budget has no room for the {total:,} steps of its shared weights")
        if lost and reserved.repeats is None:
            self._ledger.give_up(reserved.stored, "its process died too often")
            raise StudyError(f"{self._name}: training the shared weights failed: its process died {len(trials)} times")
        own = {reserved.number} | ({reserved.repeats.number} if reserved.repeats is not None else set())
        if any(each.number < reserved.number and each.number not in own | repeated for each in self._phases()):
            self._ledger.give_up(reserved.stored, "another process was first")
            return "wait"
        return Begun(reserved.number, reserved.stored, None, optuna_trial(self._study, reserved.stored), base=base)

    @property
    def steps(self) -> int:
        """That the whole of it takes at most."""
        trials = self._phases()
        return int(trials[0].user_attrs[RESERVED]) if trials else self._steps

    @property
    def ranking(self) -> tuple[Architecture, ...]:
        """What it ranked first, in order."""
        return next(tuple(each.user_attrs[RANKING]) for each in self._phases() if RANKING in each.user_attrs)

    @property
    def spent(self) -> dict[str, float]:
        """Its steps and processor seconds, those of lost attempts included."""
        trials = self._phases()
        seconds = sum(float(each.user_attrs.get(SECONDS, 0.0)) for each in trials)
        return {"steps": sum(charged_steps(each, trials) for each in trials), "seconds": seconds}

    def _phases(self) -> list[FrozenTrial]:
        return [each for each in self._ledger.trials() if PHASE in each.user_attrs and VOID not in each.user_attrs]
