"""Saving and loading the state of optimizers, here and in PyTorch."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import SGD, Adam, AdamW


def leaf(*shape):
    return tg.zeros(*shape, requires_grad=True)


def test_state_dict_layout(param):
    optimizer = SGD([{"params": [leaf(1), param]}, {"params": [leaf(3)], "lr": 1.0}], lr=0.1, momentum=0.9)
    optimizer.step()
    saved = optimizer.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[0, 1], [2]]
    assert [group["lr"] for group in saved["param_groups"]] == [0.1, 1.0]
    assert list(saved["state"]) == [1]
    assert saved["state"][1]["momentum_buffer"] is optimizer.state[param]["momentum_buffer"]


@pytest.mark.parametrize(
    "make",
    [
        lambda ps: SGD(ps, lr=0.1, momentum=0.9, dampening=0.2, weight_decay=0.01),
        lambda ps: Adam(ps, lr=0.1, amsgrad=True),
        lambda ps: AdamW(ps, lr=0.1),
        lambda ps: tg.optim.ClassicalMomentum(ps, lr=0.1, nesterov=True, weight_decay=0.01),
        lambda ps: tg.optim.HeavyBall(ps, lr=0.1, weight_decay=0.01),
        lambda ps: tg.optim.QHM(ps, lr=0.1, weight_decay=0.01),
        lambda ps: tg.optim.AggMo(ps, lr=0.1, weight_decay=0.01),
    ],
)
def test_a_loaded_state_goes_on_where_it_was_saved(problem, make):
    whole, first, second = (problem(tg) for _ in range(3))
    expected = whole.run(make(whole.params), 20)
    saved = make(first.params)
    first.run(saved, 10)
    second.params = [tg.tensor(v).requires_grad_() for v in first.values()]
    loaded = make(second.params)
    loaded.load_state_dict(copy.deepcopy(saved.state_dict()))
    for value, wanted in zip(second.run(loaded, 10, start=10), expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_a_loaded_state_is_a_copy(param):
    optimizer = Adam([param])
    optimizer.step()
    other = Adam([param])
    other.load_state_dict(optimizer.state_dict())
    other.step()
    assert optimizer.state[param]["step"].item() == 1
    assert other.state[param]["step"].item() == 2


def test_the_loaded_dict_stays_as_it_is(param):
    saved = Adam([param]).state_dict()
    saved["param_groups"][0]["note"] = ["a"]
    other = Adam([param])
    other.load_state_dict(saved)
    other.param_groups[0]["lr"] = 5.0
    other.param_groups[0]["note"].append("b")
    assert saved["param_groups"][0]["params"] == [0]
    assert saved["param_groups"][0]["lr"] == 1e-3
    assert saved["param_groups"][0]["note"] == ["a"]


def test_a_loaded_state_takes_the_dtype_of_its_parameter(param):
    optimizer = Adam([param])
    optimizer.step()
    double = tg.zeros(2, dtype=tg.float64)
    other = Adam([double])
    other.load_state_dict(optimizer.state_dict())
    state = other.state[double]
    assert state["exp_avg"].dtype is tg.float64
    assert state["step"].dtype is tg.float32


@pytest.mark.parametrize(
    "change, text",
    [
        (
            lambda s: s["param_groups"].pop(),
            "different number of parameter groups: it has 1, the optimizer 2",
        ),
        (
            lambda s: s["param_groups"][1]["params"].append(5),
            "group 1 has 2 parameters in the state dict and 1 in",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_an_error(change, text):
    optimizer = SGD([{"params": [leaf(1)]}, {"params": [leaf(1)]}], lr=0.1)
    saved = optimizer.state_dict()
    change(saved)
    with pytest.raises(ValueError, match=text):
        optimizer.load_state_dict(saved)


def test_a_loaded_option_that_cannot_be_honoured_is_an_error(param):
    optimizer = Adam([param])
    saved = optimizer.state_dict()
    saved["param_groups"][0]["capturable"] = True
    with pytest.raises(RuntimeError, match="capturable=True needs a device"):
        optimizer.load_state_dict(saved)


def test_param_names_survive_a_state_without_them():
    optimizer = SGD([("w", leaf(1))], lr=0.1)
    optimizer.load_state_dict(SGD([leaf(1)], lr=0.2).state_dict())
    assert optimizer.param_groups[0]["param_names"] == ["w"]
    assert optimizer.param_groups[0]["lr"] == 0.2


def test_state_of_no_parameter_is_kept(param):
    optimizer = SGD([param], lr=0.1)
    optimizer.state["note"] = {"a": 1}
    other = SGD([param], lr=0.1)
    other.load_state_dict(optimizer.state_dict())
    assert other.state["note"] == {"a": 1}


def test_lists_and_arrays_in_a_state(param):
    optimizer = SGD([param], lr=0.1)
    saved = optimizer.state_dict()
    saved["state"][0] = {"history": [np.array([1.0, 2.0]), "x"], "n": np.float32(3)}
    optimizer.load_state_dict(saved)
    history, n = optimizer.state[param]["history"], optimizer.state[param]["n"]
    assert isinstance(history, list)
    assert history[0].dtype is tg.float32
    assert history[0].tolist() == [1.0, 2.0]
    assert history[1:] == ["x"]
    assert n == 3


@pytest.mark.parametrize("name, options", [("SGD", {"momentum": 0.9}), ("Adam", {"amsgrad": True}), ("AdamW", {})])
def test_states_travel_to_pytorch_and_back(oracle, problem, name, options):
    theirs, ours = problem(oracle), problem(tg)
    optimizer = getattr(oracle.optim, name)(theirs.params, lr=0.05, **options)
    theirs.run(optimizer, 7)
    ours.params = [tg.tensor(v).requires_grad_() for v in theirs.values()]
    loaded = getattr(tg.optim, name)(ours.params)
    loaded.load_state_dict(optimizer.state_dict())
    assert {k: sorted(v) for k, v in loaded.state_dict()["state"].items()} == {
        k: sorted(v) for k, v in optimizer.state_dict()["state"].items()
    }
    assert loaded.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    expected = theirs.run(optimizer, 10, start=7)
    for value, wanted in zip(ours.run(loaded, 10, start=7), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-12)

    saved = loaded.state_dict()
    saved["state"] = {
        number: {key: oracle.tensor(value.numpy()) for key, value in state.items()}
        for number, state in saved["state"].items()
    }
    optimizer.load_state_dict(saved)
    theirs.run(optimizer, 5, start=17)
    ours.run(loaded, 5, start=17)
    for value, wanted in zip(ours.values(), theirs.values(), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-12)
