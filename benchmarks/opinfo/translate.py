"""PyTorch's arguments, results and test functions as this package's."""

from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import tinygrad5329 as tg
from tinygrad5329.compat.facade import facade

__all__ = ["Missing", "function", "method", "resolve", "to_ours", "to_oracle_array"]

#: Where a function of PyTorch's may have its public name, the likeliest place first.
_HOMES = ("nn.functional", "linalg", "special", "fft", "signal.windows", "nn.init", "masked", "sparse", "")


class Missing(Exception):
    """A public name of PyTorch's that this package does not have; the text is the name."""


def to_ours(value: Any) -> Any:
    """The same arguments for this package: tensors keep values, dtype, strides, ``requires_grad``, shared memory."""
    return _ours(value, {})


def _ours(value: Any, rooms: dict[int, Any]) -> Any:
    if isinstance(value, torch.Tensor):
        return _tensor(value, rooms)
    if isinstance(value, torch.dtype):
        return resolve(str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return tg.device(str(value))
    if isinstance(value, (torch.memory_format, torch.layout)):
        return resolve(str(value).removeprefix("torch."))
    if isinstance(value, torch.Size):
        return tg.Size(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_ours(each, rooms) for each in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_ours(each, rooms) for each in value)
    if isinstance(value, dict):
        return {key: _ours(each, rooms) for key, each in value.items()}
    if isinstance(value, torch.nn.Module):
        return _module(value)
    if callable(value):
        return function(value)
    return value


def _module(m: torch.nn.Module) -> Any:
    """Our layer of the same structure and state; the database passes some modules as arguments."""
    if isinstance(m, torch.nn.PairwiseDistance):
        return tg.nn.PairwiseDistance(m.norm, m.eps, m.keepdim)
    if not isinstance(m, (torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer)):
        raise Missing(f"a module as argument: {type(m).__name__}")
    ours = resolve(f"nn.{type(m).__name__}")(
        m.self_attn.embed_dim,
        m.self_attn.num_heads,
        m.linear1.out_features,
        m.dropout.p,
        activation=function(m.activation),
        layer_norm_eps=m.norm1.eps,
        batch_first=m.self_attn.batch_first,
        norm_first=m.norm_first,
        bias=m.linear1.bias is not None,
        dtype=to_ours(m.linear1.weight.dtype),
    ).train(m.training)
    ours.load_state_dict({name: _tensor(t, {}) for name, t in m.state_dict().items()})
    return ours


def _tensor(t: torch.Tensor, rooms: dict[int, Any]) -> tg.Tensor:
    if t.layout is not torch.strided:
        raise Missing(f"layout {t.layout}")
    plain = t.detach().resolve_conj().resolve_neg()
    if plain.dtype is torch.bfloat16:
        ours = tg.tensor(to_oracle_array(plain).tolist(), dtype=tg.bfloat16).reshape(plain.shape)
    elif plain._is_zerotensor() or not plain.numel():
        ours = tg.from_numpy(to_oracle_array(plain))
    else:
        ours = tg.from_numpy(_placed(plain, rooms))
    return ours.requires_grad_() if t.requires_grad else ours


def _placed(t: torch.Tensor, rooms: dict[int, Any]) -> np.ndarray:
    """The tensor's array inside a copy of its whole storage, which is the same copy for all that share it."""
    storage = t.untyped_storage()
    key = storage.data_ptr()
    if key not in rooms:
        flat = torch.empty(0, dtype=t.dtype).set_(storage, 0, (storage.nbytes() // t.itemsize,), (1,))
        rooms[key] = (flat.numpy().copy(), storage)  # held, so that no other storage gets its address
    strides = tuple(step * t.itemsize for step in t.stride())
    return np.lib.stride_tricks.as_strided(rooms[key][0].view(t.numpy().dtype)[t.storage_offset() :], t.shape, strides)


def to_oracle_array(t: torch.Tensor) -> np.ndarray:
    """A NumPy copy (bfloat16 as float32)."""
    t = t.detach().resolve_conj().resolve_neg()
    if t._is_zerotensor():
        return np.zeros(tuple(t.shape), str(t.dtype).removeprefix("torch."))
    if t.dtype is torch.bfloat16:
        return t.float().contiguous().numpy()
    return t.numpy().copy()


def resolve(path: str) -> Any:
    found: Any = tg
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except (AttributeError, ImportError):
            raise Missing(f"torch.{path}") from None
    return found


@functools.cache
def _public_names() -> dict[int, str]:
    """The path of every public function of PyTorch, by identity."""
    names: dict[int, str] = {}
    for home in reversed(_HOMES):
        module: Any = torch
        for part in filter(None, home.split(".")):
            module = getattr(module, part)
        for name in dir(module):
            value = getattr(module, name, None)
            if callable(value) and not name.startswith("__"):
                names[id(value)] = f"{home}.{name}".strip(".")
    return names


@functools.cache
def method(name: str) -> Callable[..., Any]:
    """Our method of that name."""
    try:
        return getattr(tg.Tensor, name)
    except AttributeError:
        raise Missing(f"torch.Tensor.{name}") from None


def function(f: Any) -> Any:
    """Our counterpart of a function of PyTorch's, or the same test function over our names."""
    if isinstance(f, functools.partial):
        return functools.partial(function(f.func), *map(to_ours, f.args), **to_ours(f.keywords))
    if id(f) in _public_names() and not (getattr(f, "__module__", "") or "").startswith("torch.testing"):
        return resolve(_public_names()[id(f)])
    if isinstance(f, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return method(f.__name__)
    if isinstance(f, types.FunctionType):
        if f.__module__.startswith("torch._tensor"):
            return method(f.__name__)
        if f.__module__.startswith("torch.testing"):
            return _rebuilt(f)
    if isinstance(f, type):
        return f
    if isinstance(f, types.BuiltinFunctionType) and not (f.__module__ or "torch").startswith("torch"):
        return f
    raise Missing(getattr(f, "__qualname__", repr(f)))


def _rebuilt(f: types.FunctionType) -> types.FunctionType:
    """A test function whose ``torch`` is this package."""
    names = dict(f.__globals__)
    names["torch"] = facade("torch")
    for name in f.__code__.co_names:
        value = f.__globals__.get(name)
        if name == "freeze_rng_state":
            names[name] = contextlib.nullcontext  # every run is seeded anyway
        elif isinstance(value, types.FunctionType) and value.__module__.startswith("torch") and value is not f:
            names[name] = function(value)
    closure = None
    if f.__closure__:
        closure = tuple(types.CellType(_enclosed(cell.cell_contents)) for cell in f.__closure__)
    copy = types.FunctionType(f.__code__, names, f.__name__, f.__defaults__ and to_ours(f.__defaults__), closure)
    copy.__kwdefaults__ = f.__kwdefaults__ and to_ours(f.__kwdefaults__)
    return copy


def _enclosed(value: Any) -> Any:
    if type(value).__name__.endswith("OpInfo"):
        return value
    return facade("torch") if value is torch else to_ours(value)
