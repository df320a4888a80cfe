"""Functional derivatives: nesting, captured tensors, aux values, and PyTorch's answers."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import func

X, Y, W = np.array([0.3, -0.7, 1.2]), np.array([0.5, 0.9, -0.4]), np.arange(9.0).reshape(3, 3) / 7

#: Each takes the library, its ``func``, two vectors, and a matrix that requires grad.
CALLS = {
    "grad with a captured parameter": lambda l, F, x, y, w: F.grad(lambda a: (a @ w @ a).sin())(x),
    "second derivative": lambda l, F, x, y, w: F.grad(F.grad(lambda a: l.sin(a) * a))(x[0]),
    "third derivative": lambda l, F, x, y, w: F.grad(F.grad(F.grad(lambda a: a**4)))(x[0]),
    "nested arguments": lambda l, F, x, y, w: F.grad(lambda d: (d["x"] * d["y"][0]).sum())({"x": x, "y": (y,)}),
    "argnums and aux": lambda l, F, x, y, w: F.grad_and_value(lambda a, b: ((a * b).sum(), a * 2), (0, 1), True)(x, y),
    "jacrev": lambda l, F, x, y, w: F.jacrev(lambda a: w @ (a * a))(x),
    "jacrev of a tuple": lambda l, F, x, y, w: F.jacrev(lambda a, b: (a * b, b.sum()), (0, 1))(x, y),
    "jacfwd": lambda l, F, x, y, w: F.jacfwd(lambda a: w.detach() @ (a * a))(x),
    "jacfwd of a tuple": lambda l, F, x, y, w: F.jacfwd(lambda a, b: (a * b, b.sum()), (0, 1))(x, y),
    "hessian": lambda l, F, x, y, w: F.hessian(lambda a: (a**3 * y).sum())(x),
    "jvp": lambda l, F, x, y, w: F.jvp(lambda a, b: (a * b, a.sin()), (x, y), (y, x)),
    "vjp": lambda l, F, x, y, w: F.vjp(lambda a, b: (a * b, a.sin()), x, y)[1]((y, x)),
    "linearize": lambda l, F, x, y, w: F.linearize(lambda a: a**2 * y, x)[1](y),
    "vmap": lambda l, F, x, y, w: F.vmap(lambda r: (r * x).sum())(w.detach()),
    "vmap with dims": lambda l, F, x, y, w: F.vmap(lambda r, t: {"a": r * t}, in_dims=(1, 0), out_dims=1)(w, x),
    "gradients per sample": lambda l, F, x, y, w: F.vmap(F.grad(lambda r, t: (r * t).sum().sin()), (0, None))(
        w.detach(), x
    ),
    "vmap of jacrev": lambda l, F, x, y, w: F.vmap(F.jacrev(lambda r: r**2))(w.detach()),
    "vmap in vmap": lambda l, F, x, y, w: F.vmap(F.vmap(lambda a, b: a * b, (None, 0)), (0, None))(x, y),
}


def same(ours, oracle):
    if isinstance(oracle, dict):
        assert ours.keys() == oracle.keys()
        ours, oracle = tuple(ours.values()), tuple(oracle.values())
    if isinstance(oracle, tuple):
        assert len(ours) == len(oracle)
        for a, b in zip(ours, oracle, strict=True):
            same(a, b)
    else:
        assert ours.requires_grad == oracle.requires_grad
        assert ours.shape == tuple(oracle.shape)
        np.testing.assert_allclose(ours.detach().numpy(), oracle.detach().numpy(), rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_against_the_oracle(name):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    results = [
        CALLS[name](library, F, library.tensor(X), library.tensor(Y), library.tensor(W, requires_grad=True))
        for library, F in ((tg, func), (torch, torch.func))
    ]
    same(*results)


def test_what_was_captured_can_be_differentiated():
    w = tg.tensor(3.0, requires_grad=True)
    func.grad(lambda a: w * a * a)(tg.tensor(2.0)).backward()
    assert w.grad.item() == 4


def test_no_grad_outside_does_not_stop_the_derivative():
    with tg.no_grad():
        g = func.grad(lambda a: (a * a).sum())(tg.ones(2, requires_grad=True))
    assert g.tolist() == [2, 2]
    assert not g.requires_grad


def test_maml_step():
    """A derivative through an update step, as meta-learning takes it."""
    loss = lambda p, x: ((p * x - 1) ** 2).sum()  # noqa: E731

    def outer(p):
        inner = p - 0.1 * func.grad(loss)(p, tg.tensor(2.0))
        return loss(inner, tg.tensor(3.0))

    p = 0.7
    step = p - 0.1 * 4 * (2 * p - 1)
    assert func.grad(outer)(tg.tensor(p)).item() == pytest.approx(6 * (3 * step - 1) * 0.2, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: func.grad(lambda a: a)(tg.ones(3)), "return a scalar Tensor"),
        (lambda: func.grad(lambda a: (a.sum(), 1))(tg.ones(3)), "return a Tensor, got"),
        (lambda: func.grad(lambda a: a.sum())(tg.ones(3, dtype=tg.int64)), "floating point"),
        (lambda: func.grad(lambda a: a.sum(), 1)(tg.ones(3)), "argnum=1"),
        (lambda: func.jvp(lambda a: a, tg.ones(3), (tg.ones(3),)), "primals to be a tuple"),
        (lambda: func.jvp(lambda a: a, (tg.ones(3),), (tg.ones(2),)), "different size"),
        (lambda: func.vjp(lambda a: a, tg.ones(3))[1]((tg.ones(3), tg.ones(3))), "structure of cotangents"),
        (lambda: func.jacrev(lambda a: 3)(tg.ones(3)), "only tensors"),
    ],
)
def test_errors(call, text):
    with pytest.raises(RuntimeError, match=text):
        call()
