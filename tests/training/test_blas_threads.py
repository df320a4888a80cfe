from __future__ import annotations

import os

import pytest

from tinygrad5329.training import blas_threads
from tinygrad5329.training.blas_threads import one_blas_thread

threadpoolctl = pytest.importorskip("threadpoolctl", reason="comes with scikit-learn")


def threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in blas_threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_one_thread_inside_and_as_before_outside() -> None:
    before = threads()
    with pytest.raises(KeyError), one_blas_thread():
        assert set(threads()) <= {1}
        raise KeyError
    assert threads() == before


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores to tell")
def test_the_environment_of_the_user_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"), one_blas_thread():
        assert set(threads()) <= {2}
