"""Window functions (``torch.signal.windows``), and those that ``torch`` itself has under ``*_window``.

A window of M points is symmetric, or with ``sym=False`` the first M of a symmetric one of M + 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends import bessel
from tinygrad5329.factory_options import finish
from tinygrad5329.ops.defining import named
from tinygrad5329.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


def _window(op: str, M: Any, sym: bool, options: dict[str, Any], shape: Callable[[Any, int], Any]) -> Tensor:
    """The window whose values are ``shape(index, points - 1)``, computed in float64."""
    if isinstance(M, bool) or not hasattr(M, "__index__"):
        raise TypeError(f"{op}(): argument 'M' must be int, not {type(M).__name__}")
    if M < 0:
        raise ValueError(f"{op} requires non-negative window length, got M={M}")
    wanted = options.pop("dtype")
    d = dtypes.get_default_dtype() if wanted is None else dtypes.as_dtype(wanted)
    if not d.is_floating_point or d.itemsize == 2:
        raise ValueError(f"{op} expects float32 or float64 dtype, got: {d}")
    return finish(op, _values(M, sym, shape).astype(d.numpy), **options)


def _values(M: int, sym: bool, shape: Callable[[Any, int], Any]) -> Any:
    if M < 2:
        return np.ones(M)
    return shape(np.arange(M, dtype=np.float64), M - 1 if sym else M)


def _cosines(*a: float) -> Callable[[Any, int], Any]:
    """A sum of cosines with the coefficients `a`, every second one taken with a minus."""

    def shape(k: Any, last: int) -> Any:
        return sum((-1) ** i * each * np.cos(2 * math.pi * i * k / last) for i, each in enumerate(a))

    return shape


def _kaiser(beta: float) -> Callable[[Any, int], Any]:
    def shape(k: Any, last: int) -> Any:
        ratio = 2 * k / last - 1
        return bessel.i0(beta * np.sqrt(np.maximum(1 - ratio * ratio, 0))) / bessel.i0(np.float64(beta))

    return shape


def _bartlett(k: Any, last: int) -> Any:
    return 1 - np.abs(2 * k / last - 1)


def _plain(name: str, about: str, shape: Callable[[Any, int], Any]) -> Any:
    def function(
        M: int,
        *,
        sym: bool = True,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:
        options = {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
        return _window(name, M, sym, options, shape)

    return named(function, name, f"{about} of `M` points (``torch.signal.windows.{name}``).")


bartlett = _plain("bartlett", "A triangle, 0 at both ends,", _bartlett)
blackman = _plain("blackman", "Blackman's window", _cosines(0.42, 0.5, 0.08))
cosine = _plain("cosine", "Half a period of a sine", lambda k, last: np.sin(math.pi / (last + 1) * (k + 0.5)))
hamming = _plain("hamming", "Hamming's window", _cosines(0.54, 0.46))
hann = _plain("hann", "Von Hann's window", _cosines(0.5, 0.5))
nuttall = _plain(
    "nuttall", "Nuttall's window with least side lobes", _cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411)
)


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """exp(-|k - center| / tau); a centre of one's own needs ``sym=False`` (``torch.signal.windows.exponential``)."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    options = {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}

    def shape(k: Any, last: int) -> Any:
        return np.exp(-np.abs(k - (last / 2 if center is None else center)) / tau)

    return _window("exponential", M, sym, options, shape)


def gaussian(
    M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A Gaussian of deviation `std` about the middle (``torch.signal.windows.gaussian``)."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    options = {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _window("gaussian", M, sym, options, lambda k, last: np.exp(-(((k - last / 2) / std) ** 2) / 2))


def kaiser(
    M: int, *, beta: float = 12.0, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Kaiser's window of shape `beta`, from the Bessel function i0 (``torch.signal.windows.kaiser``)."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    options = {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _window("kaiser", M, sym, options, _kaiser(beta))


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A sum of cosines with the coefficients `a`, of alternating signs (``torch.signal.windows.general_cosine``)."""
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    coefficients = tuple(a)
    if not coefficients:
        raise ValueError("Coefficients cannot be empty")
    options = {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _window("general_cosine", M, sym, options, _cosines(*coefficients))


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Hamming's window with `alpha` and 1 - `alpha` (``torch.signal.windows.general_hamming``)."""
    options = {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _window("general_hamming", M, sym, options, _cosines(alpha, 1 - alpha))


def _classic(op: str, length: Any, periodic: bool, options: dict[str, Any], shape: Callable[[Any, int], Any]) -> Tensor:
    if isinstance(length, (bool, float)) or not hasattr(length, "__index__"):
        raise TypeError(f"{op}(): argument 'window_length' must be int, not {type(length).__name__}")
    if length < 0:
        raise RuntimeError(f"{op} requires non-negative window_length, got window_length={length}")
    wanted = options.pop("dtype")
    d = dtypes.get_default_dtype() if wanted is None else dtypes.as_dtype(wanted)
    if not d.is_floating_point:
        raise RuntimeError(f"{op} expects floating point dtypes, got: {d}")
    return finish(op, _values(length, not periodic, shape).astype(d.numpy), **options)


def _old(name: str, about: str, shape: Callable[..., Callable[[Any, int], Any]], *defaults: float) -> Any:
    def function(
        window_length: int, periodic: bool = True, *parameters: float, dtype: Any = None, layout: Any = None,
        device: Any = None, requires_grad: bool = False, pin_memory: bool = False, **named_parameters: float,
    ) -> Tensor:  # fmt: skip
        options = {
            "dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad,
            "pin_memory": pin_memory,
        }  # fmt: skip
        values = list(parameters) + list(defaults[len(parameters) :])
        for i, each in enumerate(("beta",) if name == "kaiser_window" else ("alpha", "beta")):
            if each in named_parameters and i < len(defaults):
                values[i] = named_parameters.pop(each)
        if named_parameters or len(values) > len(defaults):
            raise TypeError(f"{name}() got arguments that it does not take: {parameters} {named_parameters}")
        return _classic(name, window_length, periodic, options, shape(*values))

    return named(function, name, f"{about}, periodic unless asked otherwise (``torch.{name}``).")


hann_window = _old("hann_window", "Von Hann's window", lambda: _cosines(0.5, 0.5))
hamming_window = _old("hamming_window", "Hamming's window", lambda alpha, beta: _cosines(alpha, beta), 0.54, 0.46)
blackman_window = _old("blackman_window", "Blackman's window", lambda: _cosines(0.42, 0.5, 0.08))
bartlett_window = _old("bartlett_window", "A triangle", lambda: _bartlett)
kaiser_window = _old("kaiser_window", "Kaiser's window of shape beta", _kaiser, 12.0)
