"""gradcheck: that it passes what is right, and what it says about planted mistakes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import GradcheckError, gradcheck, gradgradcheck
from tinygrad5329.autograd.gradcheck import _Check
from tinygrad5329.ops.primitive import REGISTRY, Primitive
from tinygrad5329.tensor import wrap


@pytest.fixture
def plant():
    """Make primitives with wrong rules; they leave the registry with the test."""
    names = []

    def make(forward, *rules, **options):
        names.append(f"planted_{len(names)}")
        return Primitive(names[-1], forward, *rules, **options)

    yield make
    for name in names:
        del REGISTRY[name]


def leaf(*shape, seed=0, low=0.5, high=1.5, dtype=np.float64):
    values = np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)
    return tg.tensor(values, requires_grad=True)


def failure(func, *inputs, check=gradcheck, **options):
    assert check(func, inputs, raise_exception=False, **options) is False
    with pytest.raises(GradcheckError) as caught:
        check(func, inputs, **options)
    return str(caught.value)


def test_right_gradients_pass():
    x, y = leaf(2, 3), leaf(3, seed=1)
    assert gradcheck(lambda x, y: (x * y).sum(0) / x.mean(), (x, y)) is True
    assert gradgradcheck(lambda x, y: (x * y).sum(0) / x.mean(), (x, y)) is True
    assert gradcheck(lambda x: [x.exp(), x.log()], [x]) is True


def test_inputs_are_restored_and_may_be_closed_over():
    x, y = leaf(2), leaf(2, seed=1)
    before = x.tolist()
    assert gradcheck(lambda *_: x * y, (x, y))
    assert x.tolist() == before
    assert x.grad is None


def test_non_contiguous_zero_size_and_0d_inputs():
    assert gradcheck(lambda x: x * x, tg.tensor(np.random.rand(3, 2).T, requires_grad=True))
    assert gradcheck(lambda x: x * 2, leaf(0, 3))
    assert gradcheck(lambda x: x * x, leaf())
    assert gradgradcheck(lambda x: x**3, leaf(2, 2), gen_non_contig_grad_outputs=True)


def test_the_message_names_output_input_and_element(plant):
    # The third element alone is wrong.
    op = plant(lambda xp, x, y: x * y, lambda xp, g, y: g * y, lambda xp, g, x: g * x * np.array([1.0, 1.0, 0.5]))
    x, y = tg.tensor([1.0, 1, 1], dtype=tg.float64), tg.tensor([1.0, 2, 3], dtype=tg.float64, requires_grad=True)
    text = failure(lambda y: (y.sin(), op(x.clone().requires_grad_(), y)), y)
    assert "output 1 with respect to input 0" in text
    assert "1 of 9 entries differ" in text
    assert "d output[1][2] / d input[0][2]" in text
    assert "analytical: 0.5" in text
    assert "numerical:  1" in text
    assert "1 of the 3 elements of the input" in text


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        (lambda xp, g, x: -2 * g * x, "the sign is flipped"),
        (lambda xp, g, x: g * x, "numeric value is twice the analytic: a contribution is missing"),
        (lambda xp, g, x: 4 * g * x, "the analytic value is twice the numeric: a contribution is counted twice"),
        (lambda xp, g, x: g * 0, "the gradient is zero everywhere"),
        (lambda xp, g, x: g * x * 3.0, "the analytic gradient is 1.5 times the numeric one"),
        (lambda xp, g, x: g * x * x, "the rule is not the derivative of the forward"),
        (lambda xp, g, x: g * x / 0.0, "the rule gives NaN or an infinity where the function is smooth"),
        (lambda xp, g, x: (2 * g * x).T, "the gradient is transposed"),
        (lambda xp, g, x: xp.where(x > 1, 2 * g * x, 0.0), "part of the input gets no gradient"),
        (lambda xp, g, x: x + g, "the rule is not the derivative of the forward"),
    ],
)
def test_likely_causes(plant, rule, cause):
    op = plant(lambda xp, x: x * x, rule)
    assert cause in failure(lambda x: op(x), leaf(3, 3))


def test_a_missing_contribution_of_an_input_used_twice(plant):
    op = plant(lambda xp, x, y: x * y, lambda xp, g, y: g * y, lambda xp, g, x: g * 0)
    assert "numeric value is twice the analytic" in failure(lambda x: op(x, x), leaf(3))


def test_a_gradient_laid_out_in_the_wrong_order(plant):
    op = plant(lambda xp, x: x * x, lambda xp, g, x: np.ascontiguousarray((2 * g * x).T).reshape(x.shape))
    assert "the gradient is transposed" in failure(lambda x: op(x), leaf(2, 3))


def test_a_kink():
    x = tg.tensor([1.0, 0.0], dtype=tg.float64, requires_grad=True)
    text = failure(lambda x: x.clamp(min=0), x)
    assert "looks like a kink: the slope is 0 on the left and 1 on the right" in text
    assert "input[0][1]" in text


def test_the_border_of_the_domain():
    assert "not finite near this point" in failure(lambda x: x.log(), leaf(2, low=0, high=1e-12))


def test_single_precision():
    x = leaf(3, dtype=np.float32)
    with pytest.warns(UserWarning, match="not a double precision"), pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x: x**3, x)
    assert "float32 cannot resolve such small steps; pass float64" in str(caught.value)


def test_a_function_that_rounds_inside():
    text = failure(lambda x: (x.float() * 3).exp(), leaf(3))
    assert "float32 cannot resolve such small steps" in text


def test_no_path():
    x, y = leaf(3), leaf(3, seed=1)
    text = failure(lambda x, y: x * y.detach(), x, y)
    assert "with respect to input 1" in text
    assert "analytical: None" in text
    assert "look for detach()" in text


def test_an_output_without_gradient_must_not_depend_on_the_input():
    assert "expected to be zero" in failure(lambda x: x.detach() * 2, leaf(3))
    assert gradcheck(lambda x: (x * 2, tg.ones(2), x.argmax()), leaf(3))


def test_functions_that_are_not_deterministic():
    noise = itertools.count()
    text = failure(lambda x: x * (1 + 0.1 * next(noise)), leaf(3))
    assert "not reentrant" in text
    assert "not deterministic" in text


def test_rules_that_are_not_deterministic(plant):
    count = itertools.count()
    op = plant(lambda xp, x: x * 2, lambda xp, g: g * (2 + 1e-7 * next(count)))
    text = failure(lambda x: op(x), leaf(1))
    assert "the gradient of output 0 for input 0 differs" in text
    assert gradcheck(lambda x: op(x), leaf(1), nondet_tol=1e-5)


def test_a_rule_that_ignores_g(plant):
    op = plant(lambda xp, x: x * 2, lambda xp, g: g * 0 + 2)
    text = failure(lambda x: op(x), leaf(1))
    assert "backward not multiplied by grad_output" in text


def test_an_input_changed_in_place():
    def func(x):
        x.detach().mul_(2)
        return x * 1

    assert "changes input 0 in place" in failure(func, leaf(2))


def test_gradient_shape_and_dtype(plant):
    wide = plant(lambda xp, x: x * 2, lambda xp, g: np.zeros((2, *g.shape)))
    assert "has shape (2, 3), the input (3,)" in failure(lambda x: wide(x), leaf(3))
    half = plant(lambda xp, x: x * 2, lambda xp, g: (g * 2).astype(np.float32))
    assert gradcheck(lambda x: half(x), leaf(3))
    assert "float32" in failure(lambda x: half(x), leaf(3), check_grad_dtypes=True)


def test_an_output_without_gradient_counts_as_one_with_zeros():
    def func(x):
        first, second = (x * 6).split([1, 2])
        if hooked:
            second.register_hook(lambda g: g + 1)
        return first, second

    hooked = False
    assert gradcheck(func, leaf(3))
    hooked = True
    check = _Check(func, (leaf(3),), 1e-6, 1e-5, 1e-3, 0.0)
    with pytest.raises(GradcheckError, match=r"output 0 alone has one than if the other outputs have zeros"):
        check.undefined_as_zero(list(func(*check.inputs)))


def test_second_derivatives(plant):
    # The first derivative is right; its own is lost because the rule looks at x as a constant.
    op = plant(lambda xp, x: x**3, lambda xp, g, x: g * (3 * np.asarray(getattr(x, "_array", x)) ** 2))
    x = leaf(3)
    assert gradcheck(lambda x: op(x), x)
    text = failure(lambda x: op(x), x, check=gradgradcheck)
    assert "gradient is None" in text


def test_given_grad_outputs():
    x = leaf(3)
    assert gradgradcheck(lambda x: x**3, x, tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64))
    with pytest.raises(ValueError, match="2 grad_outputs for 1 outputs"):
        gradgradcheck(lambda x: x**3, x, [x, x])


@pytest.mark.parametrize(
    "flag", ["check_batched_grad", "check_batched_forward_grad", "check_forward_ad", "fast_mode", "masked"]
)
def test_unsupported_flags_are_errors(flag):
    with pytest.raises(RuntimeError, match=f"{flag}=True is not supported"):
        gradcheck(lambda x: x, leaf(1), **{flag: True})


def test_unsupported_flags_of_gradgradcheck_are_errors():
    for flag in ("check_fwd_over_rev", "fast_mode", "check_batched_grad", "masked"):
        with pytest.raises(RuntimeError, match=f"{flag}=True is not supported"):
            gradgradcheck(lambda x: x * x, leaf(1), **{flag: True})
    with pytest.raises(ValueError, match="at least one of"):
        gradgradcheck(lambda x: x, leaf(1), check_rev_over_rev=False)
    with pytest.raises(ValueError, match="at least one of"):
        gradcheck(lambda x: x, leaf(1), check_backward_ad=False)


def test_unusable_inputs_are_errors():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, tg.ones(2))
    with pytest.raises(ValueError, match="returned float"):
        gradcheck(lambda x: 1.0, leaf(1))
    stretched = tg.ones(1, dtype=tg.float64).expand(3).requires_grad_()
    with pytest.raises(RuntimeError, match="stride 0"):
        gradcheck(lambda x: x, stretched)
    frozen = np.ones(2)
    frozen.flags.writeable = False
    with pytest.raises(RuntimeError, match="read-only"):
        gradcheck(lambda x: x, wrap(frozen).requires_grad_())


def test_it_draws_from_no_global_generator():
    before = tg.default_generator.get_state().tolist()
    gradgradcheck(lambda x: x * x, leaf(2))
    assert tg.default_generator.get_state().tolist() == before


def test_it_works_inside_no_grad():
    with tg.no_grad():
        assert gradcheck(lambda x: x * x, leaf(2))
