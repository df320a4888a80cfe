"""What holds for every test: global state is put back, and random draws begin from a fixed seed."""

from __future__ import annotations

import gc
import importlib.util
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import anomaly
from tinygrad5329.grad_mode import state

try:
    from hypothesis import settings
except ImportError:  # the property tests skip themselves
    pass
else:
    # The same examples in every run: a failure that comes and goes teaches nobody.
    settings.register_profile("tinygrad5329", derandomize=True, deadline=None, database=None, print_blob=False)
    settings.load_profile("tinygrad5329")


class _WithoutNumba:
    """Leaves the doctests of the compiled kernels out, whose modules cannot be imported then."""

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if collection_path == Path(tg.__file__).parent / "fast" else None


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell that starts this in the background leaves Ctrl-C ignored, here and in every process that is started.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # A hook of this file would hear of the paths below it only.
    if importlib.util.find_spec("numba") is None:
        config.pluginmanager.register(_WithoutNumba())


def pytest_collection_finish() -> None:
    # Else every full collection walks through 40,000 tests, and a fork copies their pages.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def sealed_state() -> Iterator[None]:
    """Every test starts with PyTorch's defaults; what it changes of them ends with it."""
    generator = tg.default_generator.get_state()
    tg.manual_seed(0)
    yield
    state.grad, state.inference, state.scope = True, False, None
    tg.set_default_dtype(tg.float32)
    tg.set_printoptions(profile="default")
    anomaly.set_detect_anomaly(False)
    tg.default_generator.set_state(generator)
