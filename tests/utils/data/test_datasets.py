"""Data sets by name and folder, and what bad files are told."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import DataLoader
from tinygrad5329.utils.data.array_files import DataError
from tinygrad5329.utils.data.datasets import DATA_VARIABLE, NAMES, load, load_digits, load_report128

SIZES = {"train_rows": 30, "test_rows": 10, "num_features": 4}


def arrays():
    random = np.random.RandomState(0)
    return {
        "train_data": random.standard_normal((30, 4)).astype(np.float32),
        "train_label": np.arange(30).reshape(30, 1) % 10,
        "test_data": random.standard_normal((10, 4)),
        "test_label": np.arange(10, dtype=np.uint8),
    }


def write(folder, **changes):
    for name, array in {**arrays(), **changes}.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def test_report128(tmp_path):
    data = load_report128(write(tmp_path), **SIZES)
    assert data.train_x.dtype == data.test_x.dtype == np.float32
    assert data.train_y.dtype == data.test_y.dtype == np.int64
    assert data.train_y.shape == (30,)
    assert np.array_equal(data.train_x, arrays()["train_data"])
    assert (data.name, data.num_classes, data.num_features) == ("report128", 10, 4)
    assert repr(data) == "ArrayData(report128: 30 training and 10 test samples, 4 features, 10 classes)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"


def test_array_data_as_data_sets(tmp_path):
    data = load_report128(write(tmp_path), **SIZES)
    x, y = next(iter(DataLoader(data.train(), batch_size=30)))
    assert (x.dtype, y.dtype) == (tg.float32, tg.int64)
    assert np.array_equal(x.numpy(), data.train_x)
    assert len(data.test()) == 10


def test_folder_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, str(write(tmp_path)))
    assert len(load_report128(**SIZES).train_x) == 30
    for value in (None, ""):
        monkeypatch.delenv(DATA_VARIABLE) if value is None else monkeypatch.setenv(DATA_VARIABLE, value)
        with pytest.raises(ValueError, match=r"no folder was given; .*train_data.npy.*, or set TINYGRAD5329_DATA"):
            load("report128")


def test_the_shapes_of_the_report_are_asked_for_by_default(tmp_path):
    write(tmp_path)
    for ask in (lambda: load(tmp_path), lambda: load("report128", root=tmp_path)):
        with pytest.raises(
            DataError, match=r"train_data.npy: expected floats of shape \(50000, 128\), found shape \(30, 4\)"
        ):
            ask()


def test_a_full_sized_folder_loads(tmp_path):
    labels = np.zeros(50_000, np.int64)
    write(
        tmp_path,
        train_data=np.zeros((50_000, 128), np.float16),
        train_label=labels,
        test_data=np.zeros((10_000, 128), np.float16),
        test_label=labels[:10_000],
    )
    data = load(str(tmp_path))
    assert data.train_x.shape == (50_000, 128)
    assert data.test_y.shape == (10_000,)


def test_missing_files(tmp_path):
    write(tmp_path)
    (tmp_path / "test_label.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"found only test_data.npy, train_data.npy, train_label.npy \("):
        load_report128(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match=r"expected a folder with .*, found none of them"):
        load_report128(empty)
    with pytest.raises(FileNotFoundError, match=r"found no folder .*nowhere"):
        load_report128(tmp_path / "nowhere")


def with_value(name, position, value):
    array = arrays()[name].copy()
    array[position] = value
    return {name: array}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_data": np.zeros((30, 5))}, r"train_data.npy: .*shape \(30, 4\), found shape \(30, 5\)"),
        ({"train_data": np.zeros((4, 30))}, r"train_data.npy: .*found shape \(4, 30\)"),
        ({"test_data": np.zeros((11, 4))}, r"test_data.npy: .*shape \(10, 4\), found shape \(11, 4\)"),
        ({"train_data": np.zeros((30, 4), int)}, r"train_data.npy: expected floats .* found dtype int64"),
        ({"train_data": np.zeros((30, 4), complex)}, r"train_data.npy: .*found dtype complex128"),
        ({"train_label": np.zeros(29, int)}, r"train_label.npy: .*\(30,\) or \(30, 1\), found shape \(29,\)"),
        ({"train_label": np.zeros((30, 10), int)}, r"train_label.npy: .*found shape \(30, 10\)"),
        ({"train_label": np.zeros(30)}, r"train_label.npy: .*found dtype float64; .*astype\(numpy.int64\)"),
        ({"train_label": np.array([None] * 30)}, "train_label.npy: .*Python objects, .*never loaded"),
        (
            with_value("train_label", 7, 10),
            r"train_label.npy: expected integer labels 0 to 9 .* 1 outside \(the first is 10 at position 7\)",
        ),
        (with_value("train_label", 7, -1), r"the first is -1 at position 7"),
        (
            with_value("train_data", (slice(2, 4), 3), np.nan),
            r"train_data.npy: .*found 2 NaN of 120 values \(the first at \(2, 3\)\)",
        ),
        (with_value("test_data", (9, 0), -np.inf), r"test_data.npy: .*found 1 infinite of 40 values"),
    ],
)
def test_bad_arrays(tmp_path, changes, message):
    write(tmp_path, **changes)
    with pytest.raises(DataError, match=message):
        load_report128(tmp_path, **SIZES)


def test_labels_of_too_many_in_number_are_told_by_their_own_file(tmp_path):
    write(tmp_path, test_label=np.zeros(30, int))
    with pytest.raises(DataError, match=r"test_label.npy: .*shape \(10,\) or \(10, 1\), found shape \(30,\)"):
        load_report128(tmp_path, **SIZES)


def test_truncated_and_foreign_files(tmp_path):
    write(tmp_path)
    path = tmp_path / "train_data.npy"
    whole = path.read_bytes()
    for content, message in (
        (whole[:-8], f"is truncated: it has {len(whole) - 8} bytes, .*promises {len(whole)}; copy it again"),
        (whole + b"more", f"longer than it says: it has {len(whole) + 4} bytes"),
        (whole[:20], "found 20 bytes that do not begin as one"),
        (b"", "found 0 bytes that do not begin as one"),
        (b"PK\x03\x04 not an array", "do not begin as one .*magic string"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"train_data.npy.*{message}"):
            load_report128(tmp_path, **SIZES)


def test_a_pickle_is_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("a file was unpickled",)

    write(tmp_path)
    bomb = np.empty(30, object)
    bomb[:] = [Bomb()] * 30
    np.save(tmp_path / "train_label.npy", bomb, allow_pickle=True)
    with pytest.raises(DataError, match="Python objects"):
        load_report128(tmp_path, **SIZES)


def test_a_folder_in_place_of_a_file(tmp_path):
    write(tmp_path)
    (tmp_path / "train_data.npy").unlink()
    (tmp_path / "train_data.npy").mkdir()
    with pytest.raises(FileNotFoundError, match=r"train_data.npy"):
        load_report128(tmp_path, **SIZES)


def test_other_byte_orders_and_layouts(tmp_path):
    expected = arrays()["train_data"]
    write(tmp_path, train_data=np.asfortranarray(expected.astype(">f8")), test_label=np.arange(10, dtype=">i2"))
    data = load_report128(tmp_path, **SIZES)
    assert np.array_equal(data.train_x, expected)
    assert data.train_x.flags.c_contiguous
    assert data.train_x.dtype.isnative
    assert data.test_y.tolist() == list(range(10))


def test_the_second_version_of_the_format(tmp_path):
    write(tmp_path)
    with (tmp_path / "test_data.npy").open("wb") as file:
        np.lib.format.write_array(file, arrays()["test_data"], version=(2, 0))
    assert len(load_report128(tmp_path, **SIZES).test_x) == 10


def test_load_by_name():
    with pytest.raises(ValueError, match="'mnist' is neither a folder nor one of the data sets digits, report128"):
        load("mnist")
    with pytest.raises(ValueError, match="root is for 'report128' and 'cifar10-pca128', got root='x' for 'digits'"):
        load("digits", root="x")
    assert NAMES == ("digits", "report128", "cifar10-pca128")


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn", reason="pip install 'tinygrad5329[data]'")
    return load("digits")


def test_digits_shapes_and_types(digits):
    assert digits.train_x.shape == (1438, 64)
    assert digits.test_x.shape == (359, 64)
    assert digits.train_x.dtype == np.float32
    assert digits.train_y.dtype == np.int64
    assert (digits.name, digits.num_classes, digits.num_features) == ("digits", 10, 64)


def test_digits_scaled_by_the_training_set(digits):
    low, high = digits.train_x.min(axis=0), digits.train_x.max(axis=0)
    assert np.all(low == 0)
    assert np.all((high == 1) | (high == 0))
    # One rare pixel is brighter in the test set than ever in the training set, or the other way round.
    assert not np.array_equal(digits.test_x.max(axis=0), high)


def test_digits_every_class_has_its_share(digits):
    train, test = np.bincount(digits.train_y), np.bincount(digits.test_y)
    np.testing.assert_allclose(test / (train + test), 0.2, atol=0.003)


def test_digits_the_split_is_always_the_same(digits):
    again = load_digits()
    assert np.array_equal(digits.train_x, again.train_x)
    assert np.array_equal(digits.test_y, again.test_y)
    # Recorded once: another machine or version must split alike.
    assert digits.test_y[:12].tolist() == RECORDED_LABELS
    assert not np.array_equal(load_digits(seed=1).test_y, digits.test_y)


def test_digits_a_share_that_leaves_nothing(digits):
    with pytest.raises(ValueError, match=r"test_fraction=0.001 puts 0 of the 178 samples of class 0"):
        load_digits(test_fraction=0.001)


RECORDED_LABELS = [3, 7, 3, 9, 0, 8, 7, 0, 8, 0, 3, 3]


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[data\]'"):
        load_digits()
