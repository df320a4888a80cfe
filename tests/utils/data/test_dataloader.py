"""``DataLoader`` in one process: batches, arguments, errors."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
)


class Rows(TensorDataset):
    """A TensorDataset that the loader must read row by row."""

    def __init__(self, *tensors):
        super().__init__(*tensors)
        self.reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


class SizedStream(Stream):
    def __init__(self, n, length):
        super().__init__(n)
        self.length = length

    def __len__(self):
        return self.length


def tensors():
    return tg.arange(22, dtype=tg.float32).reshape(11, 2), tg.arange(11), tg.arange(11) % 2 == 0


def contents(loader):
    return [[(part.tolist(), part.dtype, tuple(part.shape)) for part in batch] for batch in loader]


@pytest.mark.parametrize(
    "wrap", [lambda d: d, lambda d: Subset(d, [9, 2, 2, 7, 0, -1]), lambda d: Subset(d, range(3, 8))]
)
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_whole_batches_equal_collated_rows(wrap, shuffle, batch_size):
    results = []
    for kind in (TensorDataset, Rows):
        tg.manual_seed(2)
        results.append(contents(DataLoader(wrap(kind(*tensors())), batch_size=batch_size, shuffle=shuffle)))
    assert results[0] == results[1]


def test_a_subclass_that_reads_its_own_rows_is_asked():
    data = Rows(*tensors())
    list(DataLoader(data, batch_size=4))
    assert data.reads == 11


def test_a_collate_fn_gets_the_rows():
    loader = DataLoader(TensorDataset(tg.arange(3)), batch_size=2, collate_fn=list)
    assert [[row[0].item() for row in batch] for batch in loader] == [[0, 1], [2]]


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_batch_does_not_share_memory_with_the_data(shuffle):
    x = tg.zeros(6, 2)
    for (batch,) in DataLoader(TensorDataset(x), batch_size=3, shuffle=shuffle):
        batch.add_(1)
    assert x.sum().item() == 0


def test_batches_of_views_and_of_other_layouts():
    base = tg.arange(24).reshape(4, 6)
    column_major, strided = base.t(), base[:, ::2].t()[:3]
    for x in (column_major[:3], strided):
        (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=3)))[0:1]
        assert batch.tolist() == x.tolist()


def test_gradients_flow_through_a_batch():
    x = tg.ones(4, 2, requires_grad=True)
    total = sum(batch.sum() for (batch,) in DataLoader(TensorDataset(x), batch_size=3))
    total.backward()
    assert x.grad.tolist() == [[1.0, 1.0]] * 4


def test_an_index_out_of_range_is_an_index_error():
    for sampler in ([0, 11], [-12], SequentialSampler(range(12))):
        with pytest.raises(IndexError):
            list(DataLoader(TensorDataset(tg.arange(11)), sampler=sampler, batch_size=2))


def test_concatenated_data_sets():
    loader = DataLoader(ConcatDataset([TensorDataset(tg.arange(3)), TensorDataset(tg.arange(2))]), batch_size=2)
    assert [batch.tolist() for (batch,) in loader] == [[0, 1], [2, 0], [1]]


def test_getitems_is_used():
    class Squares(Dataset):
        def __len__(self):
            return 5

        def __getitems__(self, indices):
            assert type(indices) is list
            return [index * index for index in indices]

    assert [batch.tolist() for batch in DataLoader(Squares(), batch_size=3)] == [[0, 1, 4], [9, 16]]


def test_any_sequence_is_a_data_set():
    assert [batch.tolist() for batch in DataLoader([1.5, 2.5, 3.5], batch_size=2)] == [[1.5, 2.5], [3.5]]


def test_single_samples_are_converted():
    class Arrays(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.full(2, index), "name"

    first, _second = DataLoader(Arrays(), batch_size=None)
    assert first[0].tolist() == [0, 0]
    assert first[1] == "name"


def test_length_and_iterating_again():
    loader = DataLoader(TensorDataset(tg.arange(7)), batch_size=3)
    assert (len(loader), len(iter(loader))) == (3, 3)
    assert len(DataLoader(TensorDataset(tg.arange(7)), batch_size=3, drop_last=True)) == 2
    assert len(DataLoader(TensorDataset(tg.arange(7)), batch_size=None)) == 7
    assert [len(list(loader)) for _ in range(2)] == [3, 3]
    iterator = iter(loader)
    list(iterator)
    with pytest.raises(StopIteration):
        next(iterator)


def test_two_passes_at_once():
    loader = DataLoader(TensorDataset(tg.arange(4)), batch_size=2)
    pairs = [(a.tolist(), b.tolist()) for (a,) in loader for (b,) in loader]
    assert pairs == [([0, 1], [0, 1]), ([0, 1], [2, 3]), ([2, 3], [0, 1]), ([2, 3], [2, 3])]


def test_empty_data():
    assert list(DataLoader(TensorDataset(tg.zeros(0, 3)))) == []
    with pytest.raises(ValueError, match="num_samples=0"):
        DataLoader(TensorDataset(tg.zeros(0, 3)), shuffle=True)


def test_an_error_in_the_data_set_skips_its_batch():
    class Broken(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            if index == 1:
                raise OSError("cannot read sample 1")
            return index

    iterator = iter(DataLoader(Broken()))
    assert next(iterator).tolist() == [0]
    with pytest.raises(OSError, match="cannot read sample 1"):
        next(iterator)
    assert next(iterator).tolist() == [2]


def test_stop_iteration_in_a_data_set_does_not_end_the_pass():
    class Broken(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Broken()))


@pytest.mark.parametrize(
    ("batch_size", "drop_last", "expected"),
    [(2, False, [[0, 1], [2, 3], [4]]), (2, True, [[0, 1], [2, 3]]), (None, False, [0, 1, 2, 3, 4])],
)
def test_streams(batch_size, drop_last, expected):
    loader = DataLoader(Stream(5), batch_size=batch_size, drop_last=drop_last, shuffle=False)
    for _ in range(2):
        assert [b if isinstance(b, int) else b.tolist() for b in loader] == expected


def test_a_stream_has_its_own_length():
    with pytest.raises(TypeError, match="has no len"):
        len(DataLoader(Stream(5)))
    assert len(DataLoader(SizedStream(5, 5), batch_size=2)) == 3
    assert len(DataLoader(SizedStream(5, 5), batch_size=2, drop_last=True)) == 2
    assert len(DataLoader(SizedStream(5, 5), batch_size=None)) == 5


def test_a_stream_longer_than_it_said():
    loader = DataLoader(SizedStream(4, 2), batch_size=None)
    for _ in loader:
        pass  # Nobody has asked for the length; list() would.
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="was reported to be 2") as caught:
        list(loader)
    assert [int(str(w.message).split(" but ")[1].split()[0]) for w in caught] == [3, 4]


DATA = TensorDataset(tg.arange(10))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
        (
            {"prefetch_factor": 2},
            ValueError,
            "prefetch_factor option could only be specified in multiprocessing",
        ),
        ({"num_workers": 1, "prefetch_factor": 0}, ValueError, "prefetch_factor option should be positive"),
        ({"persistent_workers": True}, ValueError, "persistent_workers option needs num_workers > 0"),
        ({"sampler": [1], "shuffle": True}, ValueError, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[1]], "shuffle": True}, ValueError, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[1]], "sampler": [1]}, ValueError, "batch_sampler option is mutually exclusive"),
        (
            {"batch_sampler": [[1]], "drop_last": True},
            ValueError,
            "batch_sampler option is mutually exclusive",
        ),
        (
            {"batch_size": None, "drop_last": True},
            ValueError,
            "batch_size=None option disables auto-batching",
        ),
        (
            {"batch_size": 0},
            ValueError,
            "batch_size should be a positive integer value, but got batch_size=0",
        ),
        ({"batch_size": 1.5}, ValueError, "batch_size=1.5"),
        ({"multiprocessing_context": "fork"}, ValueError, r"can only be used with multi-process loading"),
        ({"num_workers": 1, "multiprocessing_context": "x"}, ValueError, "valid start method in .*'spawn'"),
        ({"num_workers": 1, "multiprocessing_context": 3}, TypeError, "valid context object or a string"),
        ({"generator": 3}, TypeError, "generator should be a Generator or None, got int"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, kind, message):
    with pytest.raises(kind, match=message):
        DataLoader(DATA, **arguments)


@pytest.mark.parametrize("arguments", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_streams_take_no_order(arguments):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=f"with IterableDataset: expected unspecified {name} option"):
        DataLoader(Stream(3), **arguments)


def test_timeout_without_workers():
    with pytest.raises(AssertionError, match="requires timeout == 0"):
        iter(DataLoader(DATA, timeout=1))


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_attributes_are_fixed(name):
    with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
        setattr(DataLoader(DATA), name, 3)


def test_attributes():
    loader = DataLoader(DATA, batch_size=2, shuffle=True)
    assert isinstance(loader.sampler, RandomSampler)
    assert isinstance(loader.batch_sampler, BatchSampler)
    assert (loader.batch_size, loader.drop_last, loader.num_workers, loader.prefetch_factor) == (
        2,
        False,
        0,
        None,
    )
    other = DataLoader(DATA, batch_sampler=[[1]])
    assert (other.batch_size, other.drop_last) == (None, False)
    assert DataLoader(DATA, num_workers=1).prefetch_factor == 2


def test_pinning_is_accepted_with_a_warning():
    with pytest.warns(UserWarning, match="no accelerator is found"):
        assert len(list(DataLoader(DATA, batch_size=5, pin_memory=True))) == 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        iter(DataLoader(DATA, pin_memory=True, pin_memory_device="cpu"))
    assert "pin_memory_device is deprecated" in str(caught[0].message)


def test_more_workers_than_cores_are_warned_of():
    with pytest.warns(UserWarning, match="will create 5000 worker processes"):
        DataLoader(DATA, num_workers=5000)


def test_signature_is_pytorchs():
    torch_data = pytest.importorskip("torch.utils.data", reason="oracle: pip install 'tinygrad5329[oracle]'")

    def arguments(function):
        return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]

    assert arguments(DataLoader.__init__) == arguments(torch_data.DataLoader.__init__)


def test_generic_aliases():
    assert DataLoader[int] is not None
    assert Dataset[int] is not None
