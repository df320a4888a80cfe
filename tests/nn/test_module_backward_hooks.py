"""Full backward hooks: what they see, what they may change, and PyTorch's behaviour as the measure."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def small_model(library, layers):
    library.manual_seed(0)
    return layers.Sequential(layers.Linear(3, 4), layers.Tanh(), layers.Linear(4, 2))


def trace(library, layers, needs_input_grad):
    model = small_model(library, layers)
    seen = []
    for index, module in enumerate(model):
        module.register_full_backward_pre_hook(lambda m, go, i=index: seen.append(("pre", i, go)))
        module.register_full_backward_hook(lambda m, gi, go, i=index: seen.append(("hook", i, gi, go)))
    model[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    model[2].register_full_backward_pre_hook(lambda m, go: (go[0] * 3,), prepend=True)
    x = library.linspace(-1, 1, 6).reshape(2, 3).requires_grad_(needs_input_grad)
    (model(x) ** 2).sum().backward()
    grads = [p.grad for p in model.parameters()] + ([x.grad] if needs_input_grad else [])
    return seen, grads


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
@pytest.mark.parametrize("needs_input_grad", [True, False])
def test_hooks_see_what_pytorchs_see(needs_input_grad):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    ours, our_grads = trace(tg, nn, needs_input_grad)
    theirs, their_grads = trace(torch, torch.nn, needs_input_grad)
    assert [event[:2] for event in ours] == [event[:2] for event in theirs]
    for a, b in zip(ours, theirs, strict=True):
        for mine, other in zip(a[2:], b[2:], strict=True):
            assert len(mine) == len(other)
            for g, h in zip(mine, other, strict=True):
                assert (g is None) == (h is None)
                if g is not None:
                    np.testing.assert_allclose(g.numpy(), h.numpy(), rtol=1e-5, atol=1e-6)
    for g, h in zip(our_grads, their_grads, strict=True):
        np.testing.assert_allclose(g.numpy(), h.numpy(), rtol=1e-5, atol=1e-6)


def test_replacing_and_removing():
    layer = nn.Linear(2, 2)
    handle = layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 0,))
    x = tg.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0]]
    handle.remove()
    x.grad = None
    layer(x).sum().backward()
    assert x.grad.abs().sum().item() > 0


def test_no_hook_runs_without_recording():
    layer = nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda m, gi, go: pytest.fail("not in a forward pass"))
    with tg.no_grad():
        layer(tg.ones(1, 2))
    layer(tg.ones(1, 2))


def test_wrong_answers_are_refused():
    layer = nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    x = tg.ones(1, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="got 2, but expected 1"):
        layer(x).sum().backward()
    layer = nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda m, gi, go: (tg.ones(1, 2),))
    with (
        pytest.warns(UserWarning, match="no inputs require gradients"),
        pytest.raises(RuntimeError, match="no input requires gradient"),
    ):
        layer(tg.ones(1, 2)).sum().backward()


def test_several_inputs_and_outputs():
    class Mix(nn.Module):
        def forward(self, a, scale, b):
            return a * scale + b, b * 2

    seen = []
    mix = Mix()
    mix.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    a, b = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    first, _ = mix(a, 3.0, b)
    first.sum().backward()
    ((grad_input, grad_output),) = seen
    assert [g if g is None else g.tolist() for g in grad_input] == [[3.0, 3.0], None, [1.0, 1.0]]
    assert grad_output[0].tolist() == [1.0, 1.0] and grad_output[1] is None


def test_second_order_goes_through_the_hooks():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    x = tg.tensor([0.3], dtype=tg.float64, requires_grad=True)
    (g,) = tg.autograd.grad(layer(x).sum(), x, create_graph=True)
    (h,) = tg.autograd.grad(g.sum(), x)
    t = np.tanh(0.3)
    assert g.item() == pytest.approx(2 * (1 - t * t))
    # The second pass enters the layer past its output, so the hook stays silent, as in PyTorch.
    assert h.item() == pytest.approx(-4 * t * (1 - t * t))
