"""Fitted transforms: the report's equations, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data.transforms import MinMaxScaler, NotFittedError, OneHotEncoder, StandardScaler

SCALERS = [MinMaxScaler, StandardScaler]


def sample(n=50, features=4, dtype=np.float64, seed=0):
    random = np.random.RandomState(seed)
    return (random.standard_normal((n, features)) * [1, 10, 1e-3, 1e6][:features] + 5).astype(dtype)


def as_tensor(array):
    return tg.from_numpy(array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_min_max_is_equation_1(dtype):
    train, test = sample(dtype=dtype), sample(seed=1, dtype=dtype)
    scaler = MinMaxScaler().fit(train)
    low, high = train.min(axis=0), train.max(axis=0)
    np.testing.assert_allclose(scaler.transform(test), (test - low) / (high - low), rtol=1e-5, atol=1e-6)
    scaled = scaler.transform(train)
    assert scaled.dtype == dtype
    assert scaled.min(axis=0).tolist() == [0.0] * 4
    assert scaled.max(axis=0).tolist() == [1.0] * 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_standard_is_equation_2(dtype):
    train, test = sample(dtype=dtype), sample(seed=1, dtype=dtype)
    scaler = StandardScaler().fit(train)
    exact = train.astype(np.float64)
    expected = (test - exact.mean(axis=0)) / exact.std(axis=0)
    tolerance = 1e-3 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(scaler.transform(test), expected, rtol=tolerance, atol=tolerance)
    scaled = scaler.transform(train).astype(np.float64)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=tolerance)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=tolerance)


@pytest.mark.parametrize(("ours", "name"), [(MinMaxScaler, "MinMaxScaler"), (StandardScaler, "StandardScaler")])
def test_same_as_scikit_learn(ours, name):
    preprocessing = pytest.importorskip("sklearn.preprocessing", reason="pip install 'tinygrad5329[data]'")
    train, test = sample(), sample(seed=1)
    train[:, 0] = 3.0
    theirs = getattr(preprocessing, name)().fit(train)
    scaler = ours(constant="center").fit(train)
    np.testing.assert_allclose(scaler.transform(test), theirs.transform(test), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", SCALERS)
def test_the_test_set_changes_nothing(kind):
    scaler = kind().fit(sample())
    before = scaler.state_dict()
    scaler.transform(sample(seed=1) * 100)
    assert all(np.array_equal(before[name], after) for name, after in scaler.state_dict().items())


@pytest.mark.parametrize("kind", SCALERS)
def test_kind_and_dtype_of_the_result(kind):
    array = sample(dtype=np.float32)
    tensor_result = kind().fit_transform(as_tensor(array))
    array_result = kind().fit_transform(array)
    assert isinstance(tensor_result, tg.Tensor)
    assert isinstance(array_result, np.ndarray)
    assert np.array_equal(tensor_result.numpy(), array_result)
    assert tensor_result.dtype == tg.float32
    ints = kind().fit_transform(np.arange(10).reshape(5, 2))
    assert ints.dtype == np.float32


@pytest.mark.parametrize("kind", SCALERS)
def test_there_and_back(kind):
    for array in (sample(), sample(24).reshape(6, 4, 4)):
        scaler = kind().fit(array)
        result = scaler.inverse_transform(scaler.transform(array))
        np.testing.assert_allclose(result, array, rtol=1e-10)
        assert scaler.offset_.shape == array.shape[1:]


@pytest.mark.parametrize("kind", SCALERS)
def test_the_input_is_left_alone(kind):
    array = sample()
    copy = array.copy()
    kind().fit_transform(array)
    assert np.array_equal(array, copy)
    array.flags.writeable = False
    kind().fit_transform(array)


@pytest.mark.parametrize("kind", SCALERS)
def test_state_dict(kind):
    scaler = kind().fit(sample())
    other = kind()
    other.load_state_dict(scaler.state_dict())
    assert np.array_equal(other.transform(sample(seed=1)), scaler.transform(sample(seed=1)))
    scaler.state_dict()["offset"][:] = 0
    assert not np.array_equal(scaler.offset_, np.zeros(4))
    with pytest.raises(KeyError, match=r"expected \['offset', 'scale'\], got \['classes'\]"):
        other.load_state_dict({"classes": np.arange(3)})


@pytest.mark.parametrize("kind", SCALERS)
def test_constant_features(kind):
    array = sample(6)
    array[:, 2] = 7.5
    with pytest.raises(
        ValueError,
        match=r"1 of 4 features have one value in all 6 samples \(the first is feature 2, always 7.5\)",
    ):
        kind().fit(array)
    scaled = kind(constant="center").fit_transform(array)
    assert scaled[:, 2].tolist() == [0.0] * 6
    with pytest.raises(ValueError, match=r"feature \(1, 0\), always 0"):
        kind().fit(np.array([[[1.0], [0.0]], [[2.0], [0.0]]]))
    with pytest.raises(ValueError, match="should be 'error' or 'center', got 'drop'"):
        kind(constant="drop")


@pytest.mark.parametrize("kind", SCALERS)
def test_a_nearly_constant_float_feature_is_constant(kind):
    # The deviation of 1000 copies of 0.1 comes out as 1e-17 in floating point, which must not become a scale.
    array = np.full((1000, 1), 0.1)
    with pytest.raises(ValueError, match=r"always 0.1"):
        kind().fit(array)


@pytest.mark.parametrize("kind", [*SCALERS, OneHotEncoder])
def test_not_fitted(kind):
    data = np.zeros(3, np.int64) if kind is OneHotEncoder else sample()
    for ask in (
        lambda: kind().transform(data),
        lambda: kind().inverse_transform(data),
        lambda: kind().state_dict(),
    ):
        with pytest.raises(NotFittedError, match=f"this {kind.__name__} is not fitted yet; call fit"):
            ask()


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.__setitem__((3, 1), np.nan), r"1 NaN of 200 values \(the first at \(3, 1\)\)"),
        (lambda a: a.__setitem__((0, 2), np.inf), r"1 infinite of 200 values \(the first at \(0, 2\)\)"),
        (
            lambda a: (a.__setitem__((9, 0), -np.inf), a.__setitem__((slice(4, 6), 3), np.nan)),
            r"2 NaN and 1 infinite of 200 values \(the first at \(4, 3\)\)",
        ),
    ],
)
def test_not_finite(kind, change, message):
    fitted, array = kind().fit(sample()), sample()
    change(array)
    for ask in (kind().fit, fitted.transform, fitted.inverse_transform):
        with pytest.raises(ValueError, match=f"{kind.__name__}.*{message}"):
            ask(array)


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (np.zeros((5, 3)), ValueError, r"samples have shape \(3,\), but the training set's had \(4,\)"),
        (
            np.zeros(4),
            ValueError,
            r"expected samples and features, \(N, F\), got shape \(4,\); .*reshape\(-1, 1\)",
        ),
        ([[1.0, 2.0]], TypeError, "expected a Tensor or an array, got list"),
        (np.array([["a", "b"]]), TypeError, "expected numbers, got dtype <U1"),
    ],
)
def test_what_cannot_be_scaled(kind, data, error, message):
    with pytest.raises(error, match=message):
        kind().fit(sample()).transform(data)


@pytest.mark.parametrize("kind", SCALERS)
def test_nothing_to_fit(kind):
    with pytest.raises(ValueError, match=r"got no samples \(shape \(0, 3\)\)"):
        kind().fit(np.zeros((0, 3)))


@pytest.mark.parametrize("kind", SCALERS)
def test_a_tensor_that_requires_grad(kind):
    with pytest.raises(RuntimeError, match="requires grad"):
        kind().fit(tg.ones(3, 2, requires_grad=True))


def test_one_hot():
    encoder = OneHotEncoder().fit(np.array([3, 1, 1, 8]))
    assert encoder.classes_.tolist() == [1, 3, 8]
    rows = encoder.transform(tg.tensor([[8], [1]]))
    assert isinstance(rows, tg.Tensor)
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert rows.dtype == tg.float32
    back = encoder.inverse_transform(rows)
    assert (back.tolist(), back.dtype) == ([8, 1], tg.int64)
    assert encoder.inverse_transform(np.array([[0.1, 0.7, 0.2]])).tolist() == [3]
    other = OneHotEncoder()
    other.load_state_dict(encoder.state_dict())
    assert np.array_equal(other.transform(np.array([3])), encoder.transform(np.array([3])))


def test_one_hot_is_the_engines_for_classes_from_0():
    labels = tg.tensor([2, 0, 1, 2])
    assert OneHotEncoder().fit_transform(labels).tolist() == tg.one_hot(labels).tolist()


@pytest.mark.parametrize("label", [0, 2, 9])
def test_one_hot_refuses_labels_it_has_not_seen(label):
    encoder = OneHotEncoder().fit(np.array([1, 3, 8]))
    with pytest.raises(
        ValueError, match=rf"1 labels were not in the training set \(the first is {label} at position 1"
    ):
        encoder.transform(np.array([1, label]))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.array([1.0]), TypeError, "expected integer labels, got dtype float64"),
        (np.zeros((2, 2), int), ValueError, r"shape \(N,\) or \(N, 1\), got \(2, 2\)"),
        (np.zeros(0, int), ValueError, "got no labels"),
        ([1, 2], TypeError, "expected a Tensor or an array, got list"),
    ],
)
def test_one_hot_refuses(labels, error, message):
    with pytest.raises(error, match=message):
        OneHotEncoder().fit(labels)


def test_one_hot_back_refuses():
    encoder = OneHotEncoder().fit(np.array([1, 3, 8]))
    with pytest.raises(ValueError, match=r"expected shape \(N, 3\), one column a class, got \(2, 2\)"):
        encoder.inverse_transform(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="1 NaN of 3 values"):
        encoder.inverse_transform(np.array([[0.0, np.nan, 0.0]]))


def test_repr():
    assert repr(MinMaxScaler()) == "MinMaxScaler(constant='error')"
    assert repr(OneHotEncoder()) == "OneHotEncoder()"
