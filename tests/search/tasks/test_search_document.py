"""The examples of docs/search.md on spaces, tasks, latency and source do what they say."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tinygrad5329.search.tasks.by_name import task_by_name

pytest.importorskip("sklearn")

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "search.md").read_text(encoding="utf-8")


def blocks(section, language="python"):
    """The code of a section."""
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
    return [code for found, code in fenced if found == language]


def test_spaces():
    values = {}
    for code in blocks("Spaces"):
        exec(code, values)
    assert values["narrow"].admits(values["architecture"])
    values["architecture"]["layers"].append({"width": 64, "activation": "relu"})
    assert not values["narrow"].admits(values["architecture"])


def test_limits_and_latency():
    (code,) = blocks("Limits and latency")
    values = {}
    exec(code, values)
    sampled = values["limited"].space.sample(random.Random(0))
    assert values["limited"].count_parameters(sampled) <= 50_000


def test_a_task_of_your_own(tmp_path):
    (code,) = blocks("Tasks of your own")
    name, _, _ = code.removeprefix("# ").partition(":")
    (tmp_path / name).write_text(code)
    task = task_by_name(f"{tmp_path / name}:task")
    reports = []
    outcome = task.train(
        {"before": 64, "waist": 8, "activation": "tanh", "lr": 0.1}, seed=0, report=lambda *each: reports.append(each)
    )
    assert len(reports) == 5
    assert outcome.value > 0.8
    limited = task_by_name(f"{tmp_path / name}:Bottleneck", max_parameters=5000)
    assert limited.count_parameters(limited.space.sample(random.Random(0))) <= 5000
    assert task.describe()["space"] == limited.describe()["space"]


def test_the_source_that_is_shown(capsys):
    (code,) = blocks("As Python source")
    exec(code, {})
    (shown,) = blocks("As Python source", "")
    assert capsys.readouterr().out.strip() == shown.strip()
