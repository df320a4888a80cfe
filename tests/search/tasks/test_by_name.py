"""Tasks by name, and of a user's file."""

from __future__ import annotations

import pytest

from tinygrad5329.search.tasks.by_name import task_by_name
from tinygrad5329.search.tasks.cell_task import CellTask
from tinygrad5329.search.tasks.report_task import ReportTask

pytest.importorskip("sklearn")

OWN = """
from tinygrad5329 import nn
from tinygrad5329.search.domains import Choice
from tinygrad5329.search.space import Space
from tinygrad5329.search.tasks.trained_task import TrainedTask


class Narrow(TrainedTask):
    name = "narrow"

    def declare(self):
        return Space({"width": Choice(2, 4)})

    def network(self, architecture, features, classes):
        width = architecture["width"]
        return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, classes))


made = Narrow(epochs=1)
number = 3


def make(epochs=2):
    return Narrow(epochs=epochs)
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def test_named_tasks():
    assert type(task_by_name("report", epochs=3)) is ReportTask
    assert task_by_name("report", epochs=3).epochs == 3
    assert type(task_by_name("cell")) is CellTask
    assert task_by_name("mini").name == "mini"


def test_a_task_of_a_file(own):
    assert task_by_name(f"{own}:made").epochs == 1
    assert task_by_name(f"{own}:make").epochs == 2
    task = task_by_name(f"{own}:Narrow", epochs=3, max_parameters=200)
    assert [each["width"] for each in task.space.enumerate()] == [2]  # 4 wide: 310 parameters
    outcome = task.train({"width": 2}, seed=0, report=lambda steps, value: None)
    assert outcome.steps == task.steps == 21
    with pytest.raises(ValueError, match="narrow: the task does not name the operations"):
        task.operations({"width": 2})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("raport", {}, "space: expected one of report, cell, mini, or FILE.py:NAME"),
        ("report", {"epoch": 3}, "space report: .*'epoch'; it takes data, epochs, batch_size"),
        ("mini", {"data": "digits"}, "data: the mini task fixes it"),
        ("FILE:other", {}, "it has no 'other'; it has Narrow, made, make$"),
        ("FILE:number", {}, "3 is no task, it has no 'name'"),
        ("FILE:made", {"epochs": 2}, "made is made already and takes no 'epochs'; name its class"),
        ("FILE:make", {"data": "digits"}, "space make: .*'data'; it takes epochs"),
    ],
)
def test_what_is_no_task(own, name, options, message):
    with pytest.raises(ValueError, match=message):
        task_by_name(name.replace("FILE", str(own)), **options)


def test_files_that_cannot_be_imported(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        task_by_name(f"{tmp_path / 'none.py'}:task")
    (tmp_path / "script.py").write_text("raise SystemExit(4)\n")
    with pytest.raises(ValueError, match=r"importing it failed: SystemExit: 4"):
        task_by_name(f"{tmp_path / 'script.py'}:task")
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(ValueError, match=r"importing it failed: ModuleNotFoundError: No module named"):
        task_by_name(f"{tmp_path / 'broken.py'}:task")
