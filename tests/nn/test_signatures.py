"""Names, parameters and defaults are PyTorch's."""

from __future__ import annotations

import inspect

import pytest

from tinygrad5329 import nn
from tinygrad5329.nn import functional, init

LAYERS = [name for name in nn.__all__ if name[0].isupper() and name != "Residual"]


def parameters(function):
    return [(p.name, p.default, p.kind) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in ("Module", "Parameter", "Buffer")])
def test_layer(name, oracle):
    theirs = getattr(oracle.torch.nn, name)
    if theirs.__init__ is oracle.torch.nn.Module.__init__:
        # PyTorch's Module takes *args and **kwargs, only to refuse them.
        getattr(nn, name)()
        return
    assert parameters(getattr(nn, name).__init__) == parameters(theirs.__init__)


# Those of PyTorch that are built in and tell no signature.
BUILT_IN = {
    "bilinear", "cosine_similarity", "gelu", "hardshrink", "linear", "logsigmoid", "one_hot", "pad",
    "pairwise_distance", "prelu", "softplus", "softshrink",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in functional.__all__ if name not in BUILT_IN])
def test_function(name, oracle):
    theirs = getattr(oracle.torch.nn.functional, name)
    assert parameters(getattr(functional, name)) == parameters(theirs)


INITIALISERS = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_",
    "ones_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


@pytest.mark.parametrize("name", INITIALISERS)
def test_initialiser(name, oracle):
    assert parameters(getattr(init, name)) == parameters(getattr(oracle.torch.nn.init, name))


@pytest.mark.parametrize("name", nn.utils.__all__)
def test_utility(name, oracle):
    assert parameters(getattr(nn.utils, name)) == parameters(getattr(oracle.torch.nn.utils, name))


# What PyTorch's Module has and ours leaves out.
WITHOUT = {
    "T_destination", "call_super_init", "dump_patches",  # of no use here
    "cuda", "ipu", "xpu", "mtia", "bfloat16", "share_memory", "compile",  # devices and dtypes that we lack
    "register_backward_hook",  # deprecated: it sees the wrong gradients
}  # fmt: skip


def test_module_methods(oracle):
    theirs = oracle.torch.nn.Module
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public - set(dir(nn.Module)) == WITHOUT
    for name in public - WITHOUT:
        method = getattr(theirs, name)
        if inspect.isfunction(method) and name not in ("forward", "state_dict"):
            assert parameters(getattr(nn.Module, name)) == parameters(method), name
