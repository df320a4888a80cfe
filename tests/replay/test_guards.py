"""Whatever a recording took for granted is looked at before each replay; what has changed is never replayed over."""

from __future__ import annotations

import types
import weakref

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.replay import CompiledStep

FACTOR = 2.0
Settings = types.SimpleNamespace


def replays(step):
    """How many programs are ready."""
    return sum(entry.source is not None for entry in step._entries)


class Pair:
    """A model trained eagerly and its twin trained by a compiled step, in lockstep."""

    def __init__(self, dropout=0.25, lr=0.1):
        self.models, self.optimizers, self.steps = [], [], []
        self.x, self.y = tg.randn(6, 8), tg.tensor([0, 1, 2, 0, 1, 2])
        for compiled in (False, True):
            tg.manual_seed(1)
            model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3))
            optimizer = tg.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
            step = self._step(model, optimizer)
            self.models.append(model)
            self.optimizers.append(optimizer)
            self.steps.append(CompiledStep(step) if compiled else step)

    @staticmethod
    def _step(model, optimizer):
        def step(x, y, scale=1.0):
            loss = F.cross_entropy(model(x), y) * scale
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return step

    def run(self, times=4, *args, x=None, y=None, **kwargs):
        x, y = self.x if x is None else x, self.y if y is None else y
        for i in range(times):
            results = []
            for model, step in zip(self.models, self.steps, strict=True):
                tg.manual_seed(i)
                loss = step(x + 0.1 * i, y, *args, **kwargs)
                results.append([loss, *model.state_dict().values(), *(p.grad for p in model.parameters())])
            for a, b in zip(*results, strict=True):
                assert (a is None and b is None) or a.detach().numpy().tobytes() == b.detach().numpy().tobytes()

    def each(self, change):
        for model, optimizer in zip(self.models, self.optimizers, strict=True):
            change(model, optimizer)

    @property
    def ready(self):
        return replays(self.steps[1])


@pytest.fixture
def pair():
    pair = Pair()
    pair.run()
    assert pair.ready == 1
    return pair


def test_batch_size_and_dtype(pair):
    pair.run(x=tg.randn(3, 8), y=tg.tensor([0, 1, 2]))
    assert pair.ready == 2
    pair.run()
    pair.run(x=tg.randn(8, 6).T)
    assert pair.ready == 3
    pair.run(y=pair.y.to(tg.uint8))


def test_train_and_eval(pair):
    pair.each(lambda model, optimizer: model.eval())
    pair.run()
    assert pair.ready == 2
    pair.each(lambda model, optimizer: model[3].train())
    pair.run()
    pair.each(lambda model, optimizer: model.train())
    pair.run()
    assert pair.ready == 3


def test_numbers_of_modules_and_arguments(pair):
    pair.run(4, 0.5)
    pair.run(4, scale=0.5)
    pair.run(4, 2)
    pair.each(lambda model, optimizer: setattr(model[3], "p", 0.5))
    pair.run()
    pair.each(lambda model, optimizer: setattr(model[1], "momentum", 0.3))
    pair.run()
    assert pair.ready == 6


def test_options_of_the_optimizer_are_read_anew(pair):
    pair.each(lambda model, optimizer: optimizer.param_groups[0].update(lr=0.01, weight_decay=0.1, nesterov=True))
    pair.run()
    assert pair.ready == 1


def test_schedulers(pair):
    schedulers = [tg.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5) for optimizer in pair.optimizers]
    for _ in range(4):
        pair.run(2)
        for scheduler in schedulers:
            scheduler.step()
    assert pair.ready == 1


def test_loading_states(pair):
    other = Pair(lr=0.02)
    other.run()
    state, options = other.models[0].state_dict(), other.optimizers[0].state_dict()
    pair.each(lambda model, optimizer: model.load_state_dict(state))
    pair.run()
    pair.each(lambda model, optimizer: optimizer.load_state_dict(options))
    pair.run()
    pair.each(lambda model, optimizer: model.load_state_dict({k: v.clone() for k, v in state.items()}, assign=True))
    pair.run()


