"""Module: registration, attribute access, traversal, modes, conversion, copying."""

from __future__ import annotations

import copy
import gc
import weakref

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.body = nn.Sequential(nn.BatchNorm1d(3), nn.ReLU())
        self.scale = nn.Parameter(tg.ones(1))
        self.register_buffer("seen", tg.zeros(1))
        self.register_buffer("scratch", tg.zeros(2), persistent=False)
        self.plain = 3

    def forward(self, x):
        return self.body(self.first(x)) * self.scale


def names(pairs):
    return [name for name, _ in pairs]


def test_members_are_registered_by_assignment():
    net = Net()
    assert names(net.named_parameters()) == [
        "scale", "first.weight", "first.bias", "body.0.weight", "body.0.bias",
    ]  # fmt: skip
    assert names(net.named_parameters(recurse=False)) == ["scale"]
    assert names(net.named_parameters(prefix="net", recurse=False)) == ["net.scale"]
    assert len(list(net.parameters())) == 5
    assert names(net.named_buffers()) == [
        "seen", "scratch", "body.0.running_mean", "body.0.running_var", "body.0.num_batches_tracked",
    ]  # fmt: skip
    assert [b.shape for b in net.buffers(recurse=False)] == [(1,), (2,)]
    assert names(net.named_children()) == ["first", "body"]
    assert list(net.children()) == [net.first, net.body]
    assert names(net.named_modules()) == ["", "first", "body", "body.0", "body.1"]
    assert names(net.named_modules(prefix="net"))[:2] == ["net", "net.first"]
    assert len(list(net.modules())) == 5
    assert net.plain == 3


def test_shared_members_come_once():
    net = nn.Module()
    net.a = nn.Linear(2, 2)
    net.b = net.a
    net.c = nn.Linear(2, 2)
    net.c.weight = net.a.weight
    net.none = None
    assert names(net.named_parameters()) == ["a.weight", "a.bias", "c.bias"]
    assert names(net.named_parameters(remove_duplicate=False)) == [
        "a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias",
    ]  # fmt: skip
    assert names(net.named_modules()) == ["", "a", "c"]
    assert names(net.named_modules(remove_duplicate=False)) == ["", "a", "b", "c"]
    assert names(net.named_children()) == ["a", "c"]
    assert list(net.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]


def test_get_by_dotted_name():
    net = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("body.0") is net.body[0]
    assert net.get_parameter("first.weight") is net.first.weight
    assert net.get_buffer("body.0.running_mean") is net.body[0].running_mean
    with pytest.raises(AttributeError, match="Sequential has no attribute `7`"):
        net.get_submodule("body.7")
    with pytest.raises(AttributeError, match=r"`plain` is not an nn\.Module"):
        net.get_submodule("plain")
    with pytest.raises(AttributeError, match=r"`seen` is not an nn\.Parameter"):
        net.get_parameter("seen")
    for look_up in (net.get_parameter, net.get_buffer):
        with pytest.raises(AttributeError, match="Linear has no attribute `q`"):
            look_up("first.q")
    with pytest.raises(AttributeError, match="`weight` is not a buffer"):
        net.get_buffer("first.weight")


def test_set_submodule():
    net = Net()
    new = nn.Tanh()
    net.set_submodule("body.1", new)
    assert net.body[1] is new
    net.set_submodule("extra", nn.Identity())
    assert isinstance(net.extra, nn.Identity)
    with pytest.raises(AttributeError, match="has no attribute `other`"):
        net.set_submodule("other", nn.Identity(), strict=True)
    with pytest.raises(AttributeError, match=r"not an nn\.Module"):
        net.set_submodule("plain", nn.Identity())
    with pytest.raises(ValueError, match="target"):
        net.set_submodule("", nn.Identity())
    with pytest.raises(ValueError, match=r"not an nn\.Module"):
        net.set_submodule("body", 3)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda: nn.Linear(1, 1), "cannot assign module before Module.__init__"),
        (lambda: nn.Parameter(tg.ones(1)), "cannot assign parameters before Module.__init__"),
        (lambda: nn.Buffer(tg.ones(1)), "cannot assign buffer before Module.__init__"),
    ],
)
def test_assignment_before_init(value, message):
    class Late(nn.Module):
        def __init__(self):
            self.member = value()

    with pytest.raises(AttributeError, match=message):
        Late()


