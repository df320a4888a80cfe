"""Complex parameters: as in PyTorch, their real and imaginary parts count as parameters of their own."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim.adam import adam

START, PUSH = np.array([1 + 1j, 2 - 1j, -0.5j]), np.array([1 + 2j, 3 - 1j, 1 + 0j])
CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {"weight_decay": 0.1}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"amsgrad": True, "foreach": False}),
    ("AdamW", {"foreach": False}),
    ("Adamax", {}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {}),
    ("Adagrad", {"weight_decay": 0.1}),
    ("Adadelta", {}),
    ("ASGD", {}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Rprop", {}),
    ("LBFGS", {"lr": 0.1, "line_search_fn": "strong_wolfe"}),
]


def train(library, name, options, pairs):
    """Three steps on |w - PUSH|^2; with `pairs`, of the real and imaginary parts as real parameters."""
    start, goal = library.from_numpy(START.copy()), library.from_numpy(PUSH.copy())
    w = library.nn.Parameter(library.view_as_real(start).clone() if pairs else start)
    optimizer = getattr(library.optim, name)([w], **options)

    def closure():
        optimizer.zero_grad()
        z = library.view_as_complex(w) if pairs else w
        loss = (z - goal).abs().pow(2).sum() + 0.3 * (z * z).real.sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    state = optimizer.state_dict()["state"]
    tensors = {k: v.numpy() for k, v in state.get(0, {}).items() if isinstance(v, library.Tensor)}
    value = w.detach()
    return (library.view_as_complex(value) if pairs else value).numpy(), tensors


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_parts_are_trained(name, options):
    value, state = train(tg, name, options, pairs=False)
    parts, _ = train(tg, name, options, pairs=True)
    np.testing.assert_allclose(value, parts, rtol=1e-12)
    assert not np.allclose(value, START)
    shaped = [each for each in state.values() if each.shape == START.shape]
    assert name == "LBFGS" or all(each.dtype == np.complex128 for each in shaped)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_and_state(name, options):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    (ours, own_state), (theirs, their_state) = (train(library, name, options, False) for library in (tg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert own_state.keys() == their_state.keys()
    for key, value in their_state.items():
        assert own_state[key].dtype == value.dtype, key
        np.testing.assert_allclose(own_state[key], value, rtol=1e-6, atol=1e-9, err_msg=key)


@pytest.mark.parametrize(
    ("name", "error"), [("Adafactor", RuntimeError), ("Muon", RuntimeError), ("SparseAdam", ValueError)]
)
def test_refused(name, error):
    with pytest.raises(error, match=rf"{name} does not support complex parameters: params\[0\] is .*complex64"):
        getattr(tg.optim, name)([tg.ones(2, 2, dtype=tg.complex64)])


def test_the_function_is_told():
    p = tg.ones(2, dtype=tg.complex64)
    rule = {
        "amsgrad": False,
        "beta1": 0.9,
        "beta2": 0.999,
        "lr": 0.5,
        "weight_decay": 0,
        "eps": 1e-8,
    }
    lists = [[p], [p.clone()], [tg.zeros_like(p)], [tg.zeros_like(p)], [], [tg.tensor(0.0)]]
    with pytest.raises(RuntimeError, match="pass has_complex=True"):
        adam(*lists, maximize=False, **rule)
