"""Muon against PyTorch, and what its iterations do."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import Muon
from tinygrad5329.optim.muon import _rounded


def run(library, shape, options, steps=50):
    values = np.random.default_rng(0).standard_normal(shape)
    p = library.tensor(values).requires_grad_()
    optimizer = library.optim.Muon([p], lr=0.02, **options)
    for step in range(steps):
        p.grad = library.tensor(np.sin(2 * p.detach().numpy() + step))
        optimizer.step()
    return p.detach().numpy(), optimizer.state_dict()


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (6, 6), (1, 4)])
@pytest.mark.parametrize(
    "options", [{}, {"nesterov": False, "adjust_lr_fn": "match_rms_adamw"}, {"ns_steps": 2, "weight_decay": 0.0}]
)
def test_fifty_steps_are_pytorchs(oracle, shape, options):
    (ours, saved), (theirs, wanted) = run(tg, shape, options), run(oracle, shape, options)
    # bfloat16 has 8 bits; products are summed in another order.
    np.testing.assert_allclose(ours, theirs, atol=2e-2)
    assert np.abs(ours - theirs).mean() < 2e-3
    assert saved["param_groups"] == wanted["param_groups"]
    assert list(saved["state"][0]) == list(wanted["state"][0])


def test_updates_are_nearly_orthogonal():
    p = tg.zeros(6, 4)
    p.grad = tg.tensor(np.random.default_rng(1).standard_normal((6, 4)), dtype=tg.float32)
    Muon([p], lr=1.0, weight_decay=0.0, adjust_lr_fn="original").step()
    singular = np.linalg.svd(p.numpy() / np.sqrt(6 / 4), compute_uv=False)
    assert 0.5 < singular.min() <= singular.max() < 1.5


def test_rounding_is_that_of_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="pip install 'tinygrad5329[bfloat16]'")
    x = np.random.default_rng(2).standard_normal(1000).astype(np.float32)
    np.testing.assert_array_equal(_rounded(tg.tensor(x)).numpy(), x.astype(ml_dtypes.bfloat16).astype(np.float32))


def test_matrices_alone_are_accepted():
    with pytest.raises(ValueError, match="only supports 2D parameters whereas we found a parameter with size"):
        Muon([tg.zeros(3)])
