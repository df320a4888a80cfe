"""The benchmark suite runs, refuses a peer that computes something else, and takes its clocks off again."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import tinygrad5329 as tg
from benchmarks.agreement import disagreement, outliers
from benchmarks.cases import FAMILIES, NAMES, Case, make, select
from benchmarks.measuring import measure
from benchmarks.peers import PEERS
from benchmarks.peers.tinygrad5329_eager import build
from benchmarks.profile import profile, table
from benchmarks.report import machine, markdown
from tinygrad5329.ops.primitive import REGISTRY


def test_a_round_of_this_package_gives_figures():
    (figures,) = measure("W1-32", ["tinygrad5329"], [1], rounds=1, seconds=0.01).values()
    assert "left_out" not in figures, figures
    assert 0 < figures["min_us"] <= figures["median_us"]
    assert figures["best_threads"] == 1 and figures["installed_mb"] > 0
    text = markdown({"W1-32": {"tinygrad5329": figures}}, machine(), "python -m benchmarks")
    assert "| W1-32 | tinygrad5329 |" in text


def test_a_peer_that_is_left_out_is_reported():
    missing = next((name for name, peer in PEERS.items() if importlib.util.find_spec(peer.module) is None), None)
    if missing is None:
        pytest.skip("every peer is installed")
    results = {"W1-2": measure("W1-2", [missing], [1], rounds=1, seconds=0.01)}
    assert f"{missing} in W1-2: not installed" in (text := markdown(results, machine(), "python -m benchmarks"))
    assert PEERS[missing].command in text


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_workload_runs_and_keeps_its_check(family, monkeypatch):
    monkeypatch.setattr("benchmarks.cases.ROWS", 8)
    program = build(make(f"{family}-2"))
    before = program.check()
    assert disagreement(before, program.check()) is None
    program.step()
    if family != "W8":
        assert disagreement(before, program.check()) is not None


@pytest.mark.parametrize("family", ["W1", "W2", "W3", "W4", "W5", "W6", "W7"])
def test_peers_compute_the_same(family):
    pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    from benchmarks.peers.torch_eager import build as build_torch

    case = make(f"{family}-3")
    assert outliers({"ours": build(case).check(), "torch": build_torch(case).check()}) == {}


def test_a_peer_that_computes_something_else_is_caught():
    right = build(make("W1-8")).check()
    case = make("W1-8")
    case.weights["2.weight"][3, 5] += 0.05
    wrong = build(case).check()
    found = outliers({"a": right, "b": wrong, "c": right})
    assert list(found) == ["b"]
    assert "gradient of" in found["b"]
    assert set(outliers({"a": wrong, "b": right})) == {"a", "b"}
    gradients = {name: g.copy() for name, g in right[1].items()}
    gradients["0.weight"][0, 0] = np.nan
    assert "0.weight" in disagreement(right, (right[0], gradients))


def test_a_case_survives_its_file(tmp_path):
    case = make("W2-4")
    again = Case.load(case.save(str(tmp_path)))
    assert again.name == "W2-4" and again.batch == 4
    for kind in ("weights", "buffers"):
        assert getattr(case, kind).keys() == getattr(again, kind).keys()
        assert all(np.array_equal(v, getattr(again, kind)[k]) for k, v in getattr(case, kind).items())
    assert sum(array.size for array in case.weights.values()) == 168_202


def test_workloads_are_chosen_by_name():
    assert select("all") == list(NAMES)
    assert select("W2,W1-64") == ["W2-32", "W2-256", "W2-2048", "W1-64"]
    with pytest.raises(SystemExit, match="unknown workload 'W9'"):
        select("W9")


def test_the_profile_sums_to_the_step_and_leaves_nothing_behind():
    call = tg.nn.Module.__call__
    found = profile("W1-8", seconds=0.1)
    assert sum(us for us, _ in found.sections.values()) == pytest.approx(found.step_us)
    assert found.sections["kernel", "linear"][1] == pytest.approx(2)
    assert found.sections["rule", "linear"][1] == pytest.approx(2)
    assert "| gelu | 1 |" in table(found)
    op = REGISTRY["linear"]
    hot = [op.run, op.run.__globals__["forward"], *op.run.__globals__["plans"].values(), tg.nn.Module.__call__]
    assert all(function.__name__ != "clocked" for function in hot)
    assert tg.nn.Module.__call__ is call
