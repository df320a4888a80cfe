"""Pruning: which parts go, how methods add up, and taking it back."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.utils import prune


def layer():
    with tg.no_grad():
        module = nn.Linear(3, 2)
        module.weight.copy_(tg.tensor([[0.1, -0.5, 0.3], [-0.2, 0.6, -0.4]]))
        module.bias.copy_(tg.tensor([1.0, -2.0]))
    return module


def test_least_values_go():
    module = prune.l1_unstructured(layer(), "weight", amount=2)
    assert module.weight_mask.tolist() == [[0, 1, 1], [0, 1, 1]]
    assert module.weight.detach().numpy() == pytest.approx(np.array([[0, -0.5, 0.3], [0, 0.6, -0.4]]))
    assert list(module.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert prune.is_pruned(nn.Sequential(module))
    module(tg.ones(1, 3)).sum().backward()
    assert module.weight_orig.grad.tolist() == [[0, 1, 1], [0, 1, 1]]


def test_importance_scores_decide():
    scores = tg.tensor([[9.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    module = prune.l1_unstructured(layer(), "weight", amount=1, importance_scores=scores)
    assert module.weight_mask.tolist() == [[1, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize(("n", "dim", "mask"), [(1, 0, [[0, 0, 0], [1, 1, 1]]), (2, 1, [[0, 1, 1], [0, 1, 1]])])
def test_slices_go(n, dim, mask):
    module = prune.ln_structured(layer(), "weight", amount=1, n=n, dim=dim)
    assert module.weight_mask.tolist() == mask


def test_methods_add_up():
    module = layer()
    prune.l1_unstructured(module, "weight", amount=1)
    prune.l1_unstructured(module, "weight", amount=0.4)  # of the five left
    assert module.weight_mask.tolist() == [[0, 1, 0], [0, 1, 1]]
    prune.ln_structured(module, "weight", amount=1, n=1, dim=0)
    assert module.weight_mask.tolist() == [[0, 0, 0], [0, 1, 1]]
    (hook,) = [each.function for each in module._forward_pre_hooks.values()]
    assert isinstance(hook, prune.PruningContainer)
    assert [type(method) for method in hook] == [prune.L1Unstructured] * 2 + [prune.LnStructured]
    assert len(hook) == 3
    assert hook[0].amount == 1


def test_global_pruning():
    a, b = layer(), layer()
    prune.l1_unstructured(a, "weight", amount=1)
    prune.global_unstructured([(a, "weight"), (b, "weight"), (b, "bias")], prune.L1Unstructured, amount=3)
    assert a.weight_mask.tolist() == [[0, 1, 1], [0, 1, 1]]
    assert b.weight_mask.tolist() == [[0, 1, 1], [0, 1, 1]]
    assert b.bias_mask.tolist() == [1, 1]
    with pytest.raises(TypeError, match="unstructured"):
        prune.global_unstructured([(a, "weight")], prune.RandomStructured, amount=1)


def test_removal():
    module = layer()
    original = module.weight
    prune.custom_from_mask(module, "weight", tg.tensor([[1, 0, 1], [0, 1, 0]]))
    pruned = module.weight.tolist()
    prune.remove(module, "weight")
    assert module.weight is original
    assert module.weight.tolist() == pruned
    assert sorted(module.state_dict()) == ["bias", "weight"]
    assert not prune.is_pruned(module)
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(module, "weight")


def test_a_refused_method_changes_nothing():
    module = layer()
    for amount, error in ((7, ValueError), (1.5, ValueError), (-1, ValueError), ("1", TypeError)):
        with pytest.raises(error):
            prune.l1_unstructured(module, "weight", amount=amount)
    with pytest.raises(ValueError, match="multidimensional"):
        prune.random_structured(module, "bias", amount=1, dim=0)
    with pytest.raises(IndexError):
        prune.random_structured(module, "weight", amount=1, dim=2)
    assert list(module.state_dict()) == ["weight", "bias"]
    assert not module._forward_pre_hooks


def test_a_plain_tensor():
    method = prune.L1Unstructured(amount=1)
    assert method.prune(tg.tensor([3.0, -1.0, 2.0])).tolist() == [3, 0, 2]


def everything(library, home):
    library.manual_seed(3)
    module = library.nn.Linear(6, 5)
    found = []
    for change in (
        lambda: home.random_unstructured(module, "weight", amount=0.3),
        lambda: home.l1_unstructured(module, "weight", amount=4),
        lambda: home.ln_structured(module, "weight", amount=0.4, n=2, dim=0),
        lambda: home.random_structured(module, "weight", amount=1, dim=1),
        lambda: home.identity(module, "weight"),
    ):
        change()
        found.append(module.weight.detach().numpy())
    module(library.ones(2, 6)).sum().backward()
    return [*found, module.weight_orig.grad.numpy(), module.weight_mask.numpy()]


def test_the_oracle_prunes_the_same():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    from torch.nn.utils import prune as theirs

    for mine, other in zip(everything(tg, prune), everything(torch, theirs), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-7)
