"""Parametrisations: the mechanism, and weight norm, spectral norm and orthogonal matrices."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).t()

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x

    def right_inverse(self, x):
        return x / 2


class Product(nn.Module):
    def forward(self, a, b):
        return a * b

    def right_inverse(self, x):
        return x.clone(), tg.ones_like(x)


class Counted(nn.Module):
    calls = 0

    def forward(self, x):
        Counted.calls += 1
        return x * 1


def square(*parametrizations):
    tg.manual_seed(0)
    layer = nn.Linear(3, 3)
    for each in parametrizations:
        parametrize.register_parametrization(layer, "weight", each)
    return layer


def test_registration():
    layer = square(Symmetric())
    weight = layer.weight
    assert (weight == weight.t()).all()
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    assert type(layer).__name__ == "ParametrizedLinear"
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert [name for name, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]
    layer(tg.ones(1, 3)).sum().backward()
    gradient = layer.parametrizations.weight.original.grad
    assert not gradient.tril(-1).numpy().any()
    assert (gradient != 0).any()


def test_the_original_stays_the_optimizers_parameter():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.parametrizations.weight.original is weight
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight is weight
    assert (weight == weight.t()).all()
    assert type(layer) is nn.Linear


def test_assignment_goes_through_the_inverses():
    layer = square(Symmetric(), Doubled())
    wanted = tg.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]])
    layer.weight = wanted
    assert layer.weight.tolist() == wanted.tolist()
    assert layer.parametrizations.weight.original.tolist() == [[0.5, 1, 1.5], [0, 2, 2.5], [0, 0, 3]]
    plain = square(Counted())
    with pytest.raises(RuntimeError, match="does not implement right_inverse"):
        plain.weight = wanted


def test_several_originals():
    layer = square(Product())
    before = layer.weight.tolist()
    assert list(layer.state_dict()) == [
        "bias",
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ]
    assert layer.parametrizations.weight.original1.requires_grad
    with pytest.raises(ValueError, match="sequence of tensors"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight.tolist() == before
    assert isinstance(layer.weight, nn.Parameter)


def test_caching():
    layer = square(Counted())
    Counted.calls = 0
    with parametrize.cached():
        assert layer.weight is layer.weight
        with parametrize.cached():
            layer(tg.ones(1, 3))
    assert Counted.calls == 1
    assert layer.weight is not layer.weight


def test_copying_and_state():
    layer = square(Symmetric())
    twin = copy.deepcopy(layer)
    assert twin.weight.tolist() == layer.weight.tolist()
    twin.load_state_dict(square(Symmetric(), Doubled()).state_dict(), strict=False)
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(layer)
    other = nn.Linear(3, 3)
    parametrize.transfer_parametrizations_and_params(layer, other)
    assert other.weight.tolist() == layer.weight.tolist()


class Halved(nn.Module):
    def forward(self, x):
        return x[:1]


class Cast(nn.Module):
    def forward(self, x):
        return x.double()


@pytest.mark.parametrize(("wrong", "what"), [(Halved, "shape"), (Cast, "dtype")])
def test_checks(wrong, what):
    layer = nn.Linear(3, 3)
    with pytest.raises(ValueError, match=what):
        parametrize.register_parametrization(layer, "weight", wrong())
    assert type(layer) is nn.Linear
    parametrize.register_parametrization(layer, "weight", Symmetric())
    with pytest.raises(ValueError, match=what):
        parametrize.register_parametrization(layer, "weight", wrong())
    parametrize.register_parametrization(layer, "bias", wrong(), unsafe=True)
    with pytest.raises(ValueError, match="does not have a parameter"):
        parametrize.register_parametrization(layer, "nothing", Symmetric())
    with pytest.raises(ValueError, match="does not have a parametrization"):
        parametrize.remove_parametrizations(nn.Linear(1, 1), "weight")


SHAPES = [(4, 6), (6, 4), (5, 5)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        *[
            {"orthogonal_map": m, "use_trivialization": t}
            for m in ("matrix_exp", "cayley", "householder")
            for t in (True, False)
        ],
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_orthogonal(shape, options):
    tg.manual_seed(0)
    layer = parametrizations.orthogonal(nn.Linear(*shape), **options)
    layer(tg.randn(2, shape[0])).square().sum().backward()
    with tg.no_grad():
        original = layer.parametrizations.weight.original
        original -= 0.1 * original.grad
        wide = layer.weight if layer.weight.shape[0] <= layer.weight.shape[1] else layer.weight.t()
    np.testing.assert_allclose((wide @ wide.t()).numpy(), np.eye(min(shape)), atol=1e-5)


def test_spectral_norm_is_one():
    tg.manual_seed(0)
    layer = parametrizations.spectral_norm(nn.Linear(6, 4))
    for _ in range(20):
        _ = layer.weight
    assert np.linalg.svd(layer.weight.detach().numpy())[1][0] == pytest.approx(1, rel=1e-4)
    layer.eval()
    assert layer.weight.tolist() == layer.weight.tolist()


def test_weight_norm_reads_the_older_state():
    tg.manual_seed(0)
    with pytest.warns(FutureWarning, match="weight_norm"):
        old = nn.utils.weight_norm(nn.Linear(3, 2))
    new = parametrizations.weight_norm(nn.Linear(3, 2))
    new.load_state_dict(old.state_dict())
    assert new.weight.tolist() == old.weight.tolist()


def trained(library, layer, shape):
    """Three steps of descent: the loss and the weight."""
    rate = library.optim.SGD(layer.parameters(), lr=0.1)
    library.manual_seed(1)
    x = library.randn(3, shape[0])
    for _ in range(3):
        rate.zero_grad()
        loss = (layer(x) ** 2).mean()
        loss.backward()
        rate.step()
    return loss, layer.weight


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm", "orthogonal"])
@pytest.mark.parametrize("shape", SHAPES)
def test_training_is_the_oracles(name, shape):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    results = []
    for library, home in ((torch, torch.nn.utils.parametrizations), (tg, parametrizations)):
        library.manual_seed(0)
        results.append(trained(library, getattr(home, name)(library.nn.Linear(*shape)), shape))
    for theirs, mine in zip(*results, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated:FutureWarning")
@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
def test_the_older_hooks(name):
    tg.manual_seed(0)
    layer = getattr(nn.utils, name)(nn.Linear(4, 6))
    loss, _ = trained(tg, layer, (4, 6))
    with pytest.raises(RuntimeError, match="two"):
        getattr(nn.utils, name)(layer)
    names = list(layer.state_dict())
    layer.eval()(tg.ones(1, 4))  # from now on the weight is that of the newest parameters
    weight = layer.weight.tolist()
    getattr(nn.utils, f"remove_{name}")(layer)
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight, rtol=1e-6)
    assert list(layer.state_dict()) == ["bias", "weight"]
    assert not layer._forward_pre_hooks
    with pytest.raises(ValueError, match="not found"):
        getattr(nn.utils, f"remove_{name}")(layer)
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    torch.manual_seed(0)
    theirs = getattr(torch.nn.utils, name)(torch.nn.Linear(4, 6))
    expected, _ = trained(torch, theirs, (4, 6))
    assert names == list(theirs.state_dict())
    assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-5)
