"""The base class: groups, state, hooks, errors."""

from __future__ import annotations

import copy
import gc
import weakref

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import SGD, Adam, Optimizer
from tinygrad5329.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    required,
)


def leaf(*shape):
    return tg.zeros(*shape, requires_grad=True)


# --- what may be optimized ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params, error, text",
    [
        (
            lambda: tg.zeros(2),
            TypeError,
            r"iterable of Tensors or dicts, but got a Tensor; write SGD\(\[tensor\]",
        ),
        (lambda: 3, TypeError, "should be an iterable .* but got a int"),
        (lambda: [], ValueError, "empty parameter list"),
        (lambda: iter(()), ValueError, "empty parameter list"),
        (lambda: [3.0], TypeError, r"can only optimize Tensors, .* is float: params\[0\]"),
        (
            lambda: [leaf(2) * 2],
            ValueError,
            r"can't optimize a non-leaf Tensor: params\[0\] of shape \(2,\).*MulBackward0",
        ),
        (lambda: [{"params": {leaf(2)}}], TypeError, "ordered collections"),
        (lambda: [("w", leaf(2)), leaf(2)], ValueError, "Some param names are missing"),
        (lambda: [{"params": [("w", leaf(2))]}, {"params": [leaf(2)]}], ValueError, "without names"),
    ],
)
def test_params_are_checked(params, error, text):
    with pytest.raises(error, match=text):
        SGD(params(), lr=0.1)


def test_a_module_in_place_of_its_parameters_is_explained():
    class Module:
        def parameters(self):
            return []

    with pytest.raises(TypeError, match=r"got a Module; pass its \.parameters\(\)"):
        SGD(Module(), lr=0.1)


def test_a_parameter_in_two_groups_is_an_error():
    a, b = leaf(2), leaf(3)
    with pytest.raises(ValueError, match=r"appear in more than one parameter group: params\[1\] .* group 0"):
        SGD([{"params": [a]}, {"params": [b, a]}], lr=0.1)


def test_a_parameter_twice_in_a_group_warns():
    a = leaf(2)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        SGD([a, a], lr=0.1)


def test_groups_must_be_dicts():
    with pytest.raises(TypeError, match="param_group must be a dict, but got list"):
        SGD([leaf(1)], lr=0.1).add_param_group([leaf(1)])


def test_required_options():
    class Needs(Optimizer):
        def __init__(self, params):
            super().__init__(params, {"rate": required})

    assert repr(required) == "<required parameter>"
    with pytest.raises(ValueError, match="required optimization parameter rate"):
        Needs([leaf(1)])
    assert Needs([{"params": [leaf(1)], "rate": 1}]).param_groups[0]["rate"] == 1


def test_a_subclass_needs_a_step():
    class Nothing(Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Nothing has no step"):
        Nothing([leaf(1)], {}).step()


# --- groups ------------------------------------------------------------------------------------------


def test_groups_have_options_of_their_own():
    a, b, c = leaf(1), leaf(1), leaf(1)
    optimizer = SGD([{"params": a}, {"params": (p for p in [b]), "lr": 1.0}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 10.0, "maximize": True})
    for p in (a, b, c):
        p.grad = tg.ones(1)
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item(), c.item()], [-0.1, -1.0, 10.0], rtol=1e-6)
    assert optimizer.defaults["lr"] == 0.1
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert a.item() == pytest.approx(-0.6)


