"""state_dict and load_state_dict."""

from __future__ import annotations

import re
from collections import OrderedDict

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def model():
    return nn.Sequential(OrderedDict(body=nn.Linear(2, 3), norm=nn.BatchNorm1d(3), head=nn.Linear(3, 1)))


def test_values_share_memory_and_are_detached():
    layer = nn.Linear(2, 3)
    state = layer.state_dict()
    assert list(state) == ["weight", "bias"]
    assert not state["weight"].requires_grad
    state["weight"].zero_()
    assert not layer.weight.any()
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_prefix_and_destination():
    destination = {"other": 1}
    assert nn.Linear(2, 3).state_dict(prefix="x.", destination=destination) is destination
    assert list(destination) == ["other", "x.weight", "x.bias"]


def test_round_trip():
    source, target = model(), model()
    with tg.no_grad():
        for tensor in (*source.parameters(), *source.buffers()):
            tensor.fill_(5)
    parameters = list(target.parameters())
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    assert all((value == 5).all() for value in target.state_dict().values())
    assert all(a is b for a, b in zip(parameters, target.parameters(), strict=True))
    with tg.no_grad():
        source.body.weight.fill_(6)
    assert (target.body.weight == 5).all()


def test_loading_converts_the_dtype():
    layer = nn.Linear(1, 1)
    layer.load_state_dict({"weight": tg.ones(1, 1, dtype=tg.float64), "bias": tg.tensor([2])})
    assert layer.weight.dtype == layer.bias.dtype == tg.float32
    assert layer.bias.item() == 2


def test_assign_takes_the_tensors_themselves():
    layer = nn.Linear(1, 1)
    layer.bias.requires_grad_(False)
    weight, bias = tg.ones(1, 1, dtype=tg.float64), tg.ones(1, dtype=tg.float64)
    layer.load_state_dict({"weight": weight, "bias": bias}, assign=True)
    assert layer.weight.dtype == tg.float64
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.requires_grad
    assert not layer.bias.requires_grad
    weight.fill_(3)
    assert layer.weight.item() == 3
    with pytest.raises(RuntimeError, match="size mismatch for weight"):
        layer.load_state_dict({"weight": tg.ones(2, 1), "bias": bias}, assign=True)


def test_assign_takes_buffers_too():
    norm = nn.BatchNorm1d(2)
    state = {key: value.clone() for key, value in norm.state_dict().items()}
    norm.load_state_dict(state, assign=True)
    assert norm.running_mean is state["running_mean"]
    assert not norm.running_mean.requires_grad


def test_a_failing_copy_is_reported():
    module = nn.Module()
    module.w = nn.Parameter(tg.ones(1).expand(3))
    with pytest.raises(RuntimeError, match=r'While copying the parameter named "w".*an exception occurred'):
        module.load_state_dict({"w": tg.zeros(3)})


def test_a_subclass_may_relax_its_own_part():
    class Lenient(nn.Linear):
        def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, *lists):
            super()._load_from_state_dict(state_dict, prefix, local_metadata, False, *lists)

        def set_extra_state(self, state):
            raise AssertionError("there is none")

    model = nn.Sequential(Lenient(2, 1))
    model.load_state_dict({"0.weight": tg.full((1, 2), 5.0), "0.other": tg.ones(1)})
    assert model[0].weight.tolist() == [[5, 5]]


def test_all_problems_are_listed():
    state = model().state_dict()
    del state["head.bias"], state["norm.weight"]
    state["body.extra"] = state["stray"] = state["stray.deep.er"] = tg.ones(1)
    state["body.weight"] = tg.ones(4, 2)
    state["body.bias"] = 3
    with pytest.raises(RuntimeError) as raised:
        model().load_state_dict(state)
    shape = re.escape
    assert re.fullmatch(
        shape(
            "Error(s) in loading state_dict for Sequential:\n"
            '\tMissing key(s) in state_dict: "norm.weight", "head.bias". \n'
            '\tUnexpected key(s) in state_dict: "stray", "stray.deep.er", "body.extra". \n'
            "\tsize mismatch for body.weight: copying a param with shape "
        )
        + r".*\(?\[4, 2\]\)? from checkpoint, the shape in current model is .*\[3, 2\]\)?\.\n"
        + shape('\tWhile copying the parameter named "body.bias", expected torch.Tensor or Tensor-like object from ')
        + shape("checkpoint but received <class 'int'>"),
        str(raised.value),
    )


def test_what_can_be_loaded_is_loaded():
    layer = nn.Linear(2, 1)
    with pytest.raises(RuntimeError, match="Missing"):
        layer.load_state_dict({"bias": tg.tensor([9.0])})
    assert layer.bias.item() == 9


