"""Which kernels run the hot operations: NumPy's, or their compiled twins from the ``fast`` extra.

A hot function or operation has a slot. What fills it is decided when it is first called, so that Numba is
imported only by programs that compute, and again after :func:`use`. The twins live in ``tinygrad5329.fast``,
a module for each family; ``TWINS`` says which slot is found where. Both kinds agree to rounding.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

__all__ = ["TWINS", "Kernels", "Slot", "current", "kernels_of", "use", "when_changed"]

#: The environment variable that chooses before anything runs.
VARIABLE = "TINYGRAD5329_BACKEND"
NAMES = ("numpy", "fast")

#: Where the twin of an operation or function is: a module of ``tinygrad5329.fast``, which lists it in ``KERNELS``.
TWINS: dict[str, str] = {
    "elementwise_chain": "chains",
    "take_along": "scatter",
    "add_rows": "scatter",
    "add_along": "scatter",
    "spread_maxima": "pooling",
    "relu": "rectifiers",
    "convolve": "convolution",
    "convolve_input": "convolution",
    "convolve_weight": "convolution",
    "convolution_gradients": "convolution",
    "elu": "activation",
    "erf": "activation",
    "hardsigmoid": "activation",
    "hardswish": "activation",
    "hardtanh": "activation",
    "leaky_relu": "activation",
    "log_sigmoid": "activation",
    "mish": "activation",
    "sigmoid": "activation",
    "silu": "activation",
    "softplus": "activation",
    "tanh": "activation",
    "lstm_layer": "lstm",
    "lstm_cell": "recurrent_cells",
    "gru_layer": "gru",
    "gru_cell": "recurrent_cells",
    "elman_layer": "elman",
    "native_batch_norm": "batch_normalization",
    "native_batch_norm_eval": "batch_normalization",
    "native_layer_norm": "layer_normalization",
    "rms_norm": "layer_normalization",
    "softmax": "softmax",
    "log_softmax": "softmax",
    "scaled_dot_product_attention": "attention",
    "attention_exponentials": "attention",
    "attention_weights": "attention",
    "running_statistics": "batch_normalization",
    "cross_entropy_loss": "loss",
    "nll_loss": "loss",
    "twister_trials": "trials",
    "adam_update": "update",
    "gelu": "gelu",
    "sgd_update": "update",
    "classical_momentum_update": "update",
    "heavy_ball_update": "update",
    "qhm_update": "update",
    "aggmo_update": "update",
    "adadelta_update": "update",
    "adagrad_update": "update",
    "adamax_update": "update",
    "nadam_update": "update",
    "radam_update": "update",
    "rmsprop_update": "update",
}


class Kernels(NamedTuple):
    """The twins of an operation: its forward and its raw rule, with the arguments of NumPy's."""

    forward: Callable[..., Any]
    raw: Callable[..., Any] | None


_chosen: str | None = None
#: Whether someone asked for what is chosen: then nothing else will do.
_asked = False
_changed: list[Callable[[], None]] = []


def current() -> str:
    """The kernels in use: "numpy" or "fast".

    Raises
    ------
    ValueError, ImportError
        The environment variable names something else, or compiled kernels without Numba; as :func:`use`.
    """
    global _chosen
    if _chosen is None:
        name = os.environ.get(VARIABLE)
        if name:
            use(name)
        else:
            _chosen = "fast" if find_spec("numba") is not None else "numpy"
    return _chosen  # type: ignore[return-value]


def use(name: str) -> None:
    """Choose the kernels of all hot operations from now on.

    Parameters
    ----------
    name : {"numpy", "fast"}
        "fast" needs Numba, and is what runs by default where Numba is installed. The environment variable
        ``TINYGRAD5329_BACKEND`` chooses at the start. A graph that was recorded before goes back the way it came.

    Raises
    ------
    ValueError
        Another name.
    ImportError
        "fast" without Numba.
    """
    global _asked, _chosen
    if name not in NAMES:
        raise ValueError(f"backends.use: got {name!r}, expected one of {', '.join(map(repr, NAMES))}")
    if name == "fast" and find_spec("numba") is None:
        raise ImportError("the compiled kernels need Numba: pip install 'tinygrad5329[fast]'")
    _chosen, _asked = name, True
    for forget in _changed:
        forget()


def when_changed(forget: Callable[[], None]) -> None:
    """Call `forget` after every :func:`use`: what was looked up before it no longer holds."""
    _changed.append(forget)


def kernels_of(name: str) -> Any:
    """The twin that the slot `name` has at present; None where NumPy's kernel is to run."""
    global _chosen
    if name not in TWINS or current() == "numpy":
        return None
    try:
        return import_module(f"tinygrad5329.fast.{TWINS[name]}").KERNELS[name]
    except ImportError as error:
        if _asked:
            raise ImportError(f"the compiled kernels need a Numba that works here: {error}") from error
        _chosen = "numpy"
        warnings.warn(
            f"Numba is installed but cannot be imported, so NumPy's kernels run: {error}. "
            f"{VARIABLE}=numpy in the environment chooses them without this warning",
            stacklevel=2,
        )
        return None


class Slot:
    """A hot function outside the operations; call it by ``slot.run(...)``.

    >>> total = Slot("total", sum)
    >>> total.run([1, 2])
    3
    """

    __slots__ = ("name", "numpy", "run")

    def __init__(self, name: str, numpy: Callable[..., Any]) -> None:
        self.name = name
        self.numpy = numpy
        self.run: Callable[..., Any] = self._first_run
        when_changed(self._forget)

    def _first_run(self, *args: Any, **kwargs: Any) -> Any:
        self.run = kernels_of(self.name) or self.numpy
        return self.run(*args, **kwargs)

    def _forget(self) -> None:
        self.run = self._first_run
