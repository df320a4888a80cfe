"""``tinygrad5329 report`` as a user meets it."""

from __future__ import annotations

import errno
import json

import pytest

from tinygrad5329 import cli
from tinygrad5329.experiments import plan, preparation, reproduce
from tinygrad5329.experiments.lock import locked

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tables", "16"], "--tables: '16' names no study; there are tables 1 to 15 and baseline, best"),
        (["--tables", "3-"], "--tables: '3-' names no study"),
        (["--data", "no-such-folder"], "--data: load: 'no-such-folder' is neither a folder nor one of"),
        (["--tables", "3-99"], "--tables: '3-99' names no study"),
        (["--data", ""], "--data: report128: expected a folder with train_data.npy"),
        (["--jobs", "0"], "--jobs: expected a whole number from 1 on, got '0'"),
        (["--seeds", "many"], "--seeds: expected a whole number from 1 on, got 'many'"),
        (["--protocol", "test"], "--protocol: invalid choice: 'test'"),
        (["--out", "file"], "--out: file is a file; name a folder"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert cli.main(["report", *options]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert words in error
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_quick_report_end_to_end_and_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TINYGRAD5329_BACKEND", "numpy")  # in the workers: Numba takes a while to load
    arguments = ["report", "--quick", "--tables", "3", "--jobs", "1", "--out", str(tmp_path)]
    assert cli.main(arguments) == 0
    said = capsys.readouterr().out
    assert "no --data: the digits stand in for the report's data" in said
    assert "quick: few rows and epochs and one seed" in said
    assert "[4/4] table-03" in said
    assert "4 runs made, 0 found finished" in said
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "runs").glob("*.json")]
    assert sorted(record["config"]["lr"] for record in records) == [0.001, 0.005, 0.01, 0.05]
    assert {(record["config"]["quick"], record["epochs"], record["data"]["name"]) for record in records} == {
        (True, 2, "digits")
    }
    assert (tmp_path / "report.html").is_file()

    monkeypatch.setattr(plan, "make_runs", lambda tasks, *_: pytest.fail("a run was made twice") if tasks else None)
    assert cli.main(arguments) == 0
    assert "0 runs made, 4 found finished" in capsys.readouterr().out


def test_ctrl_c_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "make_runs", interrupted)
    arguments = ["report", "--quick", "--tables", "3,best", "--seeds", "2", "--out", str(tmp_path / "out")]
    assert cli.main(arguments) == 130
    error = capsys.readouterr().err
    assert f"finished runs are kept in {tmp_path / 'out' / 'runs'}" in error
    assert f"report --tables 3,best --seeds 2 --out {tmp_path / 'out'} --quick" in error


def test_a_full_disk_says_what_is_kept_and_how_to_go_on(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(plan, "make_runs", full)
    assert cli.main(["report", "--quick", "--tables", "11", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path}: No space left on device; finished runs are kept in {tmp_path / 'runs'}" in error
    assert f"make room, then: tinygrad5329 report --tables 11 --out {tmp_path} --quick" in error


def test_data_without_differences_is_refused_before_the_first_run(small, tmp_path, monkeypatch, capsys):
    same = small.arrays()
    same.train_x[:] = same.train_x[0]
    monkeypatch.setattr(preparation, "load", lambda data: same)
    assert cli.main(["report", "--data", "small", "--out", str(tmp_path)]) == 2
    assert "--data: all training rows of small are the same" in capsys.readouterr().err


def test_a_second_report_in_the_same_folder_is_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "runs").mkdir()
    with locked(tmp_path / "runs"):
        assert cli.main(["report", "--quick", "--tables", "11", "--out", str(tmp_path)]) == 2
    assert f"--out: another report is at work in {tmp_path}; wait" in capsys.readouterr().err


def test_failed_runs_are_told_and_the_status_is_1(tmp_path, monkeypatch, capsys):
    from tinygrad5329.experiments.row import failed_record

    def fail(tasks, cache, *_):
        for task in tasks:
            cache.store(failed_record(task.configuration, task.key, cache.code, "its process was killed by SIGKILL"))

    monkeypatch.setattr(plan, "make_runs", fail)
    assert cli.main(["report", "--quick", "--tables", "11", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "failed: table-11, BatchNorm, seed 0: its process was killed by SIGKILL" in error


def test_a_missing_package_is_told_before_the_first_run(tmp_path, monkeypatch, capsys):
    from tinygrad5329.experiments import command

    find = command.importlib.util.find_spec
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None if name == "tqdm" else find(name))
    monkeypatch.setattr(reproduce, "Plan", lambda *_: pytest.fail("it began"))
    assert cli.main(["report", "--out", str(tmp_path)]) == 1
    assert "a report needs tqdm: pip install 'tinygrad5329[train]'" in capsys.readouterr().err
