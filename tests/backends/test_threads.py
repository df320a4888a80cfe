"""Threads are set and put back, with threadpoolctl and without, and a choice of the user's stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import threads
from tinygrad5329.utils.data import DataLoader, Dataset

FAST = Path(threads.__file__).resolve().parent.parent / "fast"


@pytest.fixture(autouse=True)
def nobody_chose(monkeypatch):
    """As in a process whose user said nothing, and with the count put back."""
    monkeypatch.setattr(threads, "_environment", {})
    monkeypatch.setattr(threads, "_asked", False)
    before = threads.count()
    yield
    threads.set_count(before)


@pytest.fixture(params=["threadpoolctl", "NumPy's own OpenBLAS"])
def way(request, monkeypatch):
    """What the threads are controlled through."""
    if request.param == "threadpoolctl":
        pytest.importorskip("threadpoolctl", reason="extra: pip install 'tinygrad5329[train]'")
    else:
        monkeypatch.setitem(sys.modules, "threadpoolctl", None)
        if not threads._pools():
            pytest.skip("this NumPy's BLAS is not OpenBLAS")
    return request.param


def test_the_count_is_set_and_told(way):
    for number in (1, 2, 1):
        threads.set_count(number)
        assert threads.count() == number


def test_a_limit_ends_with_its_block_and_only_lowers(way):
    threads.set_count(2)
    with pytest.raises(KeyError), threads.limited(1):
        assert threads.count() == 1
        with threads.limited(2):
            assert threads.count() == 1
        raise KeyError
    assert threads.count() == 2


def test_both_ways_tell_the_same(monkeypatch):
    pytest.importorskip("threadpoolctl", reason="extra: pip install 'tinygrad5329[train]'")
    threads.set_count(1)
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    if threads._pools():
        assert threads.count() == 1


def test_a_pool_that_is_loaded_later_does_not_count(monkeypatch):
    if not threads._own_pool():
        pytest.skip("this NumPy's BLAS is not OpenBLAS")
    threads.set_count(1)
    monkeypatch.setattr(threads, "_pools", lambda: [*threads._own_pool(), (lambda: 2, lambda number: None)])
    assert threads.count() == 1
    monkeypatch.undo()


def test_small_work_gets_one_thread_and_large_what_there_is():
    threads.set_count(2)
    assert threads.suited(threads.LARGE_PRODUCT - 1) == 1
    assert threads.suited(threads.LARGE_PRODUCT) == 2
    threads.set_count(1)
    assert threads.suited(threads.LARGE_PRODUCT) == 1


def test_a_choice_of_the_user_stands(monkeypatch):
    tg.set_num_threads(2)
    assert threads.chosen_by() == "set_num_threads"
    assert threads.suited(1) == 2
    monkeypatch.setattr(threads, "_asked", False)
    monkeypatch.setattr(threads, "_environment", {"OMP_NUM_THREADS": "2"})
    assert threads.chosen_by() == "OMP_NUM_THREADS"
    assert threads.suited(1) == 2


def test_what_cannot_be_controlled_is_said(monkeypatch):
    monkeypatch.setattr(threads, "_pools", list)
    monkeypatch.setattr(threads, "_own_pool", list)
    assert threads.count() == threads.usable_cores()
    monkeypatch.setattr(threads, "_environment", {"OPENBLAS_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"})
    assert threads.count() == 3
    with threads.limited(1):
        assert threads.count() == 3
    with pytest.raises(ImportError, match="pip install threadpoolctl"):
        threads.set_count(1)
    monkeypatch.undo()


def test_the_environment_counts_as_it_was_at_the_start():
    code = (
        "import os, tinygrad5329 as tg\n"
        "from tinygrad5329.backends import threads\n"
        "os.environ['OMP_NUM_THREADS'] = '7'\n"
        "print(threads.chosen_by() or 'nobody', tg.get_num_threads())"
    )
    clean = {name: text for name, text in os.environ.items() if name not in threads.VARIABLES}
    for given, expected in (({}, "nobody"), ({"OPENBLAS_NUM_THREADS": "1"}, "OPENBLAS_NUM_THREADS 1")):
        done = subprocess.run([sys.executable, "-c", code], env=clean | given, capture_output=True, text=True)
        assert done.stdout.startswith(expected), done


class Count(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return threads.count()


def test_worker_processes_use_one():
    threads.set_count(2)
    assert [int(batch) for batch in DataLoader(Count(), batch_size=1, num_workers=1)] == [1, 1]
    assert threads.count() == 2


def test_compiled_kernels_start_no_threads_of_their_own():
    assert not [path.name for path in FAST.glob("*.py") if "parallel=True" in path.read_text(encoding="utf-8")]
