"""The rows of a run: who is trained on, who judges, who is tested, and how they are scaled."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.experiments.preparation import Source, training_loader


def rows(dataset):
    return dataset.tensors[0].numpy()


def test_validation_rows_are_a_tenth_and_disjoint(small):
    split = small.source().split(small.configuration(scale="none"))
    assert (len(split.train), len(split.judging), len(split.test)) == (54, 6, 30)
    together = np.concatenate([rows(split.train), rows(split.judging)])
    assert sorted(map(tuple, together)) == sorted(map(tuple, small.arrays().train_x))
    assert (split.facts.train_samples, split.facts.validation_samples, split.facts.test_samples) == (54, 6, 30)


def test_the_reports_protocol_trains_on_all_and_judges_on_the_test_rows(small):
    split = small.source().split(small.configuration(scale="none", protocol="report"))
    np.testing.assert_array_equal(rows(split.train), small.arrays().train_x)
    assert split.judging is split.test
    assert split.facts.validation_samples == 0


def test_the_split_hangs_on_its_own_seed_alone(small):
    source = small.source()

    def train(**change):
        return rows(source.split(small.configuration(**change)).train)

    np.testing.assert_array_equal(train(seed=0), train(seed=1))
    assert not np.array_equal(train(split_seed=0), train(split_seed=1))


def test_scaling_is_learned_from_the_rows_that_are_trained_on(small):
    source = small.source()
    standard = source.split(small.configuration())
    np.testing.assert_allclose(rows(standard.train).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(rows(standard.train).std(axis=0), 1, atol=1e-5)
    assert abs(rows(standard.test).mean(axis=0)).max() > 1e-3
    smallest = source.split(small.configuration(scale="minmax"))
    assert rows(smallest.train).min() == 0
    np.testing.assert_allclose(rows(smallest.train).max(axis=0), 1, rtol=1e-6)


def test_quick_takes_few_rows(small, monkeypatch):
    monkeypatch.setattr("tinygrad5329.experiments.preparation.QUICK_ROWS", (20, 5))
    split = small.source().split(small.configuration(quick=True))
    assert (len(split.train), len(split.judging), len(split.test)) == (18, 2, 5)


def test_the_fingerprint_sees_every_number(small, monkeypatch):
    one = small.source().fingerprint
    assert one == small.source().fingerprint
    changed = small.arrays()
    changed.test_y[-1] += 1
    monkeypatch.setattr("tinygrad5329.experiments.preparation.load", lambda data: changed)
    assert Source("small").fingerprint != one


def test_batches_are_shuffled_by_the_seed_and_never_of_one_sample(small):
    split = small.source().split(small.configuration())

    def labels(**change):
        loader = training_loader(split, small.configuration(**change))
        return [batch[1].tolist() for batch in loader]

    assert labels(seed=0) == labels(seed=0) != labels(seed=1)
    assert [len(batch) for batch in labels(batch_size=53)] == [53]
    assert [len(batch) for batch in labels(batch_size=200)] == [54]
    assert sum(map(len, labels())) == 54


def test_a_data_set_that_is_none_is_refused():
    with pytest.raises(ValueError, match="neither a folder nor one of the data sets"):
        Source("no-such-data")
