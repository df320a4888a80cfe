"""What the data look like before any training (section 2.1): shape, types, gaps, classes, features, scaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.utils.data.transforms import MinMaxScaler, OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tinygrad5329.utils.data.datasets import ArrayData

__all__ = ["Exploration", "FeatureFacts", "ScaledRange", "SplitFacts", "explore"]

Array = np.ndarray[Any, Any]

#: The quantiles that :class:`FeatureFacts` keeps of each feature.
QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
_SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class SplitFacts:
    """The facts of the training or of the test set.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype, label_dtype : str
    missing, infinite : int
        NaN and infinite values.
    repeated : int
        Rows that equal an earlier row.
    class_counts : tuple of int
        Samples of each class.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    label_dtype: str
    missing: int
    infinite: int
    repeated: int
    class_counts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FeatureFacts:
    """Each feature's distribution in the training set; arrays of F values.

    Attributes
    ----------
    mean, deviation, minimum, maximum, skewness, kurtosis : array (F,)
        Kurtosis is the excess over the normal distribution's; NaN where a feature is constant.
    quantiles : array (5, F)
        At :data:`QUANTILES`.
    statistic, p_value : array (F,)
        D'Agostino and Pearson's test of normality; NaN where a feature is constant.
    explained : array (F,)
        The share of a feature's variance that lies between the classes (eta squared).
    largest_correlation : float
        Largest absolute correlation between two features.
    """

    mean: Array
    deviation: Array
    minimum: Array
    maximum: Array
    quantiles: Array
    skewness: Array
    kurtosis: Array
    statistic: Array
    p_value: Array
    explained: Array
    largest_correlation: float

    @property
    def constant(self) -> Array:
        """Which features have one value throughout."""
        return self.minimum == self.maximum

    @property
    def tests(self) -> int:
        """How many features were tested for normality."""
        return int(np.isfinite(self.p_value).sum())

    @property
    def threshold(self) -> float:
        """The p-value below which one feature counts as not normal: 0.05 over the number of tests (Bonferroni)."""
        return _SIGNIFICANCE / max(self.tests, 1)

    @property
    def not_normal(self) -> Array:
        """Which features the test calls not normal at :attr:`threshold`."""
        return np.nan_to_num(self.p_value, nan=1.0) < self.threshold


@dataclass(frozen=True)
class ScaledRange:
    """Where features lie after a scaling that was fitted on the training set.

    Attributes
    ----------
    name : str
    train, test : tuple of float
        Smallest value, largest value, lowest and highest mean of a feature, lowest and highest deviation.
    """

    name: str
    train: tuple[float, float, float, float, float, float]
    test: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, eq=False)
class Exploration:
    """What :func:`explore` found.

    Attributes
    ----------
    name : str
    class_names : tuple of str
    splits : tuple of SplitFacts
        Training and test.
    features : FeatureFacts
    scalings : tuple of ScaledRange
        As loaded, min-max (Equation 1) and standardised (Equation 2).
    one_hot : tuple
        The first few labels and their rows (2.1.3).
    samples : dict
        Feature number to its training values, of the least and the most normal features, for histograms.
    """

    name: str
    class_names: tuple[str, ...]
    splits: tuple[SplitFacts, SplitFacts]
    features: FeatureFacts
    scalings: tuple[ScaledRange, ...]
    one_hot: tuple[tuple[int, tuple[int, ...]], ...]
    samples: dict[int, Array]


