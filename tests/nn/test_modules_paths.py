"""PyTorch's paths to its layers, and the module features that published code uses from there."""

from __future__ import annotations

import copy
import importlib
import subprocess
import sys

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn

PLACES = {
    "activation": "ReLU", "adaptive": "AdaptiveLogSoftmaxWithLoss", "batchnorm": "_BatchNorm",
    "container": "Sequential",
    "conv": "Conv2d", "distance": "PairwiseDistance", "dropout": "_DropoutNd", "flatten": "Flatten",
    "lazy": "LazyModuleMixin", "linear": "LazyLinear", "loss": "_WeightedLoss", "module": "_IncompatibleKeys",
    "normalization": "LayerNorm", "pooling": "MaxPool2d", "rnn": "LSTM", "utils": "_pair",
}  # fmt: skip


@pytest.mark.parametrize(("leaf", "name"), PLACES.items())
def test_places(leaf, name):
    place = importlib.import_module(f"tinygrad5329.nn.modules.{leaf}")
    assert hasattr(place, name)
    assert name in dir(place)
    assert getattr(nn.modules, leaf) is place
    assert not hasattr(place, "nonsense")


def test_layers_are_the_same():
    assert nn.modules.Linear is nn.modules.linear.Linear is nn.Linear
    assert isinstance(nn.BatchNorm1d(2), nn.modules.batchnorm._BatchNorm)
    assert isinstance(nn.Dropout2d(), nn.modules.dropout._DropoutNd)
    with pytest.raises(AttributeError):
        _ = nn.modules.nonsense
    with pytest.raises(ImportError):
        importlib.import_module("tinygrad5329.nn.modules.nonsense")


def test_under_the_name_of_torch():
    script = (
        "import tinygrad5329; tinygrad5329.install_as_torch()\n"
        "from torch.nn.modules.loss import _Loss\n"
        "from torch.nn.modules.utils import _pair, _triple, consume_prefix_in_state_dict_if_present\n"
        "import torch.nn.modules.batchnorm as b, torch\n"
        "from torch.nn.utils import parametrize, prune\n"
        "from torch.nn.utils.parametrizations import orthogonal\n"
        "assert _pair(3) == (3, 3) and _triple([1, 2, 3]) == (1, 2, 3)\n"
        "assert issubclass(torch.nn.CTCLoss, _Loss) and issubclass(torch.nn.BatchNorm1d, b._BatchNorm)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_consuming_a_prefix():
    model = nn.Sequential(nn.BatchNorm1d(2))
    state = nn.ModuleDict({"module": model}).state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    model.load_state_dict(state)
    assert list(state._metadata) == ["", "0"]


def test_registration_hooks():
    module = nn.modules.module
    seen = []
    handles = [
        register(lambda owner, name, value: seen.append((type(owner).__name__, name)))
        for register in (
            module.register_module_parameter_registration_hook,
            module.register_module_buffer_registration_hook,
            module.register_module_module_registration_hook,
        )
    ]
    try:
        nn.Sequential(nn.BatchNorm1d(2))
    finally:
        for handle in handles:
            handle.remove()
    nn.Linear(1, 1)
    members = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert seen == [*[("BatchNorm1d", name) for name in members], ("Sequential", "0")]
    with module.register_module_parameter_registration_hook(lambda owner, name, value: nn.Parameter(tg.ones(3))):
        assert nn.PReLU().weight.shape == (3,)


def test_global_backward_hooks():
    module = nn.modules.module
    seen = []
    with (
        module.register_module_full_backward_hook(lambda m, gi, go: seen.append(("after", go[0].tolist()))),
        module.register_module_full_backward_pre_hook(lambda m, go: seen.append(("before", go[0].tolist()))),
        module.register_module_backward_hook(lambda m, gi, go: seen.append(("older", gi[0].tolist()))),
    ):
        nn.ReLU()(tg.tensor([-1.0, 2.0], requires_grad=True)).sum().backward()
    nn.ReLU()(tg.ones(1, requires_grad=True)).sum().backward()
    assert seen == [("before", [1, 1]), ("after", [1, 1]), ("older", [0, 1])]


def test_the_older_state_hooks():
    layer = nn.Linear(1, 1)
    layer._register_state_dict_hook(lambda module, state, prefix, meta: {**state, "more": 1})
    assert list(layer.state_dict()) == ["weight", "bias", "more"]
    calls = []
    layer._register_load_state_dict_pre_hook(lambda state, prefix, *rest: calls.append((prefix, len(rest))))
    layer._register_load_state_dict_pre_hook(lambda module, *rest: calls.append(module), with_module=True)
    layer.load_state_dict(nn.Linear(1, 1).state_dict())
    assert calls == [("", 5), layer]


def test_conversions():
    layer = nn.Linear(2, 2)
    for move in (layer.cuda, layer.xpu, layer.mtia, layer.ipu):
        with pytest.raises(RuntimeError):
            move()
    with pytest.warns(UserWarning, match="eagerly"):
        layer.compile(mode="max-autotune")
    pytest.importorskip("ml_dtypes", reason="bfloat16: pip install ml_dtypes")
    assert layer.bfloat16().weight.dtype is tg.bfloat16


def test_a_state_without_later_registries():
    layer = nn.Linear(2, 2)
    state = {key: value for key, value in layer.__dict__.items() if not key.endswith("hooks")}
    bare = nn.Linear.__new__(nn.Linear)
    bare.__setstate__(copy.copy(state))
    assert bare(tg.ones(2)).tolist() == layer(tg.ones(2)).tolist()


def test_data_parallel_without_devices():
    layer = nn.Linear(2, 1)
    spread = nn.DataParallel(layer)
    assert spread(tg.ones(1, 2)).tolist() == layer(tg.ones(1, 2)).tolist()
    assert list(spread.state_dict()) == ["module.weight", "module.bias"]
    assert nn.parallel.DataParallel is nn.DataParallel
    with pytest.raises(RuntimeError, match="device_ids"):
        nn.DataParallel(layer, device_ids=[0])


def test_synchronised_batch_norm_in_one_process():
    tg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    weight, x = net[1].weight, tg.randn(6, 3)
    expected = net(x).tolist()
    net[1].reset_running_stats()
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert type(converted[1]) is nn.SyncBatchNorm
    assert converted[1].weight is weight
    assert converted(x).tolist() == expected
    with pytest.raises(ValueError, match="2D"):
        converted[1](tg.ones(4))
    with pytest.raises(NotImplementedError, match="process_group"):
        nn.SyncBatchNorm(2, process_group=object())
