"""What a classifier is judged by: accuracy, macro precision, recall and F1, and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor

__all__ = ["ClassificationMetrics", "classification_metrics"]


@dataclass(frozen=True)
class ClassificationMetrics:
    """The figures of one data set.

    Attributes
    ----------
    accuracy, precision, recall, f1 : float
        In [0, 1]. The last three are macro averages: each class counts the same.
    confusion : numpy.ndarray
        Shape (C, C), int64: ``confusion[i, j]`` samples of class ``i`` were taken for class ``j``.
    samples : int
        How many samples there were.
    loss : float or None
        Mean loss, where a loss function was given.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    confusion: np.ndarray[Any, Any]
    samples: int
    loss: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        figures: dict[str, Any] = {} if self.loss is None else {"loss": self.loss}
        figures |= {name: getattr(self, name) for name in ("accuracy", "precision", "recall", "f1", "samples")}
        return figures | {"confusion": self.confusion.tolist()}


def classification_metrics(
    targets: Tensor | np.ndarray[Any, Any] | Sequence[int],
    predictions: Tensor | np.ndarray[Any, Any] | Sequence[int],
    num_classes: int | None = None,
    loss: float | None = None,
) -> ClassificationMetrics:
    """Compare predicted with true classes, through scikit-learn.

    Precision of a class that was never predicted, and F1 that would divide by zero, count as 0.

    Parameters
    ----------
    targets, predictions : array-like of int
        True and predicted classes, both of shape (N,), N at least 1.
    num_classes : int, optional
        Size of the confusion matrix; by default up to the largest class present.
    loss : float, optional
        Kept in the result.

    Raises
    ------
    ValueError
        If the shapes differ, there are no samples, or a class lies outside ``range(num_classes)``.
    ImportError
        If scikit-learn is missing.

    Examples
    --------
    >>> from tinygrad5329.training import classification_metrics
    >>> metrics = classification_metrics([0, 0, 1, 1], [0, 1, 1, 1])
    >>> metrics.accuracy, metrics.confusion.tolist()
    (0.75, [[1, 1], [0, 2]])
    """
    try:
        from sklearn.metrics import (  # type: ignore[import-untyped]
            confusion_matrix,
            precision_recall_fscore_support,
        )
    except ImportError as error:
        raise ImportError("metrics need scikit-learn: pip install 'tinygrad5329[train]'") from error

    true, predicted = _as_classes("targets", targets), _as_classes("predictions", predictions)
    if true.shape != predicted.shape or true.ndim != 1 or true.size == 0:
        raise ValueError(
            "classification_metrics: targets and predictions should both have shape (N,), N > 0, but have "
            f"{true.shape} and {predicted.shape}"
        )
    lowest, highest = (int(f((f(true), f(predicted)))) for f in (np.min, np.max))
    classes = highest + 1 if num_classes is None else num_classes
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"classification_metrics: classes should lie in 0..{classes - 1} but go from {lowest} to {highest}"
        )
    precision, recall, f1, _ = precision_recall_fscore_support(true, predicted, average="macro", zero_division=0.0)
    return ClassificationMetrics(
        accuracy=float(np.mean(true == predicted)),
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        confusion=np.asarray(confusion_matrix(true, predicted, labels=np.arange(classes)), dtype=np.int64),
        samples=int(true.size),
        loss=loss,
    )


def _as_classes(name: str, values: Any) -> np.ndarray[Any, Any]:
    array = values.detach().numpy() if isinstance(values, Tensor) else np.asarray(values)
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"classification_metrics: {name} should be class numbers (integers) but is {array.dtype}; "
            "take argmax(dim=1) of logits first"
        )
    return array
