"""Tangents that come with the result."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.autograd import forward_ad


def test_a_tangent_is_the_directional_derivative():
    x, t, y = tg.randn(3, dtype=tg.float64), tg.randn(3, dtype=tg.float64), tg.randn(3, dtype=tg.float64)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, t)
        out = forward_ad.unpack_dual((dual * y).sin() * dual)
    expected = t * ((x * y).sin() + x * y * (x * y).cos())
    np.testing.assert_allclose(out.tangent.numpy(), expected.numpy())
    assert not out.primal.requires_grad
    assert not out.tangent.requires_grad


@pytest.mark.filterwarnings("ignore:.*jit:DeprecationWarning")
def test_against_the_oracle_on_a_module():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    import torch.autograd.forward_ad as oracle

    results = []
    for library, forward in ((tg, forward_ad), (torch, oracle)):
        library.manual_seed(0)
        model = library.nn.Linear(3, 2)
        x = library.ones(4, 3)
        tangents = {name: library.full_like(p, 0.5).detach() for name, p in model.named_parameters()}
        with forward.dual_level():
            for name, p in list(model.named_parameters()):
                delattr(model, name)
                setattr(model, name, forward.make_dual(p.detach(), tangents[name]))
            results.append(forward.unpack_dual(model(x).tanh()).tangent.detach().numpy())
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_what_depends_on_no_dual_tensor_has_no_tangent():
    with forward_ad.dual_level():
        forward_ad.make_dual(tg.ones(2), tg.ones(2))
        assert forward_ad.unpack_dual(tg.ones(2)).tangent is None
        assert forward_ad.unpack_dual(nn.Linear(2, 2)(tg.ones(2))).tangent is None


def test_errors():
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(tg.ones(2), tg.ones(2))
    with pytest.raises(RuntimeError, match="there is none"):
        forward_ad.exit_dual_level()
    with forward_ad.dual_level():
        with pytest.raises(RuntimeError, match="Nested"):
            forward_ad.enter_dual_level()
        with pytest.raises(RuntimeError, match="different size"):
            forward_ad.make_dual(tg.ones(2), tg.ones(3))
        with pytest.raises(ValueError, match="floating point"):
            forward_ad.make_dual(tg.ones(2, dtype=tg.int64), tg.ones(2))
