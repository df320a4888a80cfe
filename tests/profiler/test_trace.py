"""Files: Chrome's trace format and stacks; tables; schedules."""

from __future__ import annotations

import gzip
import json

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, profiler
from tinygrad5329.profiler import ProfilerAction, profile, record_function, schedule
from tinygrad5329.profiler.columns import Column, aligned


@pytest.fixture
def prof():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    with (
        profile(record_shapes=True, profile_memory=True, with_stack=True, with_flops=True) as prof,
        record_function("step"),
    ):
        model(tg.ones(3, 4)).sum().backward()
    return prof


def test_a_trace_that_viewers_open(prof, tmp_path):
    prof.add_metadata("run", "first")
    prof.add_metadata_json("config", '{"lr": 0.1}')
    prof.export_chrome_trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    assert trace["run"] == "first" and trace["config"] == {"lr": 0.1}
    events = trace["traceEvents"]
    assert {event["ph"] for event in events} == {"M", "X", "s", "f"}
    complete = [event for event in events if event["ph"] == "X"]
    for event in complete:
        assert event["dur"] >= 0 and event["ts"] >= 0
        assert isinstance(event["pid"], int) and isinstance(event["tid"], int)
        assert event["cat"] in ("cpu_op", "python_function", "user_annotation")
    by_name = {event["name"]: event for event in complete}

    def holds(outer, inner):
        return outer["ts"] <= inner["ts"] and inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"] + 0.002

    linear = next(event for event in complete if event["name"] == "linear")
    assert holds(by_name["step"], by_name["nn.Module: Sequential"])
    assert holds(by_name["nn.Module: Sequential"], by_name["nn.Module: Sequential.0"])
    assert holds(by_name["nn.Module: Sequential.0"], linear)
    assert holds(by_name["step"], by_name["autograd.backward"])
    assert holds(by_name["autograd.backward"], by_name["LinearBackward0"])
    assert linear["args"]["Module"] == "Sequential.0"
    assert linear["args"]["Input Dims"] == [[3, 4], [8, 4], [8]]
    assert linear["args"]["FLOPs"] == 2 * 3 * 4 * 8
    assert linear["args"]["Call stack"]
    assert by_name["nn.Module: Sequential"]["args"]["Output Dims"] == [3, 1]
    # No two events overlap without one holding the other: what viewers need to stack them.
    for a in complete:
        for b in complete:
            apart = a["ts"] + a["dur"] <= b["ts"] + 0.002 or b["ts"] + b["dur"] <= a["ts"] + 0.002
            assert apart or holds(a, b) or holds(b, a)
    # Each rule has an arrow from its operation.
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert starts.keys() == ends.keys() and len(starts) == 4
    assert all(starts[key]["ts"] < ends[key]["ts"] for key in starts)


def test_compressed(prof, tmp_path):
    prof.export_chrome_trace(tmp_path / "trace.json.gz")
    assert json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))["traceEvents"]


def test_stacks_for_flame_graphs(prof, tmp_path):
    prof.export_stacks(tmp_path / "stacks.txt", "self_cpu_time_total")
    for line in (tmp_path / "stacks.txt").read_text().splitlines():
        frames, value = line.rsplit(" ", 1)
        assert int(value) > 0 and " " not in frames and len(frames.split(";")) >= 2
    with pytest.raises(ValueError, match="no device"):
        prof.export_stacks(tmp_path / "stacks.txt", "self_cuda_time_total")


def test_tables_are_aligned_and_fit(prof):
    for table in (
        prof.key_averages().table(sort_by="self_cpu_time_total"),
        prof.by_module().table(),
        str(prof.by_operation()),
    ):
        lines = table.splitlines()
        width = len(lines[1])
        assert set(lines[1]) == {"-"} and width <= 120
        rows = lines[2 : lines.index("") if "" in lines else None]
        assert rows and all(len(line) <= width for line in [lines[0], *rows])
        assert len({len(line) for line in rows}) == 1