def test_assigned_data(pair):
    def change(model, optimizer):
        model[0].weight.data = model[0].weight.data * 0.5
        model[4].bias.data = tg.ones(3)
        model[1].running_mean = tg.full((8,), 0.25)

    pair.each(change)
    pair.run()


def test_frozen_and_thawed_parameters(pair):
    pair.each(lambda model, optimizer: model[0].requires_grad_(False))
    pair.run()
    assert pair.ready == 2
    pair.each(lambda model, optimizer: model[4].bias.requires_grad_(False))
    pair.run()
    pair.each(lambda model, optimizer: model.requires_grad_())
    pair.run()
    assert pair.ready == 3


def test_replaced_modules_and_parameters(pair):
    def change(model, optimizer):
        tg.manual_seed(5)
        model[2] = nn.ReLU()

    pair.each(change)
    pair.run()
    pair.each(lambda model, optimizer: setattr(model[4], "bias", None))
    pair.run()
    pair.each(lambda model, optimizer: model.append(nn.Identity()))
    pair.run()
    pair.each(lambda model, optimizer: model[0].register_parameter("bias", nn.Parameter(tg.ones(8))))
    pair.each(lambda model, optimizer: optimizer.add_param_group({"params": [model[0].bias], "lr": 0.5}))
    pair.run()
    assert pair.ready == 5


def test_grad_mode_and_default_dtype():
    w = tg.ones(2, requires_grad=True)
    step = CompiledStep(lambda x: (x * w).detach() + tg.zeros(2))
    for _ in range(3):
        assert step(tg.ones(2)).dtype is tg.float32
    with tg.no_grad():
        assert step(tg.ones(2)).tolist() == [1.0, 1.0]
    tg.set_default_dtype(tg.float64)
    for _ in range(3):
        assert step(tg.ones(2, dtype=tg.float32)).dtype is tg.float64


def test_gradients_at_the_start():
    w = tg.ones(2, requires_grad=True)

    def step(x):
        (w * x).sum().backward()
        return w.grad

    run = CompiledStep(step)
    for i in range(8):
        if i % 4 == 0:
            w.grad, expected = None, 0.0
        expected += i
        assert run(tg.full((2,), float(i))).tolist() == [expected, expected]
        assert run(tg.full((2,), 0.0)) is w.grad
    assert replays(run) == 2


def test_globals_closures_and_attributes(monkeypatch):
    shift, config, options, names = 1.0, Settings(power=2, deep=Settings(flag=True)), {"a": 1.0}, ["a"]

    def helper(x):
        return x * FACTOR

    def step(x):
        y = helper(x) + shift + sum(options[name] for name in names)
        return y**config.power if config.deep.flag else y

    run = CompiledStep(step)

    def agree():
        for _ in range(3):
            assert run(tg.tensor([3.0])).tolist() == step(tg.tensor([3.0])).tolist()

    agree()
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    agree()
    shift = 0.5
    agree()
    config.power = 3
    agree()
    config.deep.flag = False
    agree()
    options["a"] = 7.0
    agree()
    names.append("a")
    agree()
    old = helper

    def helper(x):
        return old(x) + 1

    agree()
    assert replays(run) == 8
    agree()


def test_methods_and_their_classes():
    class Trainer:
        rate = 2.0

        def __init__(self):
            self.weight = tg.ones(2)
            self.scale = 1.0

        @tg.compile
        def step(self, x):
            return self.scaled(x) + self.weight

        def scaled(self, x):
            return x * self.scale

    a, b = Trainer(), Trainer()
    b.weight = tg.full((2,), 5.0)
    for _ in range(4):
        assert a.step(tg.ones(2)).tolist() == [2.0, 2.0]
        assert b.step(tg.ones(2)).tolist() == [6.0, 6.0]
    a.scale = 3.0
    for _ in range(3):
        assert a.step(tg.ones(2)).tolist() == [4.0, 4.0]
    a.weight = tg.zeros(2)
    assert a.step(tg.ones(2)).tolist() == [3.0, 3.0]


