"""Named results of operations that return several tensors."""

from __future__ import annotations

import copy

import pytest

import tinygrad5329 as tg
from tinygrad5329 import return_types


def test_a_result_is_a_tuple_with_names():
    found = tg.tensor([1.0, 3.0, 2.0]).max(0)
    values, indices = found
    assert found.values is found[0] is values
    assert found.indices is indices
    assert isinstance(found, tuple)
    assert isinstance(found, return_types.max)
    assert len(found) == 2
    match found:
        case return_types.max(first, second):
            assert (first.item(), second.item()) == (3, 1)


def test_fields_cannot_be_assigned():
    found = tg.tensor([1.0]).sort()
    with pytest.raises(AttributeError):
        found.values = None


def test_results_are_made_from_iterables_of_the_right_length():
    assert return_types.topk(["a", "b"]).indices == "b"
    with pytest.raises(TypeError, match=r"topk\(\) takes a 2-sequence \(1-sequence given\)"):
        return_types.topk(["a"])


def test_copies():
    found = return_types.mode((1, 2))
    assert copy.copy(found) == copy.deepcopy(found) == found
    assert type(copy.deepcopy(found)) is return_types.mode
    assert repr(return_types.aminmax((1, 2))) == "tinygrad5329.return_types.aminmax(\nmin=1,\nmax=2)"
