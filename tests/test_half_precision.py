"""float16 and bfloat16: computed in float32 and rounded once, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

pytest.importorskip("ml_dtypes", reason="pip install 'tinygrad5329[bfloat16]'")
HALVES = ["float16", "bfloat16"]
VALUES = np.linspace(0.1, 2.3, 24, dtype=np.float32).reshape(4, 6)

#: A result that rounds once, whatever the operation: the float32 result of the rounded inputs, rounded.
CALLS = [
    lambda t, x: t.exp(x), lambda t, x: t.rsqrt(x), lambda t, x: t.sigmoid(x), lambda t, x: x * 1.1,
    lambda t, x: x.sum(), lambda t, x: x.sum(0), lambda t, x: x.mean(1), lambda t, x: x.var(0),
    lambda t, x: x.cumsum(1), lambda t, x: t.softmax(x, 1), lambda t, x: t.logsumexp(x, 0), lambda t, x: x @ x.T,
    lambda t, x: x.norm(), lambda t, x: t.nn.functional.layer_norm(x, (6,)), lambda t, x: t.nn.functional.gelu(x),
    lambda t, x: x.sort(1).values, lambda t, x: x[[0, 0, 1]], lambda t, x: t.cat([x, x]), lambda t, x: x.max(1).values,
    lambda t, x: t.where(x > 1, x, 0), lambda t, x: x.expand(3, 4, 6).clone(), lambda t, x: x.clamp(0.5, 1.5),
    lambda t, x: t.nn.functional.linear(x, x), lambda t, x: t.einsum("ij,kj->ik", x, x), lambda t, x: x.prod(1),
]  # fmt: skip


@pytest.mark.parametrize("name", HALVES)
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_rounded_once(number, name):
    d = getattr(tg, name)
    call = CALLS[number] if number != 3 else lambda t, x: x * 1.1
    x = tg.tensor(VALUES).to(d).requires_grad_()
    wide = x.detach().float().requires_grad_()
    out, reference = call(tg, x), call(tg, wide)
    assert out.dtype is d
    assert out.tolist() == reference.to(d).tolist()
    out.backward(tg.ones_like(out))
    reference.backward(tg.ones_like(reference))
    assert x.grad.dtype is d
    assert x.grad.tolist() == wide.grad.to(d).tolist()


@pytest.mark.parametrize("name", HALVES)
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_the_oracle_agrees(number, name):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    x, y = tg.tensor(VALUES).to(getattr(tg, name)), torch.tensor(VALUES).to(getattr(torch, name))
    ours, theirs = CALLS[number](tg, x), CALLS[number](torch, y)
    assert str(theirs.dtype) == f"torch.{ours.dtype.name}"
    # One unit in the last place: PyTorch rounds in between in some kernels.
    step = torch.finfo(theirs.dtype).eps
    np.testing.assert_allclose(ours.float().numpy(), theirs.float().numpy(), rtol=2 * step, atol=step)


@pytest.mark.parametrize("name", HALVES)
def test_nodes_keep_the_names_of_operations(name):
    x = tg.ones(2, dtype=getattr(tg, name)).requires_grad_()
    assert type((x * x).grad_fn).__name__ == "MulBackward0"
    assert type(x.max(0).values.grad_fn).__name__ == type(x.float().max(0).values.grad_fn).__name__
    assert "grad_fn=<ExpBackward0>" in repr(x.exp())


def test_sums_do_not_saturate():
    for d in (tg.float16, tg.bfloat16):
        x = tg.ones(10_000, dtype=d).requires_grad_()
        assert x.sum().item() == tg.tensor(10_000.0).to(d).item()
        one = tg.ones(1, dtype=d).requires_grad_()
        one.expand(4096).sum().backward()
        assert one.grad.item() == 4096
        row = tg.ones(2, 1, dtype=d).requires_grad_()
        row[[0] * 3000].sum().backward()
        assert row.grad.tolist() == [[tg.tensor(3000.0).to(d).item()], [0.0]]


def test_overflow_is_infinite():
    assert (tg.tensor([300.0]).half() * 300).item() == float("inf")
    assert tg.tensor([60000.0, 60000.0]).half().mean().item() == 60000.0
    assert tg.tensor(70000.0).half().item() == float("inf")


def test_second_derivatives():
    x = tg.tensor([0.5, 1.5]).bfloat16().requires_grad_()
    (first,) = tg.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = tg.autograd.grad(first.sum(), x)
    assert first.tolist() == [0.75, 6.75]
    assert second.tolist() == [3.0, 9.0]


@pytest.mark.parametrize("name", HALVES)
def test_modules_and_optimizers(name):
    d = getattr(tg, name)
    model = tg.nn.Sequential(tg.nn.Linear(4, 8), tg.nn.ReLU(), tg.nn.Linear(8, 1)).to(d)
    x, y = tg.randn(16, 4).to(d), tg.randn(16, 1).to(d)
    # Adam's squares and its epsilon are too small for float16, in PyTorch too.
    for make in (tg.optim.SGD, tg.optim.Adam, tg.optim.AdamW) if d is tg.bfloat16 else (tg.optim.SGD,):
        optimizer = make(model.parameters(), lr=0.01)
        losses = []
        for _ in range(8):
            loss = tg.nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0]
        assert all(p.dtype is d and p.grad.dtype is d for p in model.parameters())
    other = tg.nn.Sequential(tg.nn.Linear(4, 8), tg.nn.ReLU(), tg.nn.Linear(8, 1)).to(d)
    other.load_state_dict(model.state_dict())
    assert other(x).tolist() == model(x).tolist()


def test_printing_and_conversions():
    x = tg.tensor([1.0, -2.5, 3.14159]).bfloat16()
    assert repr(x) == "tensor([ 1.0000, -2.5000,  3.1406], dtype=tinygrad5329.bfloat16)"
    assert x.type() == "tinygrad5329.BFloat16Tensor"
    assert x.view(tg.int16).tolist() == [16256, -16352, 16457]
    assert (x + tg.ones(3, dtype=tg.float16)).dtype is tg.float32
    assert (x + tg.ones(3, dtype=tg.int64)).dtype is tg.bfloat16
    assert x.long().tolist() == [1, -2, 3]
    assert tg.arange(3, dtype=tg.bfloat16).tolist() == [0, 1, 2]
    nan = tg.tensor([2.0, float("nan"), 1.0]).bfloat16()
    assert nan.sort().indices.tolist() == [2, 0, 1]
    assert nan.isnan().tolist() == [False, True, False]
