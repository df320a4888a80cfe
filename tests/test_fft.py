"""``tinygrad5329.fft``, ``stft`` and ``istft``: definitions, PyTorch's values, errors, gradients of two orders."""

from __future__ import annotations

import cmath

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck

from .ops.tables import LIBRARIES, check_error, check_value

TRANSFORMS = [name for name in tg.fft.__all__ if "freq" not in name]
OPTIONS = [{}, {"norm": "ortho"}, {"norm": "forward"}, {"norm": "backward"}]


def random(*shape, complex_=False, dtype=np.float64):
    rng = np.random.default_rng(1)
    x = rng.normal(size=shape)
    return (x + 1j * rng.normal(size=shape) if complex_ else x).astype(np.result_type(dtype, 1j) if complex_ else dtype)


def test_all_of_pytorch_is_there():
    assert len(tg.fft.__all__) == 22


def test_the_definition():
    x = random(5, complex_=True)
    k = np.arange(5)
    matrix = np.array([[cmath.exp(-2j * cmath.pi * a * b / 5) for b in k] for a in k])
    np.testing.assert_allclose(tg.fft.fft(tg.tensor(x)).numpy(), matrix @ x, rtol=1e-12)
    np.testing.assert_allclose(tg.fft.ifft(tg.tensor(x)).numpy(), matrix.conj() @ x / 5, rtol=1e-12)


@pytest.mark.parametrize("name", ["fft", "rfft", "hfft"])
@pytest.mark.parametrize("suffix", ["", "2", "n"])
@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
def test_inverses(name, suffix, norm):
    back = {"fft": "ifft", "rfft": "irfft", "hfft": "ihfft"}[name] + suffix
    forth = name + suffix
    if name == "hfft":
        forth, back = back, forth
    x = tg.tensor(random(4, 6, complex_=name == "fft"))
    y = getattr(tg.fft, back)(getattr(tg.fft, forth)(x, norm=norm), norm=norm)
    np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("single", [True, False])
def test_the_oracle_agrees(name, single):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    dtype = np.float32 if single else np.float64
    shift = "shift" in name
    several = name[-1] in "2n"
    for complex_ in (False, True):
        if complex_ and name.startswith(("rfft", "ihfft")):
            continue
        x = random(3, 4, 5, complex_=complex_, dtype=dtype)
        calls = [{}, {"dim": (0,) if shift else (0, 2) if several else 1}]
        if not shift:
            calls += [
                *OPTIONS,
                {"s": (3, 6)} if several else {"n": 3},
                {"s": (2, 7)} if several else {"n": 8, "dim": 0},
            ]
        for options in calls:
            results = []
            for t in (tg, torch):
                leaf = t.tensor(x).requires_grad_()
                out = getattr(t.fft, name)(leaf, **options)
                weights = t.tensor(np.random.default_rng(2).normal(size=tuple(out.shape)).astype(dtype))
                loss = (out * weights * (1 + 2j)).real if not out.is_complex() else (out * weights).abs()
                loss.sum().backward()
                results.append((out, leaf.grad))
            (a, ga), (b, gb) = results
            assert f"torch.{a.dtype.name}" == str(b.dtype)
            tolerance = {"rtol": 1e-4, "atol": 1e-4} if single else {"rtol": 1e-10, "atol": 1e-10}
            np.testing.assert_allclose(a.detach().numpy(), b.detach().resolve_conj().numpy(), **tolerance)
            np.testing.assert_allclose(ga.numpy(), gb.resolve_conj().numpy(), **tolerance)


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if "shift" not in name])
def test_derivatives(name):
    def call(x, y=None):
        out = getattr(tg.fft, name)(x if y is None else tg.complex(x, y))
        return tg.view_as_real(out).sin() if out.is_complex() else out.sin()

    inputs = [
        tg.tensor(random(3, 4) + i, requires_grad=True) for i in range(1 if name[0] in "r" or "ih" in name else 2)
    ]
    assert gradcheck(call, inputs)
    assert gradgradcheck(call, inputs)


