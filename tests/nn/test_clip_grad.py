"""Gradient clipping, and parameters as a vector."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import utils


def with_grads(*grads):
    parameters = []
    for grad in grads:
        parameters.append(nn.Parameter(tg.zeros(len(grad))))
        parameters[-1].grad = tg.tensor(grad)
    return [*parameters, nn.Parameter(tg.zeros(2))]


@pytest.mark.parametrize("norm_type", [1, 2.0, 3.0, float("inf"), "inf", 0.5])
@pytest.mark.parametrize("max_norm", [0.5, 1000.0])
@pytest.mark.parametrize("foreach", [None, False])
def test_clip_grad_norm_as_the_oracle(norm_type, max_norm, foreach, oracle):
    torch = oracle.torch
    theirs = [torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in [(3,), (2, 4), (), (5,)]]
    for parameter in theirs[:3]:
        parameter.grad = torch.randn_like(parameter)
    ours = [nn.Parameter(oracle.ours(p.detach())) for p in theirs]
    for mine, other in zip(ours[:3], theirs[:3], strict=True):
        mine.grad = oracle.ours(other.grad)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type, foreach=foreach)
    got = utils.clip_grad_norm_(ours, max_norm, norm_type, foreach=foreach)
    oracle.check(got, expected)
    oracle.check_gradients(ours, theirs)


def test_clip_grad_norm():
    parameters = with_grads([3.0], [0.0, 4.0])
    assert utils.clip_grad_norm_(iter(parameters), 1.0).item() == 5
    assert parameters[0].grad.item() == pytest.approx(0.6)
    assert parameters[1].grad.tolist() == pytest.approx([0.0, 0.8])
    assert parameters[2].grad is None
    grad = parameters[0].grad
    utils.clip_grad_norm_(parameters, 0.5)
    assert parameters[0].grad is grad


def test_small_gradients_stay_to_the_bit():
    parameters = with_grads([0.1], [0.2, 0.3])
    before = [p.grad.tolist() for p in parameters[:2]]
    utils.clip_grad_norm_(parameters, 10.0)
    assert [p.grad.tolist() for p in parameters[:2]] == before


def test_a_single_tensor_and_no_tensor():
    parameter = with_grads([3.0, 4.0])[0]
    assert utils.clip_grad_norm_(parameter, 100.0).item() == 5
    assert utils.get_total_norm(parameter.grad).item() == 5
    assert utils.clip_grad_norm_([], 1.0).item() == 0
    assert utils.clip_grad_norm_([nn.Parameter(tg.ones(1))], 1.0).item() == 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_non_finite(bad):
    parameters = with_grads([bad, 1.0], [1.0])
    with pytest.raises(RuntimeError, match=r"total norm of order 2\.0 .* is non-finite"):
        utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert parameters[1].grad.item() == 1
    utils.clip_grad_norm_(parameters, 1.0)
    assert parameters[1].grad.item() == 0 if bad == float("inf") else parameters[1].grad.isnan().all()


def test_clipping_is_not_recorded():
    weight = nn.Parameter(tg.tensor([2.0]))
    (weight**3).sum().backward(create_graph=True)
    weight.grad = weight.grad.detach()
    assert not utils.clip_grad_norm_([weight], 1.0).requires_grad
    assert not weight.grad.requires_grad


def test_clip_grads_with_norm():
    parameters = with_grads([3.0], [4.0])
    utils.clip_grads_with_norm_(parameters, 1.0, tg.tensor(2.0))
    assert parameters[0].grad.item() == pytest.approx(1.5)


def with_grad(grad):
    parameter = nn.Parameter(tg.zeros(grad.shape, dtype=grad.dtype))
    parameter.grad = grad
    return parameter


def test_layouts_and_dtypes_of_gradients(oracle):
    """All that the fast way of norms and scaling does not take, or takes in another order."""
    torch = oracle.torch
    for dtypes in [("float32",) * 3, ("float64",) * 3, ("float16",) * 3, ("float32", "float64", "float32")]:
        theirs = []
        for grad in (torch.arange(6.0).reshape(2, 3).T, torch.arange(8.0)[::2], torch.tensor(3.0)):
            theirs.append(torch.nn.Parameter(torch.zeros(grad.shape, dtype=getattr(torch, dtypes[len(theirs)]))))
            theirs[-1].grad = grad.to(theirs[-1].dtype)
        ours = [with_grad(oracle.ours(p.grad)) for p in theirs]
        before = [p.grad._version for p in ours]
        got, expected = (lib.clip_grad_norm_(ps, 1.0) for lib, ps in ((utils, ours), (torch.nn.utils, theirs)))
        assert got.dtype == getattr(tg, str(expected.dtype).removeprefix("torch."))
        assert got.item() == pytest.approx(expected.item(), rel=1e-3)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.grad.dtype == mine.dtype
            assert mine.grad.flatten().tolist() == pytest.approx(other.grad.flatten().tolist(), rel=1e-3)
        assert [p.grad._version for p in ours] != before


def test_overflow_of_the_norm_as_the_oracle(oracle):
    for value in (1e25, 1e-25):
        parameter = with_grads([value, value])[0]
        expected = oracle.torch.nn.utils.get_total_norm([oracle.torch.tensor([value, value])])
        assert utils.clip_grad_norm_([parameter], 1.0).item() == expected.item()


def test_clip_grad_value():
    parameters = with_grads([3.0, -0.5], [-4.0])
    utils.clip_grad_value_(parameters, 1)
    assert parameters[0].grad.tolist() == [1, -0.5]
    assert parameters[1].grad.tolist() == [-1]


@pytest.mark.parametrize("call", [utils.clip_grad_norm_, utils.clip_grad_value_])
def test_foreach_is_checked(call):
    with pytest.raises(TypeError, match="foreach must be a bool or None"):
        call(with_grads([1.0]), 1.0, foreach="yes")


def test_vector_and_back():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1, bias=False))
    vector = utils.parameters_to_vector(model.parameters())
    assert vector.shape == (12,)
    (vector * tg.arange(12.0)).sum().backward()
    assert model[0].weight.grad.tolist() == [[0, 1], [2, 3], [4, 5]]
    parameters = list(model.parameters())
    utils.vector_to_parameters(tg.arange(12.0), model.parameters())
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert model[0].bias.tolist() == [6, 7, 8]
    assert model[1].weight.tolist() == [[9, 10, 11]]
    assert model[1].weight.requires_grad
    with pytest.raises(TypeError, match="expected vec to be a Tensor, but got: list"):
        utils.vector_to_parameters([1.0], model.parameters())
    with pytest.raises(RuntimeError):
        utils.vector_to_parameters(tg.zeros(3), model.parameters())
