"""Making runs in processes: order, lost workers, failures, Ctrl-C; once with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tinygrad5329.experiments import runner
from tinygrad5329.experiments.cache import RunCache
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.preparation import Source
from tinygrad5329.experiments.runner import Task, make_runs
from tinygrad5329.experiments.worker_process import WorkerDied, WorkerProcess


class Watcher:
    """A view that remembers."""

    def __init__(self):
        self.seen = []

    def tick(self):
        pass

    def started(self, task, text, seconds):
        self.seen.append(("started", task.label))

    def lost(self, task, text, seconds):
        self.seen.append(("lost", task.label, text))

    def done(self, task, text, seconds):
        self.seen.append(("done", task.label, text))

    def of(self, kind):
        return [each[1:] for each in self.seen if each[0] == kind]


class Staged:
    """A worker process that answers as it is told to."""

    answers = staticmethod(lambda task: {"status": "ok", "error": None})
    made: list[Staged] = []

    def __init__(self, data, folder):
        self.killed = self.closed = False
        self.made.append(self)

    def ask(self, task):
        return self.answers(task)

    def kill(self):
        self.killed = True

    def close(self):
        self.closed = True


@pytest.fixture
def staged(monkeypatch):
    monkeypatch.setattr(runner, "WorkerProcess", Staged)
    monkeypatch.setattr(Staged, "made", [])

    def answer(answers):
        monkeypatch.setattr(Staged, "answers", staticmethod(answers))

    return answer


@pytest.fixture
def cache(tmp_path):
    cache = RunCache(tmp_path / "runs", "code", "data")
    cache.prepare()
    return cache


def tasks(cache, *seeds, epochs=3):
    configurations = [Configuration(seed=seed, epochs=epochs) for seed in seeds]
    return [Task(each, cache.key(each), f"seed {each.seed}", 60, 8) for each in configurations]


def test_each_task_is_made_once_and_workers_are_closed(staged, cache):
    view = Watcher()
    make_runs(tasks(cache, 0, 1, 2, 3, 4), cache, "data", 2, view)
    assert sorted(view.of("done")) == [(f"seed {seed}", "ok") for seed in range(5)]
    assert len(Staged.made) <= 2
    assert all(worker.closed for worker in Staged.made)


def test_no_more_workers_than_tasks(staged, cache):
    make_runs(tasks(cache, 0), cache, "data", 8, Watcher())
    make_runs([], cache, "data", 8, Watcher())
    assert len(Staged.made) == 1


def test_the_longest_start_first(staged, cache):
    view = Watcher()
    short, long = tasks(cache, 0, epochs=1), tasks(cache, 1, epochs=40)
    make_runs([*short, *long], cache, "data", 1, view)
    assert view.of("started") == [("seed 1",), ("seed 0",)]


def test_cost_grows_with_what_takes_time():
    def cost(**change):
        return Task(Configuration().changed(change), "", "", 50_000, 128).cost

    best = {"hidden": [256, 256], "residual": True}
    assert cost() < cost(batch_size=32)
    assert cost() < cost(hidden=[256]) < cost(hidden=[256, 256]) < cost(**best)
    assert cost(epochs=2) < cost(epochs=20)
    assert cost(**best, extractor="attention") > cost()


def test_a_lost_run_is_tried_once_more_in_another_process(staged, cache):
    dying = ["seed 1"]

    def answers(task):
        if task["config"]["seed"] == 1 and dying:
            dying.clear()
            raise WorkerDied("its process was killed by SIGKILL")
        return {"status": "ok", "error": None}

    staged(answers)
    view = Watcher()
    make_runs(tasks(cache, 0, 1, 2), cache, "data", 1, view)
    assert view.of("lost") == [("seed 1", "its process was killed by SIGKILL")]
    assert sorted(view.of("done")) == [("seed 0", "ok"), ("seed 1", "ok"), ("seed 2", "ok")]
    assert len(Staged.made) == 2


def test_a_run_that_is_lost_twice_has_failed_with_its_reason(staged, cache):
    def answers(task):
        if task["config"]["seed"] == 1:
            raise WorkerDied("its process was killed by SIGSEGV")
        return {"status": "ok", "error": None}

    staged(answers)
    view = Watcher()
    one, lost, two = tasks(cache, 0, 1, 2)
    make_runs([one, lost, two], cache, "data", 1, view)
    assert ("seed 1", "failed") in view.of("done")
    assert len(view.of("lost")) == 1
    record = cache.load(lost.key)
    assert (record["status"], record["error"]) == ("failed", "its process was killed by SIGSEGV")
    assert record["config"]["seed"] == 1


def test_an_exception_fails_its_run_at_once(staged, cache):
    staged(lambda task: {"status": "failed", "error": "ValueError: no"})
    view = Watcher()
    (task,) = tasks(cache, 0)
    make_runs([task], cache, "data", 1, view)
    assert (view.of("lost"), view.of("done")) == ([], [("seed 0", "failed")])
    assert cache.load(task.key)["error"] == "ValueError: no"


def test_what_goes_wrong_in_a_thread_is_raised_here(staged, cache, monkeypatch):
    staged(lambda task: {"status": "failed", "error": "x"})
    monkeypatch.setattr(RunCache, "store", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        make_runs(tasks(cache, 0, 1), cache, "data", 2, Watcher())


def test_ctrl_c_ends_the_workers(staged, cache, monkeypatch):
    asked, released = threading.Event(), threading.Event()

    def answers(task):
        asked.set()
        released.wait(10)
        raise WorkerDied("killed")

    class Impatient(Watcher):
        def started(self, task, text, seconds):
            asked.wait(10)
            raise KeyboardInterrupt

    staged(answers)
    monkeypatch.setattr(Staged, "kill", lambda self: (setattr(self, "killed", True), released.set()))
    with pytest.raises(KeyboardInterrupt):
        make_runs(tasks(cache, 0, 1, 2), cache, "data", 1, Impatient())
    assert [worker.killed for worker in Staged.made] == [True]
    assert list(cache.folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody is told of a parent's end")
def test_a_worker_ends_though_its_parent_was_gone_before_it_began(tmp_path):
    module = "tinygrad5329.experiments.worker"
    with subprocess.Popen(
        [sys.executable, "-m", module, "digits", str(tmp_path), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.wait(60) == 1


def test_real_workers_make_runs_and_die(cache, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setenv("TINYGRAD5329_BACKEND", "numpy")  # Numba takes a while to load
    source = Source("digits")
    cache = RunCache(cache.folder, "code", source.fingerprint)
    quick = Configuration(quick=True, epochs=1)

    def message(configuration, fingerprint=source.fingerprint):
        key = cache.key(configuration)
        return {"config": configuration.as_dict(), "key": key, "code": "code", "fingerprint": fingerprint}

    worker = WorkerProcess("digits", cache.folder)
    assert worker.ask(message(quick)) == {"status": "ok", "error": None}
    record = cache.load(cache.key(quick))
    assert (record["status"], record["parameters"]) == ("ok", 64 * 128 + 128 + 1290)
    changed = worker.ask(message(quick, "other data"))
    assert (changed["status"], "data changed" in changed["error"]) == ("failed", True)

    wrong = worker.ask(message(quick) | {"config": {"speed": 1}})
    assert (wrong["status"], wrong["error"].startswith("ValueError: speed: no such key")) == ("failed", True)

    os.kill(worker._process.pid, signal.SIGINT)  # Ctrl-C reaches it as well, and is the parent's to answer
    assert worker.ask(message(quick.changed({"seed": 1})))["status"] == "ok"
    killer = threading.Thread(target=lambda: (time.sleep(0.3), worker.kill()))
    killer.start()
    with pytest.raises(WorkerDied, match="killed by SIGKILL; was there enough memory"):
        worker.ask(message(Configuration(epochs=80, patience=0, batch_size=2)))
    killer.join()