def test_empty_batches():
    assert tg.fft.fft(tg.zeros(0, 4)).shape == (0, 4)
    assert tg.fft.rfft(tg.zeros(0, 4)).shape == (0, 3)
    assert tg.fft.irfft(tg.zeros(0, 3)).shape == (0, 4)


VALUES = [
    (lambda t, x: t.fft.fftfreq(5, 0.5), [0.0, 0.4, 0.8, -0.8, -0.4]),
    (lambda t, x: t.fft.rfftfreq(4), [0.0, 0.25, 0.5]),
    (lambda t, x: t.fft.fftfreq(3, dtype=t.float64).dtype, "float64"),
    (lambda t, x: t.fft.fftshift(t.arange(5)), [3, 4, 0, 1, 2]),
    (lambda t, x: t.fft.ifftshift(t.arange(5)), [2, 3, 4, 0, 1]),
    (lambda t, x: t.fft.fft(x).dtype, "complex64"),
    (lambda t, x: t.fft.fft(x.long()).dtype, "complex64"),
    (lambda t, x: t.fft.rfft(x.double()).dtype, "complex128"),
    (lambda t, x: t.fft.irfft(x).shape, (2, 4)),
    (lambda t, x: t.stft(t.arange(8.0), 4, return_complex=True).shape, (3, 9)),
    (lambda t, x: t.stft(t.arange(8.0), 4, center=False, onesided=False, return_complex=True).shape, (4, 5)),
    (lambda t, x: t.stft(t.arange(8.0), 4, return_complex=False).shape, (3, 9, 2)),
]
ERRORS = [
    (lambda t, x: t.fft.fft(x, norm="x"), RuntimeError, "Invalid normalization mode"),
    (lambda t, x: t.fft.fft(x, n=0), RuntimeError, "Invalid number of data points (0)"),
    (lambda t, x: t.fft.fft(x, dim=2), IndexError, "Dimension out of range"),
    (lambda t, x: t.fft.rfft(x + 1j), RuntimeError, "rfft expects a real input tensor, but got ComplexFloat"),
    (lambda t, x: t.fft.fftn(x, s=(1, 2, 3)), RuntimeError, "Got shape with 3 values"),
    (lambda t, x: t.fft.fftn(x, s=(1,), dim=(0, 1)), RuntimeError, "must have the same length"),
    (lambda t, x: t.fft.fftn(x, dim=(0, 0)), RuntimeError, "must be unique"),
    (lambda t, x: t.fft.fft(x.half()), RuntimeError, "Unsupported dtype Half"),
    (lambda t, x: t.fft.irfft(x[:, :1]), RuntimeError, "Invalid number of data points (0)"),
    (lambda t, x: t.stft(x[0], 2, 1), RuntimeError, "return_complex"),
    (lambda t, x: t.stft(x[0], 9, center=False, return_complex=True), RuntimeError, "n_fft"),
    (lambda t, x: t.stft(x[0], 2, hop_length=0, return_complex=True), RuntimeError, "hop_length"),
    (lambda t, x: t.stft(x[0], 2, 1, window=t.ones(3), return_complex=True), RuntimeError, "window"),
    (lambda t, x: t.istft(x, 2), RuntimeError, "complex-valued"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
@pytest.mark.filterwarnings("ignore:A window was not provided", "ignore:stft with return_complex=False")
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
@pytest.mark.filterwarnings("ignore:A window was not provided", "ignore:stft with return_complex=False")
def test_errors(library, call, error, message):
    check_error(library, call, error, message)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("win_length", [8, 6])
def test_short_time_transforms_invert(normalized, win_length):
    signal = tg.tensor(random(2, 40), requires_grad=True)
    window = tg.tensor(np.hanning(win_length + 2)[1:-1])
    options = {"n_fft": 8, "hop_length": 2, "win_length": win_length, "window": window, "normalized": normalized}
    spectra = tg.stft(signal, return_complex=True, **options)
    back = tg.istft(spectra, length=40, **options)
    np.testing.assert_allclose(back.detach().numpy(), signal.detach().numpy(), atol=1e-12)
    (g,) = tg.autograd.grad(back.sum(), signal)
    np.testing.assert_allclose(g.numpy(), 1, atol=1e-12)
