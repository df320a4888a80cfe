"""The doctor's report says what is the case, and notices what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tinygrad5329 import doctor
from tinygrad5329.backends import choice, threads


def lines_of(text: str) -> dict[str, str]:
    return {line[2:16].strip(): line[16:] for line in text.splitlines() if line.startswith("  ")}


def test_the_command_reports_and_succeeds(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad5329", "doctor"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done
    found = lines_of(done.stdout)
    assert found["NumPy"] == np.__version__
    assert found["gradient"].startswith("as finite differences say")
    assert found["BLAS"].startswith(threads.library())
    assert "WRONG" not in done.stdout


def test_it_tells_the_kernels_and_what_chose_them(monkeypatch, capsys):
    before = choice.current()
    try:
        choice.use("numpy")
        monkeypatch.setenv(choice.VARIABLE, "numpy")
        assert doctor.report() == 0
        assert f"numpy ({choice.VARIABLE}=numpy)" in capsys.readouterr().out
        assert choice.current() == "numpy"
        monkeypatch.delenv(choice.VARIABLE)
        monkeypatch.setattr(doctor, "_version", lambda package: "")
        assert doctor.report() == 0
        text = capsys.readouterr().out
        assert "pip install 'tinygrad5329[fast]'" in text
        assert "one kind is installed" in text
    finally:
        choice.use(before)


def test_it_tells_the_threads_and_who_chose_them(monkeypatch, capsys):
    monkeypatch.setattr(threads, "_asked", False)
    monkeypatch.setattr(threads, "_environment", {"OMP_NUM_THREADS": "1"})
    doctor.report()
    assert lines_of(capsys.readouterr().out)["in training"] == "the same: you chose"
    monkeypatch.setattr(threads, "_pools", list)
    doctor.report()
    found = lines_of(capsys.readouterr().out)
    assert "pip install threadpoolctl" in found["to change"]


def test_it_notices_kernels_that_differ(monkeypatch, capsys):
    pytest.importorskip("numba", reason="extra: pip install 'tinygrad5329[fast]'")
    steps = iter([[np.ones(3), np.ones(2)], [np.ones(3), np.array([1, 1.001])]])
    monkeypatch.setattr(doctor, "_step", lambda: next(steps))
    assert doctor.report() == 1
    assert "WRONG: not the same, to 1e-03" in capsys.readouterr().out


def test_it_notices_a_numba_that_cannot_be_imported(tmp_path):
    pytest.importorskip("numba", reason="extra: pip install 'tinygrad5329[fast]'")
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 1.99 or less')")
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad5329", "doctor"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "cannot be imported: Numba needs NumPy 1.99 or less" in done.stdout


def test_it_notices_a_gradient_that_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_slope_error", lambda: 0.1)
    assert doctor.report() == 1
    assert "WRONG: not as finite differences say" in capsys.readouterr().out


def test_it_notices_a_choice_that_does_not_exist(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad5329", "doctor"],
        capture_output=True, text=True, cwd=tmp_path, env=os.environ | {choice.VARIABLE: "fats"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "WRONG: backends.use: got 'fats'" in done.stdout
