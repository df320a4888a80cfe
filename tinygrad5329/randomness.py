"""Random tensors: ``rand``, ``randn``, ``randint``, ``normal_`` and the like, in PyTorch's streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329 import random as streams
from tinygrad5329.creation import check_memory_format, finish, shape_of
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.inplace import _overwrite, adopt, check_writable
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor
from tinygrad5329.random import Generator, default_generator
from tinygrad5329.tensor import Tensor, bump_version, method, wrap

__all__ = [
    "bernoulli", "get_rng_state", "multinomial", "normal", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm", "set_rng_state",
]  # fmt: skip


def _float_type(d: Any, out: Tensor | None = None) -> np.dtype[Any]:
    if d is None and out is not None:
        return out._array.dtype
    return dtypes.numpy_dtype(dtypes.get_default_dtype() if d is None else d)


def _source(generator: Generator | None) -> Generator:
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be tinygrad5329.Generator, not {type(generator).__name__}")
    return generator


def rand(
    *sizes: Any, size: Any = None, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Uniform numbers of [0, 1) (``torch.rand``), the same as PyTorch's for the same seed."""
    array = _source(generator).uniform(shape_of(sizes, "rand", size), dtype=_float_type(dtype, out))
    return finish("rand", array, requires_grad, device, layout, pin_memory, out)


