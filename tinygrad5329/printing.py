"""How a tensor looks: PyTorch's ``repr``, character for character, from a raw array.

The text is made in three steps. The elements to show are picked: all of them, or in a summary the
edges of each axis. They are spelled, all in one notation and padded to one width, so that columns line
up. Then brackets and line breaks are laid around them. Only what is shown is ever read, so the time to
print a large tensor does not depend on its size.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.dtypes import FLOATING
from tinygrad5329.spelling import spelled

__all__ = ["format_size", "format_tensor", "get_printoptions", "printoptions", "set_printoptions"]


class _Options(NamedTuple):
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: float = 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

# Immutable and replaced as a whole: another thread that is printing sees all of a change or none of it.
_options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed, in all threads (``torch.set_printoptions``).

    Parameters
    ----------
    precision : int, optional
        Digits after the decimal point; 4 at the start.
    threshold : float, optional
        A tensor of more elements than this is summarised; 1000 at the start, ``math.inf`` for never.
    edgeitems : int, optional
        Elements that a summary shows at each end of each axis; 3 at the start. With 0, a summary is
        ``[...]`` and the size is given.
    linewidth : float, optional
        Characters to a line; 80 at the start.
    profile : {"default", "short", "full"}, optional
        Values for the four options above; those also given by name win.
    sci_mode : bool, optional
        Always (True) or never (False) use scientific notation for floating point numbers. As in PyTorch,
        a call that leaves it out sets it back to None: decide for each tensor.

    Raises
    ------
    TypeError, ValueError
        For a value that could not be used in printing, or an unknown profile. No option changes then.

    Examples
    --------
    >>> set_printoptions(precision=2)
    >>> format_tensor(np.array([1.12345], dtype=np.float32))
    'tensor([1.12])'
    >>> set_printoptions(profile="default")
    """
    global _options
    changes: dict[str, Any] = {}
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"set_printoptions: unknown profile {profile!r}; expected one of {', '.join(_PROFILES)}")
        changes.update(_PROFILES[profile])
    if precision is not None:
        changes["precision"] = _count("precision", precision)
    if threshold is not None:
        changes["threshold"] = _number("threshold", threshold)
    if edgeitems is not None:
        changes["edgeitems"] = _count("edgeitems", edgeitems)
    if linewidth is not None:
        changes["linewidth"] = _number("linewidth", linewidth)
    if sci_mode is not None and not isinstance(sci_mode, (bool, np.bool_)):
        raise TypeError(f"set_printoptions: sci_mode must be True, False or None, got {sci_mode!r}")
    changes["sci_mode"] = None if sci_mode is None else bool(sci_mode)
    _options = _options._replace(**changes)


def _count(name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"set_printoptions: {name} must be an int, got {value!r}") from None
    if number < 0:
        raise ValueError(f"set_printoptions: {name} must be 0 or more, got {number}")
    return number


def _number(name: str, value: Any) -> float:
    try:
        undefined = math.isnan(value)
    except TypeError:
        raise TypeError(f"set_printoptions: {name} must be a number, got {value!r}") from None
    if undefined:
        raise ValueError(f"set_printoptions: {name} must be a number, got nan")
    return value  # type: ignore[no-any-return]


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments of `set_printoptions`.

    >>> get_printoptions()
    {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}
    """
    return _options._asdict()


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Set print options within a ``with`` block; takes the arguments of `set_printoptions`.

    >>> with printoptions(sci_mode=True, precision=1):
    ...     format_tensor(np.array([0.5, 20.0], dtype=np.float32))
    'tensor([5.0e-01, 2.0e+01])'
    """
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield
    finally:
        _options = before


def format_size(shape: Sequence[int]) -> str:
    """The text of a tensor's shape, as ``repr(torch.Size(...))`` but under this package's name.

    >>> format_size((2, 3))
    'tinygrad5329.Size([2, 3])'
    """
    return spelled(f"Size([{', '.join(map(str, shape))}])")


def format_tensor(
    array: np.ndarray[Any, Any] | np.generic,
    *,
    prefix: str = "tensor(",
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    default_dtype: np.dtype[Any] | type = np.float32,
    dtype_prefix: str | None = None,
    device: str | None = None,
) -> str:
    """The text of a tensor, as ``repr(torch_tensor)`` gives it.

    Parameters
    ----------
    array : ndarray or NumPy scalar
        The values: boolean, integer, floating point or complex, of any shape.
    prefix : str
        What opens the text, bracket included; later lines are indented by its length.
    requires_grad : bool
        Say ``requires_grad=True``, unless there is a `grad_fn_name`, which implies it.
    grad_fn_name : str, optional
        The name of the operation that made the tensor, shown as ``grad_fn=<MulBackward0>``.
    default_dtype : NumPy floating point dtype
        The dtype that new tensors have. It and the complex dtype that belongs to it go without saying,
        as do int64 and bool unless the tensor is empty.
    dtype_prefix : str
        What goes before the dtype's name; None: this package's name, or the one that it is lent.
    device : str, optional
        The device to name; leave it out for the default one.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        For an array whose elements are not numbers.

    Examples
    --------
    >>> print(format_tensor(np.array([[1, -2.5], [0, 3]], dtype=np.float32), requires_grad=True))
    tensor([[ 1.0000, -2.5000],
            [ 0.0000,  3.0000]], requires_grad=True)
    >>> format_tensor(np.array([1, 2], dtype=np.int32))
    'tensor([1, 2], dtype=tinygrad5329.int32)'
    """
    array = np.asarray(array)
    if array.dtype.kind not in "biuc" + FLOATING:
        raise TypeError(
            "format_tensor: expected boolean, integer, floating point or complex elements, "
            f"got {array.dtype}; convert the array first, for example with array.astype(np.float32)"
        )
    options = _options
    default = np.dtype(default_dtype)

    if array.size == 0:
        body = "[]"
        tell_size = array.ndim != 1
        tell_dtype = array.dtype != default
    else:
        body = _body(array, len(prefix), options)
        tell_size = options.edgeitems == 0
        default_complex = np.complex128 if default == np.float64 else np.complex64
        tell_dtype = array.dtype not in (default, default_complex, np.int64, np.bool_)

    suffixes = []
    if device is not None:
        suffixes.append(f"device='{device}'")
    if tell_size:
        suffixes.append(f"size={array.shape}")
    if tell_dtype:
        name = array.dtype.name
        suffixes.append(f"dtype={spelled(name) if dtype_prefix is None else dtype_prefix + name}")
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return _append_suffixes(prefix + body, suffixes, len(prefix), options.linewidth) + ")"


