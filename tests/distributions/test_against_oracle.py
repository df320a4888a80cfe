"""Every distribution against PyTorch: densities, moments, shapes, draws and gradients."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad5329 as tg

from .cases import CASES, tensor

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
everywhere = pytest.mark.parametrize("name", CASES)

#: Their draws come from algorithms that go element by element in PyTorch.
OTHER_STREAM = {"Gamma", "Chi2", "Beta", "Dirichlet", "StudentT", "Poisson", "Binomial", "Binomial logits"}


def outcome(function):
    """What a call returns as an array, or the type of the exception."""
    try:
        result = function()
    except (NotImplementedError, AttributeError) as error:
        return NotImplementedError if isinstance(error, AttributeError) else type(error)
    return result.detach().numpy() if hasattr(result, "detach") else result


def same(ours, theirs, **tolerance):
    if isinstance(theirs, np.ndarray):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, **{"rtol": 1e-9, "atol": 1e-12, **tolerance})
    else:
        assert ours == theirs


@everywhere
@pytest.mark.parametrize(
    "question", ["mean", "mode", "variance", "stddev", "entropy", "perplexity", "cdf", "icdf", "enumerate_support"]
)
def test_answers(name, question):
    answers = []
    for library in (tg, torch):
        distribution, _ = CASES[name].build(library, name)
        value = tensor(library, CASES[name].values)
        if question == "icdf":
            value = tensor(library, 0.3)

        def ask(distribution=distribution, value=value):
            found = getattr(distribution, question)
            return (found(value) if "cdf" in question else found()) if callable(found) else found

        answers.append(outcome(ask))
    # PyTorch computes with the number of draws in single precision there.
    same(*answers, rtol=2e-7 if name == "Multinomial" else 1e-9)


@everywhere
def test_log_prob_and_its_gradients(name):
    results = []
    for library in (tg, torch):
        distribution, parameters = CASES[name].build(library, name)
        is_discrete = distribution.support.is_discrete
        value = tensor(library, CASES[name].values, grad=not is_discrete)
        log_prob = distribution.log_prob(value)
        wanted = [*parameters.values()] + [value] * (not is_discrete)
        grads = library.autograd.grad(log_prob.sin().sum(), wanted, allow_unused=True)
        results.append([log_prob.detach().numpy(), *(g if g is None else g.numpy() for g in grads)])
    for ours, theirs in zip(*results, strict=True):
        if theirs is None:
            assert ours is None or not ours.any()
        else:
            same(ours, theirs, rtol=1e-8)


@everywhere
def test_shapes_and_names(name):
    ours, theirs = (CASES[name].build(library, name)[0] for library in (tg, torch))
    for attribute in ("batch_shape", "event_shape", "has_rsample", "has_enumerate_support"):
        found, wanted = getattr(ours, attribute), getattr(theirs, attribute)
        assert (found if isinstance(found, bool) else tuple(found)) == (
            wanted if isinstance(wanted, bool) else tuple(wanted)
        )
    assert repr(ours).replace("tinygrad5329", "torch") == repr(theirs)
    assert repr(ours.support).split("tensor(")[0] == repr(theirs.support).split("tensor(")[0]
    assert ours.support.event_dim == theirs.support.event_dim


@everywhere
def test_expand(name):
    results = []
    for library in (tg, torch):
        distribution, _ = CASES[name].build(library, name)
        expanded = distribution.expand((4, 1 if name.startswith("Trans") else 2, *distribution.batch_shape))
        value = tensor(library, CASES[name].values)
        value = value.reshape(-1, *value.shape[value.dim() - len(expanded.event_shape) - 1 :])[:1]
        assert type(expanded) is type(distribution)
        results.append((tuple(expanded.batch_shape), expanded.log_prob(value).detach().numpy()))
        library.manual_seed(0)
        assert tuple(expanded.sample((2,)).shape) == (2, *expanded.batch_shape, *expanded.event_shape)
    assert results[0][0] == results[1][0]
    same(results[0][1], results[1][1])


@everywhere
@pytest.mark.parametrize("shape", [(), (3,), (2, 5)])
def test_draws(name, shape):
    results = []
    for library in (tg, torch):
        distribution, parameters = CASES[name].build(library, name)
        library.manual_seed(7)
        draws = [distribution.sample(shape)]
        assert not draws[0].requires_grad
        if distribution.has_rsample:
            value = distribution.rsample(shape)
            grads = library.autograd.grad(value.sin().sum(), list(parameters.values()), allow_unused=True)
            draws += [value.detach(), *(g for g in grads if g is not None)]
        results.append([d.numpy() for d in draws])
    for ours, theirs in zip(*results, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        if name not in OTHER_STREAM:
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("pair", [(p, q) for p in CASES for q in CASES if " " not in p + q], ids=" ".join)
def test_divergences(pair):
    results = []
    for library in (tg, torch):
        p, q = (CASES[name].build(library, name)[0] for name in pair)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            results.append(outcome(lambda p=p, q=q, library=library: library.distributions.kl_divergence(p, q)))
    if results[1] is not NotImplementedError:
        same(*results, rtol=1e-8)
    else:
        assert results[0] is NotImplementedError


@pytest.mark.parametrize(
    "make",
    [
        lambda l: l.distributions.Normal(0.0, -1.0),
        lambda l: l.distributions.Normal(l.zeros(2), l.tensor([1.0, 0.0])),
        lambda l: l.distributions.Normal(0.0, 1.0).log_prob(l.tensor(float("nan"))),
        lambda l: l.distributions.Normal(l.zeros(3), 1.0).log_prob(l.zeros(2)),
        lambda l: l.distributions.Normal(0.0, 1.0).log_prob(0.5),
        lambda l: l.distributions.Normal("a", 1.0),
        lambda l: l.distributions.Uniform(1.0, 0.0),
        lambda l: l.distributions.Uniform(0.0, 1.0).log_prob(l.tensor(2.0)),
        lambda l: l.distributions.Bernoulli(1.5),
        lambda l: l.distributions.Bernoulli(),
        lambda l: l.distributions.Bernoulli(0.5, 0.0),
        lambda l: l.distributions.Bernoulli(0.5).log_prob(l.tensor(0.5)),
        lambda l: l.distributions.Categorical(l.tensor(0.5)),
        lambda l: l.distributions.Categorical(l.tensor([-0.5, 1.0])),
        lambda l: l.distributions.Categorical(l.ones(3)).log_prob(l.tensor(3)),
        lambda l: l.distributions.MultivariateNormal(l.tensor(0.0), l.eye(2)),
        lambda l: l.distributions.MultivariateNormal(l.zeros(2)),
        lambda l: l.distributions.MultivariateNormal(l.zeros(2), l.zeros(2)),
        lambda l: l.distributions.MultivariateNormal(l.zeros(2), -l.eye(2)),
        lambda l: l.distributions.MultivariateNormal(l.zeros(2), scale_tril=l.ones(2, 2)),
        lambda l: l.distributions.MultivariateNormal(l.zeros(2), l.eye(2)).log_prob(l.zeros(3)),
        lambda l: l.distributions.Independent(l.distributions.Normal(0.0, 1.0), 1),
        lambda l: l.distributions.Geometric(0.0),
        lambda l: l.distributions.kl_divergence(l.distributions.Normal(0.0, 1.0), l.distributions.Bernoulli(0.5)),
        lambda l: l.distributions.TransformedDistribution(l.distributions.Normal(0.0, 1.0), 3),
        lambda l: l.distributions.transform_to(l.distributions.constraints.one_hot),
        lambda l: l.distributions.ExpTransform(cache_size=2),
    ],
)  # fmt: skip
def test_errors(make):
    errors = []
    for library in (tg, torch):
        with pytest.raises(Exception) as caught:
            make(library)
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1])
    if type(errors[1]) is ValueError and "Input arguments" not in str(errors[1]):
        first = [str(e).splitlines()[0].replace("tinygrad5329", "torch") for e in errors]
        assert first[0].replace("torch.Size", "") == first[1].replace("torch.Size", "")


TRANSFORMS = {
    "Exp": lambda D: D.ExpTransform(),
    "Sigmoid": lambda D: D.SigmoidTransform(),
    "Tanh": lambda D: D.TanhTransform(),
    "Softplus": lambda D: D.SoftplusTransform(),
    "Affine": lambda D: D.AffineTransform(1.0, -2.0),
    "Affine event": lambda D: D.AffineTransform(1.0, -2.0, event_dim=1),
    "Compose": lambda D: D.ComposeTransform([D.AffineTransform(1.0, 2.0), D.TanhTransform()]),
    "Independent": lambda D: D.IndependentTransform(D.ExpTransform(), 1),
    "Stick": lambda D: D.StickBreakingTransform(),
    "Corr": lambda D: D.CorrCholeskyTransform(),
    "Reshape": lambda D: D.ReshapeTransform((3,), (3, 1)),
    "Cat": lambda D: D.CatTransform([D.ExpTransform(), D.TanhTransform()], dim=-1, lengths=[1, 2]),
    "Stack": lambda D: D.StackTransform([D.ExpTransform(), D.TanhTransform(), D.SigmoidTransform()], dim=-1),
    "Cdf": lambda D: D.CumulativeDistributionTransform(D.Normal(0.0, 1.0)),
    "Softmax": lambda D: D.SoftmaxTransform(),
    "Abs": lambda D: D.AbsTransform(),
    "Inverse": lambda D: D.ExpTransform().inv.inv,
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name):
    results = []
    for library in (tg, torch):
        transform = TRANSFORMS[name](library.distributions)
        x = tensor(library, [[-1.2, 0.3, 0.8], [0.1, 1.5, -0.4]], grad=True)
        y = transform(x)
        answers = [y, transform.inv(y), outcome(lambda t=transform, x=x, y=y: t.log_abs_det_jacobian(x, y))]
        answers.append(library.autograd.grad(y.sin().sum(), x)[0])
        answers.append(tuple(transform.forward_shape((2, 3))))
        answers.append(outcome(lambda t=transform: t.sign))
        results.append([a.detach().numpy() if hasattr(a, "detach") else a for a in answers])
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize(
    "constraint",
    [
        lambda c: c.real,
        lambda c: c.real_vector,
        lambda c: c.positive,
        lambda c: c.nonnegative,
        lambda c: c.greater_than(2.0),
        lambda c: c.less_than(-1.0),
        lambda c: c.unit_interval,
        lambda c: c.interval(-2.0, 5.0),
        lambda c: c.simplex,
        lambda c: c.corr_cholesky,
    ],
)  # fmt: skip
def test_transforms_of_constraints(registry, constraint):
    results = []
    for library in (tg, torch):
        each = constraint(library.distributions.constraints)
        y = getattr(library.distributions, registry)(each)(tensor(library, [[-1.2, 0.3, 0.8]]))
        assert bool(each.check(y).all())
        results.append(y.numpy())
    same(*results)
