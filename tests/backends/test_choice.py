"""Which kernels run: by default, by name, by the environment, and without Numba."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import choice
from tinygrad5329.ops.primitive import REGISTRY

needs_numba = pytest.mark.skipif(choice.find_spec("numba") is None, reason="pip install 'tinygrad5329[fast]'")


@pytest.fixture(autouse=True)
def chosen():
    before = choice.current()
    yield
    choice.use(before)


def run(code, **variables):
    environment = {**os.environ, **variables}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(ValueError, match="got 'cuda', expected one of 'numpy', 'fast'"):
        tg.backends.use("cuda")


def test_without_numba(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[fast\]'"):
        tg.backends.use("fast")
    monkeypatch.setattr(choice, "_chosen", None)
    assert tg.backends.current() == "numpy"
    monkeypatch.setattr(choice, "_chosen", None)
    monkeypatch.setenv(choice.VARIABLE, "fast")
    with pytest.raises(ImportError, match="pip install"):
        tg.backends.current()


def test_the_environment_chooses(monkeypatch):
    for name in ("numpy", "fast") if choice.find_spec("numba") else ("numpy",):
        monkeypatch.setattr(choice, "_chosen", None)
        monkeypatch.setenv(choice.VARIABLE, name)
        assert tg.backends.current() == name
    monkeypatch.setattr(choice, "_chosen", None)
    monkeypatch.setenv(choice.VARIABLE, "slow")
    with pytest.raises(ValueError, match="got 'slow'"):
        tg.backends.current()


def test_numpy_kernels_do_not_import_numba():
    code = (
        "import sys, tinygrad5329 as tg\n"
        "x = tg.randn(4, 3, requires_grad=True)\n"
        "tg.nn.functional.gelu(x).sum().backward()\n"
        "assert 'numba' not in sys.modules\n"
    )
    result = run(code, **{choice.VARIABLE: "numpy"})
    assert result.returncode == 0, result.stderr


@needs_numba
def test_use_changes_what_runs():
    gelu, x = REGISTRY["gelu"], tg.ones(3)
    tg.backends.use("fast")
    tg.nn.functional.gelu(x)
    assert gelu.kernels.forward is not gelu.forward
    tg.backends.use("numpy")
    tg.nn.functional.gelu(x)
    assert gelu.kernels.forward is gelu.forward
    assert tg.backends.current() == "numpy"


@needs_numba
@pytest.mark.parametrize(("first", "second"), [("fast", "numpy"), ("numpy", "fast")])
def test_a_graph_goes_back_the_way_it_came(first, second):
    def loss(x):
        hidden = tg.nn.functional.batch_norm(x, None, None, training=True)
        return tg.nn.functional.cross_entropy(tg.nn.functional.gelu(hidden), tg.arange(4))

    x = tg.from_numpy(np.random.default_rng(0).normal(size=(4, 5)))
    gradients = []
    for name in (first, second):
        tg.backends.use(first)
        leaf = x.clone().requires_grad_()
        result = loss(leaf)
        tg.backends.use(name)
        result.backward()
        gradients.append(leaf.grad.numpy())
    np.testing.assert_array_equal(*gradients)


@needs_numba
def test_a_slot_runs_what_was_chosen(monkeypatch):
    monkeypatch.setattr(choice, "kernels_of", lambda name: None if choice.current() == "numpy" else lambda x: -x)
    monkeypatch.setattr(choice, "_changed", list(choice._changed))
    slot = choice.Slot("double", lambda x: 2 * x)
    tg.backends.use("numpy")
    assert slot.run(3) == 6
    assert slot.run(4) == 8
    tg.backends.use("fast")
    assert slot.run(3) == -3


def test_a_numba_that_cannot_be_imported(monkeypatch):
    def broken(name):
        raise ImportError("Numba needs NumPy 2.3 or less")

    monkeypatch.setattr(choice, "find_spec", lambda name: object())
    monkeypatch.setattr(choice, "import_module", broken)
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    monkeypatch.setattr(choice, "_chosen", None)
    monkeypatch.setattr(choice, "_asked", False)
    with pytest.warns(UserWarning, match=r"NumPy's kernels run: Numba needs NumPy 2.3"):
        assert choice.kernels_of("gelu") is None
    assert tg.backends.current() == "numpy"
    tg.backends.use("fast")
    with pytest.raises(ImportError, match="a Numba that works here"):
        choice.kernels_of("gelu")
