"""Fourier transforms, of real inputs, with their spectra seen as pairs of reals."""

from __future__ import annotations

from .entry import entry, real, sample

WITHOUT = {"0-d": "a transform needs a dimension", "zero-size": "PyTorch's transforms refuse a batch of none"}


def transform(name, call, *samples):
    entry(name, call, *samples, half=False, without=WITHOUT)


transform(
    "fft_c2c",
    lambda t, x, y, function, **options: t.view_as_real(getattr(t.fft, function)(t.complex(x, y), **options)),
    sample(real(2, 3), real(2, 3), function="fft"),
    sample(real(2, 3), real(2, 3), function="ifft", norm="ortho", dim=0),
    sample(real(2, 3), real(2, 3), function="fftn", s=(3, 2)),
)
transform(
    "fft_r2c",
    lambda t, x, function, **options: t.view_as_real(getattr(t.fft, function)(x, **options).resolve_conj()),
    sample(real(2, 4), function="rfft"),
    sample(real(2, 5), function="rfft", norm="forward"),
    sample(real(3, 4), function="rfft2", s=(4, 3)),
    sample(real(5), function="ihfft"),
)
transform(
    "fft_c2r",
    lambda t, x, y, function, **options: getattr(t.fft, function)(t.complex(x, y), **options),
    sample(real(2, 3), real(2, 3), function="irfft"),
    sample(real(2, 3), real(2, 3), function="irfft", n=5, norm="ortho"),
    sample(real(3, 3), real(3, 3), function="irfft2"),
    sample(real(2, 3), real(2, 3), function="hfft"),
)