def test_rows_are_sorted_and_limited(prof):
    averages = prof.key_averages()
    table = averages.table(sort_by="cpu_time_total", row_limit=2, header="a header")
    assert table.startswith("a header\n")
    assert f"... and {len(averages) - 2} more" in table
    longest = max(averages, key=lambda each: each.cpu_time_total)
    assert table.splitlines()[3].startswith(longest.key)
    assert len(averages.table(row_limit=-1).splitlines()) == len(averages) + 4
    assert prof.by_module().table(sort_by="total", row_limit=1).splitlines()[2].startswith("Sequential ")


def test_names_give_way_before_numbers():
    names = ["a" * 90, "b"]
    lines = aligned([Column("Name", names, text=True), Column("Number", ["123456", "7"])], total=40)
    assert lines[2] == f"{'a' * 15}…{'a' * 16}  123456"
    assert lines[3] == f"{'b'.ljust(32)}       7"


def test_a_schedule(tmp_path):
    seen = []

    def ready(prof):
        seen.append((prof.step_num, [each.name for each in prof.events() if "Step" in each.name]))
        assert {each.key: each.count for each in prof.key_averages()} == {"ProfilerStep*": 2, "mul": 2}
        assert sum(event.name == "mul" for event in prof.events()) == 2

    x = tg.ones(3)
    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1), on_trace_ready=ready) as prof:
        for _ in range(12):
            x * 2
            prof.step()
    assert seen == [
        (5, ["ProfilerStep#3", "ProfilerStep#4"]),
        (9, ["ProfilerStep#7", "ProfilerStep#8"]),
    ]
    assert prof.step_num == 12


def test_cycles_that_are_kept_together():
    x = tg.ones(3)
    with profile(schedule=schedule(wait=1, warmup=0, active=1), acc_events=True) as prof:
        for _ in range(6):
            x * 2
            prof.step()
    events = prof.events()
    assert [event.name for event in events] == [
        "ProfilerStep#1",
        "mul",
        "ProfilerStep#3",
        "mul",
        "ProfilerStep#5",
        "mul",
    ]
    assert [event.id for event in events] == list(range(6))
    starts = [event.time_range.start for event in events]
    assert starts == sorted(starts)


def test_a_schedule_that_never_records():
    with profile(schedule=schedule(wait=5, warmup=1, active=1)) as prof:
        prof.step()
    with pytest.raises(RuntimeError, match="call step"):
        prof.events()


def test_schedules_say_what_pytorch_says():
    torch = pytest.importorskip("torch")
    for numbers in (
        {"wait": 1, "warmup": 1, "active": 2},
        {"wait": 0, "warmup": 1, "active": 1, "repeat": 2, "skip_first": 2},
        {"wait": 3, "warmup": 1, "active": 2, "repeat": 1, "skip_first": 1, "skip_first_wait": 1},
    ):
        ours, theirs = schedule(**numbers), torch.profiler.schedule(**numbers)
        assert [ours(step).name for step in range(20)] == [theirs(step).name for step in range(20)]
    with pytest.raises(AssertionError, match="active must be at least 1"):
        schedule(wait=1, warmup=1, active=0)
    with pytest.raises(AssertionError, match="wait must not be negative"):
        schedule(wait=-1, warmup=1, active=1)


def test_a_handler_for_tensorboard(tmp_path):
    handler = profiler.tensorboard_trace_handler(tmp_path / "log", worker_name="me", use_gzip=True)
    with profile(on_trace_ready=handler):
        tg.ones(3) * 2
    (file,) = (tmp_path / "log").iterdir()
    assert file.name.startswith("me.") and file.name.endswith(".pt.trace.json.gz")


def test_starting_and_stopping_by_hand():
    prof = profile()
    prof.start()
    with pytest.raises(RuntimeError, match="started already"):
        prof.start()
    tg.ones(3) * 2
    prof.stop()
    prof.stop()
    assert [event.name for event in prof.events()] == ["mul"]
    assert ProfilerAction.RECORD.value == 2
    assert profiler.supported_activities() == {profiler.ProfilerActivity.CPU}
