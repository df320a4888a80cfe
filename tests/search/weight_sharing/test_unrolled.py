from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.func import functional_call
from tinygrad5329.search.weight_sharing.stack_supernet import StackSupernet
from tinygrad5329.search.weight_sharing.unrolled import VirtualStep, exact, finite_difference, first_order


@pytest.fixture
def problem(stack_space):
    """Losses of a training and a validation batch in float64, weights, alphas, and a step with momentum."""
    tg.manual_seed(3)
    net = StackSupernet(stack_space, 6, 2).double()
    weights = {name: each.detach() for name, each in net.named_parameters()}
    alphas = [tg.randn(len(each.values), dtype=tg.float64, requires_grad=True) for each in net.slots.values()]
    step = VirtualStep(0.3, 0.9, 1e-2, {name: 0.1 * tg.randn_like(each) for name, each in weights.items()})

    def loss():
        inputs, targets = tg.randn(9, 6, dtype=tg.float64), tg.randint(0, 2, (9,))

        def of(weights, alphas):
            mixture = {path: tg.softmax(each, 0) for path, each in zip(net.slots, alphas, strict=True)}
            return tg.nn.functional.cross_entropy(functional_call(net, dict(weights), (inputs, mixture)), targets)

        return of

    return loss(), loss(), weights, alphas, step


def unrolled_loss(train, validation, weights, alphas, step):
    """The validation loss after the step, written out anew."""
    leaves = {name: each.clone().requires_grad_() for name, each in weights.items()}
    train(leaves, alphas).backward()
    ahead = {
        name: weights[name] - step.lr * (0.9 * step.buffers[name] + leaf.grad + 1e-2 * weights[name])
        for name, leaf in leaves.items()
    }
    return float(validation(ahead, alphas))


def flat(tensors):
    return tg.cat([each.detach().reshape(-1) for each in tensors])


def test_exact_and_finite_difference_agree_with_each_other_and_with_a_numerical_derivative(problem):
    train, validation, weights, alphas, step = problem
    precise = flat(exact(*problem))
    assert tg.allclose(flat(finite_difference(*problem, epsilon=1e-4)), precise, rtol=1e-6, atol=1e-9)
    numerical = []
    for number, alpha in enumerate(alphas):
        for place in range(alpha.numel()):
            sides = []
            for sign in (1, -1):
                moved = [each.detach().clone() for each in alphas]
                moved[number][place] += sign * 1e-5
                sides.append(unrolled_loss(train, validation, weights, moved, step))
            numerical.append((sides[0] - sides[1]) / 2e-5)
    assert tg.allclose(tg.tensor(numerical, dtype=tg.float64), precise, rtol=1e-5, atol=1e-9)
    # Without the look ahead it is another gradient, so that the agreement says something.
    assert float((flat(first_order(validation, weights, alphas)) - precise).norm() / precise.norm()) > 0.05


def test_the_papers_epsilon_is_close(problem):
    precise = flat(exact(*problem))
    assert float((flat(finite_difference(*problem)) - precise).norm() / precise.norm()) < 1e-3


def test_without_a_step_all_are_the_first_order(problem):
    train, validation, weights, alphas, step = problem
    still = VirtualStep(0.0, step.momentum, step.weight_decay, step.buffers)
    expected = flat(first_order(validation, weights, alphas))
    assert tg.allclose(flat(exact(train, validation, weights, alphas, still)), expected)
    assert tg.allclose(flat(finite_difference(train, validation, weights, alphas, still)), expected)


def test_neither_weights_nor_alphas_are_touched(problem):
    _, _, weights, alphas, _ = problem
    before = flat([*weights.values(), *alphas])
    exact(*problem)
    finite_difference(*problem)
    assert tg.equal(flat([*weights.values(), *alphas]), before)
    assert all(each.grad is None for each in [*weights.values(), *alphas])
