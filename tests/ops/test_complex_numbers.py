"""Complex tensors: PyTorch's values, gradients and refusals, and writes through real and imaginary parts."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, sample

Z = [1 + 2j, 3 - 1j, -0.5 + 0.25j]


def z(t):
    return t.tensor(Z)


def parted(t, x):
    """(2, 3) floats as three complex numbers."""
    return t.complex(x[0], x[1])


def listed(values):
    return [[round(v.real, 4), round(v.imag, 4)] for v in values.tolist()]


VALUES = [
    (lambda t, x: listed(parted(t, x)), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: listed(t.polar(t.tensor([2.0]), t.tensor([0.0]))), [[2.0, 0.0]]),
    (lambda t, x: t.view_as_real(z(t)), [[1.0, 2.0], [3.0, -1.0], [-0.5, 0.25]]),
    (lambda t, x: listed(t.view_as_complex(x.T.contiguous())), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: z(t).real, [1.0, 3.0, -0.5]),
    (lambda t, x: z(t).imag, [2.0, -1.0, 0.25]),
    (lambda t, x: z(t).abs(), [2.2361, 3.1623, 0.559]),
    (lambda t, x: z(t).angle(), [1.1071, -0.3218, 2.6779]),
    (lambda t, x: t.angle(t.tensor([-1.0, 0.0, -0.0, float("nan")])), [3.1416, 0.0, 0.0, "nan"]),
    (lambda t, x: listed(z(t).sgn()), [[0.4472, 0.8944], [0.9487, -0.3162], [-0.8944, 0.4472]]),
    (lambda t, x: listed(z(t).conj().resolve_conj()), [[1.0, -2.0], [3.0, 1.0], [-0.5, -0.25]]),
    (lambda t, x: x.conj() is x and x.real is x and x.conj_physical() is x, True),
    (lambda t, x: (t.is_complex(z(t)), z(t).is_neg(), t.isreal(z(t).real).all().item()), (True, False, True)),
    (lambda t, x: (x * 1j).dtype, "complex64"),
    (lambda t, x: (z(t) + 1).dtype, "complex64"),
    (lambda t, x: (z(t) * x.double()[0]).dtype, "complex128"),
    (lambda t, x: (z(t) == z(t)).tolist(), [True, True, True]),
    (lambda t, x: t.isclose(z(t), z(t) + 1e-9).tolist(), [True, True, True]),
    (lambda t, x: listed((z(t) @ z(t)).reshape(1)), [[5.1875, -2.25]]),
    (lambda t, x: listed(t.vdot(z(t), z(t)).reshape(1)), [[15.3125, 0.0]]),
    (lambda t, x: listed(z(t).sum().reshape(1)), [[3.5, 1.25]]),
    (lambda t, x: z(t).var(), 5.3542),
    (lambda t, x: z(t).norm(), 3.9131),
    (lambda t, x: t.linspace(0, 1j, 3).dtype, "complex64"),
    (lambda t, x: z(t).mH if z(t).dim() > 1 else t.eye(2, dtype=t.complex64).mH.shape, (2, 2)),
    (lambda t, x: complex(z(t)[0]), "(1+2j)"),
    (lambda t, x: float(t.tensor(2 + 0j)), 2.0),
    (
        lambda t, x: (t.randn(20, dtype=t.complex64).dtype, t.rand(2, dtype=t.complex128).dtype),
        ("complex64", "complex128"),
    ),
]
ERRORS = [
    (lambda t, x: z(t) < z(t), NotImplementedError, "no order"),
    (lambda t, x: z(t).max(), NotImplementedError, "no order"),
    (lambda t, x: z(t).argmax(), RuntimeError, "take abs"),
    (lambda t, x: z(t).sort(), RuntimeError, "sort does not support complex"),
    (lambda t, x: z(t).topk(1), RuntimeError, "topk does not support complex"),
    (lambda t, x: z(t).cummax(0), NotImplementedError, "no order"),
    (lambda t, x: z(t).median(), NotImplementedError, "not implemented"),
    (lambda t, x: z(t).floor(), NotImplementedError, "floor"),
    (lambda t, x: z(t).round(), NotImplementedError, "round"),
    (lambda t, x: z(t).sign(), NotImplementedError, "sign"),
    (lambda t, x: z(t) % 2, NotImplementedError, "remainder"),
    (lambda t, x: z(t) // 2, NotImplementedError, "floor_div"),
    (lambda t, x: z(t).erf(), NotImplementedError, "erf"),
    (lambda t, x: z(t).deg2rad(), RuntimeError, "deg2rad"),
    (lambda t, x: t.relu(z(t)), NotImplementedError, "relu"),
    (lambda t, x: t.nn.functional.gelu(z(t)), NotImplementedError, "gelu"),
    (lambda t, x: t.softmax(z(t), 0), NotImplementedError, "softmax"),
    (lambda t, x: z(t).clamp(0), NotImplementedError, "clamp"),
    (lambda t, x: x.imag, RuntimeError, "imag is not implemented"),
    (lambda t, x: t.view_as_real(x), RuntimeError, "only supported for complex"),
    (lambda t, x: t.view_as_complex(x), RuntimeError, "last dimension of size 2"),
    (lambda t, x: t.view_as_complex(x[:2, :2].T), RuntimeError, "stride 1"),
    (lambda t, x: t.view_as_complex(x.long()), RuntimeError, "scalar type: Long"),
    (lambda t, x: t.view_as_complex(t.tensor(1.0)), RuntimeError, "one or more dimensions"),
    (lambda t, x: t.complex(x, x.double()), RuntimeError, "scalar type Float but got scalar type Double"),
    (lambda t, x: t.complex(x.long(), x.long()), RuntimeError, "got Long and Long"),
    (lambda t, x: t.complex(x, 1.0), TypeError, "argument 'imag' must be Tensor"),
    (lambda t, x: z(t).requires_grad_().sum().backward(), RuntimeError, "only for real scalar outputs"),
    (lambda t, x: float(z(t)[0]), RuntimeError, "without overflow"),
    (lambda t, x: int(z(t)[0]), RuntimeError, "without overflow"),
    (lambda t, x: x.fill_(1j), RuntimeError, "without overflow"),
    (lambda t, x: x.add_(1j), RuntimeError, "can't be cast"),
    (lambda t, x: t.arange(3, dtype=t.complex64), NotImplementedError, "arange"),
    (lambda t, x: t.tensor([1j], dtype=t.float32), TypeError, "real number"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    if isinstance(found := call(library, sample(library)), list):
        assert found == expected
    else:
        check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)


#: Real losses of a complex vector: their gradients are compared with PyTorch's and with finite differences.
LOSSES = [
    lambda t, c: c.abs().sum(), lambda t, c: (c * c).real.sum(), lambda t, c: c.exp().imag.sum(),
    lambda t, c: c.angle().sum(), lambda t, c: (c / (c + 3)).abs().sum(), lambda t, c: c.sgn().real.sum(),
    lambda t, c: c.log().abs().sum(), lambda t, c: (c**3).abs().sum(), lambda t, c: (2**c).real.sum(),
    lambda t, c: c.sqrt().real.sum(), lambda t, c: c.sin().abs().sum(), lambda t, c: c.tanh().imag.sum(),
    lambda t, c: c.reciprocal().abs().sum(), lambda t, c: c.rsqrt().abs().sum(), lambda t, c: (c @ c).abs(),
    lambda t, c: t.outer(c, c.conj()).abs().sum(), lambda t, c: c.prod().abs(), lambda t, c: c.cumsum(0).abs().sum(),
    lambda t, c: c.var(), lambda t, c: c.norm(), lambda t, c: c[[0, 0, 2]].abs().sum(), lambda t, c: c.mean().abs(),
    lambda t, c: t.sigmoid(c).abs().sum(), lambda t, c: t.view_as_real(c).exp().sum(),
    lambda t, c: c.atan().abs().sum(),
    lambda t, c: t.einsum("i,j->ij", c, c).real.sum(), lambda t, c: (c.real * c.imag).sum(),
    lambda t, c: c.asin().real.sum(),
    lambda t, c: t.nn.functional.linear(c, t.outer(c, c)).abs().sum(), lambda t, c: c.lerp(c * 2, 0.3).abs().sum(),
    lambda t, c: t.stack([c, c.conj()]).cumprod(0).abs().sum(), lambda t, c: t.where(c.real > 0, c, c * 2j).abs().sum(),
    lambda t, c: t.logsumexp(c, 0).abs(),
]  # fmt: skip


def differences(loss, values, step=1e-6):
    """dL/dx + i dL/dy, the convention of PyTorch."""
    found = []
    for i in range(len(values)):
        for direction in (1, 1j):
            ends = []
            for sign in (1, -1):
                moved = np.array(values)
                moved[i] += sign * step * direction
                ends.append(loss(tg, tg.tensor(moved)).item())
            found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found[::2]) + 1j * np.array(found[1::2])


@pytest.mark.parametrize("number", range(len(LOSSES)))
def test_gradients(number):
    loss = LOSSES[number]
    values = np.array(Z)
    c = tg.tensor(values, requires_grad=True)
    (g,) = tg.autograd.grad(loss(tg, c), c, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), differences(loss, values), rtol=1e-6, atol=1e-7)

    def slope(t, at):
        at = at if at.requires_grad else at.requires_grad_()
        (inner,) = t.autograd.grad(loss(t, at), at, create_graph=True)
        return (inner * t.tensor([1 - 1j, 0.5 + 1j, 2])).real.sum() + inner.imag.sum()

    second = slope(tg, c)
    if second.requires_grad:
        (gg,) = tg.autograd.grad(second, c, allow_unused=True)
        found = np.zeros(3) if gg is None else gg.numpy()
        np.testing.assert_allclose(found, differences(slope, values), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("number", range(len(LOSSES)))
def test_the_oracle_agrees(number):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    grads = []
    for t in (tg, torch):
        c = t.tensor(Z, dtype=t.complex128, requires_grad=True)
        loss = LOSSES[number](t, c)
        loss.backward()
        grads.append((loss.item(), c.grad.resolve_conj().tolist()))
    np.testing.assert_allclose(grads[0][1], grads[1][1], rtol=1e-9, atol=1e-12)
    assert grads[0][0] == pytest.approx(grads[1][0])


def test_a_real_input_gets_a_real_gradient():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * (1 + 2j)).abs().sum().backward()
    assert x.grad.dtype is tg.float32
    assert x.grad.tolist() == pytest.approx([5**0.5] * 2)


@pytest.mark.parametrize("library", LIBRARIES)
def test_parts_are_views(library):
    t = library
    c = t.tensor(Z)
    c.real.mul_(2)
    c.imag = t.tensor([1.0, 2.0, 3.0])
    c.real[0] = 7
    assert listed(c) == [[7.0, 1.0], [6.0, 2.0], [-1.0, 3.0]]
    assert t.view_as_real(c).data_ptr() == c.data_ptr()
    pairs = t.zeros(2, 2)
    t.view_as_complex(pairs).add_(1 + 2j)
    assert pairs.tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize("library", LIBRARIES)
def test_recorded_writes_through_parts(library):
    t = library
    c = t.tensor([1 + 1j, 2], requires_grad=True)
    v = t.tensor([3.0, 4.0], requires_grad=True)
    out = c * 1
    out.imag = v * 2
    out.real.mul_(3)
    out.abs().sum().backward()
    assert listed(c.grad) == [[1.3416, 0.0], [1.8, 0.0]]
    assert [round(g, 4) for g in v.grad.tolist()] == [1.7889, 1.6]