def test_not_strict():
    layer = nn.Linear(2, 1)
    result = layer.load_state_dict({"bias": tg.tensor([9.0]), "other": tg.ones(1)}, strict=False)
    assert result.missing_keys == ["weight"]
    assert result.unexpected_keys == ["other"]
    assert repr(result) == "_IncompatibleKeys(missing_keys=['weight'], unexpected_keys=['other'])"
    assert layer.bias.item() == 9
    assert nn.Sequential(Counter()).load_state_dict({}, strict=False).missing_keys == ["0._extra_state"]
    with pytest.raises(RuntimeError, match="size mismatch"):
        layer.load_state_dict({"bias": tg.ones(2)}, strict=False)


def test_not_a_mapping():
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'int'>"):
        nn.Linear(1, 1).load_state_dict(3)


def test_a_state_dict_before_num_batches_tracked():
    norm = nn.BatchNorm1d(2)
    old = dict(norm.state_dict())
    del old["num_batches_tracked"]
    norm.num_batches_tracked.fill_(4)
    norm.load_state_dict(old)
    assert norm.num_batches_tracked.item() == 4
    # A state dict that carries the present version must be complete.
    new = norm.state_dict()
    del new["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="Missing key"):
        norm.load_state_dict(new)


def test_one_element_vector_for_a_scalar():
    module = nn.Module()
    module.scale = nn.Parameter(tg.tensor(1.0))
    module.load_state_dict({"scale": tg.tensor([4.0])})
    assert module.scale.item() == 4
    assert module.scale.shape == ()


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_state():
    source, target = nn.Sequential(Counter()), nn.Sequential(Counter())
    source[0].count = 7
    state = source.state_dict()
    assert list(state) == ["0._extra_state"]
    target.load_state_dict(state)
    assert target[0].count == 7
    with pytest.raises(RuntimeError, match=r'Missing key.*"0._extra_state"'):
        target.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key.*"0._extra_state"'):
        nn.Sequential(nn.ReLU()).load_state_dict(state)
    with pytest.raises(RuntimeError, match="get_extra_state"):
        nn.ReLU().get_extra_state()
    with pytest.raises(RuntimeError, match="set_extra_state"):
        nn.ReLU().set_extra_state({})


def test_saving_hooks():
    layer = nn.Linear(1, 1)
    calls = []
    before = layer.register_state_dict_pre_hook(lambda *args: calls.append(args))

    def rename(module, state_dict, prefix, local_metadata):
        state_dict[prefix + "kernel"] = state_dict.pop(prefix + "weight")
        assert local_metadata == {"version": 1}

    after = layer.register_state_dict_post_hook(rename)
    assert list(nn.Sequential(layer).state_dict()) == ["0.bias", "0.kernel"]
    assert calls == [(layer, "0.", False)]
    before.remove()
    after.remove()
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert len(calls) == 1
    layer.register_state_dict_post_hook(lambda *args: {})
    with pytest.raises(RuntimeError, match="must return None"):
        layer.state_dict()


def test_loading_hooks():
    layer = nn.Linear(1, 1)

    def rename(module, state_dict, prefix, *rest):
        assert module is layer
        state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")

    layer.register_load_state_dict_pre_hook(rename)
    layer.load_state_dict({"kernel": tg.full((1, 1), 3.0), "bias": tg.zeros(1)})
    assert layer.weight.item() == 3

    def forgive(module, incompatible):
        incompatible.missing_keys.clear()

    handle = layer.register_load_state_dict_post_hook(forgive)
    layer.load_state_dict({"kernel": tg.full((1, 1), 4.0)})
    handle.remove()
    with pytest.raises(RuntimeError, match="Missing"):
        layer.load_state_dict({"kernel": tg.full((1, 1), 4.0)})
    layer.register_load_state_dict_post_hook(lambda *args: 1)
    with pytest.raises(AssertionError, match="not expected to return new values"):
        layer.load_state_dict({"kernel": tg.full((1, 1), 4.0)})


def test_same_errors_as_the_oracle(oracle):
    torch = oracle.torch

    def build(nn):
        return nn.Sequential(OrderedDict(body=nn.Linear(2, 3), norm=nn.BatchNorm1d(3), head=nn.Linear(3, 1)))

    theirs, ours = build(torch.nn), build(nn)
    state = theirs.state_dict()
    del state["head.bias"], state["norm.num_batches_tracked"]
    state["body.weight"] = torch.ones(4, 2)
    state["stray.x"] = state["body"] = torch.ones(1)
    with pytest.raises(RuntimeError) as expected:
        theirs.load_state_dict(state)
    mine = oracle.ours(state)
    mine.pop("norm.num_batches_tracked", None)
    target = nn.Sequential().state_dict()
    target.update(mine)
    target._metadata = state._metadata
    with pytest.raises(RuntimeError) as got:
        ours.load_state_dict(target)
    assert str(got.value).replace("tinygrad5329.Size", "torch.Size") == str(expected.value)
