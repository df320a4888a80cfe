"""Preprocessing that is fitted on the training set and then applied to any data.

Each transform has ``fit``, ``transform``, ``fit_transform``, ``inverse_transform`` and ``state_dict``, and
gives back what it was given: a Tensor for a Tensor, an array for an array.

>>> import numpy as np
>>> train, test = np.array([[0.0, 10.0], [4.0, 30.0]]), np.array([[2.0, 40.0]])
>>> scaler = MinMaxScaler().fit(train)
>>> scaler.transform(test)
array([[0.5, 1.5]])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["MinMaxScaler", "NotFittedError", "OneHotEncoder", "StandardScaler"]

Array = np.ndarray[Any, Any]
Data = TypeVar("Data", Tensor, Array)


class NotFittedError(ValueError, AttributeError):
    """A transform was used before ``fit`` (the bases are those of scikit-learn's exception of this name)."""


class _Transform:
    """What the transforms share: state, and the passage from Tensors to arrays and back."""

    _state_names: tuple[str, ...] = ()

    def fit_transform(self, x: Data) -> Data:
        """``fit(x)``, then ``transform(x)``."""
        return self.fit(x).transform(x)

    def fit(self, x: Tensor | Array) -> Self:
        raise NotImplementedError

    def transform(self, x: Data) -> Data:
        raise NotImplementedError

    def state_dict(self) -> dict[str, Array]:
        """What was learned, as a dict of arrays.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        self._check_fitted("state_dict")
        return {name: getattr(self, name + "_").copy() for name in self._state_names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave.

        Raises
        ------
        KeyError
            If the names are not those this transform learns.
        """
        if set(state) != set(self._state_names):
            raise KeyError(
                f"{type(self).__name__}.load_state_dict: expected {sorted(self._state_names)}, got {sorted(state)}"
            )
        for name in self._state_names:
            setattr(self, name + "_", np.array(state[name]))

    def _check_fitted(self, asked: str) -> None:
        if not all(hasattr(self, name + "_") for name in self._state_names):
            name = type(self).__name__
            raise NotFittedError(
                f"{name}.{asked}: this {name} is not fitted yet; call fit() with the training set first"
            )

    def _array(self, x: Any, asked: str) -> Array:
        if isinstance(x, Tensor):
            return x.numpy()
        if isinstance(x, np.ndarray):
            return x
        raise TypeError(f"{type(self).__name__}.{asked}: expected a Tensor or an array, got {type(x).__name__}")

    @staticmethod
    def _like(x: Any, array: Array) -> Any:
        return wrap(array) if isinstance(x, Tensor) else array


class _Scaler(_Transform):
    """``(x - offset) / scale``, feature by feature.

    A feature is a position in a sample: data are (N, F), or (N, ...) with as many features as the rest of
    the shape has positions.
    """

    offset_: Array
    scale_: Array
    _state_names = ("offset", "scale")

    def __init__(self, constant: Literal["error", "center"] = "error") -> None:
        if constant not in ("error", "center"):
            raise ValueError(f"{type(self).__name__}: constant should be 'error' or 'center', got {constant!r}")
        self.constant = constant

    def fit(self, x: Tensor | Array) -> Self:
        """Learn offset and scale of each feature from the training set.

        Parameters
        ----------
        x : Tensor or array, shape (N, F) or (N, ...)
            N >= 1, floats or ints.

        Raises
        ------
        ValueError
            If there are no samples or fewer than two dimensions, if a value is NaN or infinite, or if a
            feature has one value throughout and ``constant`` is ``"error"``.
        TypeError
            If ``x`` is neither Tensor nor array, or not of numbers.
        """
        array = self._numbers(x, "fit")
        if len(array) == 0:
            raise ValueError(f"{type(self).__name__}.fit: got no samples (shape {array.shape}), expected at least one")
        offset, scale = self._learn(array)
        constant = array.min(axis=0) == array.max(axis=0)
        if constant.any():
            if self.constant == "error":
                self._refuse_constant(array, constant)
            scale = np.where(constant, 1.0, scale)
        self.offset_, self.scale_ = np.asarray(offset, np.float64), np.asarray(scale, np.float64)
        return self

    def transform(self, x: Data) -> Data:
        """Scale ``x``; floats keep their dtype, ints become the default dtype.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            If the features are not those of the training set, or a value is NaN or infinite.
        """
        array = self._known(x, "transform")
        out = array - self.offset_.astype(array.dtype)
        out /= self.scale_.astype(array.dtype)
        return self._like(x, out)

    def inverse_transform(self, x: Data) -> Data:
        """Back to the original units; raises what :meth:`transform` does."""
        array = self._known(x, "inverse_transform")
        out = array * self.scale_.astype(array.dtype)
        out += self.offset_.astype(array.dtype)
        return self._like(x, out)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(constant={self.constant!r})"

    def _learn(self, array: Array) -> tuple[Array, Array]:
        raise NotImplementedError

    def _known(self, x: Any, asked: str) -> Array:
        self._check_fitted(asked)
        array = self._numbers(x, asked)
        if array.shape[1:] != self.offset_.shape:
            raise ValueError(
                f"{type(self).__name__}.{asked}: samples have shape {array.shape[1:]}, but the training "
                f"set's had {self.offset_.shape}"
            )
        return array

    def _numbers(self, x: Any, asked: str) -> Array:
        array = self._array(x, asked)
        where = f"{type(self).__name__}.{asked}"
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{where}: expected numbers, got dtype {array.dtype}")
        if array.ndim < 2:
            raise ValueError(
                f"{where}: expected samples and features, (N, F), got shape {array.shape}; of one feature "
                "make x.reshape(-1, 1)"
            )
        if array.dtype.kind != "f":
            return array.astype(dtypes.get_default_dtype().numpy)
        finite = np.isfinite(array)
        if not finite.all():
            raise ValueError(f"{where}: {describe_not_finite(array)}; remove or replace these samples first")
        return array

    def _refuse_constant(self, array: Array, constant: Array) -> None:
        positions = np.argwhere(constant)
        first = tuple(int(i) for i in positions[0])
        value = array[0][first].item()
        raise ValueError(
            f"{type(self).__name__}.fit: {len(positions)} of {constant.size} features have one value in all "
            f"{len(array)} samples (the first is feature {first[0] if len(first) == 1 else first}, always "
            f"{value:g}), so there is no scale to divide by; drop them, or let "
            f"{type(self).__name__}(constant='center') map them to 0"
        )


class MinMaxScaler(_Scaler):
    """Scale every feature of the training set to [0, 1]: ``x' = (x - min) / (max - min)`` (Equation 1).

    Other data may fall outside [0, 1].

    Parameters
    ----------
    constant : {"error", "center"}
        What to do with a feature that has one value throughout the training set: refuse it, or divide by 1,
        which makes it 0.

    Attributes
    ----------
    offset_, scale_ : float64 array, shape of a sample
        min, and max - min.

    Examples
    --------
    >>> import numpy as np
    >>> MinMaxScaler().fit_transform(np.array([[1.0], [2.0], [5.0]])).ravel()
    array([0.  , 0.25, 1.  ])
    """

    def _learn(self, array: Array) -> tuple[Array, Array]:
        low = array.min(axis=0).astype(np.float64)
        return low, array.max(axis=0).astype(np.float64) - low


class StandardScaler(_Scaler):
    """Give every feature of the training set mean 0 and deviation 1: ``z = (x - mean) / std`` (Equation 2).

    The deviation is that of the data themselves (divided by N), as in scikit-learn.

    Parameters
    ----------
    constant : {"error", "center"}
        What to do with a feature that has one value throughout the training set: refuse it, or divide by 1,
        which makes it 0.

    Attributes
    ----------
    offset_, scale_ : float64 array, shape of a sample
        mean and std, computed in float64.

    Examples
    --------
    >>> import numpy as np
    >>> StandardScaler().fit_transform(np.array([[1.0], [3.0]])).ravel()
    array([-1.,  1.])
    """

    def _learn(self, array: Array) -> tuple[Array, Array]:
        return array.mean(axis=0, dtype=np.float64), array.std(axis=0, dtype=np.float64)


class OneHotEncoder(_Transform):
    """Class labels as rows with a single 1 (section 2.1.3).

    Attributes
    ----------
    classes_ : int64 array (C,)
        The labels of the training set, sorted; column ``i`` stands for ``classes_[i]``.

    Examples
    --------
    >>> import numpy as np
    >>> encoder = OneHotEncoder().fit(np.array([2, 0, 7]))
    >>> encoder.transform(np.array([7, 0]))
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """

    classes_: Array
    _state_names = ("classes",)

    def fit(self, x: Tensor | Array) -> Self:
        """Learn the classes.

        Parameters
        ----------
        x : Tensor or array, shape (N,) or (N, 1)
            Integer labels.

        Raises
        ------
        ValueError
            If there are none, or the shape is another.
        TypeError
            If they are not integers.
        """
        labels = self._labels(x, "fit")
        if not len(labels):
            raise ValueError("OneHotEncoder.fit: got no labels, expected at least one")
        self.classes_ = np.unique(labels)
        return self

    def transform(self, x: Data) -> Data:
        """Labels (N,) or (N, 1) as rows (N, C) of the default dtype.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            If a label was not in the training set.
        """
        self._check_fitted("transform")
        labels = self._labels(x, "transform")
        column = np.searchsorted(self.classes_, labels).clip(max=len(self.classes_) - 1)
        unknown = self.classes_[column] != labels
        if unknown.any():
            first = int(np.argmax(unknown))
            raise ValueError(
                f"OneHotEncoder.transform: {int(unknown.sum())} labels were not in the training set (the "
                f"first is {labels[first]} at position {first}); its classes are {self.classes_.tolist()}"
            )
        rows = np.zeros((len(labels), len(self.classes_)), dtypes.get_default_dtype().numpy)
        rows[np.arange(len(labels)), column] = 1
        return self._like(x, rows)

    def inverse_transform(self, x: Data) -> Data:
        """The label of the largest entry of each row (N, C): one-hot rows, probabilities or logits.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            If there is not one column a class, or a value is NaN.
        """
        self._check_fitted("inverse_transform")
        array = self._array(x, "inverse_transform")
        if array.ndim != 2 or array.shape[1] != len(self.classes_):
            raise ValueError(
                f"OneHotEncoder.inverse_transform: expected shape (N, {len(self.classes_)}), one column a "
                f"class, got {array.shape}"
            )
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(f"OneHotEncoder.inverse_transform: {describe_not_finite(array)}")
        return self._like(x, self.classes_[array.argmax(axis=1)])

    def __repr__(self) -> str:
        return "OneHotEncoder()"

    def _labels(self, x: Any, asked: str) -> Array:
        array = self._array(x, asked)
        if array.dtype.kind not in "iu":
            raise TypeError(
                f"OneHotEncoder.{asked}: expected integer labels, got dtype {array.dtype}; number the classes first"
            )
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise ValueError(f"OneHotEncoder.{asked}: expected labels of shape (N,) or (N, 1), got {array.shape}")
        return array.astype(np.int64)


def describe_not_finite(array: Array) -> str:
    """How many values are NaN and infinite, and where the first is; for an array that has some."""
    nan, infinite = np.isnan(array), np.isinf(array)
    counts = [f"{int(found.sum())} {what}" for found, what in ((nan, "NaN"), (infinite, "infinite")) if found.any()]
    first = tuple(int(i) for i in np.argwhere(nan | infinite)[0])
    where = first[0] if len(first) == 1 else first
    return f"{' and '.join(counts)} of {array.size} values (the first at {where})"
