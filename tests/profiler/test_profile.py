"""What a profile records: names, nesting, times, memory, modules; and that nothing stays behind."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.autograd.function import Function
from tinygrad5329.backends import choice
from tinygrad5329.nn.module import Module
from tinygrad5329.ops.primitive import REGISTRY, OpNode, Primitive
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.profiler import ProfilerActivity, profile, record_function
from tinygrad5329.profiler.recorder import Kind
from tinygrad5329.random import Generator


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(6, 8)
        self.blocks = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.hidden(x).tanh()
        for block in self.blocks:
            x = x + block(x)
        return self.head(nn.functional.dropout(x, 0.5))


@pytest.fixture
def net():
    return Net()


def step(net, optimizer=None):
    loss = nn.functional.cross_entropy(net(tg.ones(5, 6)), tg.tensor([0, 1, 2, 0, 1]))
    loss.backward()
    if optimizer is not None:
        optimizer.step()
        optimizer.zero_grad()
    return loss


@contextmanager
def using(kernels):
    before = choice.current()
    choice.use(kernels)
    try:
        yield
    finally:
        choice.use(before)


def engine_state():
    """Everything that a profiler exchanges."""
    generator = {name: vars(cls).get(name) for cls in Generator.__mro__ for name in ("random", "dropout_mask")}
    backward = __import__("sys").modules["tinygrad5329.autograd.backward"]
    return {
        **{op.name: op.run if getattr(op.run, "__self__", None) is None else "waits" for op in REGISTRY.values()},
        **generator,
        "call": vars(Module)["__call__"],
        "first_run": vars(Primitive)["_first_run"],
        "pull": vars(OpNode)["pull"],
        "apply": vars(Function)["apply"],
        "zero_grad": vars(Optimizer)["zero_grad"],
        "walk": backward.walk,
        "accumulate": backward._accumulate,
    }


def test_names_and_counts(net):
    optimizer = tg.optim.SGD(net.parameters(), lr=0.1)
    with profile() as prof:
        step(net, optimizer)
    found = {each.key: each.count for each in prof.key_averages()}
    assert found["linear"] == found["LinearBackward0"] == 4
    assert found["tanh"] == found["TanhBackward0"] == 1
    assert found["cross_entropy_loss"] == found["CrossEntropyLossBackward0"] == 1
    assert found["random.dropout_mask"] == found["autograd.backward"] == 1
    assert found["AccumulateGrad"] == 8
    assert found["Optimizer.step#SGD.step"] == found["Optimizer.zero_grad#SGD.zero_grad"] == 1


def test_nothing_stays_behind(net):
    step(net)
    before = engine_state()
    with profile(record_shapes=True, profile_memory=True, with_flops=True, with_stack=True):
        step(net)
        tg.ones(3, requires_grad=True).erfinv()
    after = engine_state()
    # An operation that ran for the first time inside is compiled now.
    assert {name for name in before if before[name] is not after[name]} <= {"erfinv"}
    assert all(not hasattr(op.run, "unclocked") for op in REGISTRY.values())


def test_nothing_stays_behind_after_an_error(net):
    step(net)
    before = engine_state()
    with pytest.raises(RuntimeError, match="features"), profile() as prof:
        net(tg.ones(5, 7))
    assert engine_state() == before
    names = [event.name for event in prof.events()]
    assert "nn.Module: Net" in names and "nn.Module: Net.hidden" in names
    with pytest.raises(ZeroDivisionError), profile() as prof, record_function("block"):
        1 / 0  # noqa: B018
    assert engine_state() == before
    assert [event.name for event in prof.events()] == ["block"]


def test_results_are_the_same_with_and_without(net):
    tg.manual_seed(1)
    expected = step(net)
    gradients = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    tg.manual_seed(1)
    with profile(record_shapes=True, profile_memory=True, with_flops=True, with_stack=True):
        found = step(net)
    assert found.item() == expected.item()
    assert all(tg.equal(p.grad, g) for p, g in zip(net.parameters(), gradients, strict=True))


def test_events_are_nested(net):
    with profile() as prof:
        step(net)
    for event in prof.events():
        for child in event.cpu_children:
            assert child.cpu_parent is event
            assert event.time_range.start <= child.time_range.start <= child.time_range.end <= event.time_range.end
        assert event.self_cpu_time_total >= 0
    backward = next(event for event in prof.events() if event.name == "autograd.backward")
    assert {child.kind for child in backward.cpu_children} == {Kind.BACKWARD}
    forward = next(event for event in prof.events() if event.name == "nn.Module: Net")
    inside = [child.name for child in forward.cpu_children]
    assert inside == [
        "nn.Module: Net.hidden", "tanh", "nn.Module: Net.blocks.0", "add", "nn.Module: Net.blocks.1", "add",
        "random.dropout_mask", "dropout", "nn.Module: Net.head",
    ]  # fmt: skip
    total = sum(each.self_cpu_time_total for each in prof.events())
    assert total == pytest.approx(prof.key_averages().self_cpu_time_total)


def test_modules_have_the_time_of_both_passes(net):
    with profile(with_flops=True, profile_memory=True) as prof:
        step(net)
        step(net)
    shares = {share.name: share for share in prof.by_module()}
    assert list(shares) == [
        "Net", "Net.hidden", "Net.blocks.0", "Net.blocks.1", "Net.head", "(no module)",
    ]  # fmt: skip
    assert [share.calls for share in shares.values()] == [2, 2, 2, 2, 2, 2]
    assert shares["Net.hidden"].class_name == "Linear"
    assert shares["Net"].backward_total > sum(shares[name].backward_total for name in ("Net.hidden", "Net.head"))
    assert shares["Net"].forward_total > shares["Net"].forward_self
    assert shares["Net.hidden"].forward_total == shares["Net.hidden"].forward_self
    # Inputs need no gradient: one product forward and one backward, in two steps.
    assert shares["Net.hidden"].flops == 2 * 2 * (2 * 5 * 6 * 8)
    assert shares["Net.head"].flops == 2 * 3 * (2 * 5 * 8 * 3)
    assert shares["Net"].flops == sum(share.flops for name, share in shares.items() if name.count("."))
    assert shares["Net.head"].bytes >= 2 * 5 * 3 * 4


def test_operations_side_by_side(net):
    with profile(with_flops=True) as prof:
        step(net)
    shares = {share.name: share for share in prof.by_operation()}
    averages = {each.key: each for each in prof.key_averages()}
    assert shares["linear"].calls == 4
    assert shares["linear"].forward_total == pytest.approx(averages["linear"].cpu_time_total)
    assert shares["linear"].backward_total == pytest.approx(averages["LinearBackward0"].cpu_time_total)
    assert shares["linear"].flops == averages["linear"].flops + averages["LinearBackward0"].flops
    assert "LinearBackward0" not in shares


def test_node_times_lead_back_to_the_tape(net):
    with profile() as prof:
        out = net(tg.ones(5, 6))
        node = out.grad_fn
        out.sum().backward()
    forward, backward = prof.node_times()[node.seq]
    assert forward > 0 and backward > 0


def test_memory_is_what_operations_return():
    x = tg.ones(100, 10, requires_grad=True)
    with profile(profile_memory=True) as prof:
        y = x * 2
        y.T.sum().backward()
    found = {each.key: each.self_cpu_memory_usage for each in prof.key_averages()}
    assert found["mul"] == found["MulBackward0"] == 4000
    assert found["permute"] == found["PermuteBackward0"] == 0
    assert found["sum"] == 4


def test_what_is_kept_on_the_side_counts():
    norm = nn.BatchNorm1d(16)
    with profile(profile_memory=True) as prof:
        norm(tg.ones(32, 16))
    found = {each.key: each.self_cpu_memory_usage for each in prof.key_averages()}
    assert found["native_batch_norm"] > 32 * 16 * 4


def test_shapes_and_lines(net):
    with profile(record_shapes=True, with_stack=True) as prof:
        step(net)
    found = prof.key_averages(group_by_input_shape=True)
    shapes = {tuple(each.input_shapes): each.count for each in found if each.key == "linear"}
    assert shapes == {((5, 6), (8, 6), (8,)): 1, ((5, 8), (8, 8), (8,)): 2, ((5, 8), (3, 8), (3,)): 1}
    assert "5x8, 8x8, 8" in found.table()
    lines = [each.stack[0] for each in prof.key_averages(group_by_stack_n=1) if each.key == "linear"]
    assert len(lines) == 3 and all(__file__ in line and line.endswith("forward") for line in lines)
    # A gradient rule has the line of its operation.
    assert [each.stack[0] for each in prof.key_averages(group_by_stack_n=1) if each.key == "LinearBackward0"] == lines[
        ::-1
    ]


def test_an_operation_whose_first_run_fails():
    REGISTRY["matmul"].forget()
    with profile() as prof:
        with pytest.raises(TypeError):
            REGISTRY["matmul"].run(tg.ones(2, 3))
        tg.ones(2, 3) @ tg.ones(3, 2)
    assert [event.name for event in prof.events()] == ["matmul", "matmul"]


def test_blocks_may_be_nested_and_decorate():
    @record_function("inner")
    def inner(x, depth):
        return inner(x * 2, depth - 1) if depth else x

    with profile() as prof, record_function("outer", args="3"):
        inner(tg.ones(3), 2)
    names = {each.key: (each.count, each.is_user_annotation) for each in prof.key_averages()}
    assert names == {"outer 3": (1, True), "inner": (3, True), "mul": (2, False)}
    average = next(each for each in prof.key_averages() if each.key == "inner")
    # Calls inside a call are in its time already.
    assert average.cpu_time_total == pytest.approx(average.self_cpu_time_total, abs=1e3)
    assert average.cpu_time_total <= prof.key_averages().self_cpu_time_total


def test_threads_have_events_of_their_own(net):
    with profile() as prof:
        threads = [threading.Thread(target=step, args=(Net(),), name=f"worker {i}") for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        step(net)
    events = prof.events()
    by_thread = {event.thread for event in events}
    assert len(by_thread) == 4
    for thread in by_thread:
        names = [event.name for event in events if event.thread == thread]
        assert names.count("linear") == names.count("LinearBackward0") == 4
    # Four models of one class, each with a name of its own.
    paths = {event.module.path for event in events if event.kind is Kind.MODULE and event.cpu_parent is None}
    assert paths == {"Net", "Net (2)", "Net (3)", "Net (4)"}


def test_functions_of_the_user(net):
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = tg.ones(3, requires_grad=True)
    with profile() as prof:
        Double.apply(x).sum().backward()
    shares = {share.name: share for share in prof.by_operation()}
    assert shares["Double"].calls == 1
    assert shares["Double"].backward_total > 0
    assert shares["mul"].calls == 2


@pytest.mark.parametrize("kernels", ["numpy", "fast"])
def test_both_kinds_of_kernels(net, kernels):
    if kernels == "fast":
        pytest.importorskip("numba")
    with using(kernels), profile(profile_memory=True, with_flops=True) as prof:
        step(net)
    found = {each.key: each.count for each in prof.key_averages()}
    assert found["linear"] == found["LinearBackward0"] == 4
    assert all(not hasattr(op.run, "unclocked") for op in REGISTRY.values())


def test_kernels_exchanged_while_it_records(net):
    with profile() as prof:
        step(net)
        with using("numpy"):
            step(net)
        step(net)
    assert {each.key: each.count for each in prof.key_averages()}["linear"] == 12
    assert all(not hasattr(op.run, "unclocked") for op in REGISTRY.values())


def test_second_derivatives():
    x = tg.ones(4, 4, requires_grad=True)
    with profile(with_flops=True) as prof:
        (g,) = tg.autograd.grad((x @ x).sum(), x, create_graph=True)
        (g * g).sum().backward()
    totals = {each.key: each for each in prof.key_averages()}
    # Products in recorded rules are operations; they must not count for the rule as well.
    assert totals["matmul"].flops == 3 * 2 * 4**3
    assert sum(event.flops for event in prof.events()) == prof.key_averages().total_average().flops > 0


def test_a_compiled_step_is_one_event(net):
    def train(x):
        loss = net.head(net.hidden(x)).sum()
        loss.backward()
        return loss.detach()

    x = tg.ones(5, 6)
    compiled = tg.compile(train)
    with profile(record_shapes=True, profile_memory=True, with_flops=True) as prof:
        for _ in range(4):
            net.zero_grad()
            compiled(x)
    found = [event for event in prof.events() if event.name == "compiled step"]
    assert len(found) == 4
    # The first two are recorded; from then on nothing runs inside.
    assert not any(event.cpu_children for event in found[2:])
    assert compiled(x).item() == pytest.approx(train(x).item())


def test_asking_too_early_or_for_what_was_not_recorded(net):
    prof = profile()
    with pytest.raises(RuntimeError, match="nothing was recorded: use it as"):
        prof.key_averages()
    with prof:
        step(net)
        with pytest.raises(RuntimeError, match="still records"):
            prof.events()
        with pytest.raises(RuntimeError, match="recording already"), profile():
            pass
    for call, words in (
        (lambda: prof.key_averages(group_by_input_shape=True), "record_shapes=True"),
        (lambda: prof.key_averages(group_by_stack_n=2), "with_stack=True"),
        (lambda: prof.key_averages().table(sort_by="flops"), "with_flops=True"),
        (lambda: prof.key_averages().table(sort_by="cpu_memory_usage"), "profile_memory=True"),
        (lambda: prof.key_averages().table(sort_by="cuda_time_total"), "pass 'cpu_time_total'"),
        (lambda: prof.key_averages().table(sort_by="cpu_time_totl"), "did you mean 'cpu_time_total'"),
        (lambda: prof.by_module().table(sort_by="time"), "forward_total"),
        (lambda: prof.export_stacks("x"), "with_stack=True"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    with profile(with_modules=False) as prof:
        step(net)
    with pytest.raises(ValueError, match="with_modules=True"):
        prof.by_module()


def test_options_that_mean_nothing_here():
    with pytest.warns(UserWarning, match="no CUDA here"):
        profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])
    with pytest.raises(TypeError, match=r"ProfilerActivity\.CPU"):
        profile(activities=["cpu"])
    with pytest.raises(TypeError, match="schedule must be a function"):
        profile(schedule=3)
    with pytest.raises(TypeError, match="must be a str"):
        record_function(3)


def test_the_older_interface(net):
    with tg.autograd.profiler.profile(record_shapes=True) as prof, tg.autograd.profiler.record_function("step"):
        step(net)
    assert "linear" in prof.table(sort_by="self_cpu_time_total", row_limit=20)
    assert prof.self_cpu_time_total > 0
    assert len(prof.function_events) == prof.total_average().count + 5
    with tg.autograd.profiler.profile(enabled=False) as prof:
        step(net)
    with pytest.raises(RuntimeError, match="nothing was recorded"):
        prof.table()
