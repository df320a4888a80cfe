"""Processes killed in the middle of a trial, and several at work on one study."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tinygrad5329 import cli
from tinygrad5329.search.studies.run import run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is a signal of POSIX")


def ends(result):
    return [(trial.state, trial.steps) for trial in result.trials]


def trainings(tmp_path):
    return (tmp_path / "trainings").read_text(encoding="utf-8").split("\n")[:-1]


def test_a_killed_command_and_a_killed_worker_lose_a_trial_each_which_is_tried_again(
    tmp_path, monkeypatch, capsys, counting_name
):
    arguments = ["search", "--space", counting_name, "--algo", "evolution", "--budget", "24", "--jobs", "1"]
    arguments += ["--out", str(tmp_path / "out")]
    monkeypatch.setenv("COUNTING_FAULT", "command 2")
    killed = subprocess.run([sys.executable, "-m", "tinygrad5329", *arguments], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert len(trainings(tmp_path)) == 2

    monkeypatch.setenv("COUNTING_FAULT", "worker 4")
    results = []
    monkeypatch.setattr("tinygrad5329.search.output.write.write_study", lambda study, _: [results.append(study)])
    assert cli.main(arguments) == 0
    (result,) = results
    # A lost one had reported 2 steps; what it took of the next 2 nobody knows, so they are charged.
    states = ["complete", "failed", "complete", "failed", "complete", "complete"]
    assert ends(result) == [(state, 4) for state in states]
    assert result.steps == 24
    assert len(trainings(tmp_path)) == 6
    for lost in (1, 3):
        assert result.trials[lost].measures == {"error": "its process was lost"}
        assert result.trials[lost + 1].architecture == result.trials[lost].architecture
    assert "its process was killed by SIGKILL; was there enough memory?); it is tried again" in capsys.readouterr().out


def test_two_commands_share_a_study_and_its_budget(tmp_path, monkeypatch, counting_task, counting_name):
    # Each waits in its first trial for the other's first, so both must be at work at the same time.
    monkeypatch.setenv("COUNTING_FAULT", "both")
    storage = str(tmp_path / "study.db")
    file = counting_name.rpartition(":")[0]
    script = (
        f"import runpy; task = runpy.run_path({file!r})['task']\n"
        f"from tinygrad5329.search.studies.run import run; run(task, 'random', 42, storage={storage!r})"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as other:
        run(counting_task(), "random", 42, storage=storage)
        other.communicate(timeout=60)
    assert other.returncode == 0
    result = run(counting_task(), "random", 42, storage=storage)
    assert ends(result) == [("complete", 4)] * 10
    assert sorted(set(trainings(tmp_path))) == sorted({str(os.getpid()), str(other.pid)})
    assert len(trainings(tmp_path)) == 10
    assert result.steps == 40
    assert len({repr(trial.architecture) for trial in result.trials}) == 10
