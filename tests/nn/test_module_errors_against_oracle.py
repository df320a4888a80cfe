"""Misuse of modules raises the types that PyTorch raises."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg


class Uninitialised:
    """Makes modules that assign before calling ``super().__init__()``."""

    def __init__(self, assign):
        self.assign = assign

    def __call__(self, t):
        assign = self.assign

        class Late(t.nn.Module):
            def __init__(self):
                assign(self, t)

        return Late()


def net(t):
    module = t.nn.Module()
    module.child = t.nn.Linear(2, 3)
    module.weight = t.nn.Parameter(t.ones(2))
    module.register_buffer("stat", t.ones(2))
    module.plain = 1
    return module


def failing_forward(t):
    class Net(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = t.nn.ModuleList([t.nn.Linear(2, 2), t.nn.Linear(3, 3)])

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    return Net()(t.ones(1, 2))


CASES = {
    "module before init": Uninitialised(lambda m, t: setattr(m, "x", t.nn.ReLU())),
    "parameter before init": Uninitialised(lambda m, t: setattr(m, "x", t.nn.Parameter(t.ones(1)))),
    "buffer before init": Uninitialised(lambda m, t: setattr(m, "x", t.nn.Buffer(t.ones(1)))),
    "register before init": Uninitialised(lambda m, t: m.register_buffer("x", None)),
    "init argument": lambda t: t.nn.Module(3),
    "no forward": lambda t: t.nn.Module()(3),
    "missing attribute": lambda t: net(t).other,
    "missing deletion": lambda t: delattr(net(t), "other"),
    "tensor as parameter": lambda t: setattr(net(t), "weight", t.ones(2)),
    "module as parameter": lambda t: setattr(net(t), "weight", t.nn.ReLU()),
    "buffer as parameter": lambda t: setattr(net(t), "weight", t.nn.Buffer(t.ones(2))),
    "tensor as module": lambda t: setattr(net(t), "child", t.ones(2)),
    "number as buffer": lambda t: setattr(net(t), "stat", 3),
    "parameter name type": lambda t: net(t).register_parameter(3, None),
    "parameter name dot": lambda t: net(t).register_parameter("a.b", None),
    "parameter name empty": lambda t: net(t).register_parameter("", None),
    "parameter name taken": lambda t: net(t).register_parameter("child", None),
    "parameter type": lambda t: net(t).register_parameter("new", t.ones(2)),
    "buffer name taken": lambda t: net(t).register_buffer("weight", None),
    "buffer type": lambda t: net(t).register_buffer("new", 3),
    "module name taken": lambda t: net(t).add_module("weight", t.nn.ReLU()),
    "module type": lambda t: net(t).add_module("new", 3),
    "get_submodule": lambda t: net(t).get_submodule("child.x"),
    "get_submodule plain": lambda t: net(t).get_submodule("plain"),
    "get_parameter": lambda t: net(t).get_parameter("plain"),
    "get_buffer": lambda t: net(t).get_buffer("weight"),
    "set_submodule": lambda t: net(t).set_submodule("", t.nn.ReLU()),
    "set_submodule type": lambda t: net(t).set_submodule("child", 3),
    "set_submodule strict": lambda t: net(t).set_submodule("x", t.nn.ReLU(), strict=True),
    "train": lambda t: net(t).train(1),
    "to integers": lambda t: net(t).to(t.int64),
    "load_state_dict type": lambda t: net(t).load_state_dict([1]),
    "load_state_dict keys": lambda t: net(t).load_state_dict({}),
    "load_state_dict value": lambda t: t.nn.PReLU().load_state_dict({"weight": 3}),
    "extra state": lambda t: net(t).get_extra_state(),
    "pre-hook result": lambda t: (
        lambda m: (m.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True), m(t.ones(1)))
    )(t.nn.ReLU()),
    "forward": failing_forward,
    "forward without input": lambda t: t.nn.Sequential(t.nn.ReLU())(),
    "forward with too much": lambda t: t.nn.ReLU()(t.ones(1), 2),
    "sequential type": lambda t: t.nn.Sequential(3),
    "sequential index": lambda t: t.nn.Sequential(t.nn.ReLU())[1],
    "sequential index type": lambda t: t.nn.Sequential(t.nn.ReLU())["0"],
    "sequential add": lambda t: t.nn.Sequential() + 3,
    "sequential times zero": lambda t: t.nn.Sequential() * 0,
    "sequential times half": lambda t: t.nn.Sequential() * 0.5,
    "sequential insert": lambda t: t.nn.Sequential().insert(2, t.nn.ReLU()),
    "sequential append": lambda t: t.nn.Sequential().append(3),
    "list type": lambda t: t.nn.ModuleList(3),
    "list content": lambda t: t.nn.ModuleList([3]),
    "list call": lambda t: t.nn.ModuleList()(3),
    "list index": lambda t: t.nn.ModuleList()[0],
    "dict type": lambda t: t.nn.ModuleDict(3),
    "dict content": lambda t: t.nn.ModuleDict([3]),
    "dict triple": lambda t: t.nn.ModuleDict([(1, 2, 3)]),
    "dict key": lambda t: t.nn.ModuleDict({1: t.nn.ReLU()}),
    "dict key taken": lambda t: t.nn.ModuleDict({"type": t.nn.ReLU()}),
    "dict missing": lambda t: t.nn.ModuleDict()["x"],
    "parameter list type": lambda t: t.nn.ParameterList(3),
    "parameter list call": lambda t: t.nn.ParameterList()(3),
    "parameter list index": lambda t: t.nn.ParameterList()[0],
    "parameter dict key": lambda t: t.nn.ParameterDict({1: t.ones(1)}),
    "parameter dict call": lambda t: t.nn.ParameterDict()(3),
    "parameter of integers": lambda t: t.nn.Parameter(t.tensor([1])),
    "unflatten type": lambda t: t.nn.Unflatten(1, 3),
    "unflatten content": lambda t: t.nn.Unflatten(1, (2, 3.0)),
    "unflatten size": lambda t: t.nn.Unflatten(1, (2, 3))(t.ones(2, 5)),
    "dropout": lambda t: t.nn.Dropout(2.0),
    "group norm": lambda t: t.nn.GroupNorm(2, 3),
    "linear size": lambda t: t.nn.Linear(-1, 3),
    "batch norm dimension": lambda t: t.nn.BatchNorm1d(3)(t.ones(3)),
    "batch norm channels": lambda t: t.nn.BatchNorm1d(3)(t.ones(2, 4)),
    "batch norm one value": lambda t: t.nn.BatchNorm1d(3)(t.ones(1, 3)),
    "batch norm integers": lambda t: t.nn.BatchNorm1d(3)(t.ones(2, 3, dtype=t.int64)),
    "layer norm": lambda t: t.nn.LayerNorm((3, 4))(t.ones(2, 3)),
    "vector": lambda t: t.nn.utils.vector_to_parameters(3, []),
    "load_state_dict post-hook": lambda t: (
        lambda m: (m.register_load_state_dict_post_hook(lambda m, keys: 3), m.load_state_dict(m.state_dict()))
    )(t.nn.ReLU()),
    "two forms of backward hooks": lambda t: (
        lambda m: (m.register_backward_hook(print), m.register_full_backward_hook(print))
    )(t.nn.ReLU()),
    "huber delta": lambda t: t.nn.HuberLoss(delta="1"),
    "hardtanh": lambda t: t.nn.Hardtanh(3.0, 1.0),
    "classes of two batch sizes": lambda t: t.nn.CrossEntropyLoss()(t.ones(2, 3), t.tensor([[0, 1]])),
    "linear of integers": lambda t: t.nn.Linear(2, 3)(t.ones(1, 2, dtype=t.int64)),
    "attention of two batch sizes": lambda t: t.nn.MultiheadAttention(4, 2)(
        t.ones(3, 2, 4), t.ones(3, 3, 4), t.ones(3, 3, 4)
    ),
    "attention with two masks": lambda t: t.nn.functional.scaled_dot_product_attention(
        *[t.ones(2, 3, 4)] * 3, attn_mask=t.ones(3, 3), is_causal=True
    ),
    "pad_sequence of scalars": lambda t: t.nn.utils.rnn.pad_sequence(t.ones(2)),
    "multi margin": lambda t: t.nn.MultiMarginLoss()(t.ones(2, 3), t.tensor([0])),
    "linear cross entropy": lambda t: t.nn.LinearCrossEntropyLoss(3, 2)(t.ones(2, 3), t.zeros(3, dtype=t.int64)),
    "clip": lambda t: t.nn.utils.clip_grad_norm_(with_nan(t), 1.0, error_if_nonfinite=True),
}


def with_nan(t):
    parameter = t.nn.Parameter(t.ones(1))
    parameter.grad = t.tensor([float("nan")])
    return parameter


@pytest.mark.parametrize("name", CASES)
def test_type(name, oracle):
    with pytest.raises(Exception) as expected:
        CASES[name](oracle.torch)
    with pytest.raises(Exception) as got:
        CASES[name](tg)
    assert type(got.value) is type(expected.value), f"ours: {got.value!r}; theirs: {expected.value!r}"
