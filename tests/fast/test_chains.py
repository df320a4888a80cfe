"""Loops from text: compiled once, and with NumPy's rounding. What a replay makes of them is in tests/replay."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

TEXT = """def loop(x0, x1, x2, y0, c0, m, n):
    c0 = F(c0)
    for i in range(n):
        t0 = x0[i] * x1[i]
        t1 = t0 + x2[i]
        y0[i] = t1 / c0
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_and_sums_are_rounded_one_by_one(dtype):
    from tinygrad5329.fast.chains import KERNELS, compiled_loop

    run = KERNELS["elementwise_chain"](TEXT, dtype)
    assert run is compiled_loop(TEXT, dtype) and len(run.signatures) <= 1
    a, b, c = np.random.default_rng(0).standard_normal((3, 1001)).astype(dtype)
    out = np.empty_like(a)
    run(a, b, c, out, 0.1, 1, 1001)
    assert out.tobytes() == ((a * b + c) / out.dtype.type(0.1)).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_that_is_also_a_twin_gives_the_bits_of_the_twin(dtype):
    from tinygrad5329.fast.activation import KERNELS as activations
    from tinygrad5329.fast.chains import compiled_loop

    text = "def loop(x0, x1, y0, m, n):\n    one = F(1)\n    for i in range(n):\n"
    text += "        t0 = tanh_gradient(one, x0[i], x1[i])\n        y0[i] = t0 * x0[i]\n"
    g, out = np.random.default_rng(0).standard_normal((2, 1001)).astype(dtype)
    found = np.empty_like(g)
    compiled_loop(text, dtype)(g, out, found, 1, 1001)
    (expected,) = activations["tanh"].raw(np, g, out)
    assert found.tobytes() == (expected * g).tobytes()


def test_a_changed_file_is_written_anew():
    from tinygrad5329.fast.chains import compiled_loop
    from tinygrad5329.fast.compiled import kept_in

    if kept_in() is None:
        pytest.skip("the folder for caches cannot be written")
    text = TEXT.replace("t1 / c0", "t1 - c0")
    compiled_loop(text, "float32")
    (file,) = [each for each in kept_in().glob("chain_*.py") if each.read_text() == text]
    file.write_text("raise SystemExit")
    compiled_loop.cache_clear()
    run = compiled_loop(text, "float32")
    assert file.read_text() == text
    x = np.ones(3, np.float32)
    out = np.empty_like(x)
    run(x, x, x, out, 2.0, 1, 3)
    assert out.tolist() == [0.0, 0.0, 0.0]
