"""Names, parameters and defaults are PyTorch's."""

from __future__ import annotations

import inspect

import pytest

from tinygrad5329 import nn
from tinygrad5329.nn import functional, init

# PyTorch makes them in __new__ alone.
TENSORS = ("Module", "Parameter", "Buffer", "UninitializedBuffer", "UninitializedParameter")
LAYERS = [name for name in nn.__all__ if name[0].isupper() and name != "Residual"]


def parameters(function):
    return [(p.name, plain(p.default), p.kind) for p in inspect.signature(function).parameters.values()]


def plain(default):
    """A default; the name of one that is a function, as each library has its own."""
    return default.__name__ if inspect.isroutine(default) else default


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in TENSORS])
def test_layer(name, oracle):
    theirs = getattr(oracle.torch.nn, name)
    if name in ("RNN", "GRU", "LSTM"):
        # PyTorch writes *args and **kwargs, and what they stand for in the documentation.
        assert [p for p in parameters(theirs.__init__) if p[0] not in ("self", "args", "kwargs")] == []
        return
    if theirs.__init__ is oracle.torch.nn.Module.__init__:
        # PyTorch's Module takes *args and **kwargs, only to refuse them.
        getattr(nn, name)()
        return
    assert parameters(getattr(nn, name).__init__) == parameters(theirs.__init__)


def told(function):
    """The parameters; None for PyTorch's built-in functions and those that dispatch, which tell nothing of them."""
    try:
        found = parameters(function)
    except ValueError:
        return None
    kinds = {kind for _, _, kind in found}
    return None if kinds == {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} else found


@pytest.mark.parametrize("name", functional.__all__)
def test_function(name, oracle):
    theirs = told(getattr(oracle.torch.nn.functional, name))
    assert theirs is None or parameters(getattr(functional, name)) == theirs


INITIALISERS = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_",
    "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


@pytest.mark.parametrize("name", INITIALISERS)
def test_initialiser(name, oracle):
    assert parameters(getattr(init, name)) == parameters(getattr(oracle.torch.nn.init, name))


@pytest.mark.parametrize("name", nn.utils.__all__)
def test_utility(name, oracle):
    assert parameters(getattr(nn.utils, name)) == parameters(getattr(oracle.torch.nn.utils, name))


# What PyTorch's Module has and ours leaves out.
WITHOUT = {
    "T_destination", "dump_patches",  # of no use here
}  # fmt: skip


def test_module_methods(oracle):
    theirs = oracle.torch.nn.Module
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public - set(dir(nn.Module)) == WITHOUT
    for name in public - WITHOUT:
        method = getattr(theirs, name)
        if inspect.isfunction(method) and name != "forward":
            assert parameters(getattr(nn.Module, name)) == parameters(method), name
