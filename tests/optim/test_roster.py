"""What kernels remember of a group between steps never shows: everything may be exchanged at any time.

Each story is played twice, by the kernel and by the Tensor formulas, which remember nothing.
"""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import choice
from tinygrad5329.optim.optimizer import Optimizer

RULES = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
    "Adam": {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True},
    "AdamW": {"lr": 0.1},
    "RMSprop": {"lr": 0.1, "momentum": 0.5, "centered": True},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.1},
    "Adadelta": {"weight_decay": 0.1},
    "Adamax": {"lr": 0.1},
    "NAdam": {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True},
    "RAdam": {"lr": 0.1, "betas": (0.9, 0.9)},
    "Rprop": {"lr": 0.1},
    "Adafactor": {"lr": 0.1, "weight_decay": 0.1},
    "ClassicalMomentum": {"lr": 0.1, "weight_decay": 0.1, "nesterov": True},
    "HeavyBall": {"lr": 0.1, "weight_decay": 0.1},
    "QHM": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
    "AggMo": {"lr": 0.1, "weight_decay": 0.1},
}
SHAPES = [(3, 4), (5,), ()]


class Story:
    """Parameters, and an optimizer that runs by the kernel or by the formulas."""

    def __init__(self, name, by_kernel, dtype=np.float64, **options):
        rng = np.random.default_rng(1)
        self.params = [tg.nn.Parameter(tg.from_numpy(rng.standard_normal(s).astype(dtype))) for s in SHAPES]
        self.optimizer = self.make(name, by_kernel, **options)
        self.steps = 0

    def make(self, name, by_kernel, **options):
        options = {**RULES[name], **options}
        return getattr(tg.optim, name)(self.params, **options, foreach=None if by_kernel else False)

    @property
    def group(self):
        return self.optimizer.param_groups[0]

    def step(self, times=1, skip=()):
        for _ in range(times):
            self.steps += 1
            for i, p in enumerate(self.group["params"]):
                value = np.sin(2.0 * p.detach().numpy() + self.steps + i) + 0.1
                p.grad = None if i in skip else tg.from_numpy(np.asarray(value, p.detach().numpy().dtype))
            self.optimizer.step()

    def values(self):
        return [p.detach().numpy().copy() for p in self.group["params"]]