def test_the_same_tensor_twice_among_the_arguments():
    def step(x, y):
        (x * 2 + y * 3).sum().backward()

    run = CompiledStep(step)
    for _ in range(4):
        x, y = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
        run(x, y)
        assert (x.grad.tolist(), y.grad.tolist()) == ([2.0, 2.0], [3.0, 3.0])
    for _ in range(4):
        x = tg.ones(2, requires_grad=True)
        run(x, x)
        assert x.grad.tolist() == [5.0, 5.0]


def test_a_parameter_among_the_arguments():
    w = tg.ones(2, requires_grad=True)

    def step(x):
        w.grad = None
        (x * w).sum().backward()

    run = CompiledStep(step)
    for _ in range(4):
        x = tg.full((2,), 3.0, requires_grad=True)
        run(x)
        assert (x.grad.tolist(), w.grad.tolist()) == ([1.0, 1.0], [3.0, 3.0])
    for _ in range(4):
        run(w)
        assert w.grad.tolist() == [2.0, 2.0]
    x = tg.full((2,), 3.0, requires_grad=True)
    run(x)
    assert (x.grad.tolist(), w.grad.tolist()) == ([1.0, 1.0], [3.0, 3.0])


def test_control_flow_by_values():
    def step(x):
        return x * 2 if x.sum() > 0 else x - 1

    run = CompiledStep(step)
    for i in range(12):
        x = tg.tensor([1.0 + i]) * (-1 if i % 3 == 0 else 1)
        assert run(x).tolist() == step(x).tolist()
    assert replays(run) == 2


def test_shapes_by_values():
    def step(x):
        kept = x[x > 0]
        return kept.mean() + len(kept), x.nonzero().sum()

    run = CompiledStep(step)
    for values in ([1.0, 2.0, -1.0], [3.0, -4.0, 1.0], [5.0, 6.0, -1.0], [7.0, 8.0, 9.0], [0.0, 1.0, 2.0]) * 2:
        found = run(tg.tensor(values))
        assert [t.item() for t in found] == [t.item() for t in step(tg.tensor(values))]
    assert replays(run)


def test_targets_that_do_not_fit_raise_in_a_replay():
    run = CompiledStep(lambda x, y: F.cross_entropy(x, y))
    x = tg.randn(3, 4)
    for _ in range(3):
        run(x, tg.tensor([0, 1, 2]))
    with pytest.raises(IndexError, match="out of bounds"):
        run(x, tg.tensor([0, 1, 4]))
    y = tg.tensor([0, -100, 2])
    assert run(x, y).item() == F.cross_entropy(x, y).item()


def test_the_least_used_program_goes():
    run = CompiledStep(lambda x: x * 2)
    for n in range(1, 14):
        for _ in range(3):
            assert run(tg.ones(n)).tolist() == [2.0] * n
    assert len(run._entries) == replays(run) == 8


def test_options_that_the_step_reads_itself():
    w = tg.ones(2, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=0.5)

    def step(x):
        return x * optimizer.param_groups[0]["lr"]

    run = CompiledStep(step)
    for lr in (0.5, 0.25, 0.5):
        optimizer.param_groups[0]["lr"] = lr
        for _ in range(3):
            assert run(tg.ones(1)).item() == lr
    assert replays(run) == 2 and type(optimizer.param_groups[0]) is dict


def test_replaced_arrays_are_let_go():
    w = tg.ones(1000, requires_grad=True)
    run = CompiledStep(lambda x: (w * x).detach())
    for _ in range(3):
        run(tg.ones(1000))
    old = weakref.ref(w.detach().numpy())
    w.data = tg.full((1000,), 2.0)
    assert run(tg.ones(1000))[0].item() == 2.0
    assert old() is None and replays(run) == 1
