from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygrad5329.training import RunConfig
from tinygrad5329.training import run_data as module
from tinygrad5329.training.run_data import prepare_data
from tinygrad5329.training.run_folder import RunError
from tinygrad5329.utils.data.datasets import ArrayData


def arrays(train: int = 50, test: int = 20) -> ArrayData:
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, (train + test, 4)).astype(np.float32)
    x[:, 3] = 1.0  # a constant feature
    y = rng.integers(0, 3, train + test)
    return ArrayData(x[:train], y[:train], x[train:], y[train:], "tiny", 3, 4)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load", lambda name: arrays())


def rows(loader: object) -> np.ndarray:
    return np.concatenate([x.numpy() for x, _ in loader])


def test_sizes_and_facts() -> None:
    data = prepare_data(RunConfig(validation=0.2, batch_size=16))
    assert (len(rows(data.train_once)), len(rows(data.validation)), len(rows(data.test))) == (40, 10, 20)
    facts = data.facts
    assert (facts.train_samples, facts.validation_samples, facts.test_samples) == (40, 10, 20)
    assert (facts.features, facts.class_names) == (4, ["0", "1", "2"])


def test_scaling_is_fitted_on_the_training_split_alone() -> None:
    data = prepare_data(RunConfig(validation=0.2))
    train = rows(data.train_once)
    np.testing.assert_allclose(train[:, :3].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train[:, :3].std(axis=0), 1, rtol=1e-4)
    assert abs(rows(data.validation)[:, :3].mean(axis=0)).max() > 1e-3
    assert not train[:, 3].any()
    original = train * data.scaler["scale"] + data.scaler["offset"]
    everything = arrays().train_x
    assert all(np.isclose(everything, row, atol=1e-4).all(axis=1).any() for row in original)


def test_the_other_scalings() -> None:
    train = rows(prepare_data(RunConfig(scale="minmax")).train_once)
    assert (train[:, :3].min(), train[:, :3].max()) == (0, 1)
    data = prepare_data(RunConfig(scale="none"))
    assert set(map(bytes, rows(data.test))) == set(map(bytes, arrays().test_x))
    assert data.scaler == {}


def test_training_and_validation_do_not_overlap_and_follow_the_seed() -> None:
    def split(seed: int) -> tuple[set[bytes], set[bytes], bytes]:
        data = prepare_data(RunConfig(scale="none", seed=seed))
        return (
            set(map(bytes, rows(data.train_once))),
            set(map(bytes, rows(data.validation))),
            rows(data.train).tobytes(),
        )

    train, validation, order = split(0)
    assert not train & validation
    assert len(train | validation) == 50
    assert split(0) == (train, validation, order)
    assert split(1)[1] != validation


def test_a_last_batch_of_one_sample_is_dropped() -> None:
    assert len(prepare_data(RunConfig(validation=0.1, batch_size=44)).train) == 1
    assert len(prepare_data(RunConfig(validation=0.1, batch_size=43)).train) == 2


def test_the_checksum_sees_every_array() -> None:
    first = prepare_data(RunConfig()).facts.checksum
    changed = arrays()
    changed.test_y[0] = (changed.test_y[0] + 1) % 3
    module.load = lambda name: changed  # put back by the fixture
    assert prepare_data(RunConfig()).facts.checksum != first


def test_names_of_data_and_classes() -> None:
    assert prepare_data(RunConfig(data="cifar10-pca128")).facts.class_names[3] == "cat"
    facts = prepare_data(RunConfig(data="some/folder/")).facts
    assert (facts.name, facts.class_names) == ("folder", ["0", "1", "2"])


def test_too_few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match=r"--validation: 0\.001 of 50 samples leaves 50 to train on and 0"):
        prepare_data(RunConfig(validation=0.001))


def test_data_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"--data: .*nowhere"):
        prepare_data(RunConfig(data=str(tmp_path / "nowhere")))
    with pytest.raises(RunError, match=r"--data: .*train_data\.npy"):
        prepare_data(RunConfig(data=str(tmp_path)))