def play(name, story, rtol=1e-12, **options):
    """Both tellers' parameters must agree, and have moved."""
    told = []
    for by_kernel in (True, False):
        teller = Story(name, by_kernel, **options)
        story(teller)
        told.append(teller)
    for a, b in zip(told[0].values(), told[1].values(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
        assert np.isfinite(a).all()
    for a, b in zip(*(t.optimizer.state_dict()["state"].items() for t in told), strict=True):
        assert a[0] == b[0] and a[1].keys() == b[1].keys()
        for key in a[1]:
            np.testing.assert_allclose(a[1][key].numpy(), b[1][key].numpy(), rtol=rtol, atol=rtol, err_msg=key)
    return told[0]


def data_is_exchanged(s):
    s.step(2)
    before = s.params[0].detach().numpy()
    old = before.copy()
    s.params[0].data = s.params[0].data * 2
    s.step(2)
    np.testing.assert_array_equal(before, old)


def data_is_written(s):
    s.step(2)
    with tg.no_grad():
        s.params[0].mul_(2)
        tg.nn.init.zeros_(s.params[1])
    s.step(2)


def data_changes_its_layout(s):
    s.step(2)
    s.params[0].data = tg.from_numpy(np.asfortranarray(s.params[0].detach().numpy()))
    s.step(2)
    s.params[0].data = tg.from_numpy(np.repeat(s.params[0].detach().numpy(), 2, axis=1)[:, ::2])
    s.step(2)


def state_is_exchanged(s):
    s.step(2)
    state = s.optimizer.state[s.params[0]]
    for key, value in state.items():
        if value.ndim:
            state[key] = value * 0.5
    s.step(2)


def state_data_is_exchanged(s):
    s.step(2)
    for value in s.optimizer.state[s.params[1]].values():
        if value.ndim:
            value.data = value.data * 0.5
    s.step(2)


def state_is_forgotten(s):
    s.step(2)
    del s.optimizer.state[s.params[0]]
    s.step(2)
    s.optimizer.state.clear()
    s.step(2)


def the_count_is_set_back(s):
    s.step(3)
    if "step" in s.optimizer.state[s.params[0]]:
        s.optimizer.state[s.params[0]]["step"].fill_(1.0)
    s.step(2)


def a_parameter_is_exchanged(s):
    s.step(2)
    new = tg.nn.Parameter(tg.full((2, 2), 0.5, dtype=tg.float64))
    s.optimizer.state.pop(s.params[0])
    s.group["params"][0] = new
    s.step(2)


def parameters_come_and_go(s):
    s.step(2)
    s.group["params"].append(tg.nn.Parameter(tg.ones(3, dtype=tg.float64)))
    s.step(2)
    s.optimizer.state.pop(s.group["params"].pop(1))
    s.step(2)


def gradients_come_and_go(s):
    s.step(1, skip=(1,))
    s.step(1)
    s.step(2, skip=(0, 2))
    s.step(1, skip=(0, 1, 2))
    s.step(1)


def options_change(s):
    for lr in (0.1, 0.05, 0.2):
        s.group["lr"] = lr
        s.group["weight_decay"] = lr if "weight_decay" in s.group else 0
        s.step(2)


def a_state_is_loaded(s):
    s.step(2)
    saved = copy.deepcopy(s.optimizer.state_dict())
    s.step(2)
    s.optimizer.load_state_dict(saved)
    s.step(2)


def the_optimizer_is_copied(s):
    s.step(2)
    twin = copy.deepcopy(s)
    mine = s.values()
    twin.step(2)
    assert [a.tolist() for a in mine] == [a.tolist() for a in s.values()]
    s.step(2)
    assert [a.tolist() for a in twin.values()] == [a.tolist() for a in s.values()]


def the_optimizer_is_pickled(s):
    s.step(2)
    s.optimizer = pickle.loads(pickle.dumps(s.optimizer))
    s.step(2)


def maximized(s):
    s.group["maximize"] = True
    s.step(3)


STORIES = [
    data_is_exchanged, data_is_written, data_changes_its_layout, state_is_exchanged, state_data_is_exchanged,
    state_is_forgotten, the_count_is_set_back, a_parameter_is_exchanged, parameters_come_and_go,
    gradients_come_and_go, options_change, a_state_is_loaded, the_optimizer_is_copied, the_optimizer_is_pickled,
    maximized,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.parametrize("name", RULES)
def test_it_does_not_show(name, story):
    play(name, story)


@pytest.mark.parametrize("name", RULES)
def test_single_precision(name):
    play(name, lambda s: s.step(4), rtol=2e-5, dtype=np.float32)


@pytest.mark.parametrize("name", RULES)
def test_kernels_are_exchanged_between_steps(name):
    before = choice.current()
    try:
        mixed = Story(name, True)
        for kernels in choice.NAMES * 2:
            if kernels == "fast":
                pytest.importorskip("numba")
            tg.backends.use(kernels)
            mixed.step()
    finally:
        tg.backends.use(before)
    plain = Story(name, False)
    plain.step(4)
    for a, b in zip(mixed.values(), plain.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}])
def test_infinities_and_nans_are_numpys(name, options):
    """Compiled kernels leave the same special numbers behind, in parameters and in states."""
    pytest.importorskip("numba")
    special = np.array([1.0, 0.0, -0.0, np.inf, -np.inf, np.nan, 3e38, 1e-40], np.float32)
    p, g = (a.ravel() for a in np.meshgrid(special, special))
    options = {**RULES[name], **({} if name == "Rprop" else options)}
    results = []
    before = choice.current()
    try:
        for kernels in choice.NAMES:
            tg.backends.use(kernels)
            param = tg.nn.Parameter(tg.from_numpy(p.copy()))
            optimizer = getattr(tg.optim, name)([param], **options)
            for _ in range(3):
                param.grad = tg.from_numpy(g.copy())
                optimizer.step()
            state = {k: v.numpy() for k, v in optimizer.state[param].items() if v.ndim}
            results.append({"param": param.detach().numpy(), **state})
    finally:
        tg.backends.use(before)
    for key, value in results[0].items():
        np.testing.assert_allclose(results[1][key], value, rtol=1e-5, atol=1e-30, err_msg=key)


def test_momentum_is_switched_off_and_on():
    def story(s):
        s.step(2)
        s.group["momentum"] = 0
        s.step(2)
        s.group["momentum"] = 0.8
        s.step(2)

    play("SGD", story)


def test_complex_parameters_among_real_ones():
    def story(s):
        s.group["params"].append(tg.nn.Parameter(tg.ones(3, dtype=tg.complex128)))
        s.step(2)
        s.optimizer.state.pop(s.group["params"].pop())
        s.step(2)

    play("SGD", story)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_a_parameter_that_occurs_twice(oracle, name):
    """PyTorch updates it twice a step, one update after the other."""
    values = []
    for library in (tg, oracle):
        p = library.ones(2, dtype=library.float64, requires_grad=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer = getattr(library.optim, name)([p, p], **RULES[name])
        for _ in range(3):
            p.grad = 0.5 * p.detach() + 1
            optimizer.step()
        values.append(p.detach().numpy())
    np.testing.assert_allclose(*values, rtol=1e-12)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_parameters_that_share_memory(oracle, name):
    values = []
    for library in (tg, oracle):
        p, q = (library.ones(2, dtype=library.float64, requires_grad=True) for _ in range(2))
        q.data = p.data
        optimizer = getattr(library.optim, name)([p, q], **RULES[name])
        for _ in range(3):
            p.grad = q.grad = 0.5 * p.detach() + 1
            optimizer.step()
        values.append(p.detach().numpy())
    np.testing.assert_allclose(*values, rtol=1e-12)


def test_a_gradient_of_another_shape():
    s = Story("SGD", True)
    s.step(skip=(1,))
    s.params[0].data = tg.zeros(2, 2, dtype=tg.float64)
    s.params[1].grad = tg.ones_like(s.params[1])
    with pytest.raises(RuntimeError, match=r"gradient of shape \(3, 4\) belongs to a parameter of shape \(2, 2\)"):
        s.optimizer.step()
    assert s.params[1] not in s.optimizer.state


def test_an_optimizer_that_overrides_everything_it_may():
    """A subclass that keeps its own dictionary on unpickling has nothing remembered, and steps all the same."""

    class Own(tg.optim.SGD):
        def __setstate__(self, state):
            self.__dict__.update(state)

    s = Story("SGD", True)
    own = Own(s.params, lr=0.1, momentum=0.9)
    s.optimizer = own
    s.step()
    assert isinstance(own, Optimizer)
    twin = own.__class__.__new__(Own)
    twin.__setstate__({**own.__getstate__(), "_optimizer_step_pre_hooks": {}, "_optimizer_step_post_hooks": {}})
    before = s.values()
    twin.step()
    assert not np.array_equal(before[0], s.values()[0])
