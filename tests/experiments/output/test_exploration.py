"""The facts of a data set against what NumPy and SciPy say of data made for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tinygrad5329.experiments.output.exploration import explore
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_data import data_section
from tinygrad5329.utils.data.datasets import ArrayData


@pytest.fixture(scope="module")
def made() -> ArrayData:
    draw = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [200, 200, 100])
    x = draw.normal(size=(500, 5)).astype(np.float32)
    x[:, 1] = draw.exponential(size=500)
    x[:, 2] = 7.0
    x[:, 3] = labels * 10 + draw.normal(size=500)
    x[:, 4] *= 50
    x[7] = x[3]
    return ArrayData(x[:450], labels[:450], x[450:] + 1, labels[450:], "made", 3, 5)


def test_shape_gaps_repeats_and_classes(made: ArrayData) -> None:
    training, test = explore(made).splits
    assert training.shape == (450, 5) and test.shape == (50, 5)
    assert (training.dtype, training.label_dtype) == ("float32", "int64")
    assert training.class_counts == (200, 200, 50) and test.class_counts == (0, 0, 50)
    assert training.repeated == 1 and test.repeated == 0
    assert training.missing == training.infinite == 0


def test_distribution_and_normality_of_each_feature(made: ArrayData) -> None:
    found = explore(made).features
    x = made.train_x.astype(np.float64)
    varying = [0, 1, 3, 4]
    np.testing.assert_allclose(found.deviation, x.std(axis=0))
    np.testing.assert_allclose(found.quantiles[2], np.median(x, axis=0))
    np.testing.assert_allclose(found.p_value[varying], stats.normaltest(x[:, varying], axis=0).pvalue)
    assert found.constant.tolist() == [False, False, True, False, False]
    assert np.isnan(found.p_value[2]) and found.tests == 4
    assert found.threshold == pytest.approx(0.05 / 4)
    assert found.not_normal[[0, 1, 2, 4]].tolist() == [False, True, False, False]


def test_what_a_feature_knows_of_the_classes(made: ArrayData) -> None:
    explained = explore(made).features.explained
    groups = [made.train_x[made.train_y == label, 3].astype(np.float64) for label in range(3)]
    f = stats.f_oneway(*groups).statistic
    assert explained[3] == pytest.approx(2 * f / (2 * f + 447))  # eta squared from F
    assert explained[2] == 0 and explained[0] < 0.05


def test_scaling_is_fitted_on_the_training_set_alone(made: ArrayData) -> None:
    loaded, minmax, standard = explore(made).scalings
    assert minmax.train[:2] == (0.0, 1.0)
    assert minmax.test[1] > 1.0  # the test features were shifted
    assert standard.train[2:] == pytest.approx((0, 0, 0, 1), abs=1e-6)  # the constant feature stays at 0
    assert loaded.train[1] == pytest.approx(float(made.train_x.max()))


def test_one_hot_rows_are_those_of_the_first_labels(made: ArrayData) -> None:
    assert explore(made).one_hot == ((0, (1, 0, 0)),) * 3


def test_the_section_shows_four_figures_and_names_the_test(made: ArrayData) -> None:
    section = data_section(explore(made, ["a", "b", "c"], shown=4), Gallery())
    text = repr(section)
    assert text.count("Picture(") == 4
    assert "Bonferroni" in text and "rejects 2 of 4" in text
    assert "1 feature is constant" in text
