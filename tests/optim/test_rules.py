"""The rules that are formulas for one parameter at a time: each against PyTorch, and what they share."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygrad5329 as tg

RULES = {
    "Adadelta": [{}, {"weight_decay": 0.1, "maximize": True, "rho": 0.8}],
    "Adafactor": [{}, {"weight_decay": 0.1, "eps": (1e-6, 1e-2), "d": 2.0}, {"maximize": True}],
    "Adagrad": [{}, {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2}],
    "Adamax": [{}, {"weight_decay": 0.1, "maximize": True}],
    "ASGD": [{}, {"t0": 10.0, "lambd": 0.01, "weight_decay": 0.1}],
    "NAdam": [
        {},
        {"weight_decay": 0.1, "momentum_decay": 0.01},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "RAdam": [{}, {"betas": (0.8, 0.9), "weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "RMSprop": [{}, {"momentum": 0.9, "centered": True, "weight_decay": 0.1}, {"centered": True, "maximize": True}],
    "Rprop": [{}, {"maximize": True, "etas": (0.4, 1.3), "step_sizes": (1e-3, 1.0)}],
}
CASES = [(name, options) for name, all_options in RULES.items() for options in all_options]
DIFFERENTIABLE = [case for case in CASES if case[0] != "Adafactor"] + [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {}),
]
everywhere = pytest.mark.parametrize("name, options", CASES, ids=str)


def make(library, name, problem, **options):
    if name == "Adafactor":  # PyTorch divides by the number of elements
        problem.params = [p for p in problem.params if p.numel()]
    return getattr(library.optim, name)(problem.params, lr=0.05, **options)


def flat(values):
    return np.concatenate([v.ravel() for v in values])


@everywhere
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-4)])
def test_fifty_steps_are_pytorchs(oracle, problem, name, options, dtype, tolerance):
    theirs, ours = problem(oracle, dtype), problem(tg, dtype)
    expected = theirs.run(make(oracle, name, theirs, **options))
    values = ours.run(make(tg, name, ours, **options))
    np.testing.assert_allclose(flat(values), flat(expected), rtol=tolerance, atol=tolerance)


@everywhere
def test_fifty_steps_are_the_recorded_ones(problem, recorded, name, options):
    ours = problem(tg)
    values = ours.run(make(tg, name, ours, **options))
    np.testing.assert_allclose(flat(values), recorded[name][str(options)], rtol=1e-10, atol=1e-13)


@everywhere
def test_states_travel_to_pytorch_and_back(oracle, problem, name, options):
    theirs, ours = problem(oracle), problem(tg)
    optimizer = make(oracle, name, theirs, **options)
    theirs.run(optimizer, 7)
    ours.params = [tg.tensor(p.detach().numpy()).requires_grad_() for p in theirs.params]
    loaded = make(tg, name, ours)
    loaded.load_state_dict(optimizer.state_dict())
    saved, wanted = loaded.state_dict(), optimizer.state_dict()
    assert saved["param_groups"] == wanted["param_groups"]
    assert {k: list(v) for k, v in saved["state"].items()} == {k: list(v) for k, v in wanted["state"].items()}
    for number, state in wanted["state"].items():
        for key, value in state.items():
            if key in ("mu_product", "eta", "mu"):  # cast to the parameter's dtype by PyTorch, too, when loaded
                continue
            assert str(saved["state"][number][key].dtype).split(".")[1] == str(value.dtype).split(".")[1]
    # Loading has cast the numbers of these two rules to double precision.
    tolerance = 1e-7 if name in ("ASGD", "NAdam") else 1e-12
    ours.run(loaded, 10, start=7)
    np.testing.assert_allclose(
        flat(ours.values()), flat(theirs.run(optimizer, 10, start=7)), rtol=tolerance * 10, atol=tolerance
    )
    saved["state"] = {
        number: {key: oracle.tensor(value.numpy()) for key, value in state.items()}
        for number, state in loaded.state_dict()["state"].items()
    }
    optimizer.load_state_dict(saved)
    theirs.run(optimizer, 5, start=17)
    np.testing.assert_allclose(
        flat(ours.run(loaded, 5, start=17)), flat(theirs.values()), rtol=tolerance * 10, atol=tolerance
    )


@pytest.mark.parametrize("name", [*RULES, "LBFGS", "Muon", "SparseAdam"])
def test_arguments_and_defaults_are_pytorchs(oracle, name):
    ours, theirs = (getattr(library.optim, name) for library in (tg, oracle))
    described = [
        [(p.name, p.kind, p.default) for p in inspect.signature(each).parameters.values()] for each in (ours, theirs)
    ]
    assert described[0] == described[1]
    made = [getattr(library.optim, name)([library.zeros(1, 1)]) for library in (tg, oracle)]
    assert made[0].defaults == made[1].defaults
    assert repr(made[0]) == repr(made[1])


BAD = [
    *((name, {"lr": -1.0}) for name in [*RULES, "LBFGS", "Muon", "SparseAdam"]),
    ("Adadelta", {"rho": 1.5}),
    ("Adadelta", {"eps": -1.0}),
    ("Adadelta", {"weight_decay": -1.0}),
    ("Adafactor", {"beta2_decay": 0.1}),
    ("Adafactor", {"eps": (-1.0, 1.0)}),
    ("Adafactor", {"eps": (None, -1.0)}),
    ("Adafactor", {"d": 0.5}),
    ("Adafactor", {"weight_decay": -1.0}),
    ("Adagrad", {"lr_decay": -1.0}),
    ("Adagrad", {"initial_accumulator_value": -1.0}),
    ("Adamax", {"betas": (1.0, 0.9)}),
    ("Adamax", {"betas": (0.9, -0.1)}),
    ("ASGD", {"weight_decay": -0.1}),
    ("Muon", {"momentum": -0.1}),
    ("Muon", {"weight_decay": -0.1}),
    ("Muon", {"adjust_lr_fn": "other"}),
    ("NAdam", {"momentum_decay": -1.0}),
    ("RAdam", {"eps": -1.0}),
    ("RMSprop", {"momentum": -0.1}),
    ("RMSprop", {"alpha": -0.1}),
    ("Rprop", {"etas": (0.5, 0.9)}),
    ("SparseAdam", {"eps": 0.0}),
    ("SparseAdam", {"betas": (0.5, 1.0)}),
]


@pytest.mark.parametrize("name, options", BAD, ids=str)
def test_bad_options_are_refused_in_pytorchs_words(oracle, name, options):
    errors = []
    for library in (tg, oracle):
        with pytest.raises(ValueError) as caught:
            getattr(library.optim, name)([library.zeros(1, 1)], **options)
        errors.append(str(caught.value))
    assert errors[0].startswith(errors[1])


@pytest.mark.parametrize("name", [name for name in RULES if name != "Adafactor"])
def test_implementations_that_exclude_each_other(param, name):
    with pytest.raises(RuntimeError, match="`foreach` and `differentiable`"):
        getattr(tg.optim, name)([param], foreach=True, differentiable=True)
    getattr(tg.optim, name)([param], foreach=True).step()


@pytest.mark.parametrize("name", [name for name in RULES if name not in ("Adafactor", "Adagrad")])
def test_capturable_is_refused(param, name):
    with pytest.raises(RuntimeError, match="capturable=True needs a device"):
        getattr(tg.optim, name)([param], capturable=True)


@everywhere
def test_a_step_writes_in_place_and_returns_the_loss(param, name, options):
    optimizer = getattr(tg.optim, name)([param], lr=tg.tensor(0.1), **options)
    before = param.detach()
    assert optimizer.step(lambda: 42) == 42
    assert before.tolist() == param.tolist()
    assert not any(value.requires_grad for value in optimizer.state[param].values())
    grad = param.grad.clone()
    optimizer.step()
    assert grad.tolist() == param.grad.tolist()


def unrolled(library, name, options, start, scale, lr, steps=6):
    """What some recorded steps of a small training make of the loss, as a function of three tensors."""
    weight = start.clone()
    optimizer = getattr(library.optim, name)([weight], lr=lr, differentiable=True, **options)
    for _ in range(steps):
        w = weight.clone()
        loss = ((w * scale) ** 2).sum() + (w**3).sum() / 10
        (weight.grad,) = library.autograd.grad(loss, w, create_graph=True)
        optimizer.step()
    return (weight**2).sum()


def leaves(library):
    return [library.tensor(v, dtype=library.float64).requires_grad_() for v in ([0.5, -1.2, 2.0], 1.3)]


@pytest.mark.parametrize("name, options", DIFFERENTIABLE, ids=str)
def test_gradients_flow_through_steps_as_in_pytorch(oracle, name, options):
    results = []
    for library in (tg, oracle):
        inputs = leaves(library)
        try:
            loss = unrolled(library, name, options, *inputs, 0.05)
            grads = library.autograd.grad(loss, inputs)
        except RuntimeError:
            assert library is oracle
            pytest.skip("PyTorch overwrites here what its own backward pass needs")
        results.append([loss.detach().numpy(), *(g.numpy() for g in grads)])
    for value, wanted in zip(*results, strict=True):
        # PyTorch counts steps in single precision there.
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name, options", DIFFERENTIABLE, ids=str)
def test_gradients_through_steps_are_derivatives(name, options):
    if name == "SGD":
        pytest.skip("as in PyTorch the first momentum buffer is cut off from the graph")
    inputs = leaves(tg)
    if name in ("ASGD", "Rprop"):  # the learning rate of both is a number of the state
        assert tg.autograd.gradcheck(lambda a, b: unrolled(tg, name, options, a, b, 0.05), inputs)
        return
    inputs.append(tg.tensor(0.05, dtype=tg.float64, requires_grad=True))
    assert tg.autograd.gradcheck(lambda *each: unrolled(tg, name, options, *each), inputs, atol=1e-4)


def test_sparse_adam_explains_itself(param):
    optimizer = tg.optim.SparseAdam([param])
    with pytest.raises(RuntimeError, match="does not support dense gradients, please consider Adam instead"):
        optimizer.step()
    param.grad = None
    assert optimizer.step(lambda: 1.5) == 1.5


def test_adagrad_begins_with_its_state(param):
    optimizer = tg.optim.Adagrad([param], initial_accumulator_value=0.5)
    assert optimizer.state[param]["sum"].tolist() == [0.5, 0.5]
    optimizer.add_param_group({"params": [late := tg.zeros(1)]})
    late.grad = tg.ones(1)
    optimizer.step()
    assert optimizer.state[late]["sum"].tolist() == [1.5]
    with pytest.raises(NotImplementedError, match="share_memory"):
        optimizer.share_memory()


def test_numbers_of_old_states_become_tensors(param):
    optimizer = tg.optim.NAdam([param])
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"][0].update(step=1, mu_product=0.9)
    del saved["param_groups"][0]["decoupled_weight_decay"]
    optimizer.load_state_dict(saved)
    assert optimizer.state[param]["step"].item() == 1.0
    assert optimizer.state[param]["mu_product"].dtype is tg.float32
    optimizer.step()
