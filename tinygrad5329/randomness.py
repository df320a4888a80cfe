"""Random tensors: ``rand``, ``randn``, ``randint``, ``normal_`` and the like, in PyTorch's streams."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.creation import check_memory_format, empty_like, finish, shape_of
from tinygrad5329.grad_mode import state
from tinygrad5329.layout import preserve_format
from tinygrad5329.ops.arguments import explain_all, explain_methods
from tinygrad5329.ops.inplace import _overwrite, adopt, check_writable
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor, write_out
from tinygrad5329.random import Generator, default_generator
from tinygrad5329.random.seeded import set_state_wrapper
from tinygrad5329.tensor import Tensor, bump_version, method, wrap

__all__ = [
    "bernoulli", "binomial", "get_rng_state", "multinomial", "normal", "poisson", "rand", "rand_like", "randint",
    "randint_like", "randn", "randn_like", "randperm", "set_rng_state",
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


def _in_parts(draw: Any, shape: tuple[int, ...], d: np.dtype[Any], **options: Any) -> np.ndarray[Any, Any]:
    """Draws of dtype `d`; those of a complex one are pairs of real draws."""
    if d.kind != "c":
        return draw(shape, dtype=d, **options)
    return draw((*shape, 2), dtype=np.empty(0, d).real.dtype, **options).view(d)[..., 0]


def rand(
    *sizes: Any, size: Any = None, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Uniform numbers of [0, 1) (``torch.rand``), the same as PyTorch's for the same seed."""
    array = _in_parts(_source(generator).uniform, shape_of(sizes, "rand", size), _float_type(dtype, out))
    return finish("rand", array, requires_grad, device, layout, pin_memory, out)