def explore(data: ArrayData, class_names: Sequence[str] | None = None, shown: int = 6) -> Exploration:
    """Measure a data set; nothing is fitted on, or chosen by, the test set.

    Parameters
    ----------
    data : ArrayData
        Features without NaN or infinite values (the loaders see to that).
    class_names : sequence of str, optional
        Numbers by default.
    shown : int
        How many features to keep the values of, half the most and half the least normal.

    Raises
    ------
    ImportError
        If SciPy is missing (scikit-learn brings it).
    """
    train = np.asarray(data.train_x, np.float64)
    names = tuple(class_names) if class_names else tuple(str(number) for number in range(data.num_classes))
    features = _features(train, data.train_y, data.num_classes)
    order = np.argsort(np.where(features.constant, np.inf, features.statistic), kind="stable")
    tested = order[: features.tests]
    chosen = np.unique(np.concatenate([tested[: (shown + 1) // 2], tested[len(tested) - shown // 2 :]]))
    encoder = OneHotEncoder().fit(data.train_y)
    rows = np.asarray(encoder.transform(data.train_y[:3])).astype(int)
    return Exploration(
        name=data.name,
        class_names=names,
        splits=(
            _split("training", data.train_x, data.train_y, data.num_classes),
            _split("test", data.test_x, data.test_y, data.num_classes),
        ),
        features=features,
        scalings=_scalings(data),
        one_hot=tuple((int(label), tuple(row.tolist())) for label, row in zip(data.train_y[:3], rows, strict=True)),
        samples={int(feature): data.train_x[:, feature] for feature in sorted(chosen, key=list(order).index)},
    )


def _split(name: str, x: Array, y: Array, classes: int) -> SplitFacts:
    return SplitFacts(
        name=name,
        shape=x.shape,
        dtype=str(x.dtype),
        label_dtype=str(y.dtype),
        missing=int(np.isnan(x).sum()),
        infinite=int(np.isinf(x).sum()),
        repeated=len(x) - len({row.tobytes() for row in np.ascontiguousarray(x)}),
        class_counts=tuple(np.bincount(y, minlength=classes).tolist()),
    )


def _features(x: Array, y: Array, classes: int) -> FeatureFacts:
    try:
        from scipy import stats  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("data exploration needs SciPy: pip install 'tinygrad5329[train]'") from error
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    minimum, maximum = x.min(axis=0), x.max(axis=0)
    varying = minimum != maximum
    skewness, kurtosis, statistic, p_value = (np.full(x.shape[1], np.nan) for _ in range(4))
    skewness[varying] = stats.skew(x[:, varying], axis=0)
    kurtosis[varying] = stats.kurtosis(x[:, varying], axis=0)
    tested = stats.normaltest(x[:, varying], axis=0)
    statistic[varying], p_value[varying] = tested.statistic, tested.pvalue
    centres = np.stack([x[y == label].mean(axis=0) if (y == label).any() else mean for label in range(classes)])
    shares = np.bincount(y, minlength=classes) / len(y)
    between = (shares[:, None] * (centres - mean) ** 2).sum(axis=0)
    explained = np.divide(between, deviation**2, out=np.zeros_like(between), where=varying)
    correlation = np.corrcoef(x[:, varying], rowvar=False)
    np.fill_diagonal(correlation, 0.0)
    return FeatureFacts(
        mean=mean,
        deviation=deviation,
        minimum=minimum,
        maximum=maximum,
        quantiles=np.quantile(x, QUANTILES, axis=0),
        skewness=skewness,
        kurtosis=kurtosis,
        statistic=statistic,
        p_value=p_value,
        explained=explained,
        largest_correlation=float(np.abs(correlation).max()),
    )


def _scalings(data: ArrayData) -> tuple[ScaledRange, ...]:
    found = [ScaledRange("as loaded", _range(data.train_x), _range(data.test_x))]
    for name, scaler in (
        ("min-max (Equation 1)", MinMaxScaler(constant="center")),
        ("standardised (Equation 2)", StandardScaler(constant="center")),
    ):
        train = scaler.fit_transform(data.train_x)
        found.append(ScaledRange(name, _range(train), _range(scaler.transform(data.test_x))))
    return tuple(found)


def _range(x: Array) -> tuple[float, float, float, float, float, float]:
    mean, deviation = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    values = (x.min(), x.max(), mean.min(), mean.max(), deviation.min(), deviation.max())
    smallest, largest, *others = (float(value) for value in values)
    return smallest, largest, others[0], others[1], others[2], others[3]
