from __future__ import annotations

import pytest

from tinygrad5329 import nn
from tinygrad5329.backends import threads
from tinygrad5329.training import RunConfig, Trainer
from tinygrad5329.training.blas_threads import one_blas_thread, suited_blas_threads
from tinygrad5329.training.run import run


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch):
    if not threads._pools():
        pytest.skip("the threads of this NumPy's BLAS cannot be set")
    monkeypatch.setattr(threads, "_environment", {})
    monkeypatch.setattr(threads, "_asked", False)
    before = threads.count()
    threads.set_count(2)
    yield
    threads.set_count(before)


def test_one_thread_inside_and_as_before_outside() -> None:
    with pytest.raises(KeyError), one_blas_thread():
        assert threads.count() == 1
        raise KeyError
    assert threads.count() == 2


def test_the_environment_of_the_user_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_environment", {"OPENBLAS_NUM_THREADS": "2"})
    with one_blas_thread():
        assert threads.count() == 2


def test_the_size_of_model_and_batch_decides() -> None:
    model = nn.Sequential(nn.Linear(128, 256), nn.BatchNorm1d(256), nn.Linear(256, 10))
    enough = threads.LARGE_PRODUCT // (128 * 256)
    for rows, expected in ((enough - 1, 1), (enough, 2)):
        with suited_blas_threads(model, rows):
            assert threads.count() == expected
    with suited_blas_threads(nn.ReLU(), 10**9):
        assert threads.count() == 1


def test_a_run_of_a_small_model_uses_one(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("sklearn", "matplotlib", "safetensors", "tqdm"):
        pytest.importorskip(package, reason="extra: pip install 'tinygrad5329[train]'")

    class Seen(Exception):
        pass

    def fit(self, *arguments, **options):
        raise Seen(threads.count())

    monkeypatch.setattr(Trainer, "fit", fit)
    with pytest.raises(Seen, match=r"^1$"):
        run(RunConfig(data="digits"), tmp_path / "out", progress=False, say=lambda line: None)
    assert threads.count() == 2
