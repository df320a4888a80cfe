from __future__ import annotations

import json
from importlib import resources

import pytest

from tinygrad5329.search.benchmark import MiniTask
from tinygrad5329.search.benchmark.make import main, make_table
from tinygrad5329.search.benchmark.table import TABLE
from tinygrad5329.search.task import Outcome


class Interrupted(Exception):
    pass


class Quick(MiniTask):
    """Makes its accuracies up, and breaks off at a training if it is told to."""

    def __init__(self, breaks_at=None):
        super().__init__(epochs=5)
        self.trained = 0
        self.breaks_at = breaks_at

    def train(self, architecture, *, seed, report):
        self.trained += 1
        if self.trained == self.breaks_at:
            raise Interrupted
        for epoch in range(1, 6):
            report(7 * epoch, (60 * epoch + seed) / 600)
        measures = {"parameters": self.count_parameters(architecture), "test_accuracy": 500 / 847}
        return Outcome((300 + seed) / 600, 35, measures)


def test_goes_on_where_it_was_killed(tmp_path):
    few = list(Quick().space.enumerate())[:12]
    path = tmp_path / "table.json"
    with pytest.raises(Interrupted):
        make_table(path, task=Quick(breaks_at=31), architectures=few)  # the eleventh, of three seeds each
    assert len(json.loads(path.read_text())["rows"]) == 10
    told, task = [], Quick()
    make_table(path, task=task, architectures=few, progress=lambda *each: told.append(each))
    assert task.trained == 6
    assert told == [(11, 12), (12, 12)]
    assert path.read_text() == make_table(tmp_path / "other.json", task=Quick(), architectures=few).read_text()

    found = json.loads(path.read_text())
    assert found["reports"] == [7, 14, 21, 28, 35]
    assert found["rows"]["8-relu"] == [
        309,
        *([60 + seed, 120 + seed, 180 + seed, 240 + seed, 300 + seed, 500] for seed in range(3)),
    ]
    assert path.read_text().count("\n") < 100


def test_does_not_go_on_with_another_table(tmp_path, capsys):
    path = make_table(tmp_path / "table.json", task=Quick(), architectures=[])
    with pytest.raises(ValueError, match="a table of another task"):
        make_table(path, task=MiniTask(epochs=6), architectures=[])
    path.write_text("[]")
    assert main(["--out", str(path)]) == 2
    assert "no table of the mini benchmark; delete it" in capsys.readouterr().err


def test_the_table_of_the_package_is_of_this_task(tmp_path):
    fresh = json.loads(make_table(tmp_path / "table.json", architectures=[]).read_text())
    stored = json.loads((resources.files("tinygrad5329.search.benchmark") / TABLE).read_text(encoding="utf-8"))
    assert fresh | {"rows": stored["rows"]} == stored
