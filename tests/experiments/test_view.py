"""The progress view: lines in a pipe, a bar on a terminal, an honest guess of the time left."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from tinygrad5329.experiments.view import View, in_words


def task(key, cost=1.0):
    return SimpleNamespace(key=key, label=f"run {key}", cost=cost)


def test_a_pipe_gets_a_line_a_run(capsys):
    view = View(10, 40.0, 2)
    view.started(task("a"), "", 0.0)
    view.started(task("b"), "", 0.0)
    view.tick()
    view.done(task("a", 10.0), "ok", 4.0)
    view.lost(task("b"), "its process was killed by SIGKILL", 0.0)
    view.done(task("b", 10.0), "diverged", 2.0)
    view.close()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "[ 1/10] run a: 4.0 s; 1 running, about 6 s left"
    assert lines[1] == "run b: its process was killed by SIGKILL; it is tried again in another process"
    assert lines[2] == "[ 2/10] run b: 2.0 s, diverged; 0 running, about 3 s left"


def test_the_time_left_follows_what_is_expected(capsys):
    view = View(2, 2.0, 1)
    assert view.left is None
    view.done(task("a"), "ok", 5.0)
    assert view.left == pytest.approx(5.0)
    view.expect(4, 4.0)
    assert view.left == pytest.approx(15.0)
    assert (view.finished, view.total) == (1, 4)


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    view = View(2, 2.0, 1)
    view.started(task("a"), "", 0.0)
    view.done(task("a"), "ok", 3.0)
    view.done(task("b"), "failed", 3.0)
    view.expect(3, 3.0)
    view.close()
    view.close()
    shown = capsys.readouterr()
    assert "2/3" in shown.err
    assert shown.out.splitlines() == ["run b: failed"]


def test_durations_in_words():
    assert [in_words(each) for each in (0.4, 59.4, 60, 3599.4, 3600, 90_000)] == [
        "0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "25 h 0 min",
    ]  # fmt: skip
