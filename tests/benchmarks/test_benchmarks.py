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
from benchmarks.peers import PEERS, products_alone
from benchmarks.peers.tinygrad5329_eager import build
from benchmarks.process import PeerProcess
from benchmarks.profile import profile, table
from benchmarks.report import machine, markdown
from benchmarks.targets import target
from tinygrad5329.ops.primitive import REGISTRY


def test_a_round_of_this_package_gives_figures():
    (figures,) = measure("W1-32", ["tinygrad5329"], [1], rounds=1, seconds=0.01).values()
    assert "left_out" not in figures, figures
    assert 0 < figures["min_us"] <= figures["median_us"]
    assert figures["best_threads"] == 1 and figures["installed_mb"] > 0
    text = markdown({"W1-32": {"tinygrad5329": figures}}, machine(), "python -m benchmarks")
    assert f"| W1-32 | tinygrad5329 ({tg.backends.current()}) |" in text


def test_both_kinds_of_kernels_run_in_one_go_and_are_held_to_their_targets(monkeypatch):
    pytest.importorskip("numba", reason="extra: pip install 'tinygrad5329[fast]'")
    monkeypatch.setenv("TINYGRAD5329_BACKEND", "neither")  # the peers choose for themselves
    peers = ["tinygrad5329-numpy", "tinygrad5329-fast", "products"]
    results = {"W1-32": measure("W1-32", peers, [1], rounds=1, seconds=0.01)}
    found = results["W1-32"]
    assert [found[name]["kernels"] for name in peers] == ["numpy", "fast", ""]
    found["tinygrad5329-numpy"]["ratio"] = target("W1-32", "numpy")
    found["tinygrad5329-fast"]["ratio"] = target("W1-32", "fast") + 0.01
    text = markdown(results, machine(), "python -m benchmarks")
    assert "1 of 2 are met" in text
    assert "| W1-32 | tinygrad5329-numpy | 0.35 | 0.35 | met |" in text
    assert "| W1-32 | tinygrad5329-fast | 0.19 | 0.18 | not met |" in text
    assert "| W1-32 | products |" in text


def test_every_workload_of_the_table_has_targets():
    assert all(target(name, kernels) for name in NAMES for kernels in ("numpy", "fast"))
    assert target("W1-33", "numpy") is target("W1-32", "") is None


@pytest.mark.parametrize("family", sorted(PEERS["products"].families))
def test_the_products_alone_are_those_of_the_step(family, monkeypatch):
    """As many multiplications as the layers have; of convolutions, recurrent layers and attention, that they run."""
    monkeypatch.setattr("benchmarks.cases.ROWS", 8)
    monkeypatch.setattr(products_alone, "ROWS", 8)
    counted = []
    matmul = np.matmul

    def counting(a, b, **options):
        counted.append(a.size * b.shape[-1])
        return matmul(a, b, **options)

    monkeypatch.setattr(np, "matmul", counting)
    products_alone.build(make(f"{family}-2")).step()
    rows = {"W1": 2, "W2": 2, "W8": 8}
    if family in rows:
        weights = [w.size for w in make(f"{family}-2").weights.values() if w.ndim == 2]
        # The output of each layer, and in training its two gradients, less that of the input.
        products = sum(weights) if family == "W8" else 3 * sum(weights) - weights[0]
        assert sum(counted) == rows[family] * products
    assert counted


def test_imports_are_timed_with_bytecode(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with PeerProcess("tinygrad5329-numpy", 1) as cold, PeerProcess("tinygrad5329-numpy", 1) as warm:
        assert cold.started["import_s"] is None
        assert warm.started["import_s"] > 0


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
