"""The reflection that second moments of classes give away."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.mirror import Mirror, find_mirror
from tinygrad5329.experiments.recipe import TrainingBatches
from tinygrad5329.utils.data import DataLoader, TensorDataset

FEATURES, CLASSES, ROWS = 12, 6, 1500


def symmetric_classes(odd: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal classes that a hidden reflection leaves alone; the features, classes and the reflection."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((FEATURES, FEATURES)))
    stretch = np.diag(np.linspace(1.0, 3.0, FEATURES))
    rows, labels = [], []
    for number in range(CLASSES):
        mix = np.zeros((FEATURES, FEATURES))
        mix[:odd, :odd] = rng.standard_normal((odd, odd))
        mix[odd:, odd:] = rng.standard_normal((FEATURES - odd, FEATURES - odd))
        mean = np.r_[np.zeros(odd), rng.standard_normal(FEATURES - odd)]
        rows.append(mean + rng.standard_normal((ROWS, FEATURES)) @ mix)
        labels.append(np.full(ROWS, number))
    signs = np.diag(np.r_[-np.ones(odd), np.ones(FEATURES - odd)])
    seen = basis @ stretch  # an invertible map hides which directions are which
    reflection = np.linalg.inv(seen) @ signs @ seen
    return np.concatenate(rows) @ seen, np.concatenate(labels), reflection


def tensors(x: np.ndarray, y: np.ndarray) -> tuple[tg.Tensor, tg.Tensor]:
    return tg.from_numpy(x.astype(np.float32)), tg.from_numpy(y.astype(np.int64))


def test_finds_the_hidden_reflection():
    x, y, reflection = symmetric_classes()
    mirror = find_mirror(*tensors(x, y))
    assert mirror.odd == 5
    error = np.linalg.norm(mirror.matrix.numpy() - reflection) / np.linalg.norm(reflection)
    assert error < 0.1
    assert mirror.misfit < 1.5


def test_undoes_itself_and_keeps_type_and_shape():
    x, y = tensors(*symmetric_classes()[:2])
    mirror = find_mirror(x, y)
    image = mirror(x)
    assert image.shape == x.shape
    assert image.dtype == tg.float32
    np.testing.assert_allclose(mirror(image).numpy(), x.numpy(), atol=1e-3)
    assert float((image - x).abs().mean().item()) > 0.5


def test_follows_a_change_of_coordinates():
    x, y, _ = symmetric_classes()
    scales = np.linspace(0.1, 5.0, FEATURES)
    one, other = find_mirror(*tensors(x, y)), find_mirror(*tensors(x * scales + 7.0, y))
    expected = one.matrix.numpy() * scales / scales[:, None]
    np.testing.assert_allclose(other.matrix.numpy(), expected, atol=0.02 * np.abs(expected).max())


def test_misfit_tells_where_there_is_no_symmetry():
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [rng.standard_normal((ROWS, FEATURES)) @ rng.standard_normal((FEATURES, FEATURES)) for _ in range(4)]
    )
    assert find_mirror(*tensors(x, np.repeat(np.arange(4), ROWS))).misfit > 5


def test_features_that_do_not_vary_stay():
    x, y, _ = symmetric_classes()
    x = np.c_[x, np.full(len(x), 3.0)]
    images = find_mirror(*tensors(x, y))(tensors(x, y)[0]).numpy()
    np.testing.assert_allclose(images[:, -1], 3.0, atol=1e-4)


def test_same_rows_give_the_same_mirror():
    x, y = tensors(*symmetric_classes()[:2])
    assert np.array_equal(find_mirror(x, y).matrix.numpy(), find_mirror(x, y).matrix.numpy())


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((4, 3)) * np.arange(4)[:, None], np.zeros(4), "two classes or more, got 1"),
        (np.ones((4, 3)) * np.arange(4)[:, None], np.array([0, 0, 1, 1]), "two features that vary or more, got 1"),
    ],
)
def test_refuses_what_tells_nothing(x, y, message):
    with pytest.raises(ValueError, match=message):
        find_mirror(*tensors(x, y))


def test_training_batches_mirror_about_half_of_the_samples():
    rows = TensorDataset(tg.ones(1000, 2), tg.zeros(1000).long())
    flip = Mirror(centre=tg.zeros(2), matrix=-tg.eye(2), odd=2, misfit=1.0)
    configuration = Configuration(mirror=True, seed=3)
    batches = TrainingBatches(configuration, DataLoader(rows, batch_size=100), 2, flip)
    inputs = tg.cat([x for x, _ in batches]).numpy()
    assert np.array_equal(inputs[:, 0], inputs[:, 1])  # samples are turned whole
    turned = (inputs[:, 0] == -1).mean()
    assert 0.4 < turned < 0.6
    again = TrainingBatches(configuration, DataLoader(rows, batch_size=100), 2, flip)
    assert np.array_equal(tg.cat([x for x, _ in again]).numpy(), inputs)
