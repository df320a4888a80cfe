"""Every sample against PyTorch: values, dtypes, shapes, first and second gradients, promotion."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest

import tinygrad5329 as tg

from .samples import ENTRIES
from .samples.calls import outputs, tensors, weights

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

CASES = [
    pytest.param(entry, each, id=f"{name}-{each}")
    for name, entry in ENTRIES.items()
    if entry.torch
    for each in entry.samples
]
every_case = pytest.mark.parametrize(("entry", "sample"), CASES)
# A variance of nothing is NaN in both libraries, and PyTorch warns once a process, whichever test comes first.
pytestmark = pytest.mark.filterwarnings("ignore:(var|std).*degrees of freedom")


def theirs(inputs):
    """The same tensors in PyTorch."""
    return [torch.tensor(t.detach().numpy(), requires_grad=t.requires_grad) for t in inputs]


def agree(ours, oracle, *, rtol=1e-9, atol=1e-10, what="value"):
    assert ours.dtype.name == str(oracle.dtype).removeprefix("torch."), f"dtype of the {what}"
    assert tuple(ours.shape) == tuple(oracle.shape), f"shape of the {what}"
    np.testing.assert_allclose(
        ours.detach().numpy().astype(np.float64),
        oracle.detach().double().numpy(force=True),
        rtol=rtol,
        atol=atol,
        err_msg=what,
    )


def first_and_second(library, inputs, outs):
    """The gradients of the weighted outputs, and those of the sum of their squares."""
    seeds = [library.tensor(w, dtype=out.dtype) for w, out in zip(weights(outs), outs, strict=True)]
    wanted = [t for t in inputs if t.requires_grad]
    pairs = [(out, s) for out, s in zip(outs, seeds, strict=True) if out.requires_grad]
    first = library.autograd.grad(
        [out for out, _ in pairs], wanted, [s for _, s in pairs], create_graph=True, allow_unused=True
    )
    again = [g for g in first if g is not None and g.requires_grad]
    if not again:
        return first, [None] * len(wanted)
    total = sum((g * g).sum() for g in again)
    return first, library.autograd.grad(total, wanted, allow_unused=True)


def agree_or_zero(ours, oracle, what, **tolerance):
    """A gradient that PyTorch leaves out may be zero here, and the other way round."""
    if ours is None or oracle is None:
        for g in (ours, oracle):
            assert g is None or not g.detach().numpy(force=True).any(), what
        return
    agree(ours, oracle, what=what, **tolerance)


@every_case
def test_values_and_gradients(entry, sample):
    inputs = tensors(sample)
    others = theirs(inputs)
    outs, oracles = outputs(entry, inputs, sample), outputs(entry, others, sample, torch)
    if entry.oracle_lacks:
        for out, oracle in zip(outs, oracles, strict=True):
            agree(out, oracle)
        return
    assert len(outs) == len(oracles)
    for out, oracle in zip(outs, oracles, strict=True):
        agree(out, oracle)
        assert out.requires_grad == oracle.requires_grad
    first, second = first_and_second(tg, inputs, outs)
    first_oracle, second_oracle = first_and_second(torch, others, oracles)
    for i, (a, b) in enumerate(zip(first, first_oracle, strict=True)):
        agree_or_zero(a, b, f"gradient {i}")
    for i, (a, b) in enumerate(zip(second, second_oracle, strict=True)):
        agree_or_zero(a, b, f"second gradient {i}", rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@every_case
def test_single_and_half_precision(entry, sample, dtype):
    if (dtype == "float16" and not entry.half) or entry.oracle_lacks:
        return
    inputs = tensors(sample, dtype)
    others = theirs(inputs)
    try:
        oracles = outputs(entry, others, sample, torch)
    except (RuntimeError, NotImplementedError) as error:
        assert "Half" in str(error) or "not implemented" in str(error), error
        return
    outs = outputs(entry, inputs, sample)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == "float32" else {"rtol": 2e-2, "atol": 1e-2}
    for out, oracle in zip(outs, oracles, strict=True):
        agree(out, oracle, **tolerance)
    wanted, wanted_oracle = ([t for t in each if t.requires_grad] for each in (inputs, others))
    pairs = [(a, b, w) for a, b, w in zip(outs, oracles, weights(outs), strict=True) if a.requires_grad]
    ours = tg.autograd.grad(
        [a for a, _, _ in pairs], wanted, [tg.tensor(w, dtype=a.dtype) for a, _, w in pairs], allow_unused=True
    )
    oracle = torch.autograd.grad(
        [b for _, b, _ in pairs],
        wanted_oracle,
        [torch.tensor(w, dtype=b.dtype) for _, b, w in pairs],
        allow_unused=True,
    )
    loose = {"rtol": 1e-3, "atol": 1e-4} if dtype == "float32" else {"rtol": 5e-2, "atol": 5e-2}
    for i, (a, b) in enumerate(zip(ours, oracle, strict=True)):
        agree_or_zero(a, b, f"gradient {i}", **loose)


# --- integers and bools ----------------------------------------------------------------------------------

KINDS = {"b": ["bool"], "i": ["int8", "int16", "int32", "int64"], "u": ["uint8"]}


@pytest.mark.parametrize(
    ("entry", "sample", "dtype"),
    [
        pytest.param(entry, entry.samples[0], dtype, id=f"{name}-{dtype}")
        for name, entry in ENTRIES.items()
        if entry.torch and entry.kinds
        for kind in entry.kinds
        for dtype in KINDS[kind]
    ],
)
def test_integers_and_bools(entry, sample, dtype):
    drawn = [np.abs(array * 2).astype(dtype) if array.dtype.kind == "f" else array for array in sample.draw()]
    drawn = [np.where(array == 0, np.ones_like(array), array) if i else array for i, array in enumerate(drawn)]
    with np.errstate(all="ignore"):
        outs = outputs(entry, [tg.tensor(each) for each in drawn], sample)
    oracles = outputs(entry, [torch.tensor(each) for each in drawn], sample, torch)
    for out, oracle in zip(outs, oracles, strict=True):
        agree(out, oracle, rtol=1e-5, atol=1e-6)


# --- promotion -------------------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
SCALARS = [True, 2, 2.5, -1]
BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "eq": operator.eq,
    "lt": operator.lt,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}
NAMED = ["maximum", "minimum", "fmod", "true_divide", "atan2", "logical_and", "bitwise_and", "hypot", "copysign"]


def operand(library, dtype, shape):
    return library.tensor(np.array([1, 2, 3][: shape[0]] if shape else 2).astype(dtype))


def both(function):
    """What the two libraries make of a call: results that agree, or an error of the same type."""
    found = []
    for library in (tg, torch):
        try:
            found.append(function(library))
        except (RuntimeError, TypeError, NotImplementedError, ZeroDivisionError) as error:
            found.append(error)
    ours, oracle = found
    if isinstance(oracle, Exception):
        assert isinstance(ours, Exception), f"PyTorch raises {oracle!r}; here the result is {ours}"
        assert type(ours) is type(oracle), f"PyTorch raises {oracle!r}; here it is {ours!r}"
    else:
        assert not isinstance(ours, Exception), f"raises {ours!r}; PyTorch's result is {oracle}"
        tolerance = 2e-3 if ours.dtype is tg.float16 else 1e-5
        agree(ours, oracle, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("a", DTYPES)
@pytest.mark.parametrize("name", [*BINARY, *NAMED])
def test_promotion_of_tensors(name, a):
    function = BINARY.get(name)
    if function is None and not hasattr(tg, name):
        pytest.skip(f"the engine has no {name}")
    for b, shapes in itertools.product(DTYPES, [((3,), (3,)), ((3,), ()), ((), (3,)), ((), ())]):
        with np.errstate(all="ignore"):
            both(
                lambda t, b=b, shapes=shapes: (function or getattr(t, name))(
                    operand(t, a, shapes[0]), operand(t, b, shapes[1])
                )
            )


@pytest.mark.parametrize("a", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_promotion_with_python_numbers(name, a):
    function = BINARY[name]
    for scalar, shape in itertools.product(SCALARS, [(3,), ()]):
        with np.errstate(all="ignore"):
            both(lambda t, scalar=scalar, shape=shape: function(operand(t, a, shape), scalar))
            both(lambda t, scalar=scalar, shape=shape: function(scalar, operand(t, a, shape)))


@pytest.mark.parametrize("a", DTYPES)
def test_promotion_of_where_cat_and_stack(a):
    for b in DTYPES:
        both(lambda t, b=b: t.where(t.tensor([True, False, True]), operand(t, a, (3,)), operand(t, b, (3,))))
        both(lambda t, b=b: t.where(t.tensor([True, False, True]), operand(t, a, (3,)), operand(t, b, ())))
        both(lambda t, b=b: t.cat([operand(t, a, (3,)), operand(t, b, (3,))]))
        both(lambda t, b=b: t.stack([operand(t, a, (3,)), operand(t, b, (3,))]))
        both(lambda t, b=b: operand(t, a, (3,)).to(getattr(t, b)))
    for scalar in SCALARS:
        both(lambda t, scalar=scalar: t.where(t.tensor([True, False, True]), operand(t, a, (3,)), scalar))
        both(lambda t, scalar=scalar: t.clamp(operand(t, a, (3,)), min=scalar))


@pytest.mark.parametrize("a", DTYPES)
@pytest.mark.parametrize("name", ["add_", "sub_", "mul_", "div_", "copy_", "clamp_", "fill_"])
def test_promotion_in_place(name, a):
    values = [lambda t, b=b: operand(t, b, (3,)) for b in DTYPES]
    values += [lambda t, b=b: operand(t, b, ()) for b in DTYPES] + [lambda t, s=s: s for s in SCALARS]
    if name == "copy_":
        values = values[: 2 * len(DTYPES)]
    elif name == "fill_":
        values = values[len(DTYPES) :]
    for value in values:
        with np.errstate(all="ignore"):
            both(lambda t, value=value: getattr(operand(t, a, (3,)), name)(value(t)))


def test_result_type_and_promote_types_of_all_pairs():
    for a, b in itertools.product(DTYPES, DTYPES):
        ours, oracle = (
            tg.promote_types(getattr(tg, a), getattr(tg, b)),
            torch.promote_types(getattr(torch, a), getattr(torch, b)),
        )
        assert ours.name == str(oracle).removeprefix("torch."), (a, b)
        assert tg.can_cast(getattr(tg, a), getattr(tg, b)) == torch.can_cast(getattr(torch, a), getattr(torch, b)), (
            a,
            b,
        )