def randn(
    *sizes: Any, size: Any = None, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Standard normal numbers (``torch.randn``), PyTorch's for the same seed to rounding."""
    d = _float_type(dtype, out)
    # A complex number has variance 1, which its parts share.
    spread = {"std": math.sqrt(0.5)} if d.kind == "c" else {}
    array = _in_parts(_source(generator).normal, shape_of(sizes, "randn", size), d, **spread)
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


def _like(name: str, make: Any, fill: Any) -> Any:
    def function(
        input: Tensor, *args: Any, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, memory_format: Any = None, **options: Any,
    ) -> Tensor:  # fmt: skip
        expect_tensor(f"{name}_like", "input", input)
        check_memory_format(f"{name}_like", memory_format)
        d = input.dtype if dtype is None else dtype
        shape, factory = input._array.shape, {"layout": layout, "device": device, "requires_grad": requires_grad}
        if memory_format in (None, preserve_format) and not input._array.flags.c_contiguous:
            # The memory is laid out as the input's, and the stream runs through it in its order.
            result = empty_like(input, dtype=d, **factory)
            fill(result.detach(), *args, **options)
            return result
        return make(*args, shape, dtype=d, **factory, **options)

    function.__name__ = function.__qualname__ = f"{name}_like"
    function.__doc__ = f"``{name}`` with the shape and dtype of `input` (``torch.{name}_like``)."
    return function


def _random_between(x: Tensor, *bounds: Any, low: int | None = None, high: int | None = None, **options: Any) -> None:
    randint(*bounds, (0,), low=low, high=high)  # checks the bounds, and draws nothing
    given = list(bounds)
    high = given.pop() if high is None else high
    x.random_(given.pop() if given else low or 0, high, **options)


rand_like = _like("rand", rand, lambda x, **options: x.uniform_(**options))
randn_like = _like("randn", randn, lambda x, **options: x.normal_(**options))
randint_like = _like("randint", randint, _random_between)


def _drawn(array: Any, *sources: Any, out: Tensor | None = None, op: str = "") -> Tensor:
    """A tensor of draws; it requires grad if their parameters do, and passes zeros back, as PyTorch's does."""
    if out is not None:
        return write_out(op, out, wrap(array))
    for source in sources:
        if isinstance(source, Tensor) and state.grad and source.requires_grad:
            return _draw(source, wrap(array))
    return wrap(array)


_draw = Primitive(
    "draw",
    lambda xp, x, values: values,
    lambda xp, g, x_shape, x_dtype: xp.zeros(x_shape, x_dtype),
    None,
)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
    out: Tensor | None = None,
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
    result = finish("normal", array, requires_grad, device, layout, pin_memory, out)
    return result if out is not None else _drawn(result._array, mean, std) if not requires_grad else result


def _array(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


@method
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 with the probabilities in `input`, or with `p` for every element of it, else 0 (``torch.bernoulli``)."""
    expect_tensor("bernoulli", "input", input)
    d = input._array.dtype
    if p is not None:
        return _drawn(_source(generator).bernoulli(p, input._array.shape, dtype=d), input, out=out, op="bernoulli")
    if d.kind not in dtypes.FLOATING:
        raise NotImplementedError(f"bernoulli: expected a floating point tensor of probabilities, got {input.dtype}")
    return _drawn(_source(generator).bernoulli_each(input._array, dtype=d), input, out=out, op="bernoulli")


@method
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with the weights in `input`, of shape (C,) or (N, C) (``torch.multinomial``)."""
    expect_tensor("multinomial", "input", input)
    if out is not None and isinstance(out, Tensor) and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {dtypes.TITLES[out.dtype.name]}")
    result = wrap(_source(generator).multinomial(input._array, num_samples, replacement))
    return result if out is None else write_out("multinomial", out, result)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson numbers with the rates in `input` (``torch.poisson``)."""
    expect_tensor("poisson", "input", input)
    if input._array.dtype.kind not in dtypes.FLOATING:
        raise NotImplementedError(f"\"poisson_cpu\" not implemented for '{dtypes.TITLES[input.dtype.name]}'")
    return _drawn(_source(generator).poisson(input._array), input)


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Successes in `count` trials, each of probability `prob` (``torch.binomial``)."""
    for name, each in (("count", count), ("prob", prob)):
        expect_tensor("binomial", name, each)
        if each._array.dtype.kind not in dtypes.FLOATING:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {dtypes.TITLES[each.dtype.name]}"
            )
    if count.dtype is not prob.dtype:
        raise RuntimeError(
            f"Found dtype {dtypes.TITLES[prob.dtype.name]} but expected {dtypes.TITLES[count.dtype.name]}"
        )
    broadcast_shape("binomial", count._array.shape, prob._array.shape)
    return _drawn(_source(generator).binomial(count._array, prob._array), count, prob)


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


def _parts(array: Any) -> Any:
    """A complex array as pairs of reals, which are what is drawn."""
    return array[..., None].view(array.real.dtype) if array.dtype.kind == "c" else array


def _normal(source: Generator, array: Any, mean: float, std: float) -> None:
    # Real and imaginary part share the variance, and, as in PyTorch, have the mean each.
    source.normal(None, mean, std * math.sqrt(0.5) if array.dtype.kind == "c" else std, out=_parts(array))


def _uniform(source: Generator, array: Any, a: float = 0.0, b: float = 1.0, /, **names: float) -> None:
    # `from` is a keyword of Python's, so that it can only be passed on.
    low, high = names.pop("from", a), names.pop("to", b)
    if names:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(names))}'")
    source.uniform(None, low, high, out=_parts(array))


_filling("uniform_", "uniform numbers", _uniform)
_filling("normal_", "normal numbers",
         lambda source, array, mean=0.0, std=1.0: _normal(source, array, mean, std))  # fmt: skip
_filling("exponential_", "exponential numbers",
         lambda source, array, lambd=1.0: source.exponential(None, lambd, out=array))  # fmt: skip
_filling("cauchy_", "Cauchy numbers",
         lambda source, array, median=0.0, sigma=1.0: source.cauchy(None, median, sigma, out=array))  # fmt: skip
_filling("log_normal_", "log-normal numbers",
         lambda source, array, mean=1.0, std=2.0: source.log_normal(None, mean, std, out=array))  # fmt: skip
_filling("geometric_", "numbers of trials up to the first success",
         lambda source, array, p: source.geometric(p, out=array))  # fmt: skip
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
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Set the state of the default generator (``torch.set_rng_state``)."""
    default_generator.set_state(new_state)


set_state_wrapper(wrap)
explain_all(globals(), __all__, __name__)
explain_methods(Tensor, __name__)