def test_call_before_init_says_what_is_missing():
    class Late(nn.Module):
        def __init__(self):
            self.plain = 1

    late = Late()
    assert late.plain == 1
    with pytest.raises(AttributeError, match=r"must call super\(\).__init__\(\)"):
        late(1)
    with pytest.raises(AttributeError, match="cannot assign buffer before"):
        late.register_buffer("b", None)
    with pytest.raises(AttributeError, match="cannot assign parameter before"):
        late.register_parameter("p", None)


def test_module_without_forward():
    with pytest.raises(NotImplementedError, match=r'Module \[Module\] is missing the required "forward" function'):
        nn.Module()(1)


def test_init_takes_no_arguments():
    with pytest.raises(TypeError, match="positional argument"):
        nn.Module(3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'a'"):
        nn.Module(a=3)


@pytest.mark.parametrize("kind", ["parameter", "buffer", "module"])
def test_names_are_checked(kind):
    register = {
        "parameter": lambda m, name: m.register_parameter(name, None),
        "buffer": lambda m, name: m.register_buffer(name, None),
        "module": lambda m, name: m.register_module(name, None),
    }[kind]
    module = nn.Module()
    for name, error, message in [
        (3, TypeError, f"{kind} name should be a string. Got int"),
        ("a.b", KeyError, f'{kind} name can\'t contain "."'),
        ("", KeyError, f"{kind} name can't be empty string"),
        ("forward", KeyError, "attribute 'forward' already exists"),
    ]:
        with pytest.raises(error) as raised:
            register(module, name)
        assert message in raised.value.args[0]
    register(module, "fine")
    assert module.fine is None
    register(module, "fine")


def test_types_are_checked():
    module = nn.Module()
    with pytest.raises(TypeError, match=r"cannot assign '.*Tensor' object to parameter 'p'"):
        module.register_parameter("p", tg.ones(1))
    with pytest.raises(TypeError, match="cannot assign 'int' object to buffer 'b'"):
        module.register_buffer("b", 3)
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        module.add_module("m", 3)


def test_a_parameter_must_be_a_leaf():
    parameter = nn.Parameter(tg.ones(1), requires_grad=False)
    parameter.mul_(tg.ones(1, requires_grad=True))
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'p'"):
        nn.Module().p = parameter


def test_assignment_to_a_registered_name():
    module = nn.Module()
    module.p = nn.Parameter(tg.ones(1))
    module.m = nn.ReLU()
    module.register_buffer("b", tg.ones(1))
    with pytest.raises(TypeError, match=r"cannot assign '.*Tensor' as parameter 'p'"):
        module.p = tg.ones(1)
    with pytest.raises(TypeError, match=r"cannot assign '.*ReLU' as parameter 'p'"):
        module.p = nn.ReLU()
    with pytest.raises(TypeError, match=r"cannot assign '.*Tensor' as child module 'm'"):
        module.m = tg.ones(1)
    with pytest.raises(TypeError, match="cannot assign 'int' as buffer 'b'"):
        module.b = 3
    module.b = tg.zeros(2)
    assert module._buffers["b"].shape == (2,)
    module.p = module.m = module.b = None
    assert module.p is module.m is module.b is None
    assert not module.state_dict()
    with pytest.raises(TypeError, match="cannot assign 'int' as parameter 'p'"):
        module.p = 3


def test_a_name_has_one_kind_at_a_time():
    module = nn.Module()
    module.x = tg.ones(1)
    assert not module.state_dict()
    module.x = nn.Parameter(tg.ones(1))
    assert names(module.named_parameters()) == ["x"]
    assert "x" not in module.__dict__
    module = nn.Module()
    module.x = nn.ReLU()
    module.x = nn.Parameter(tg.ones(1))
    assert names(module.named_parameters()) == ["x"]
    assert not list(module.children())
    module = nn.Module()
    module.x = nn.Buffer(tg.ones(1), persistent=False)
    module.x = nn.Parameter(tg.ones(1))
    assert list(module.state_dict()) == ["x"]
    assert not module._non_persistent_buffers_set


def test_buffers_by_assignment():
    module = nn.Module()
    module.kept = nn.Buffer(tg.ones(1))
    module.lost = nn.Buffer(tg.ones(1), persistent=False)
    assert list(module.state_dict()) == ["kept"]
    assert names(module.named_buffers()) == ["kept", "lost"]
    module.kept = nn.Buffer(tg.ones(2), persistent=False)
    assert not module.state_dict()
    # A plain tensor keeps what the name was declared as.
    module.lost = tg.ones(3)
    assert not module.state_dict()


def test_delete():
    net = Net()
    del net.scale, net.first, net.seen, net.scratch, net.plain
    assert names(net.named_parameters()) == ["body.0.weight", "body.0.bias"]
    assert not net._non_persistent_buffers_set
    for name in ("scale", "first", "seen", "plain"):
        assert not hasattr(net, name)
    with pytest.raises(AttributeError):
        del net.scale


def test_missing_attribute():
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'foo'"):
        nn.Linear(1, 1).foo  # noqa: B018


def test_dir_lists_members_that_can_be_typed():
    assert {"first", "scale", "seen", "forward", "plain"} <= set(dir(Net()))
    assert "0" not in dir(nn.Sequential(nn.ReLU()))


def test_train_and_eval_reach_all_modules():
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert net.train() is net
    assert all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train("yes")


def test_train_calls_overridden_methods():
    class Frozen(nn.Linear):
        def train(self, mode=True):
            return super().train(False)

    model = nn.Sequential(Frozen(1, 1), nn.ReLU())
    model.train()
    assert not model[0].training
    assert model[1].training


def test_reserved_names_are_passed_over():
    net = nn.Module()
    net.register_module("later", None)
    assert not list(net.children())
    assert not list(net.modules())[1:]
    assert not net.load_state_dict({}).missing_keys
    net.double().train()


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(seen.append) is net
    assert seen == [net.first, net.body[0], net.body[1], net.body, net]


def test_requires_grad():
    net = Net()
    assert net.requires_grad_(False) is net
    assert not any(p.requires_grad for p in net.parameters())
    net.requires_grad_()
    assert all(p.requires_grad for p in net.parameters())


def test_zero_grad():
    layer = nn.Linear(2, 2)
    layer.zero_grad()
    layer(tg.ones(1, 2)).sum().backward()
    grad = layer.weight.grad
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad is grad
    assert not grad.any()
    layer.zero_grad()
    assert layer.weight.grad is None


def test_zero_grad_cuts_a_gradient_from_its_graph():
    layer = nn.Linear(2, 2)
    (layer(tg.ones(1, 2)) ** 3).sum().backward(create_graph=True)
    assert layer.weight.grad.requires_grad
    layer.zero_grad(set_to_none=False)
    assert not layer.weight.grad.requires_grad
    assert not layer.weight.grad.any()


def test_conversion_keeps_the_parameters_themselves():
    net = Net()
    net(tg.randn(4, 2)).sum().backward()
    before = list(net.parameters())
    assert net.double() is net
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert all(p.dtype == tg.float64 and p.grad.dtype == tg.float64 for p in net.parameters())
    assert {str(b.dtype).rpartition(".")[2] for b in net.buffers()} == {"float64", "int64"}
    assert net(tg.randn(4, 2, dtype=tg.float64)).dtype == tg.float64
    net.half()
    assert net.first.weight.dtype == tg.float16
    net.float()
    assert net.first.weight.dtype == tg.float32
    assert net.body[0].num_batches_tracked.dtype == tg.int64
    net.type(tg.float64)
    assert net.body[0].num_batches_tracked.dtype == tg.float64
    assert net.cpu() is net


@pytest.mark.parametrize(
    "arguments",
    [
        ((tg.float64,), {}),
        ((), {"dtype": tg.float64}),
        (("cpu", tg.float64), {}),
        (("cpu",), {"dtype": tg.float64, "non_blocking": True}),
        ((tg.float64, True), {}),
    ],
)
def test_to(arguments):
    args, kwargs = arguments
    net = Net()
    assert net.to(*args, **kwargs) is net
    assert net.first.weight.dtype == tg.float64


def test_to_like_a_tensor_or_a_device():
    net = Net()
    net.to(tg.ones(1, dtype=tg.float64))
    assert net.scale.dtype == tg.float64
    net.to("cpu")
    net.to(tensor=tg.ones(1))
    assert net.scale.dtype == tg.float32
    net.to(dtype=tg.float64)
    net.to(net.scale.device)
    assert net.scale.dtype == tg.float64


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((tg.int64,), {}, "only accepts floating point or complex dtypes, but got desired dtype"),
        (("cpu", "float32"), {}, "'dtype' must be a dtype"),
        (("cpu", tg.float32, False, 4), {}, "at most 3 arguments"),
        ((), {"colour": 1}, "unexpected keyword argument 'colour'"),
        ((tg.float64,), {"dtype": tg.float32}, "multiple values"),
    ],
)
def test_to_refuses(args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        Net().to(*args, **kwargs)


def test_to_empty():
    net = Net()
    parameter = net.scale
    net.to_empty(device="cpu")
    assert net.scale is parameter
    assert net.first.weight.shape == (3, 2)


def test_deepcopy_is_independent():
    net = Net()
    net.tied = nn.Linear(2, 3)
    net.tied.weight = net.first.weight
    net.first.weight.grad = tg.ones(3, 2)
    clone = copy.deepcopy(net)
    assert type(clone) is Net
    assert list(clone.state_dict()) == list(net.state_dict())
    assert clone.first.weight is not net.first.weight
    assert clone.tied.weight is clone.first.weight
    assert clone.first.weight.requires_grad
    with tg.no_grad():
        clone.first.weight.fill_(7)
        clone.body[0].running_mean.fill_(7)
    assert not (net.first.weight == 7).any()
    assert not (net.body[0].running_mean == 7).any()
    x = tg.randn(3, 2)
    clone.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(clone(x).detach().numpy(), net(x).detach().numpy())


def test_no_reference_cycle():
    gc.collect()
    gc.disable()
    try:
        net = Net()
        net.register_forward_hook(lambda *_: None)
        net(tg.randn(3, 2)).sum().backward()
        ref = weakref.ref(net)
        del net
        assert ref() is None
    finally:
        gc.enable()


def test_repr():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 1)
            self.none = None

        def extra_repr(self):
            return "classes=1"

    model = nn.Sequential(nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()]), Head())
    model.register_module("nothing", None)
    assert repr(model) == (
        "Sequential(\n"
        "  (0): ModuleList(\n"
        "    (0-1): 2 x ReLU()\n"
        "    (2): Tanh()\n"
        "  )\n"
        "  (1): Head(\n"
        "    classes=1\n"
        "    (linear): Linear(in_features=2, out_features=1, bias=True)\n"
        "  )\n"
        "  (nothing): None\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"


def test_a_forward_that_takes_and_returns_anything():
    class Anything(nn.Module):
        def forward(self, a, *, b):
            return {"a": a, "b": b}

    assert Anything()("x", b=[1]) == {"a": "x", "b": [1]}
