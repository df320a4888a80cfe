"""The task that studies are tried on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna")

FILE = Path(__file__).with_name("counting_task.py")


@pytest.fixture(scope="session")
def counting_task():
    """The class of tasks in ``counting_task.py``."""
    spec = importlib.util.spec_from_file_location("counting_task_of_the_tests", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.CountingTask


@pytest.fixture
def counting_name(monkeypatch, tmp_path):
    """The task's name for worker processes, whose trainings are logged."""
    monkeypatch.setenv("COUNTING_LOG", str(tmp_path / "trainings"))
    return f"{FILE}:task"
