"""Jacobians, Hessians and their products against PyTorch, and against matrices known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import functional

X, Y = np.array([0.3, -0.7, 1.2]), np.array([0.5, 0.9, -0.4])
FUNCTIONS = {
    "one output": lambda x, y: (x * y).exp(),
    "two outputs": lambda x, y: ((x * y).sum(), x**3),
    "one value": lambda x, y: (x * y.exp() * x).sum(),
}


def same(ours, oracle):
    if isinstance(oracle, tuple):
        assert len(ours) == len(oracle)
        for a, b in zip(ours, oracle, strict=True):
            same(a, b)
    else:
        assert ours.requires_grad == oracle.requires_grad
        assert ours.shape == tuple(oracle.shape)
        np.testing.assert_allclose(ours.detach().numpy(), oracle.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_against_the_oracle(name, recorded, create_graph):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    f = FUNCTIONS[name]

    def run(library, module, what):
        inputs = library.tensor(X, requires_grad=recorded), library.tensor(Y)
        v = library.tensor(Y), library.tensor(X)
        w = {"one output": v[0], "two outputs": (library.tensor(2.0, dtype=library.float64), v[1])}.get(name)
        call = getattr(module, what)
        if what in ("jacobian", "hessian"):
            return call(f, inputs, create_graph=create_graph)
        return call(f, inputs, w if what == "vjp" else v, create_graph=create_graph)

    for what in ("jacobian", "jvp", "vjp", *(("hessian", "hvp", "vhp") if name == "one value" else ())):
        same(run(tg, functional, what), run(torch, torch.autograd.functional, what))


def test_modes_agree():
    f = FUNCTIONS["two outputs"]
    inputs = tg.tensor(X), tg.tensor(Y)
    rows = functional.jacobian(f, inputs)
    columns = functional.jacobian(f, inputs, vectorize=True, strategy="forward-mode")
    for a, b in zip(rows, columns, strict=True):
        for p, q in zip(a, b, strict=True):
            np.testing.assert_allclose(p.numpy(), q.numpy())


def test_a_quadratic_form():
    a = tg.tensor([[2.0, 1.0], [1.0, 5.0]])
    assert functional.hessian(lambda x: x @ a @ x / 2, tg.tensor([1.0, -1.0])).tolist() == a.tolist()
    value, product = functional.hvp(lambda x: x @ a @ x / 2, tg.tensor([1.0, -1.0]), tg.tensor([1.0, 0.0]))
    assert (value.item(), product.tolist()) == (2.5, [2.0, 1.0])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: functional.jacobian(lambda x: 3, tg.ones(1)), TypeError, "must be either a Tensor or a tuple"),
        (lambda: functional.jacobian(lambda x: x, [tg.ones(1)]), TypeError, "inputs given to jacobian"),
        (lambda: functional.hessian(lambda x: x, tg.ones(2)), RuntimeError, "a single element"),
        (lambda: functional.vjp(lambda x: x, tg.ones(2)), RuntimeError, "v can only be None"),
        (lambda: functional.jvp(lambda x: x, tg.ones(2), tg.ones(3)), RuntimeError, "invalid size"),
        (lambda: functional.jacobian(lambda x: x.detach(), tg.ones(2), strict=True), RuntimeError, "strict mode"),
        (lambda: functional.jacobian(lambda x, y: x, (tg.ones(2), tg.ones(2)), strict=True), RuntimeError, "input 1"),
        (lambda: functional.jacobian(lambda x: x, tg.ones(2), strategy="sideways"), AssertionError, "sideways"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_zeros_where_nothing_depends():
    matrix = functional.jacobian(lambda x, y: x * 2, (tg.ones(2), tg.ones(3)))
    assert matrix[1].tolist() == [[0.0] * 3] * 2
