"""The short-time Fourier transform and its inverse: spectra of overlapping windows along a signal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.ops.complex_numbers import view_as_real
from tinygrad5329.ops.fourier import fft, ifft, irfft, rfft
from tinygrad5329.ops.padding import pad
from tinygrad5329.ops.placing import index_add
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["istft", "stft"]


def _refuse(op: str, input: Any, problem: str) -> RuntimeError:
    return RuntimeError(f"{op}({input.dtype.name}{list(input.shape)}): {problem}")


def _window(op: str, input: Tensor, window: Tensor | None, win_length: int, n_fft: int) -> Tensor | None:
    """The window in the middle of `n_fft` places; None for one of ones that fills them."""
    if window is None:
        if win_length == n_fft:
            return None
        window = wrap(np.ones(win_length, input._array.real.dtype))
    expect_tensor(op, "window", window)
    if window.dim() != 1 or window.shape[0] != win_length:
        raise _refuse(op, input, f"expected a 1D window tensor of size equal to win_length={win_length}, but got "
                      f"window with size {list(window.shape)}")  # fmt: skip
    left = (n_fft - win_length) // 2
    return pad(window, (left, n_fft - win_length - left)) if win_length < n_fft else window


def _sizes(op: str, input: Tensor, n_fft: int, hop_length: int | None, win_length: int | None) -> tuple[int, int]:
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    if hop <= 0:
        raise _refuse(op, input, f"expected hop_length > 0, but got hop_length={hop}")
    if not 0 < win <= n_fft:
        raise _refuse(op, input, f"expected 0 < win_length <= n_fft, but got win_length={win}")
    return hop, win


def _starts(count: int, hop: int, n_fft: int) -> Any:
    """Where each place of each frame lies in the signal: (count, n_fft)."""
    return np.arange(count)[:, None] * hop + np.arange(n_fft)


@method
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """Spectra of windows of `n_fft` samples, `hop_length` apart (``torch.stft``).

    Parameters
    ----------
    input : Tensor, shape (T,) or (N, T)
    window : Tensor, shape (win_length,), optional
        Ones by default; shorter windows stand in the middle of `n_fft`.
    center : bool
        Pad the signal so that frame t is centred on sample ``t * hop_length``.
    onesided : bool, optional
        Only the frequencies up to ``n_fft // 2``; the default for real signals and windows.
    return_complex : bool
        Must be given for real signals; False gives real pairs in a last dimension of 2.

    Returns
    -------
    Tensor, shape ([N,] frequencies, frames)
    """
    expect_tensor("stft", "input", input)
    hop, win = _sizes("stft", input, n_fft, hop_length, win_length)
    if return_complex is None:
        if not (input.is_complex() or (window is not None and window.is_complex())):
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will further require that "
                "return_complex=True in a future PyTorch release."
            )
        return_complex = True
    if align_to_window and center:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if input.dim() not in (1, 2) or not (input.is_floating_point() or input.is_complex()):
        raise _refuse("stft", input, "expected a 1D or 2D tensor of floating point or complex values")
    signal = input if input.dim() == 2 else input.unsqueeze(0)
    if center:
        signal = pad(signal.unsqueeze(0), (n_fft // 2, n_fft // 2), mode=pad_mode).squeeze(0)
    length = signal.shape[1]
    if not 0 < n_fft <= length:
        raise _refuse("stft", input, f"expected 0 < n_fft <= {length}, but got n_fft={n_fft}")
    taper = _window("stft", input, window, win, n_fft)
    mixed = input.is_complex() or (taper is not None and taper.is_complex())
    if onesided is None:
        onesided = not mixed
    if onesided and mixed:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    frames = signal[:, wrap(_starts(1 + (length - n_fft) // hop, hop, n_fft))]
    if taper is not None:
        frames = frames * taper
    spectra = (rfft if onesided else fft)(frames, norm="ortho" if normalized else None).transpose(1, 2)
    spectra = spectra if input.dim() == 2 else spectra.squeeze(0)
    return spectra if return_complex else view_as_real(spectra)


@method
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal of which :func:`stft` gives these spectra, by least squares (``torch.istft``).

    Takes what `stft` takes and gives; `length` cuts or fills up the signal.
    """
    expect_tensor("istft", "input", input)
    if not input.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if input.dim() not in (2, 3) or input.numel() == 0:
        raise _refuse("istft", input, "expected a tensor with 2 or 3 dimensions that is not empty")
    hop, win = _sizes("istft", input, n_fft, hop_length, win_length)
    spectra = (input if input.dim() == 3 else input.unsqueeze(0)).transpose(1, 2)
    frequencies = spectra.shape[2]
    if onesided is None:
        onesided = frequencies != n_fft
    expected = n_fft // 2 + 1 if onesided else n_fft
    if frequencies != expected:
        raise _refuse("istft", input, f"expected the frequency dimension to be {expected}, but got {frequencies}")
    if return_complex and onesided:
        raise RuntimeError("cannot have onesided output if window or input is complex")
    taper = _window("istft", input, window, win, n_fft)
    if taper is not None and taper.is_complex() and not return_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    norm = "ortho" if normalized else None
    if return_complex:
        frames = ifft(spectra, norm=norm)
    else:
        frames = irfft(spectra[..., : n_fft // 2 + 1], n=n_fft, norm=norm)
    if taper is None:
        taper = wrap(np.ones(n_fft, frames._array.real.dtype))
    count = frames.shape[1]
    places = wrap(_starts(count, hop, n_fft).reshape(-1))
    total = n_fft + hop * (count - 1)
    zeros = wrap(np.zeros((frames.shape[0], total), frames._array.dtype))
    signal = index_add(zeros, 1, places, (frames * taper).reshape(frames.shape[0], -1))
    weights = (taper * taper).expand(count, n_fft).reshape(-1)
    envelope = index_add(wrap(np.zeros(total, weights._array.dtype)), 0, places, weights)
    start = n_fft // 2 if center else 0
    stop = total if length is None and not center else total - start if length is None else start + length
    signal, envelope = signal[:, start:stop], envelope[start:stop]
    lowest = float(np.abs(envelope._array).min()) if envelope.numel() else math.inf
    if lowest <= 1e-11:
        raise RuntimeError(f"istft: window overlap add min: {lowest}; the windows must cover every sample")
    signal = signal / envelope
    if length is not None and signal.shape[1] < length:
        signal = pad(signal, (0, length - signal.shape[1]))
    return signal if input.dim() == 3 else signal.squeeze(0)