def test_named_parameters():
    optimizer = SGD([("weight", leaf(2)), ("bias", leaf(1))], lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": [leaf(1)]})
    with pytest.raises(ValueError, match=r"params\[0\] \(head\)"):
        optimizer.add_param_group({"params": [("head", leaf(2) + 1)]})


def test_a_non_leaf_that_retains_its_gradient_is_accepted():
    p = leaf(2) * 1.0
    p.retain_grad()
    SGD([p], lr=0.1)


def test_repr_is_pytorchs(oracle):
    def shown(library, p):
        return repr(library.optim.Adam([{"params": [p]}, {"params": [p.clone().detach()], "lr": 0.5}], lr=0.1))

    assert shown(tg, tg.zeros(1)) == shown(oracle, oracle.zeros(1))


def test_defaults_and_options_are_pytorchs(oracle):
    import inspect

    for name in ("SGD", "Adam", "AdamW"):
        ours, theirs = (
            [(p.name, p.kind, p.default) for p in inspect.signature(getattr(lib.optim, name)).parameters.values()]
            for lib in (tg, oracle)
        )
        assert ours == theirs
        made = [getattr(lib.optim, name)([lib.zeros(1)]) for lib in (tg, oracle)]
        assert made[0].defaults == made[1].defaults


# --- gradients ---------------------------------------------------------------------------------------


def test_zero_grad(param):
    optimizer = SGD([param, leaf(1)], lr=0.1)
    grad = param.grad
    optimizer.zero_grad(set_to_none=False)
    assert param.grad is grad
    assert grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert param.grad is None


def test_zero_grad_cuts_the_graph_of_a_gradient():
    p = tg.tensor([2.0], requires_grad=True)
    (p**3).sum().backward(create_graph=True)
    assert p.grad.requires_grad
    SGD([p], lr=0.1).zero_grad(set_to_none=False)
    assert not p.grad.requires_grad
    assert p.grad.item() == 0.0


def test_parameters_without_gradient_are_left_alone():
    p, q = leaf(2), leaf(2)
    q.grad = tg.ones(2)
    optimizer = Adam([p, q], lr=0.1)
    optimizer.step()
    assert p.tolist() == [0.0, 0.0]
    assert list(optimizer.state) == [q]


def test_a_closure_is_evaluated_with_gradients(param):
    optimizer = SGD([param], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        loss = optimizer.step(closure)
        assert not tg.is_grad_enabled()
    assert loss.item() == 5.0
    np.testing.assert_allclose(param.tolist(), [0.8, -1.6], rtol=1e-6)
    assert optimizer.step() is None


def test_a_failing_step_leaves_the_grad_mode_alone(param):
    def closure():
        raise KeyError("from the closure")

    with pytest.raises(KeyError, match="from the closure"):
        SGD([param], lr=0.1).step(closure)
    assert tg.is_grad_enabled()


def test_a_step_is_seen_by_the_tape():
    p = tg.tensor([2.0], requires_grad=True)
    loss = (p * p).sum()
    p.grad = tg.ones(1)
    SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="_fused_sgd_"):
        loss.backward()


# --- hooks -------------------------------------------------------------------------------------------


def test_step_hooks(param):
    calls = []
    optimizer = SGD([param], lr=0.1)
    before = param.tolist()
    handles = [
        optimizer.register_step_pre_hook(
            lambda o, a, k: calls.append(("pre", o is optimizer, param.tolist() == before))
        ),
        optimizer.register_step_post_hook(
            lambda o, a, k: calls.append(("post", a == (optimizer,), k, param.tolist() == before))
        ),
    ]
    optimizer.step()
    assert calls == [("pre", True, True), ("post", True, {}, False)]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(calls) == 2


def test_a_pre_hook_may_change_the_arguments(param):
    optimizer = SGD([param], lr=0.1)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: (args, {"closure": lambda: 42}))
    assert optimizer.step() == 42
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        optimizer.step()


def test_global_step_hooks(param):
    calls = []
    handles = [
        register_optimizer_step_pre_hook(lambda o, a, k: calls.append("pre")),
        register_optimizer_step_post_hook(lambda o, a, k: calls.append("post")),
    ]
    optimizer = Adam([param])
    optimizer.register_step_pre_hook(lambda o, a, k: calls.append("own pre"))
    optimizer.register_step_post_hook(lambda o, a, k: calls.append("own post"))
    optimizer.step()
    for handle in handles:
        handle.remove()
    assert calls == ["pre", "own pre", "own post", "post"]
    optimizer.step()
    assert calls[4:] == ["own pre", "own post"]


def test_hooks_run_once_when_a_step_calls_its_base(param):
    class Twice(SGD):
        def step(self, closure=None):
            super().step(closure)
            return super().step(closure)

    calls = []
    optimizer = Twice([param], lr=0.1)
    optimizer.register_step_pre_hook(lambda o, a, k: calls.append(1))
    optimizer.step()
    assert calls == [1]
    np.testing.assert_allclose(param.tolist(), [0.9, -2.05], rtol=1e-6)


def test_a_hook_may_remove_itself(param):
    calls = []
    optimizer = SGD([param], lr=0.1)

    def once(*_):
        calls.append("once")
        handle.remove()

    handle = optimizer.register_step_pre_hook(once)
    optimizer.register_step_pre_hook(lambda *_: calls.append("always"))
    optimizer.step()
    optimizer.step()
    assert calls == ["once", "always", "always"]


def test_state_dict_hooks(param):
    calls = []
    optimizer = SGD([param], lr=0.1)
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: calls.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, s: {**s, "extra": 1})
    saved = optimizer.state_dict()
    assert calls == ["first", "second"]
    assert saved["extra"] == 1

    def adapt(o, state_dict):
        assert state_dict is not saved
        state_dict["param_groups"] = [{**state_dict["param_groups"][0], "lr": 7.0}]
        return state_dict

    optimizer.register_load_state_dict_pre_hook(adapt)
    optimizer.register_load_state_dict_post_hook(lambda o: calls.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    assert calls[2:] == [7.0]


# --- lifetime -----------------------------------------------------------------------------------------


def test_deepcopy_copies_parameters_and_state_alike(param):
    optimizer = SGD([param], lr=0.1, momentum=0.9)
    optimizer.step()
    other = copy.deepcopy(optimizer)
    (twin,) = other.param_groups[0]["params"]
    assert twin is not param
    assert list(other.state) == [twin]
    twin.grad = tg.ones(2)
    before = param.tolist()
    other.step()
    assert param.tolist() == before


def test_no_cycle_keeps_an_optimizer_alive(param):
    gc.collect()
    gc.disable()
    try:
        optimizer = Adam([param])
        scheduler = tg.optim.lr_scheduler.CyclicLR(optimizer, 0.1, 0.2)
        optimizer.step()
        scheduler.step()
        gone = weakref.ref(optimizer)
        del optimizer, scheduler
        assert gone() is None
    finally:
        gc.enable()
