"""Data sets and their combinations."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Squares(Dataset):
    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        return index * index


class Count(IterableDataset):
    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self) -> int:
        return self.n


def test_dataset_without_getitem_says_so():
    with pytest.raises(NotImplementedError, match="Subclasses of Dataset should implement __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="has no len"):
        len(Dataset())


def test_iterable_dataset_is_abstract():
    with pytest.raises(TypeError, match="__iter__"):
        IterableDataset()


def test_tensor_dataset_indexes_every_tensor():
    x, y = tg.arange(12).reshape(6, 2), tg.arange(6)
    data = TensorDataset(x, y)
    assert len(data) == 6
    row, label = data[-1]
    assert (row.tolist(), label.tolist()) == ([10, 11], 5)
    rows, labels = data[1:3]
    assert (rows.tolist(), labels.tolist()) == ([[2, 3], [4, 5]], [1, 2])
    with pytest.raises(IndexError):
        data[6]


def test_tensor_dataset_refuses_what_has_no_common_rows():
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors: .*\[2, 3\]"):
        TensorDataset(tg.zeros(2), tg.zeros(3))
    with pytest.raises(IndexError, match="position 1 has no dimensions"):
        TensorDataset(tg.zeros(2), tg.tensor(1.0))
    with pytest.raises(TypeError, match=r"got ndarray at position 0.*from_numpy"):
        TensorDataset(tg.zeros(2).numpy())


def test_subset_takes_one_index_or_a_list():
    part = Subset(TensorDataset(tg.arange(10) * 10), [1, 2, 5])
    assert len(part) == 3
    assert part[0][0].item() == 10
    assert part[[0, 2]][0].tolist() == [10, 50]
    assert [row[0].item() for row in part.__getitems__([2, 0])] == [50, 10]


def test_getitems_of_the_wrong_length_is_an_error():
    class Short(Squares):
        def __getitems__(self, indices):
            return [0]

    with pytest.raises(ValueError, match=r"Short\.__getitems__ returned 1 samples for 2 indices"):
        Subset(Short(5), [1, 2]).__getitems__([0, 1])


def test_concat_dataset_finds_its_way_and_counts_from_the_end():
    both = Squares(3) + Subset(Squares(9), [8, 7])
    assert isinstance(both, ConcatDataset)
    assert both.cumulative_sizes == [3, 5]
    assert [both[i] for i in range(5)] == [0, 1, 4, 64, 49]
    assert (both[-1], both[-5]) == (49, 0)
    with pytest.raises(IndexError, match="index 5 is out of range for 5 samples"):
        both[5]
    with pytest.raises(ValueError, match="absolute value of index should not exceed dataset length"):
        both[-6]


def test_concat_dataset_skips_empty_parts():
    assert [ConcatDataset([Squares(0), Squares(2), Squares(0), Squares(1)])[i] for i in range(3)] == [0, 1, 0]


def test_concat_dataset_refuses_nothing_and_streams():
    with pytest.raises(AssertionError, match="datasets should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Squares(1), Count(1)])


def test_chain_dataset_runs_one_after_the_other():
    chain = Count(2) + Count(3)
    assert isinstance(chain, ChainDataset)
    assert (list(chain), len(chain)) == ([0, 1, 0, 1, 2], 5)
    with pytest.raises(AssertionError, match="only supports IterableDataset, got Squares"):
        list(ChainDataset([Squares(2)]))


def test_stack_dataset_by_position_and_by_name():
    assert StackDataset(Squares(3), Squares(3))[2] == (4, 4)
    named = StackDataset(a=Squares(3), b=TensorDataset(tg.arange(3)))
    assert named[2]["a"] == 4
    assert [row["a"] for row in named.__getitems__([1, 2])] == [1, 4]
    assert StackDataset(Squares(3), Squares(3)).__getitems__([1]) == [(1, 1)]
    assert len(named) == 3


def test_stack_dataset_refuses_mixtures():
    with pytest.raises(ValueError, match="At least one dataset"):
        StackDataset()
    with pytest.raises(ValueError, match="not both"):
        StackDataset(Squares(1), a=Squares(1))
    with pytest.raises(ValueError, match=r"Size mismatch between datasets: .*\[1, 2\]"):
        StackDataset(Squares(1), Squares(2))


def test_random_split_deals_out_every_sample_once():
    parts = random_split(Squares(10), [3, 7], generator=tg.Generator().manual_seed(1))
    assert [len(part) for part in parts] == [3, 7]
    assert sorted(i for part in parts for i in part.indices) == list(range(10))
    again = random_split(Squares(10), [3, 7], generator=tg.Generator().manual_seed(1))
    assert [p.indices for p in parts] == [p.indices for p in again]


def test_random_split_by_fractions_deals_the_remainder_from_the_front():
    assert [len(part) for part in random_split(Squares(10), [0.33, 0.33, 0.34])] == [4, 3, 3]
    assert [len(part) for part in random_split(Squares(7), [0.5, 0.5])] == [4, 3]
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(Squares(1), [0.5, 0.5])


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (
            [3, 6],
            "Sum of input lengths does not equal the length of the input dataset! .* sum to 9.* 10 samples",
        ),
        ([0.3, 0.6], "Sum of input lengths"),
        ([1.2, -0.2], "Fraction at index 0 is not between 0 and 1"),
        ([11, -1], "length -1 at index 1 is negative"),
    ],
)
def test_random_split_refuses_lengths_that_do_not_fit(lengths, message):
    with pytest.raises(ValueError, match=message):
        random_split(Squares(10), lengths)
