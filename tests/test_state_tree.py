from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.state_tree import put_together, take_apart
from tinygrad5329.tensor import Tensor


def there_and_back(state: Any) -> Any:
    tree, arrays = take_apart(state)
    return put_together(json.loads(json.dumps(tree, allow_nan=False)), arrays)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**80),
        0.1,
        1e-320,
        "",
        "täxt",
        [],
        {},
        (),
        (1, (2, [3])),
        {"a": [{"b": None}]},
        {1: 2, "1": 3},
    ],
)
def test_plain_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


def test_floats_that_json_lacks() -> None:
    inf, minus, nan = there_and_back([math.inf, -math.inf, math.nan])
    assert (inf, minus) == (math.inf, -math.inf)
    assert math.isnan(nan)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_and_arrays_keep_dtype_shape_and_bits(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(math.prod(shape), dtype="f8").reshape(shape).astype(dtype)
    back = there_and_back({"array": array, "tensor": tg.from_numpy(array.copy()), "scalar": array.dtype.type(1)})
    assert isinstance(back["array"], np.ndarray)
    assert isinstance(back["tensor"], Tensor)
    assert isinstance(back["scalar"], np.generic)
    for value in (back["array"], back["tensor"].numpy()):
        assert value.dtype == array.dtype
        assert value.shape == shape
        assert value.tobytes() == array.tobytes()
    assert back["scalar"].dtype == array.dtype


def test_results_share_no_memory_and_are_writable() -> None:
    array = np.zeros(3, np.float32)
    back = there_and_back({"a": tg.from_numpy(array), "b": array})
    back["a"].add_(1)
    back["b"] += 1
    assert array.sum() == 0


def test_transposed_arrays_and_nan_payloads_survive() -> None:
    transposed = np.arange(6.0).reshape(2, 3).T
    assert np.array_equal(there_and_back(transposed), transposed)
    odd_nan = np.array([0x7FC12345], np.uint32).view(np.float32)
    assert there_and_back(odd_nan).tobytes() == odd_nan.tobytes()


def test_names_are_paths_and_never_collide() -> None:
    state = {
        "a": {"b": np.zeros(1)},
        "a.b": np.ones(1),
        "__metadata__": np.full(1, 2.0),
        "s": {0: {"m": np.ones(2)}},
    }
    _, arrays = take_apart(state)
    assert {"a.b", "s.0.m"} <= set(arrays)
    assert "__metadata__" not in arrays
    back = there_and_back(state)
    assert back["a"]["b"][0] == 0
    assert back["a.b"][0] == 1
    assert back["__metadata__"][0] == 2


def test_a_dict_that_uses_our_tag_is_no_reference() -> None:
    state = {"x": {"$": "tensor", "name": "x"}}
    assert there_and_back(state) == state


def test_a_tag_of_the_future_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown tag 'quaternion'"):
        put_together({"$": "quaternion"}, {})


@pytest.mark.parametrize("value", [object(), np.zeros(1, complex), np.array(["text"])])
def test_anything_else_is_refused_with_its_path(value: Any) -> None:
    with pytest.raises(TypeError, match=r"optimizer\.state\.0"):
        take_apart({"optimizer": {"state": [value]}})
