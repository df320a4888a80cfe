"""How kernels are compiled: the notice, the folder, and what later programs find there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

import numba
from numba.core.dispatcher import Dispatcher

from tinygrad5329.fast import compiled

COMPUTE = (
    "import tinygrad5329 as tg\n"
    "x = tg.ones(3, requires_grad=True)\n"
    "tg.nn.functional.hardsigmoid(x).sum().backward()\n"
    "tg.nn.functional.hardtanh(x).sum().backward()\n"
)


def run(**variables):
    environment = {**os.environ, "TINYGRAD5329_BACKEND": "fast", **variables}
    result = subprocess.run([sys.executable, "-c", COMPUTE], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def asked_anew(monkeypatch):
    """The folder is looked for again, in the test and after it."""
    compiled.kept_in.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    compiled.kept_in.cache_clear()


def test_one_notice_then_silence(tmp_path):
    expected = "tinygrad5329: compiling kernels for this processor, once (kept in "
    said = run(NUMBA_CACHE_DIR=str(tmp_path))
    assert said.startswith(f"{expected}{tmp_path}")
    assert said.count("\n") == 1
    assert run(NUMBA_CACHE_DIR=str(tmp_path)) == ""
    assert list(tmp_path.rglob("*.nbc"))


def test_no_folder_that_can_be_written(tmp_path):
    file = tmp_path / "file"
    file.touch()
    said = run(NUMBA_CACHE_DIR=str(file))
    assert "for this run alone (set NUMBA_CACHE_DIR to keep them)" in said
    assert said.count("\n") == 1


def test_the_folder_is_the_users_and_not_the_packages(asked_anew, tmp_path):
    asked_anew.setattr(numba.config, "CACHE_DIR", "")
    asked_anew.setattr(compiled, "_user_caches", lambda: tmp_path)
    folder = compiled.kept_in()
    assert folder.parent == tmp_path / "tinygrad5329"
    assert numba.config.CACHE_DIR == ""
    assert Path(compiled.kernel(_invert).stats.cache_path).parent == folder


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/somewhere"}, "/somewhere"),
        ("linux", {"HOME": "/home/me"}, "/home/me/.cache"),
        ("darwin", {"HOME": "/home/me"}, "/home/me/Library/Caches"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
    ],
)
def test_where_users_keep_caches(monkeypatch, platform, variables, expected):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert compiled._user_caches() == Path(expected)


def test_a_change_of_shared_functions_changes_the_folder(asked_anew, tmp_path):
    asked_anew.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    first = compiled.kept_in()
    compiled.kept_in.cache_clear()
    asked_anew.setattr(compiled, "SHARED", compiled.SHARED[:1])
    assert compiled.kept_in() != first


def test_every_file_whose_functions_other_kernels_call_is_shared():
    """Their kernels would be stale when it changes."""
    shared = {f"tinygrad5329.fast.{Path(name).stem}" for name in compiled.SHARED}
    seen = 0
    for path in Path(compiled.__file__).parent.glob("[a-z]*.py"):
        module = import_module(f"tinygrad5329.fast.{path.stem}")
        for value in vars(module).values():
            if not isinstance(value, Dispatcher) or value.py_func.__module__ != module.__name__:
                continue
            for name in value.py_func.__code__.co_names:
                called = getattr(module, name, None)
                home = getattr(getattr(called, "py_func", called), "__module__", None) or ""
                if callable(called) and home.startswith("tinygrad5329.fast.") and home != module.__name__:
                    seen += 1
                    assert home in shared, f"{path.name}: {value.py_func.__name__} calls {name} of {home}"
    assert seen


def test_kernels_of_others_are_none_of_ours(capsys):
    notice = compiled._Notice()
    event = SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=lambda: None)})
    notice.on_start(event)
    assert capsys.readouterr().err == ""


def test_division_by_zero_is_numpys():
    invert = compiled.kernel(_invert)
    out = np.empty(3)
    invert(np.array([0.0, -0.0, 2.0]), out)
    np.testing.assert_array_equal(out, [np.inf, -np.inf, 0.5])


def _invert(x, out):
    for i in range(x.size):
        out[i] = 1 / x[i]
