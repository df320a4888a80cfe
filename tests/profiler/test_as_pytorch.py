"""What published scripts ask of a profile besides its table: names, attributes, sums, lists of events."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.profiler import ProfilerActivity, profile, record_function, schedule
from tinygrad5329.utils.data import DataLoader, TensorDataset

#: What scripts read of ``FunctionEventAvg``.
ATTRIBUTES = (
    "key", "count", "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_time_str", "cpu_time_total_str",
    "self_cpu_time_total_str", "device_time", "device_time_total", "self_device_time_total", "cpu_memory_usage",
    "self_cpu_memory_usage", "device_memory_usage", "self_device_memory_usage", "input_shapes", "stack", "flops",
    "use_device", "is_async", "is_remote", "is_user_annotation",
)  # fmt: skip


def train(batches, model, prof=None):
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches:
        with record_function("forward"):
            loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if prof is not None:
            prof.step()


def batches():
    tg.manual_seed(0)
    return DataLoader(TensorDataset(tg.randn(24, 8), tg.randint(0, 3, (24,))), batch_size=4)


@pytest.fixture
def model():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def test_attributes_are_pytorchs(model):
    with profile(record_shapes=True, profile_memory=True, with_flops=True, with_stack=True) as prof:
        train(batches(), model)
    for each in (*prof.key_averages(), *prof.events()):
        missing = [name for name in ATTRIBUTES if name not in ("count", "stack") and not hasattr(each, name)]
        assert not missing and each.device_time_total == each.self_device_memory_usage == 0
    found = {each.key: each for each in prof.key_averages()}
    assert found["forward"].cpu_time_total_str.endswith("s") and found["forward"].count == 6
    torch = pytest.importorskip("torch")
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as theirs:
        torch.ones(3).sum()
    assert not [name for name in ATTRIBUTES if not hasattr(theirs.key_averages()[0], name)]


def test_floating_point_operations_may_be_added_up(model):
    once = 2 * 4 * (8 * 16 + 16 * 3)
    with profile(with_flops=True) as prof, record_function("all"):
        train(batches(), model)
    # Forward, and the gradients of two weights and of what is between the layers.
    expected = 6 * (2 * once + 2 * 4 * 16 * 3)
    averages = prof.key_averages()
    assert sum(each.flops for each in averages) == sum(event.flops for event in prof.events()) == expected
    found = {each.key: each for each in averages}
    assert found["all"].flops == 0 and found["all"].total_flops == expected
    assert found["forward"].total_flops == 6 * once
    assert averages.table(sort_by="flops").splitlines()[2].startswith("all ")


def test_steps_are_one_row_and_batches_another(model):
    def ready(prof):
        counts = {each.key: each.count for each in prof.key_averages()}
        assert counts["ProfilerStep*"] == 2 and counts["linear"] == 4
        assert counts["enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__"] == 2
        assert counts["Optimizer.zero_grad#SGD.zero_grad"] == counts["Optimizer.step#SGD.step"] == 2
        seen.append(prof.step_num)

    seen = []
    plan = schedule(wait=1, warmup=1, active=2, repeat=1)
    with profile(activities=[ProfilerActivity.CPU], schedule=plan, on_trace_ready=ready) as prof:
        train(batches(), model, prof)
    assert seen == [4]


def test_events_are_a_list_with_a_table(model):
    with profile(record_shapes=True) as prof:
        train(batches(), model)
    events = prof.events()
    assert isinstance(events, list) and len(events.table(row_limit=-1).splitlines()) == len(events) + 4
    assert [each.key for each in events.key_averages()] == [each.key for each in prof.key_averages()]
    assert events.total_average().count == sum(each.count for each in prof.key_averages())
    assert events.self_cpu_time_total == prof.key_averages().self_cpu_time_total
    longest = max(events, key=lambda event: event.cpu_time_total)
    assert longest.cpu_time_total_str in events.table(sort_by="cpu_time_total", row_limit=1).splitlines()[2]
    with pytest.raises(ValueError, match="with_stack=True"):
        events.key_averages(group_by_stack_n=1)


def test_printing_the_older_kind(model):
    prof = tg.autograd.profiler.profile()
    assert str(prof).startswith("<")
    with prof:
        model(tg.ones(2, 8))
    assert "linear" in str(prof)


def test_no_activities():
    with pytest.raises(AssertionError, match=r"activities=\[ProfilerActivity\.CPU\]"):
        profile(activities=[])


def test_loaders_are_as_they_were_after_an_error(model):
    from tinygrad5329.utils.data.passes import Pass

    before = vars(Pass)["__next__"]
    with pytest.raises(RuntimeError, match="features"), profile():
        train([(tg.ones(2, 3), tg.zeros(2))], model)
    assert vars(Pass)["__next__"] is before
