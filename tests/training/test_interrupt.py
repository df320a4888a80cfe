from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from tinygrad5329.training.interrupt import SignalFlag, TrainingInterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_flag_and_handlers_are_put_back(number: int) -> None:
    before = signal.getsignal(number)
    with SignalFlag() as stop:
        assert stop.received is None
        os.kill(os.getpid(), number)
        assert stop.received == number
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_stops_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), SignalFlag():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with SignalFlag() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.received is None
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_left_alone() -> None:
    problems: list[BaseException] = []

    def enter() -> None:
        try:
            with SignalFlag() as stop:
                assert stop.received is None
        except BaseException as error:  # what a thread raises would be lost
            problems.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert not problems


def test_the_message_says_where_and_how_to_go_on() -> None:
    error = TrainingInterrupted(3, 11, Path("a/b.safetensors"), signal.SIGINT)
    assert isinstance(error, KeyboardInterrupt)
    assert str(error) == f"training was interrupted in epoch 3 after 11 batches; resume from {Path('a/b.safetensors')}"
    assert "resume" not in str(TrainingInterrupted(3, 11, None, signal.SIGINT))