def _append_suffixes(text: str, suffixes: list[str], indent: int, linewidth: float) -> str:
    # PyTorch starts its count two characters ahead on the line that the elements end on.
    used = len(text) - (text.rfind("\n") + 1) + 2
    for suffix in suffixes:
        if used + len(suffix) + 2 > linewidth:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text


def _body(array: np.ndarray[Any, Any], indent: int, options: _Options) -> str:
    """The elements in their brackets; the array is not empty."""
    edge = options.edgeitems
    summarised = array.ndim > 0 and array.size > options.threshold
    if summarised and edge == 0:
        return "[...]"
    folded = [summarised and length > 2 * edge for length in array.shape]
    if any(folded):
        picks = [
            [*range(edge), *range(length - edge, length)] if fold else range(length)
            for length, fold in zip(array.shape, folded, strict=True)
        ]
        array = array[np.ix_(*picks)]
    cells, width = _spell(array.ravel(), options)
    if array.ndim == 0:
        return cells[0]
    return _Layout(array.shape, folded, edge, width + len(", "), options.linewidth).write(cells, 0, indent)


class _Layout(NamedTuple):
    """Where brackets, ellipses and line breaks go."""

    shape: tuple[int, ...]
    folded: list[bool]
    edge: int
    cell_width: int
    linewidth: float

    def write(self, cells: list[str], axis: int, indent: int) -> str:
        """The text of the sub-array that starts at `axis` and has these cells."""
        indent += 1
        inner_axes = len(self.shape) - axis - 1
        if inner_axes:
            step = len(cells) // self.shape[axis]
            parts = [self.write(cells[i : i + step], axis + 1, indent) for i in range(0, len(cells), step)]
            if self.folded[axis]:
                parts.insert(self.edge, "...")
        else:
            if self.folded[axis]:
                # Its own leading space, on top of the separator's, is PyTorch's.
                cells = [*cells[: self.edge], " ...", *cells[self.edge :]]
            per_line = self._per_line(indent - 1, len(cells))
            parts = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
        return "[" + ("," + "\n" * max(inner_axes, 1) + " " * indent).join(parts) + "]"

    def _per_line(self, indent: int, cells: int) -> int:
        # At most all of them, which is also what an infinite line holds.
        return max(1, int(min((self.linewidth - indent) / self.cell_width, cells)))


def _spell(values: np.ndarray[Any, Any], options: _Options) -> tuple[list[str], int]:
    """The padded text of each value, and the width that a line reserves for one."""
    kind = values.dtype.kind
    if kind in FLOATING:
        return _spell_floats(values, options)
    if kind == "c":
        reals, real_width = _spell_floats(values.real, options)
        imags, imag_width = _spell_floats(values.imag, options)
        pairs = zip(reals, map(str.lstrip, imags), strict=True)
        cells = [f"{real}{'' if imag[0] == '-' else '+'}{imag}j" for real, imag in pairs]
        return cells, real_width + imag_width + len("j")
    cells = list(map(str, values.tolist()))
    width = max(map(len, cells))
    return [cell.rjust(width) for cell in cells], width


def _spell_floats(values: np.ndarray[Any, Any], options: _Options) -> tuple[list[str], int]:
    """PyTorch's choice among ``2.``, ``2.0000`` and ``2.0000e+00``, made for all values together.

    Zeros, infinities and NaN have no say in the notation or the width. Scientific notation is used where
    the magnitudes span more than 1000 to 1, exceed 1e8 or, unless all values are whole, go below 1e-4.
    """
    values = values.astype(np.float64)
    counted = values[np.isfinite(values) & (values != 0)]
    whole, scientific, width = True, False, 1
    if counted.size:
        magnitudes = np.abs(counted)
        low, high = float(magnitudes.min()), float(magnitudes.max())
        whole = bool((counted == np.ceil(counted)).all())
        scientific = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)
        if options.sci_mode is not None:
            scientific = options.sci_mode
        # Of the values of one sign, the longest text is that of the largest or of the smallest.
        sides = [side for side in (counted[counted > 0], counted[counted < 0]) if side.size]
        extremes = [float(end) for side in sides for end in (side.min(), side.max())]
        width = max(map(len, _notate(extremes, whole, scientific, options.precision)))
    cells = _notate(values.tolist(), whole, scientific, options.precision)
    return [cell.rjust(width) for cell in cells], width


def _notate(values: list[float], whole: bool, scientific: bool, precision: int) -> list[str]:
    if scientific:
        return [f"{value:.{precision}e}" for value in values]
    if whole:
        return [f"{value:.0f}." if math.isfinite(value) else f"{value}" for value in values]
    return [f"{value:.{precision}f}" for value in values]
