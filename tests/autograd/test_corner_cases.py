"""Corners of the tape and of its rules: complex rules, empty rows, late writes, hooks, numbers from NumPy."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

Z = np.array([0.4 + 0.3j, -0.2 + 0.6j])


def derivative(f, z, h=1e-6):
    """The derivative of a holomorphic function, by a central difference."""
    with tg.no_grad():
        return (f(tg.from_numpy(z + h)).numpy() - f(tg.from_numpy(z - h)).numpy()) / (2 * h)


HOLOMORPHIC = {
    "exp2": tg.exp2, "expm1": tg.expm1, "log2": tg.log2, "log10": tg.log10, "log1p": tg.log1p, "rsqrt": tg.rsqrt,
    "asin": tg.asin, "acos": tg.acos, "atan": tg.atan, "sinh": tg.sinh, "cosh": tg.cosh, "asinh": tg.asinh,
    "acosh": tg.acosh, "atanh": tg.atanh, "cube": lambda x: x**3, "power": lambda x: x ** tg.from_numpy(Z + 1),
    "lerp": lambda x: tg.lerp(x, tg.from_numpy(Z * Z), tg.from_numpy(Z / 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOLOMORPHIC))
def test_a_complex_gradient_is_the_conjugate_of_the_derivative(name):
    f = HOLOMORPHIC[name]
    x = tg.from_numpy(Z.copy()).requires_grad_()
    (g,) = tg.autograd.grad(f(x), x, tg.ones(2, dtype=tg.complex128))
    np.testing.assert_allclose(g.numpy(), np.conj(derivative(f, Z)), rtol=1e-6)


def test_a_complex_linear_layer_has_conjugated_gradients():
    w = tg.from_numpy(Z.reshape(1, 2).copy()).requires_grad_()
    x = tg.from_numpy(Z.reshape(1, 2) * 2).requires_grad_()
    gx, gw = tg.autograd.grad(F.linear(x, w), [x, w], tg.ones(1, 1, dtype=tg.complex128))
    np.testing.assert_allclose(gx.numpy(), np.conj(w.detach().numpy()))
    np.testing.assert_allclose(gw.numpy(), np.conj(x.detach().numpy()))


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)])
def test_products_of_empty_stacks(shape):
    x = tg.zeros(shape, requires_grad=True)
    w = tg.ones(5, shape[-1], requires_grad=True)
    (F.linear(x, w).sum() + (x @ w.T).sum()).backward()
    assert x.grad.shape == shape
    assert w.grad.shape == w.shape
    assert not w.grad.any()


def test_a_late_write_is_refused_in_the_second_derivative_too():
    x = tg.tensor([2.0], requires_grad=True)
    factor = tg.tensor([3.0])
    (g,) = tg.autograd.grad((x * factor).sin(), x, create_graph=True)
    factor.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        g.backward()


def test_what_a_hook_does_is_recorded_with_the_pass_only():
    recorded = []

    def hook(g):
        recorded.append((tg.is_grad_enabled(), (g * weight).requires_grad))

    weight = tg.ones(1, requires_grad=True)
    x = tg.ones(1, requires_grad=True)
    x.register_hook(hook)
    (x * x).sum().backward()
    tg.autograd.grad((x * x).sum(), x, create_graph=True)
    assert recorded == [(False, False), (True, True)]


def test_a_gradient_that_is_an_expanded_tensor_is_not_overwritten():
    x = tg.ones(3, requires_grad=True)
    x.grad = tg.zeros(1).expand(3)
    with pytest.raises(RuntimeError, match="accumulation of a gradient"):
        (x * tg.tensor([1.0, 2.0, 3.0])).sum().backward()


def test_a_port_without_a_gradient_is_left_out():
    x = tg.arange(4.0).requires_grad_()
    values, _ = x.reshape(2, 2).max(dim=0)
    first, second = (x * 2).chunk(2)
    g = tg.autograd.grad(first.sum() + values.sum() * 0, [first, second], allow_unused=True)
    assert g[0].tolist() == [1, 1]
    assert g[1] is None


def test_repeat_without_repeating_is_a_copy():
    x = tg.zeros(2)
    x.repeat(1).add_(1)
    x.repeat(1, 1).add_(1)
    assert x.tolist() == [0, 0]


def test_out_is_allowed_where_nothing_is_recorded():
    x, out = tg.ones(2, requires_grad=True), tg.empty(2)
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        tg.add(x, x, out=out)
    with tg.no_grad():
        assert tg.add(x, x, out=out).tolist() == [2, 2]


def test_integers_take_values_from_recorded_tensors():
    x = tg.zeros(2, dtype=tg.int64)
    x.copy_(tg.tensor([1.7, 2.2], requires_grad=True))
    assert x.tolist() == [1, 2]
    assert not x.requires_grad


def test_numbers_of_numpy_do_not_decide_the_dtype():
    x = tg.ones(2)
    assert (x ** np.float64(2)).dtype is tg.float32
    assert x.clamp(np.float64(0), np.float64(1)).dtype is tg.float32
    assert tg.add(x, 2.5, alpha=2).dtype is tg.float32
    assert tg.ones(2, dtype=tg.int8).add(2, alpha=3).dtype is tg.int8


def test_bool_survives_a_copy():
    import pickle

    assert pickle.loads(pickle.dumps(tg.bool)) is tg.bool
    assert copy.deepcopy(tg.bool) is tg.bool


def test_sign_of_a_complex_number_is_refused():
    with pytest.raises(RuntimeError, match="complex"):
        tg.sign(tg.tensor([1j]))
