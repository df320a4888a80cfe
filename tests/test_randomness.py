"""Random tensors: PyTorch's numbers for the same seed, spellings and refusals."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.backends.device import NoCudaError

from .ops.tables import LIBRARIES, check_error, check_value, into

VALUES = [
    (lambda t, x: tuple(t.rand(2, 3).shape), (2, 3)),
    (lambda t, x: t.rand(2).dtype, "float32"),
    (lambda t, x: t.rand((2, 0)).shape, (2, 0)),
    (lambda t, x: t.rand(size=(1, 2)).shape, (1, 2)),
    (lambda t, x: t.rand(()).shape, ()),
    (lambda t, x: t.rand([2]).shape, (2,)),
    (lambda t, x: t.randn(2, dtype=t.float64).dtype, "float64"),
    (lambda t, x: t.randn(2, requires_grad=True).requires_grad, True),
    (lambda t, x: t.rand(2, generator=t.Generator().manual_seed(1)), [0.7576, 0.2793]),
    (lambda t, x: t.randn(2, generator=t.Generator().manual_seed(1)), [0.6614, 0.2669]),
    (lambda t, x: t.randint(5, (3,), generator=t.Generator().manual_seed(1)), [0, 4, 4]),
    (lambda t, x: t.randint(2, 9, (3,), generator=t.Generator().manual_seed(1)), [2, 5, 6]),
    (lambda t, x: t.randint(low=2, high=9, size=(3,), generator=t.Generator().manual_seed(1)), [2, 5, 6]),
    (lambda t, x: t.randint(high=9, size=[3], generator=t.Generator().manual_seed(1)), [4, 5, 0]),
    (lambda t, x: t.randint(5, size=(3,), generator=t.Generator().manual_seed(1)), [0, 4, 4]),
    (lambda t, x: t.randint(2, 5, size=(3,), generator=t.Generator().manual_seed(1)), [3, 4, 2]),
    (lambda t, x: t.randint(5, (2,), dtype=t.float32, generator=t.Generator().manual_seed(1)), [0.0, 4.0]),
    (lambda t, x: t.randperm(5, generator=t.Generator().manual_seed(1)), [0, 4, 2, 3, 1]),
    (lambda t, x: t.randperm(5, dtype=t.int32, generator=t.Generator().manual_seed(1)), ("int32", [0, 4, 2, 3, 1])),
    (lambda t, x: t.randperm(0), (0,)),
    (lambda t, x: t.rand_like(x).shape, (2, 3)),
    (lambda t, x: t.randn_like(x, dtype=t.float64).dtype, "float64"),
    (lambda t, x: t.randint_like(x, 5).dtype, "float32"),
    (lambda t, x: t.randint_like(x, 2, 5).shape, (2, 3)),
    (lambda t, x: t.randint_like(x, low=2, high=5, dtype=t.int64).dtype, "int64"),
    (lambda t, x: t.rand_like(x, requires_grad=True).requires_grad, True),
    (lambda t, x: t.rand_like(input=x).dtype, "float32"),
    (lambda t, x: t.normal(0.0, 1.0, (3,), generator=t.Generator().manual_seed(1)), [0.6614, 0.2669, 0.0617]),
    (lambda t, x: t.normal(2, 0.5, size=(3,), generator=t.Generator().manual_seed(1)), [2.3307, 2.1335, 2.0308]),
    (
        lambda t, x: t.normal(x, 1.0, generator=t.Generator().manual_seed(1)),
        [[0.6614, 1.2669, 2.0617], [3.6213, 3.5481, 4.8339]],
    ),
    (
        lambda t, x: t.normal(x, t.ones(3), generator=t.Generator().manual_seed(1)),
        [[0.6614, 1.2669, 2.0617], [3.6213, 3.5481, 4.8339]],
    ),
    (lambda t, x: t.normal(1.0, t.ones(3), generator=t.Generator().manual_seed(1)), [1.6614, 1.2669, 1.0617]),
    (
        lambda t, x: t.normal(x, generator=t.Generator().manual_seed(1)),
        [[0.6614, 1.2669, 2.0617], [3.6213, 3.5481, 4.8339]],
    ),
    (
        lambda t, x: t.normal(mean=x, std=2.0, generator=t.Generator().manual_seed(1)),
        [[1.3227, 1.5338, 2.1234], [4.2426, 3.0962, 4.6677]],
    ),
    (lambda t, x: into(t, lambda o: t.rand(2, generator=t.Generator().manual_seed(1), out=o)), [0.7576, 0.2793]),
    (lambda t, x: into(t, lambda o: t.randn(2, generator=t.Generator().manual_seed(1), out=o)), [0.6614, 0.2669]),
    (
        lambda t, x: into(t, lambda o: t.randperm(4, generator=t.Generator().manual_seed(1), out=o), "int64"),
        [1, 3, 2, 0],
    ),
    (
        lambda t, x: into(t, lambda o: t.randint(5, (3,), generator=t.Generator().manual_seed(1), out=o), "int64"),
        [0, 4, 4],
    ),
    (lambda t, x: t.bernoulli(t.full((5,), 0.5), generator=t.Generator().manual_seed(1)), [0.0, 1.0, 1.0, 0.0, 1.0]),
    (lambda t, x: x.bernoulli(0.5, generator=t.Generator().manual_seed(1)), [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
    (lambda t, x: x.bernoulli(p=0.25, generator=t.Generator().manual_seed(1)), [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
    (lambda t, x: t.bernoulli(t.zeros(3)), [0.0, 0.0, 0.0]),
    (lambda t, x: t.bernoulli(t.ones(3)), [1.0, 1.0, 1.0]),
    (lambda t, x: t.multinomial(t.tensor([0.0, 1.0]), 1), [1]),
    (lambda t, x: t.multinomial(t.tensor([1.0, 2.0, 3.0]), 2, generator=t.Generator().manual_seed(1)), [0, 2]),
    (
        lambda t, x: x.add(1).multinomial(4, replacement=True, generator=t.Generator().manual_seed(1)),
        [[0, 1, 1, 1], [1, 0, 1, 2]],
    ),
    (
        lambda t, x: x.uniform_(generator=t.Generator().manual_seed(1)),
        [[0.7576, 0.2793, 0.4031], [0.7347, 0.0293, 0.7999]],
    ),
    (
        lambda t, x: x.uniform_(1, 2, generator=t.Generator().manual_seed(1)),
        [[1.7576, 1.2793, 1.4031], [1.7347, 1.0293, 1.7999]],
    ),
    (
        lambda t, x: x.uniform_(to=3.0, generator=t.Generator().manual_seed(1)),
        [[2.2729, 0.8379, 1.2092], [2.2041, 0.0878, 2.3996]],
    ),
    (
        lambda t, x: x.normal_(generator=t.Generator().manual_seed(1)),
        [[0.6614, 0.2669, 0.0617], [0.6213, -0.4519, -0.1661]],
    ),
    (
        lambda t, x: x.normal_(1, 2, generator=t.Generator().manual_seed(1)),
        [[2.3227, 1.5338, 1.1234], [2.2426, 0.0962, 0.6677]],
    ),
    (
        lambda t, x: x.normal_(mean=1, std=0.5, generator=t.Generator().manual_seed(1)),
        [[1.3307, 1.1335, 1.0308], [1.3107, 0.774, 0.9169]],
    ),
    (
        lambda t, x: x.exponential_(generator=t.Generator().manual_seed(1)),
        [[0.063, 0.2543, 0.2669], [0.1949, 0.8121, 0.1159]],
    ),
    (
        lambda t, x: x.exponential_(lambd=2.0, generator=t.Generator().manual_seed(1)),
        [[0.0315, 0.1272, 0.1335], [0.0975, 0.406, 0.058]],
    ),
    (lambda t, x: x.bernoulli_(generator=t.Generator().manual_seed(1)), [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
    (lambda t, x: x.bernoulli_(0.25, generator=t.Generator().manual_seed(1)), [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
    (
        lambda t, x: x.bernoulli_(t.full((2, 3), 0.25), generator=t.Generator().manual_seed(1)),
        [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    ),
    (
        lambda t, x: x.bernoulli_(p=t.tensor([0.0, 0.5, 1.0]), generator=t.Generator().manual_seed(1)),
        [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]],
    ),
    (lambda t, x: x.long().random_(generator=t.Generator().manual_seed(1))[0, 0].item() >= 0, True),
    (lambda t, x: x.random_(10, generator=t.Generator().manual_seed(1)), [[5.0, 9.0, 4.0], [8.0, 3.0, 3.0]]),
    (lambda t, x: x.random_(2, 10, generator=t.Generator().manual_seed(1)), [[7.0, 5.0, 6.0], [2.0, 9.0, 3.0]]),
    (lambda t, x: x.random_(to=10, generator=t.Generator().manual_seed(1)), [[5.0, 9.0, 4.0], [8.0, 3.0, 3.0]]),
    (lambda t, x: t.multinomial(x[0], 3, generator=t.Generator().manual_seed(1)).shape, (3,)),
    (lambda t, x: t.set_rng_state(t.get_rng_state()) is None, True),
]
ERRORS = [
    (lambda t, x: t.rand(), TypeError, "rand() missing 1 required positional argument: 'size'; a"),
    (lambda t, x: t.rand("a"), TypeError, "rand(): argument 'size' must be tuple of ints, but found str"),
    (lambda t, x: t.rand(1.5), TypeError, "rand(): argument 'size' must be tuple of ints, but found"),
    (lambda t, x: t.rand(-1), RuntimeError, "Trying to create tensor with negative dimension -1: [-1]"),
    (
        lambda t, x: t.rand(2, dtype=t.int64),
        NotImplementedError,
        '"uniform_" not implemented for int64; expected a floating',
    ),
    (
        lambda t, x: t.randn(2, dtype=t.int64),
        NotImplementedError,
        '"normal_kernel_cpu" not implemented for int64; expected a',
    ),
    (lambda t, x: t.rand(2, 3, size=(1,)), TypeError, "rand() got multiple values for argument 'size'"),
    (lambda t, x: t.rand(2, generator=5), TypeError, "argument 'generator' must be tinygrad5329.Generator, not int"),
    (lambda t, x: t.randint(0, (3,)), RuntimeError, "random_ expects 'from' to be less than 'to', but got from=0"),
    (lambda t, x: t.randint(5, 2, (3,)), RuntimeError, "random_ expects 'from' to be less than 'to', but got from=5"),
    (lambda t, x: t.randint(5), TypeError, "randint() takes (high, size) or (low, high, size) with a"),
    (lambda t, x: t.randint(5, 3), TypeError, "randint() takes (high, size) or (low, high, size) with a"),
    (lambda t, x: t.randint((3,)), TypeError, "randint() takes (high, size) or (low, high, size) with a"),
    (lambda t, x: t.randint(1.5, (3,)), TypeError, "randint(): argument 'high' must be int, not float"),
    (
        lambda t, x: t.randint(0, 300, (3,), dtype=t.uint8),
        RuntimeError,
        "random_: to - 1 is out of bounds for uint8: got 299",
    ),
    (lambda t, x: t.randperm(-1), RuntimeError, "randperm: Trying to create tensor with negative dimension"),
    (lambda t, x: t.randperm(1.5), TypeError, "randperm(): argument 'n' must be int, not float"),
    (lambda t, x: t.rand_like(1), TypeError, "rand_like(): argument 'input' must be Tensor, not int"),
    (
        lambda t, x: t.rand_like(x.long()),
        NotImplementedError,
        '"uniform_" not implemented for int64; expected a floating',
    ),
    (lambda t, x: t.randint_like(x), TypeError, "randint() takes (high, size) or (low, high, size) with a"),
    (lambda t, x: t.randint_like(x, 5, 2), RuntimeError, "random_ expects 'from' to be less than 'to', but got from=5"),
    (lambda t, x: t.normal(0.0, 1.0), TypeError, "normal(): a size is needed when mean and std are numbers"),
    (lambda t, x: t.normal(0.0, -1.0, (3,)), RuntimeError, "normal expects all elements of std >= 0.0"),
    (lambda t, x: t.normal(x, -1.0), RuntimeError, "normal expects all elements of std >= 0.0"),
    (lambda t, x: t.normal(x, t.tensor([-1.0, 1.0, 1.0])), RuntimeError, "normal expects all elements of std >= 0.0"),
    (lambda t, x: t.normal(x, t.ones(2)), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (
        lambda t, x: t.normal(x.long(), 1.0),
        NotImplementedError,
        '"normal_kernel_cpu" not implemented for int64; expected a',
    ),
    (lambda t, x: t.normal("a", 1.0, (2,)), TypeError, "normal(): argument 'mean' must be Tensor or float, not str"),
    (lambda t, x: t.bernoulli(x), RuntimeError, "bernoulli: Expected p_in >= 0 && p_in <= 1 to be true, but"),
    (lambda t, x: t.bernoulli(x - 3), RuntimeError, "bernoulli: Expected p_in >= 0 && p_in <= 1 to be true, but"),
    (lambda t, x: t.bernoulli(x.long()), NotImplementedError, "bernoulli: expected a floating point tensor of"),
    (lambda t, x: x.bernoulli(1.5), RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p=1.5"),
    (lambda t, x: x.bernoulli(-0.5), RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p=-0.5"),
    (lambda t, x: x.bernoulli_(1.5), RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p=1.5"),
    (lambda t, x: t.bernoulli(1.0), TypeError, "bernoulli(): argument 'input' must be Tensor, not float"),
    (lambda t, x: t.multinomial(x[0], 0), RuntimeError, "multinomial: cannot sample n_sample <= 0 samples, got 0"),
    (lambda t, x: t.multinomial(x[0], 4), RuntimeError, "multinomial: cannot sample n_sample > prob_dist.size(-1)"),
    (lambda t, x: t.multinomial(x[0] - 1, 1), RuntimeError, "multinomial: probability tensor contains either `inf`,"),
    (
        lambda t, x: t.multinomial(t.zeros(3), 1),
        RuntimeError,
        "invalid multinomial distribution (sum of probabilities <= 0)",
    ),
    (
        lambda t, x: t.multinomial(x.long(), 1),
        RuntimeError,
        "multinomial only supports floating-point dtypes for input,",
    ),
    (
        lambda t, x: t.multinomial(x[None], 1),
        RuntimeError,
        "multinomial: prob_dist must be 1 or 2 dim, got shape (1, 2,",
    ),
    (
        lambda t, x: t.multinomial(t.tensor(1.0), 1),
        RuntimeError,
        "multinomial: prob_dist must be 1 or 2 dim, got shape ()",
    ),
    (
        lambda t, x: t.multinomial(t.zeros(0), 1),
        RuntimeError,
        "multinomial: cannot sample n_sample > prob_dist.size(-1)",
    ),
    (lambda t, x: x.uniform_(2, 1), RuntimeError, "uniform_ expects to return a [from, to) range, but found"),
    (lambda t, x: x.normal_(0, -1), RuntimeError, "normal expects std >= 0.0, but found std -1"),
    (lambda t, x: x.exponential_(0), RuntimeError, "exponential_ expects lambda > 0.0, but found lambda=0"),
    (lambda t, x: x.exponential_(-1), RuntimeError, "exponential_ expects lambda > 0.0, but found lambda=-1"),
    (
        lambda t, x: x.long().uniform_(),
        NotImplementedError,
        '"uniform_" not implemented for int64; expected a floating',
    ),
    (lambda t, x: x.long().normal_(), NotImplementedError, '"normal_kernel_cpu" not implemented for int64; expected a'),
    (lambda t, x: x.random_(0), RuntimeError, "random_ expects 'from' to be less than 'to', but got from=0"),
    (lambda t, x: x.random_(5, 2), RuntimeError, "random_ expects 'from' to be less than 'to', but got from=5"),
    (lambda t, x: x.random_(1, 2, 3), TypeError, "random_() takes a bound or two, `from` and `to`: got (1, 2,"),
    (lambda t, x: x.uniform_(1, 2, 3), TypeError, "uniform_() takes from 2 to 4 positional arguments but 5"),
    (lambda t, x: x.uniform_(a=1), TypeError, "uniform_() got an unexpected keyword argument 'a'"),
    (lambda t, x: x.normal_(foo=1), TypeError, "normal_() got an unexpected keyword argument 'foo'"),
    (lambda t, x: x.requires_grad_().normal_(), RuntimeError, "a leaf Variable that requires grad is being used in an"),
    (
        lambda t, x: x.requires_grad_().uniform_(),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an",
    ),
    (lambda t, x: x[0].expand(2, 3).normal_(), RuntimeError, "unsupported operation: more than one element of the"),
    (lambda t, x: t.rand(2, layout="a"), TypeError, "rand(): argument 'layout' must be layout, not str"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (lambda t, x: t.rand(2, device="cuda"), NoCudaError, "Torch not compiled with CUDA enabled"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refused_here_alone(call, error, message):
    check_error(tg, call, error, message)
