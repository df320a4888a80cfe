"""Gradient clipping."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable

from tinygrad5329 import ops
from tinygrad5329.creation import zeros
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.ops.update.gradients import euclidean_norm, scale
from tinygrad5329.tensor import Tensor


def _as_list(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _check_foreach(foreach: bool | None) -> None:
    # All values mean the same here: there is one implementation and it gives the same numbers.
    if foreach is not None and not isinstance(foreach, bool):
        raise TypeError(f"foreach must be a bool or None, got {type(foreach).__name__}")


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Return the norm of all elements of some tensors together, as if they were one vector.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
        Of floating-point dtype.
    norm_type : float
        The exponent p of the norm; ``inf`` takes the largest absolute value.
    error_if_nonfinite : bool
        Raise if the norm is NaN or infinite.
    foreach : bool, optional
        Accepted for PyTorch's sake: it chooses between implementations there, of which there is one here.

    Returns
    -------
    Tensor
        0-d; zero if there are no tensors.

    Raises
    ------
    RuntimeError
        With `error_if_nonfinite`, if the norm is not finite.

    Notes
    -----
    Matches `torch.nn.utils.get_total_norm`.
    """
    _check_foreach(foreach)
    norm_type = float(norm_type)
    tensors = _as_list(tensors)
    if not tensors:
        return zeros(())
    total = euclidean_norm(tensors) if norm_type == 2 else None
    if total is None:
        with no_grad():
            total = ops.stack([tensor.detach().norm(norm_type) for tensor in tensors]).norm(norm_type)
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, "
            "set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients in place by ``max_norm / total_norm`` if that is below 1.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients to scale; those without one are left out.
    max_norm : float
        The norm not to be exceeded.
    total_norm : Tensor
        Of all the gradients, as from `get_total_norm`.
    foreach : bool, optional
        As for `get_total_norm`.

    Notes
    -----
    Matches `torch.nn.utils.clip_grads_with_norm_`.
    """
    _check_foreach(foreach)
    # A Python number multiplies gradients of any dtype without promoting them.
    factor = float(max_norm) / (float(total_norm) + 1e-6)
    if factor >= 1:
        return
    with no_grad():
        scale([grad for parameter in _as_list(parameters) if (grad := parameter.grad) is not None], factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their norm, taken over all parameters together, is at most
    `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients to clip; those without one are left out.
    max_norm : float
        The norm not to be exceeded.
    norm_type : float
        The exponent p of the norm; ``inf`` takes the largest absolute value.
    error_if_nonfinite : bool
        Raise if the norm is NaN or infinite.
    foreach : bool, optional
        Accepted for PyTorch's sake: it chooses between implementations there, of which there is one here.

    Returns
    -------
    Tensor
        The norm before clipping, 0-d.

    Raises
    ------
    RuntimeError
        With `error_if_nonfinite`, if the norm is not finite.

    Notes
    -----
    Matches `torch.nn.utils.clip_grad_norm_`; Pascanu et al., "On the difficulty of training recurrent neural
    networks", 2013, algorithm 1.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.nn.Parameter(tg.tensor([3.0, 4.0]))
    >>> (w * w / 2).sum().backward()
    >>> tg.nn.utils.clip_grad_norm_([w], max_norm=1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    parameters = _as_list(parameters)
    grads = [grad for parameter in parameters if (grad := parameter.grad) is not None]
    total_norm = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total_norm, foreach)
    return total_norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients, in place, to ``[-clip_value, clip_value]``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients to clip; those without one are left out.
    clip_value : float
        The largest absolute value to keep.
    foreach : bool, optional
        As for `clip_grad_norm_`.

    Notes
    -----
    Matches `torch.nn.utils.clip_grad_value_`.
    """
    _check_foreach(foreach)
    clip_value = float(clip_value)
    with no_grad():
        for parameter in _as_list(parameters):
            if parameter.grad is not None:
                parameter.grad.clamp_(-clip_value, clip_value)


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of `clip_grad_norm_`; deprecated."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
