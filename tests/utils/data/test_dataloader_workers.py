"""Worker processes: order, seeds, errors, and that none is left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    TensorDataset,
    get_worker_info,
    worker_pool,
)

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="these tests define their data sets inline"
)


class Squares(Dataset):
    """Module level, so that it can be sent to a spawned process."""

    def __len__(self):
        return 7

    def __getitem__(self, index):
        return index * index


class Noise(Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, index):
        return tg.rand(1).item(), random.random(), float(np.random.rand())


class Shards(IterableDataset):
    sizes = (7, 2, 4)

    def __iter__(self):
        info = get_worker_info()
        return iter(range(100 * info.id, 100 * info.id + self.sizes[info.id]))


class Faulty(Dataset):
    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 1:
            raise self.error
        return index


class Awkward(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def as_is(batch):
    return batch


def children():
    return multiprocessing.active_children()


@pytest.fixture(autouse=True)
def no_process_is_left():
    before = set(children())
    yield
    gc.collect()
    assert set(children()) <= before


def loader(dataset, **arguments):
    arguments = {"num_workers": 2, "multiprocessing_context": "fork", **arguments}
    with pytest.MonkeyPatch.context() as patch:
        # More workers than cores are warned of; here they are meant.
        patch.setattr(os, "sched_getaffinity", lambda pid: range(64), raising=False)
        return DataLoader(dataset, **arguments)


@pytest.mark.parametrize("batch_size", [2, 3, None])
@pytest.mark.parametrize("prefetch_factor", [1, 2, 5])
def test_same_batches_as_without(batch_size, prefetch_factor):
    x, y = tg.arange(22, dtype=tg.float32).reshape(11, 2), tg.arange(11)

    def run(**arguments):
        tg.manual_seed(1)
        batches = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, **arguments)
        return [[(a.tolist(), b.tolist(), a.dtype) for a, b in batches] for _ in range(2)]

    assert run(num_workers=2, prefetch_factor=prefetch_factor) == run()


def test_large_arrays_arrive_whole_and_writable():
    x = tg.arange(300_000, dtype=tg.float64).reshape(3, 100_000)
    for row, (batch,) in zip(x, loader(TensorDataset(x)), strict=True):
        assert (batch[0] == row).all()
        batch.add_(1)


def test_many_indices_in_a_batch_do_not_block():
    # 400 kB of indices and 400 kB of results a batch: more than both pipes hold.
    x = tg.arange(200_000)
    batches = loader(TensorDataset(x), batch_size=50_000, shuffle=True, num_workers=1, prefetch_factor=4)
    assert sum(batch.sum().item() for (batch,) in batches) == 199_999 * 100_000


def test_a_data_set_may_reuse_its_buffer():
    class Buffered(Dataset):
        buffer = np.zeros(20_000)

        def __len__(self):
            return 6

        def __getitem__(self, index):
            self.buffer[:] = index
            return self.buffer

    samples = loader(Buffered(), batch_size=None, collate_fn=as_is, num_workers=1, prefetch_factor=6)
    assert [sample[-1] for sample in samples] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_start_methods(method):
    context = multiprocessing.get_context(method)
    for chosen in (method, context):
        result = [b.tolist() for b in loader(Squares(), batch_size=4, num_workers=1, multiprocessing_context=chosen)]
        assert result == [[0, 1, 4, 9], [16, 25, 36]]


def test_seeds_depend_on_the_generator_alone():
    def run(seed):
        noise = loader(Noise(), batch_size=None, generator=tg.Generator().manual_seed(seed))
        return [tuple(sample) for sample in noise]

    first = run(3)
    assert first == run(3) != run(4)
    assert len(set(first)) == 12


def test_worker_info():
    class Info(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            info = get_worker_info()
            try:
                info.id = 5
            except AttributeError as error:
                frozen = type(error).__name__
            return (
                info.id,
                info.num_workers,
                info.seed,
                tg.initial_seed(),
                type(info.dataset).__name__,
                frozen,
            )

    assert get_worker_info() is None
    first, second = loader(Info(), batch_size=None)
    assert first[:2] == [0, 2]
    assert second[:2] == [1, 2]
    assert second[2] == second[3] == first[2] + 1
    assert first[4:] == ["Info", "FrozenInstanceError"]


def test_worker_init_fn():
    seen = {}

    class Value(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return seen["worker"]

    def init(worker):
        seen["worker"] = 10 + worker

    assert list(loader(Value(), batch_size=None, worker_init_fn=init)) == [10, 11]


def test_streams_of_different_lengths():
    def run(**arguments):
        return [b if isinstance(b, int) else b.tolist() for b in loader(Shards(), num_workers=3, **arguments)]

    expected = [[0, 1], [100, 101], [200, 201], [2, 3], [202, 203], [4, 5], [6]]
    assert run(batch_size=2) == expected
    assert run(batch_size=2, drop_last=True) == expected[:-1]
    assert run(batch_size=None) == [0, 100, 200, 1, 101, 201, 2, 202, 3, 203, 4, 5, 6]


@pytest.mark.parametrize("in_order", [False, True])
def test_out_of_order_gives_what_is_ready(in_order):
    class Slow(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            if index == 0:
                time.sleep(0.5)
            return index

    result = list(loader(Slow(), batch_size=None, in_order=in_order))
    assert sorted(result) == [0, 1, 2, 3]
    assert (result[0] == 0) == in_order


# --- persistent workers ----------------------------------------------------------------------------------


def test_persistent_workers_are_the_same_processes():
    class Pids(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return os.getpid()

    kept = loader(Pids(), batch_size=None, persistent_workers=True)
    assert list(kept) == list(kept)
    assert len(children()) == 2
    new = loader(Pids(), batch_size=None)
    assert set(new).isdisjoint(new)


def test_persistent_streams_begin_again():
    batches = loader(Shards(), num_workers=3, batch_size=2, persistent_workers=True)
    first = [b.tolist() for b in batches]
    assert first == [b.tolist() for b in batches]


def test_leaving_a_persistent_pass_early():
    batches = loader(Squares(), batch_size=2, persistent_workers=True)
    iterator = iter(batches)
    next(iterator)
    assert [b.tolist() for b in batches] == [[0, 1], [4, 9], [16, 25], [36]]
    with pytest.raises(RuntimeError, match="begun another pass"):
        next(iterator)


# --- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("boom"), ValueError),
        (KeyError("k"), KeyError),
        (FileNotFoundError(2, "no such file"), FileNotFoundError),
        (Awkward(1, 2), RuntimeError),
        (UnicodeDecodeError("utf8", b"a", 0, 1, "bad"), RuntimeError),
        (type("Local", (Exception,), {})("local"), RuntimeError),
        (StopIteration(), RuntimeError),
    ],
)
def test_errors_are_carried_across_and_the_pass_goes_on(error, kind):
    iterator = iter(loader(Faulty(error)))
    assert next(iterator).tolist() == [0]
    with pytest.raises(kind) as caught:
        next(iterator)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith("Caught ")
    assert "in DataLoader worker process 1.\nOriginal Traceback (most recent call last):\n" in text
    assert "raise self.error" in text
    assert [b.tolist() for b in iterator] == [[2], [3]]


def test_an_error_in_worker_init_fn():
    def init(worker):
        raise ValueError("not today")

    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 0"):
        next(iter(loader(Squares(), worker_init_fn=init)))


def test_an_error_in_iter_of_a_stream():
    class Broken(IterableDataset):
        def __iter__(self):
            raise OSError("no stream")

    with pytest.raises(OSError, match="no stream"):
        next(iter(loader(Broken())))


def test_a_batch_that_cannot_be_sent():
    class Functions(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return lambda: index

    with pytest.raises(Exception, match=r"(?s)Caught .*pickle"):
        next(iter(loader(Functions(), batch_size=None)))


def test_a_data_set_that_cannot_be_sent_leaves_no_process():
    class Local(Squares):
        pass

    with pytest.raises(Exception, match="Local"):
        iter(loader(Local(), multiprocessing_context="spawn"))


@pytest.mark.parametrize(
    ("death", "message"),
    [
        (lambda: os._exit(3), "with exit code 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "by signal 9"),
    ],
)
def test_a_worker_that_dies_is_noticed(death, message):
    class Mortal(Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, index):
            if index == 3:
                death()
            return index

    iterator = iter(loader(Mortal(), batch_size=None))
    assert next(iterator) == 0
    with pytest.raises(RuntimeError, match=rf"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly {message}"):
        list(iterator)
    with pytest.raises(RuntimeError, match="iterate over the loader again"):
        next(iterator)


def test_a_persistent_loader_recovers_from_a_death():
    batches = loader(Squares(), batch_size=None, persistent_workers=True)
    iterator = iter(batches)
    next(iterator)
    for process in children():
        process.kill()
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        list(iterator)
        list(batches)
    assert list(batches) == [0, 1, 4, 9, 16, 25, 36]


def test_timeout():
    class Slow(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            time.sleep(0.6)
            return index

    iterator = iter(loader(Slow(), batch_size=None, num_workers=1, timeout=0.1))
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0.1 seconds waiting for worker\(s\) \[0\]"):
        next(iterator)
    time.sleep(0.8)
    assert next(iterator) == 0  # Nothing was lost.


# --- nothing is left behind ------------------------------------------------------------------------------


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files through /proc")
def test_a_dropped_iterator_takes_its_processes_and_pipes_along():
    def begin():
        iterator = iter(loader(TensorDataset(tg.zeros(1000, 100)), batch_size=100))
        next(iterator)
        assert len(children()) == 2

    begin()
    files = open_files()
    gc.disable()
    try:
        begin()
    finally:
        gc.enable()
    assert children() == []
    assert open_files() == files


@pytest.mark.parametrize("deaf", [False, True])
def test_a_worker_that_does_not_end_is_ended(deaf, monkeypatch):
    class Stuck(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index == 1:
                if deaf:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
            return index

    monkeypatch.setattr(worker_pool, "_GRACE_SECONDS", 0.1)
    iterator = iter(loader(Stuck(), batch_size=None))
    assert next(iterator) == 0
    del iterator
    assert children() == []


def test_leaving_a_loop_early_stops_the_workers():
    for _batch in loader(Squares()):
        break
    del _batch
    gc.collect()
    assert children() == []


def test_a_loader_beside_another_does_not_keep_it_alive():
    # The second pool's workers are forked while the first pool's pipes are open.
    first = iter(loader(Squares()))
    next(first)
    second = iter(loader(Squares()))
    next(second)
    started = time.monotonic()
    del first
    assert time.monotonic() - started < 4.0  # not by running into the grace period
    assert next(second).tolist() == [1]


def run_program(body, act):
    """Run a program that prints its workers' pids; `act` on it; then those that are still there."""
    program = textwrap.dedent(
        """
        import os, sys, time, signal
        from tinygrad5329.utils.data import DataLoader, Dataset
        class Pids(Dataset):
            def __len__(self): return 100
            def __getitem__(self, index):
                time.sleep(0.01)
                return os.getpid()
        iterator = iter(DataLoader(Pids(), batch_size=None, num_workers=2, multiprocessing_context="fork"))
        print(next(iterator), next(iterator), flush=True)
        """
    ) + textwrap.dedent(body)
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    workers = [int(pid) for pid in process.stdout.readline().split()]
    assert len(workers) == 2
    act(process)
    _, errors = process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    return process.returncode, errors, [pid for pid in workers if alive(pid)]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")


@needs_proc
def test_ctrl_c_reaches_the_main_process_alone_and_ends_all():
    code, errors, left = run_program("while True: time.sleep(1)", lambda process: os.killpg(process.pid, signal.SIGINT))
    assert left == []
    assert errors.count("KeyboardInterrupt") == 1  # the main process's own traceback
    assert code != 0


@needs_proc
def test_a_pass_goes_on_after_a_ctrl_c_that_is_handled():
    body = """
    signal.signal(signal.SIGINT, lambda *_: None)
    os.kill(0, signal.SIGINT)
    time.sleep(0.1)
    assert len(list(iterator)) == 98
    """
    code, errors, left = run_program(body, lambda process: None)
    assert (code, left, errors) == (0, [], "")


@needs_proc
def test_a_killed_main_process_takes_its_workers_along():
    _, _, left = run_program("time.sleep(60)", lambda process: process.kill())
    assert left == []


@needs_proc
def test_leaving_the_program_with_an_open_iterator_is_silent():
    code, errors, left = run_program("keep = [iterator]; keep.append(keep); sys.exit(0)", lambda process: None)
    assert (code, left, errors) == (0, [], "")
