"""Reservations: the trial with the smaller number wins, whoever looks first."""

from __future__ import annotations

import contextlib

import optuna
import pytest

from tinygrad5329.search.studies.budget import Budget
from tinygrad5329.search.studies.ledger import RETRIES, Ledger
from tinygrad5329.search.studies.owner import ownership
from tinygrad5329.search.studies.records import ARCHITECTURE, PHASE, charged_steps, is_lost
from tinygrad5329.search.studies.storage import close_storage, open_storage

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture
def open_ledger():
    """Makes ledgers of one study, each as of another command."""
    storage = optuna.storages.InMemoryStorage()
    with contextlib.ExitStack() as stack:

        def opened(amount, unit="steps", stack=stack):
            study = optuna.create_study(storage=storage, study_name="search", load_if_exists=True)
            return Ledger(study, Budget(unit, amount), stack.enter_context(ownership()))

        yield opened


def complete(ledger, reserved, steps=4, seconds=1.0):
    storage = ledger.storage
    storage.set_trial_user_attr(reserved.stored, ARCHITECTURE, {"width": 1})
    storage.set_trial_user_attr(reserved.stored, "steps", steps)
    storage.set_trial_user_attr(reserved.stored, "seconds", seconds)
    storage.set_trial_state_values(reserved.stored, optuna.trial.TrialState.COMPLETE, [1.0])


def decide(ledger, reserved, **more):
    for name, value in ({ARCHITECTURE: {"width": 1}} | more).items():
        ledger.storage.set_trial_user_attr(reserved.stored, name, value)


def interfere(ledger, act):
    """Let another command act between the look at the budget and the reservation."""
    create = ledger.storage.create_new_trial

    def late(*arguments, **named):
        ledger.storage.create_new_trial = create
        act()
        return create(*arguments, **named)

    ledger.storage.create_new_trial = late


def test_a_trial_begins_only_if_it_fits_with_all_that_run(open_ledger):
    ledger = open_ledger(10)
    first, second = ledger.reserve(4), ledger.reserve(4)
    assert (first.number, second.number) == (0, 1)
    assert ledger.reserve(4) == "wait"
    complete(ledger, first, steps=2)
    third = ledger.reserve(4)
    assert third.number == 2
    complete(ledger, second)
    complete(ledger, third)
    assert ledger.reserve(4) == "spent"
    assert ledger.spent() == 10


def test_the_last_of_the_budget_goes_to_the_smaller_number(open_ledger):
    ours, theirs = open_ledger(4), open_ledger(4)
    won = []
    interfere(ours, lambda: won.append(theirs.reserve(4)))
    assert ours.reserve(4) == "wait"
    assert won[0].number == 0
    assert [trial.state.name for trial in ours.trials()] == ["RUNNING", "FAIL"]
    complete(theirs, won[0])
    assert ours.reserve(4) == "spent"
    assert ours.spent() == 4


def test_a_lost_trial_is_repeated_once_by_whoever_comes_first(open_ledger):
    ours, theirs = open_ledger(100), open_ledger(100)
    lost = ours.reserve(4)
    decide(ours, lost)
    ours.lose(lost.stored)
    won = []
    interfere(ours, lambda: won.append(theirs.reserve(4)))
    assert ours.reserve(4) == "wait"
    assert won[0].repeats.number == 0
    assert theirs.trials()[won[0].number].user_attrs[ARCHITECTURE] == {"width": 1}
    assert optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number(ours.trials()[won[0].number]) == 0
    assert ours.reserve(4).repeats is None


def test_a_trial_whose_process_dies_again_and_again_has_failed(open_ledger):
    ledger = open_ledger(100)
    for attempt in range(RETRIES + 1):
        reserved = ledger.reserve(4)
        assert (reserved.repeats is not None) == (attempt > 0)
        decide(ledger, reserved)
        ledger.lose(reserved.stored)
    assert ledger.reserve(4).repeats is None


def test_ctrl_c_does_not_count_as_a_death(open_ledger):
    ledger = open_ledger(100)
    for _ in range(RETRIES + 2):
        reserved = ledger.reserve(4)
        decide(ledger, reserved)
        ledger.lose(reserved.stored, interrupted=True)
    assert ledger.reserve(4).repeats is not None


def test_a_trial_that_was_never_decided_costs_nothing_and_is_not_repeated(open_ledger):
    ledger = open_ledger(4)
    ledger.lose(ledger.reserve(4).stored)
    assert not is_lost(ledger.trials()[0])
    assert ledger.reserve(4).repeats is None


def test_running_trials_of_a_command_that_is_over_are_buried(open_ledger):
    with contextlib.ExitStack() as other:
        gone = open_ledger(8, stack=other)
        decide(gone, gone.reserve(4))
    ledger = open_ledger(8)
    assert ledger.reserve(4).repeats.number == 0
    assert [trial.state.name for trial in ledger.trials()] == ["FAIL", "RUNNING"]


def test_lost_steps_are_charged_up_to_the_report_that_did_not_come(open_ledger):
    ledger = open_ledger(100)
    unreported, reported = ledger.reserve(10), ledger.reserve(10)
    decide(ledger, unreported)
    decide(ledger, reported, steps=3)
    ledger.storage.set_trial_intermediate_value(reported.stored, 3, 0.5)
    ledger.lose(unreported.stored)
    assert charged_steps(ledger.trials()[0], ledger.trials()[:1]) == 10
    assert charged_steps(ledger.trials()[0], ledger.trials()) == 3
    ledger.lose(reported.stored)
    assert charged_steps(ledger.trials()[1], ledger.trials()) == 6


def test_seconds_reserve_what_the_longest_trial_took(open_ledger):
    ledger = open_ledger(10.0, "seconds")
    complete(ledger, ledger.reserve(4), seconds=4.0)
    running = ledger.reserve(4)
    assert ledger.reserve(4) == "wait"
    complete(ledger, running, seconds=1.0)
    complete(ledger, ledger.reserve(4), seconds=3.0)
    assert ledger.spent() == 8.0
    assert ledger.reserve(4) == "spent"


def test_shared_weights_are_repeated_by_their_own_kind(open_ledger):
    ledger = open_ledger(100)
    lost = ledger.reserve(50, phase="darts")
    ledger.lose(lost.stored)
    assert ledger.reserve(4).repeats is None
    again = ledger.reserve(30, phase="darts")
    assert again.repeats.number == lost.number
    assert ledger.trials()[again.number].user_attrs[PHASE] == "darts"


def test_a_trial_of_another_host_is_lost_when_it_gives_no_sign_of_life(tmp_path):
    storage = open_storage(tmp_path / "study.db")
    study = optuna.create_study(storage=storage, study_name="search")
    with ownership() as owner:
        there, here = (Ledger(study, Budget("steps", 8), {**owner, "host": host}) for host in ("there", "here"))
        decide(there, there.reserve(8))
        assert here.reserve(8) == "wait"
        with storage.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE trial_heartbeats SET heartbeat = datetime('now', '-3 minutes')")
        here.bury()
        assert is_lost(here.trials()[0])
    close_storage(storage)
