"""Forward hooks."""

from __future__ import annotations

import gc
import weakref

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.module_hooks import register_module_forward_hook, register_module_forward_pre_hook


class Add(nn.Module):
    def forward(self, x, *, y=0):
        if x == "bad":
            raise ValueError("bad input")
        return x + y


def test_order_and_prepend():
    module, calls = Add(), []
    module.register_forward_pre_hook(lambda m, a: calls.append("pre 1"))
    module.register_forward_pre_hook(lambda m, a: calls.append("pre 0"), prepend=True)
    module.register_forward_hook(lambda m, a, out: calls.append("post 1"))
    module.register_forward_hook(lambda m, a, out: calls.append("post 0"), prepend=True)
    assert module(1, y=2) == 3
    assert calls == ["pre 0", "pre 1", "post 0", "post 1"]


def test_pre_hook_replaces_arguments():
    module = Add()
    module.register_forward_pre_hook(lambda m, args: args[0] * 10)
    module.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    assert module(2) == 21


def test_pre_hook_with_kwargs():
    module = Add()
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"y": kwargs["y"] * 2}), with_kwargs=True)
    module.register_forward_pre_hook(lambda m, args, kwargs: None, with_kwargs=True)
    assert module(1, y=5) == 11
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of .new_args, new_kwargs., but got 3"):
        module(1, y=5)


def test_hook_replaces_the_output():
    module = Add()
    module.register_forward_hook(lambda m, args, out: out * 2)
    module.register_forward_hook(lambda m, args, kwargs, out: out + kwargs["y"], with_kwargs=True)
    module.register_forward_hook(lambda m, args, out: None)
    assert module(1, y=5) == 17


def test_handles():
    module = Add()
    handle = module.register_forward_hook(lambda m, args, out: out * 2)
    assert module(1) == 2
    handle.remove()
    handle.remove()
    assert module(1) == 1
    with module.register_forward_pre_hook(lambda m, args: (5,)):
        assert module(1) == 5
    assert module(1) == 1


def test_a_hook_may_remove_itself():
    module, handles = Add(), []

    def once(m, args, out):
        handles[0].remove()
        return out * 2

    handles.append(module.register_forward_hook(once))
    assert module(1) == 2
    assert module(1) == 1


def test_a_handle_does_not_keep_the_module():
    module = Add()
    handle = module.register_forward_hook(lambda m, args, out: None)
    ref = weakref.ref(module)
    gc.disable()
    try:
        del module
        assert ref() is None
    finally:
        gc.enable()
    handle.remove()


def test_always_call_after_an_error_in_forward():
    module, seen = Add(), []
    module.register_forward_hook(lambda m, args, out: seen.append("never"))
    module.register_forward_hook(lambda m, args, out: seen.append((args, out)), always_call=True)
    module.register_forward_hook(
        lambda m, args, kwargs, out: seen.append((args, kwargs, out)), always_call=True, with_kwargs=True
    )
    with pytest.raises(ValueError, match="bad input"):
        module("bad", y=1)
    assert seen == [(("bad",), None), (("bad",), {"y": 1}, None)]


def test_an_always_called_hook_hands_its_output_on():
    module, seen = Add(), []
    module.register_forward_hook(lambda m, args, out: "instead", always_call=True)
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(ValueError):
        module("bad")
    assert seen == ["instead"]


def test_always_call_after_an_error_in_a_hook():
    module, seen = Add(), []

    def fail(m, args, out):
        raise KeyError("hook")

    module.register_forward_hook(lambda m, args, out: seen.append("before"), always_call=True)
    module.register_forward_hook(fail, always_call=True)
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(KeyError, match="hook"):
        module(3)
    assert seen == ["before", 3]


def test_an_error_in_an_always_called_hook_is_silenced_after_another():
    module = Add()

    def fail(m, args, out):
        raise KeyError("hook")

    module.register_forward_hook(fail, always_call=True)
    with pytest.warns(UserWarning, match="raised an exception that was silenced"), pytest.raises(ValueError):
        module("bad")
    with pytest.raises(KeyError):
        module(1)


def test_global_hooks():
    model = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    calls = []
    model[1].register_forward_pre_hook(lambda m, a: calls.append("own"))
    pre = register_module_forward_pre_hook(lambda m, a: calls.append(type(m).__name__))
    post = register_module_forward_hook(lambda m, a, out: calls.append("/" + type(m).__name__))
    try:
        model(tg.ones(1, 1))
    finally:
        pre.remove()
        post.remove()
    assert calls == ["Sequential", "Linear", "/Linear", "ReLU", "own", "/ReLU", "/Sequential"]
    model(tg.ones(1, 1))
    assert len(calls) == 8


def test_same_sequence_as_the_oracle(oracle):
    def run(nn, ones):
        calls = []
        layer = nn.Linear(2, 2)
        layer.register_forward_pre_hook(lambda m, a: calls.append("a"))
        layer.register_forward_pre_hook(lambda m, a, k: calls.append("b"), with_kwargs=True, prepend=True)
        layer.register_forward_hook(lambda m, a, out: calls.append("c"), always_call=True)
        layer.register_forward_hook(lambda m, a, k, out: calls.append("d"), with_kwargs=True, prepend=True)
        layer(ones(1, 2))
        with pytest.raises(RuntimeError):
            layer(ones(1, 3))
        return calls

    assert run(nn, tg.ones) == run(oracle.torch.nn, oracle.torch.ones)
