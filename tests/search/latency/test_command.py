"""The command that measures a table."""

from __future__ import annotations

import re

import pytest

from tinygrad5329.search.latency.agreement import Agreement, rank_correlation
from tinygrad5329.search.latency.command import main
from tinygrad5329.search.latency.table import LatencyTable
from tinygrad5329.search.tasks.by_name import task_by_name

pytest.importorskip("sklearn")


def test_it_writes_a_table_that_the_task_takes(tmp_path, capsys):
    path = tmp_path / "latency.json"
    assert main(["--space", "cell", "--out", str(path), "--batch", "2", "--networks", "3"]) == 0
    said = capsys.readouterr().out
    assert "cell on digits (64 features, 10 classes)" in said
    assert "10 operations, batches of 2 rows" in said
    assert said.splitlines()[-1].split()[0] == "2"
    task = task_by_name("cell", latency=str(path), latency_batch=2, max_latency=1.0)
    edges = dict.fromkeys(task.space.parts["cell"].edges, "relu")
    assert task.predict_latency({"cell": edges}) == LatencyTable.load(path).predict(task.operations({"cell": edges}), 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "cells"], "latency: space: expected one of"),
        (["--space", "cell", "--data", "nowhere"], "latency: .*nowhere"),
        (["--space", "FILE:task"], "latency: .*operations of a Task are not known"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path, capsys, arguments, message):
    lines = ["class Task:", "    name = space = steps = build = example = train = None", "", "task = Task()"]
    (tmp_path / "own.py").write_text("\n".join(lines))
    out = tmp_path / "latency.json"
    arguments = [each.replace("FILE", str(tmp_path / "own.py")) for each in arguments]
    assert main([*arguments, "--out", str(out)]) == 2
    said = capsys.readouterr().err.strip()
    assert re.search(message, said)
    assert not out.exists()


def test_agreement():
    found = Agreement(measured=(1.0, 2.0, 4.0), predicted=(1.5, 1.0, 4.0))
    assert found.errors == [0.5, -0.5, 0.0]
    assert found.mean_error == pytest.approx(1 / 3)
    assert found.rank_correlation == 0.5
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == -1
