"""Modules behave as PyTorch's do where scripts look closely."""

from __future__ import annotations

import copy
import warnings
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad5329 as tg


def net(t):
    return t.nn.Sequential(OrderedDict(a=t.nn.Linear(2, 3), b=t.nn.BatchNorm1d(3)))


def by_position(t):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        state = net(t).state_dict({}, "p.", True)
    return list(state), type(state).__name__, [w.category.__name__ for w in caught], state["p.a.bias"].requires_grad


def cooperative(t):
    class Base:
        def __init__(self, size):
            self.size = size

    class Both(t.nn.Module, Base):
        call_super_init = True

    return Both(3).size, Both(size=4).training


def laid_out(t):
    conv = t.nn.Sequential(t.nn.Conv2d(2, 3, 2), t.nn.Linear(2, 2)).to(memory_format=t.channels_last)
    return [p.stride() for p in conv.parameters()]


def merged(t):
    first = t.nn.ParameterDict({"a": t.ones(1)})
    both = first | {"b": t.ones(2)}
    return list(first), list(both), type(both["b"]).__name__


def hooked(t):
    seen = []
    layer = t.nn.Linear(2, 2)
    layer.register_forward_pre_hook(lambda m, args: seen.append("pre"))
    layer.register_forward_hook(lambda m, args, out: seen.append("post"))
    layer.register_forward_hook(lambda m, args, kwargs, out: seen.append(list(kwargs)), with_kwargs=True, prepend=True)
    layer.register_forward_hook(lambda m, args, out: seen.append("always"), always_call=True)
    layer(input=t.ones(1, 2))
    with pytest.raises(RuntimeError):
        layer(t.ones(1, 3))
    return seen


def shared(t):
    layer = t.nn.Linear(2, 2)
    twice = copy.deepcopy(t.nn.Sequential(layer, layer))
    return twice[0] is twice[1], [n for n, _ in twice.named_parameters(remove_duplicate=False)]


def kept_and_dropped(t):
    module = t.nn.Module()
    module.register_buffer("x", t.ones(1), persistent=False)
    module.x = t.zeros(2)
    del module.x
    module.register_buffer("x", t.ones(1))
    return list(module.state_dict())


RUNS = {
    "state_dict": lambda t: (type(net(t).state_dict()).__name__, list(net(t).state_dict()._metadata.items())),
    "by position": by_position,
    "cooperative": cooperative,
    "channels last": laid_out,
    "merged dictionaries": merged,
    "hooks": hooked,
    "shared": shared,
    "buffers": kept_and_dropped,
    "incompatible keys": lambda t: str(net(t).load_state_dict({"z": t.ones(1)}, strict=False)),
}


@pytest.mark.parametrize("name", RUNS)
def test_same(name, oracle):
    assert repr(RUNS[name](tg)) == repr(RUNS[name](oracle.torch))


# Where PyTorch leaves out what follows the first sentence, so does the comparison.
TEXTS = {
    "wrong number of gradients": lambda t: backward_with(t, lambda m, gi, go: (gi[0], gi[0])),
    "two forms of backward hooks": lambda t: (
        lambda m: (m.register_backward_hook(print), m.register_full_backward_hook(print))
    )(t.nn.ReLU()),
    "load": lambda t: net(t).load_state_dict({"a.weight": t.ones(2, 2), "z": t.ones(1)}),
    "linear": lambda t: t.nn.Linear(2, 3)(t.ones(1, 2, dtype=t.int64)),
    "multi margin": lambda t: t.nn.MultiMarginLoss()(t.ones(2, 3), t.tensor([0])),
    "huber": lambda t: t.nn.HuberLoss(delta=1j),
    "hardtanh": lambda t: t.nn.Hardtanh(3.0, 1.0),
    "two masks": lambda t: t.nn.functional.scaled_dot_product_attention(
        *[t.ones(2, 3, 4)] * 3, attn_mask=t.ones(3, 3), is_causal=True
    ),
    "batch": lambda t: t.nn.CrossEntropyLoss()(t.ones(2, 3), t.tensor([[0, 1]])),
}


def backward_with(t, hook):
    layer = t.nn.Linear(2, 2)
    layer.register_full_backward_hook(hook)
    layer(t.ones(1, 2, requires_grad=True)).sum().backward()


@pytest.mark.parametrize("name", TEXTS)
def test_same_text(name, oracle):
    with pytest.raises(Exception) as theirs:
        TEXTS[name](oracle.torch)
    with pytest.raises(type(theirs.value)) as ours:
        TEXTS[name](tg)
    found = str(ours.value).replace("tinygrad5329.", "torch.")
    assert found.startswith(str(theirs.value).rstrip("."))


def test_no_text_of_numpy():
    """A wrong batch size is told in the words of the layer."""
    x, y = tg.ones(3, 2, 4), tg.ones(3, 3, 4)
    with pytest.raises(RuntimeError, match=r"one batch size, got 2 in \(3, 2, 4\) and 3 in \(3, 3, 4\)"):
        tg.nn.MultiheadAttention(4, 2)(x, y, y)


def test_random_samples_of_an_unbatched_input(oracle):
    """Fractional pooling reads the first samples only, and refuses others' shapes."""
    x = oracle.torch.rand(4, 6, 6, 6)
    samples = oracle.torch.rand(2, 4, 3)
    theirs = oracle.torch.nn.FractionalMaxPool3d(2, output_size=3, _random_samples=samples)(x)
    ours = tg.nn.FractionalMaxPool3d(2, output_size=3, _random_samples=oracle.ours(samples))(oracle.ours(x))
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    with pytest.raises(RuntimeError, match=r"_random_samples of shape \(N, 4, 3\)"):
        tg.nn.FractionalMaxPool3d(2, output_size=3, _random_samples=tg.rand(2, 4, 2))(oracle.ours(x))
