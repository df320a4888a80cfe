"""``tinygrad5329 search`` as a user meets it."""

from __future__ import annotations

import sys

import pytest

from tinygrad5329 import cli
from tinygrad5329.search.studies import conduct
from tinygrad5329.search.studies import run as run_module


@pytest.fixture
def in_this_process(monkeypatch, tmp_path):
    """Trains in this process what a command would have workers train, and draws no page."""

    def conduct_here(begin, order, book, reference, jobs, view):
        return conduct.conduct_here(begin, order, book, reference.load(), view)

    monkeypatch.setattr(run_module, "conduct_with_workers", conduct_here)
    monkeypatch.setattr("tinygrad5329.search.output.write.write_study", lambda study, folder: [folder / "page.html"])
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--budget", "soon"], "--budget: expected a number of steps such as 120000, or processor time such as 90s"),
        (["--budget", "8", "--algo", "annealing"], "algorithm: expected one of random, greedy, grid, evolution"),
        (["--budget", "8", "--space", "nowhere"], "space: expected one of report, cell, mini, or FILE.py:NAME"),
        (["--budget", "8", "--space", "no.py:task"], "no.py: there is no such file"),
        (["--budget", "8", "--space", "TASK:nothing"], "it has no 'nothing'"),
        (["--budget", "8", "--space", "TASK:task", "--data", "digits"], "takes no 'data'"),
        (["--budget", "8", "--jobs", "0"], "--jobs: expected a whole number from 1 on, got '0'"),
        (["--budget", "8", "--seed", "-1"], "--seed: expected a whole number from 0 on, got '-1'"),
        (["--budget", "8", "--max-latency", "fast"], "--max-latency: expected microseconds above 0, got 'fast'"),
        (["--budget", "8", "--out", "file"], "--out: file is a file; name a folder"),
        (["--budget", "8", "--out", "file/folder"], "--out: file/folder cannot be made"),
        (["--budget", "8", "--space", "TASK:task", "--storage", "file"], "--storage: expected a file with one of"),
        (["--budget", "8", "--space", "TASK:task", "--storage", "broken.db"], "--storage: broken.db is damaged"),
        ([], "the following arguments are required: --budget"),
    ],
)
def test_what_cannot_be_is_one_line(in_this_process, tmp_path, capsys, counting_name, options, words):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "broken.db").write_text("broken", encoding="utf-8")
    file = counting_name.rpartition(":")[0]
    assert cli.main(["search", *(option.replace("TASK", file) for option in options)]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "search: error: " in error
    assert words in error


def test_a_search_and_the_same_again(in_this_process, tmp_path, capsys, counting_name):
    arguments = ["search", "--space", counting_name, "--algo", "random", "--budget", "12", "--jobs", "2"]
    assert cli.main(arguments) == 0
    said = capsys.readouterr().out
    assert "by random, 12 steps, into search" in said
    assert "trial 2: complete 0.3000; spent 12 of 12 steps, best 0.3000" in said
    assert "random on counting, seed 0: 3 complete\nspent 12 of 12 steps, 100.0 %\nbest: trial " in said
    assert "the page is search/page.html" in said
    assert (tmp_path / "search" / "study.db").is_file()
    assert cli.main(arguments) == 0
    assert "trial 2: complete" not in capsys.readouterr().out
    assert cli.main([*arguments, "--seed", "1"]) == 2
    assert "it holds a study with seed 0, not 1; name another storage" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(in_this_process, monkeypatch, capsys, counting_name):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "conduct_with_workers", interrupted)
    arguments = ["search", "--space", counting_name, "--algo", "tpe", "--budget", "20m", "--storage", "a study.db"]
    assert cli.main([*arguments, "--max-latency", "50", "--seed", "3"]) == 2  # the task takes no such option
    capsys.readouterr()
    assert cli.main([*arguments, "--seed", "3"]) == 130
    error = capsys.readouterr().err
    assert "interrupted; finished trials are kept" in error
    assert f"search --space {counting_name} --algo tpe --budget 20m --seed 3 --storage 'a study.db'" in error


def test_a_task_that_cannot_be_trained_fails(in_this_process, capsys, counting_name):
    name = counting_name.replace(":task", ":broken")
    assert cli.main(["search", "--space", name, "--algo", "random", "--budget", "8"]) == 1
    assert "no trial came to its end; the last failed: TypeError: " in capsys.readouterr().err


def test_a_budget_below_one_training_says_what_one_takes(in_this_process, capsys, counting_name):
    assert cli.main(["search", "--space", counting_name, "--budget", "3"]) == 1
    said = "no trial came to its end; give it a larger budget: one training takes 4 steps\n"
    assert capsys.readouterr().err.endswith(said)


def test_a_missing_optuna_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert cli.main(["search", "--budget", "8", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("error: a study needs Optuna: pip install 'tinygrad5329[search]'\n")