def randn(
    *sizes: Any, size: Any = None, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Standard normal numbers (``torch.randn``), PyTorch's for the same seed to rounding."""
    array = _source(generator).normal(shape_of(sizes, "randn", size), dtype=_float_type(dtype, out))
    return finish("randn", array, requires_grad, device, layout, pin_memory, out)


def randint(
    *bounds_and_size: Any, low: int | None = None, high: int | None = None, size: Any = None,
    generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Integers of [low, high), `low` being 0 if not given: ``randint(high, size)`` (``torch.randint``)."""
    given = list(bounds_and_size)
    if size is None and given:
        size = given.pop()
    if high is None and given:
        high = given.pop()
    if low is None:
        low = given.pop() if given else 0
    if given or high is None or not isinstance(size, (tuple, list)):
        raise TypeError(
            f"randint() takes (high, size) or (low, high, size) with a tuple as size, got {bounds_and_size!r}"
        )
    for name, bound in (("low", low), ("high", high)):
        if not hasattr(bound, "__index__"):
            raise TypeError(f"randint(): argument '{name}' must be int, not {type(bound).__name__}")
    d = np.dtype(np.int64) if dtype is None else dtypes.numpy_dtype(dtype)
    array = _source(generator).randint(int(low), int(high), shape_of((size,), "randint"), dtype=d)
    return finish("randint", array, requires_grad, device, layout, pin_memory, out)


def randperm(
    n: int, *, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The numbers 0 to n - 1 in random order (``torch.randperm``)."""
    d = np.dtype(np.int64) if dtype is None else dtypes.numpy_dtype(dtype)
    array = _source(generator).randperm(n, dtype=d)
    return finish("randperm", array, requires_grad, device, layout, pin_memory, out)


def _like(name: str, make: Any) -> Any:
    def function(
        input: Tensor, *args: Any, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, memory_format: Any = None, **options: Any,
    ) -> Tensor:  # fmt: skip
        expect_tensor(f"{name}_like", "input", input)
        check_memory_format(f"{name}_like", memory_format)
        d = input.dtype if dtype is None else dtype
        shape = input._array.shape
        return make(*args, shape, dtype=d, layout=layout, device=device, requires_grad=requires_grad, **options)

    function.__name__ = function.__qualname__ = f"{name}_like"
    function.__doc__ = f"``{name}`` with the shape and dtype of `input` (``torch.{name}_like``)."
    return function


rand_like = _like("rand", rand)
randn_like = _like("randn", randn)
randint_like = _like("randint", randint)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Normal numbers; `mean` and `std` are numbers with a `size`, or tensors (``torch.normal``)."""
    for name, value in (("mean", mean), ("std", std)):
        if not isinstance(value, (Tensor, int, float)):
            raise TypeError(f"normal(): argument '{name}' must be Tensor or float, not {type(value).__name__}")
    if np.any(np.less(_array(std), 0)):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        template = mean if isinstance(mean, Tensor) else std
        shape = broadcast_shape("normal", np.shape(_array(mean)), np.shape(_array(std)))
        array = _source(generator).normal(shape, dtype=template._array.dtype)
        array *= _array(std)
        array += _array(mean)
    elif size is None:
        raise TypeError("normal(): a size is needed when mean and std are numbers")
    else:
        shape = shape_of((size,), "normal")
        array = _source(generator).normal(shape, float(mean), float(std), dtype=_float_type(dtype, out))
    return finish("normal", array, requires_grad, device, out=out)


def _array(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


@method
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probabilities in `input`, else 0 (``torch.bernoulli``)."""
    expect_tensor("bernoulli", "input", input)
    if p is not None:
        return wrap(_source(generator).bernoulli(p, input._array.shape, dtype=input._array.dtype))
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"bernoulli: expected a floating point tensor of probabilities, got {input.dtype}")
    return wrap(_source(generator).bernoulli_each(input._array, dtype=input._array.dtype))


@method
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices drawn with the weights in `input`, of shape (C,) or (N, C) (``torch.multinomial``)."""
    return wrap(_source(generator).multinomial(input._array, num_samples, replacement))


def _filling(name: str, about: str, fill: Any) -> None:
    def operation(self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any) -> Tensor:
        check_writable(self, name)
        fill(_source(generator), self._array, *args, **kwargs)
        bump_version(self, name)
        if state.grad and self.requires_grad:
            # What was here before has no influence any more.
            adopt(self, _overwrite, (wrap(self._array),), {}, name)
        return self

    # What Python says about wrong arguments begins with this name.
    operation.__name__ = operation.__qualname__ = fill.__name__ = fill.__qualname__ = name
    operation.__doc__ = f"Write {about} over all elements (``torch.Tensor.{name}``)."
    setattr(Tensor, name, operation)


def _uniform(source: Generator, array: Any, a: float = 0.0, b: float = 1.0, /, **names: float) -> None:
    # `from` is a keyword of Python's, so that it can only be passed on.
    low, high = names.pop("from", a), names.pop("to", b)
    if names:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(names))}'")
    source.uniform(None, low, high, out=array)


_filling("uniform_", "uniform numbers", _uniform)
_filling("normal_", "normal numbers",
         lambda source, array, mean=0.0, std=1.0: source.normal(None, mean, std, out=array))  # fmt: skip
_filling("exponential_", "exponential numbers",
         lambda source, array, lambd=1.0: source.exponential(None, lambd, out=array))  # fmt: skip
_filling("bernoulli_", "zeros and ones",
         lambda source, array, p=0.5: (
             source.bernoulli_each(p._array, out=array) if isinstance(p, Tensor) else source.bernoulli(p, out=array)
         ))  # fmt: skip


def _random(source: Generator, array: Any, *bounds: int, **names: int) -> None:
    given = [*bounds, *(names.pop(each) for each in ("from", "to") if each in names)]
    if names or len(given) > 2:
        raise TypeError(f"random_() takes a bound or two, `from` and `to`: got {bounds} and {names}")
    if not given:
        source.random(out=array)
    else:
        source.randint(0 if len(given) == 1 else given[0], given[-1], out=array)


_filling("random_", "random integers", _random)


def get_rng_state() -> Tensor:
    """The state of the default generator as bytes (``torch.get_rng_state``)."""
    return wrap(streams.get_rng_state())


def set_rng_state(new_state: Tensor) -> None:
    """Set the state of the default generator (``torch.set_rng_state``)."""
    streams.set_rng_state(new_state._array)
