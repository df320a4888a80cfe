"""``SummaryWriter``: what it writes is read back, with each of the libraries that may be installed."""

from __future__ import annotations

import importlib.util
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.utils.tensorboard import SummaryWriter, require_library, writer

from .events import curves_of, read_events, values_of


@pytest.fixture(params=["tensorboardX", "tensorboard"])
def library(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    monkeypatch.setattr(writer, "LIBRARIES", (request.param,))
    return request.param


def test_without_a_library_the_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(writer, "LIBRARIES", ("no_such_library",))
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[tensorboard\]'"):
        SummaryWriter(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_curves(library: str, tmp_path: Path) -> None:
    assert require_library() == library
    with SummaryWriter(tmp_path) as made:
        assert made.get_logdir() == made.log_dir == str(tmp_path)
        made.add_scalar("loss/train", tg.tensor(0.5, requires_grad=True), 1)
        made.add_scalar("loss/train", 0.25, 2, walltime=12.0)
        made.add_scalar("half", tg.tensor([1.5], dtype=tg.float16), 3)
        made.add_scalars("both", {"a": 1, "b": tg.tensor(2.0)}, 4)
    events = read_events(tmp_path, library)
    assert curves_of(events) == {"loss/train": [(1, 0.5), (2, 0.25)], "half": [(3, 1.5)]}
    assert [event.wall_time for event in events if event.step == 2] == [12.0]
    runs = [folder for folder in tmp_path.rglob("*") if folder.is_dir() and list(folder.glob("events*"))]
    assert sorted(curves_of(read_events(run, library))["both"] for run in runs) == [[(4, 1.0)], [(4, 2.0)]]


def test_one_number_is_one_number(library: str, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as made, pytest.raises(ValueError, match=r"expected one number.*shape \(3,\)"):
        made.add_scalar("loss", tg.ones(3))


@pytest.mark.parametrize("options", [{}, {"bins": "auto", "max_bins": 6}])
def test_histograms(library: str, tmp_path: Path, options: dict[str, Any]) -> None:
    x = tg.randn(500, requires_grad=True)
    with SummaryWriter(tmp_path) as made:
        made.add_histogram("x", x, 7, **options)
        made.add_histogram("bfloat16", tg.ones(3).bfloat16())
    found = values_of(read_events(tmp_path, library))
    ((step, value),) = found["x"]
    histogram = value.histo
    assert step == 7
    assert (histogram.num, sum(histogram.bucket)) == (500, 500)
    assert histogram.min == pytest.approx(x.min().item())
    assert histogram.sum_squares == pytest.approx((x * x).sum().item(), rel=1e-5)
    assert len(histogram.bucket) == len(histogram.bucket_limit)
    if options:
        assert len(histogram.bucket) <= 10
    # Each bar counts what lies below its limit and above the one before; the smallest value may be the first limit.
    below = [int((x.detach().numpy() <= limit).sum()) for limit in histogram.bucket_limit]
    assert np.cumsum(histogram.bucket)[1:].tolist() == below[1:]
    assert found["bfloat16"][0][1].histo.num == 3


@pytest.mark.parametrize(
    ("values", "text"), [([1.0, float("nan")], "1 of 2 values are NaN or infinite"), ([], "there are no values")]
)
def test_what_no_histogram_can_show(library: str, tmp_path: Path, values: list[float], text: str) -> None:
    with SummaryWriter(tmp_path) as made, pytest.raises(ValueError, match=text):
        made.add_histogram("x", tg.tensor(values))


def test_texts_and_images(library: str, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = np.zeros((3, 2, 5), np.uint8)
    pixels[0, 1, 4] = 255
    with SummaryWriter(tmp_path) as made:
        made.add_text("note", "a **text**", 3)
        made.add_image("bytes", tg.from_numpy(pixels), 1)
        made.add_image("rows", tg.ones(4, 6), dataformats="HW")
        made.add_images("several", tg.ones(2, 1, 4, 6))
    found = values_of(read_events(tmp_path, library))
    ((step, note),) = found["note/text_summary"]
    assert (step, note.tensor.string_val[0]) == (3, b"a **text**")
    assert note.metadata.plugin_data.plugin_name == "text"
    size = {tag: (found[tag][0][1].image.height, found[tag][0][1].image.width) for tag in ("bytes", "rows", "several")}
    assert size == {"bytes": (2, 5), "rows": (4, 6), "several": (4, 12)}
    read = np.asarray(image.open(io.BytesIO(found["bytes"][0][1].image.encoded_image_string)))
    assert read[1, 4].tolist() == [255, 0, 0]
    assert read.sum() == 255


def test_figures(library: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(2, 1), dpi=50)
    with SummaryWriter(tmp_path) as made:
        made.add_figure("curve", figure, 2)
    assert pyplot.get_fignums() == []
    ((step, value),) = values_of(read_events(tmp_path, library))["curve"]
    assert (step, value.image.width, value.image.height) == (2, 100, 50)


def test_hyper_parameters(library: str, tmp_path: Path) -> None:
    settings = {"lr": tg.tensor(0.5), "name": "sgd", "epochs": 3, "nesterov": True}
    with SummaryWriter(tmp_path) as made:
        made.add_hparams(settings, {"hparam/accuracy": tg.tensor(0.75)}, run_name="first")
        with pytest.raises(ValueError, match=r"'layers': expected a bool.* got list"):
            made.add_hparams({"layers": [1, 2]}, {})
        with pytest.raises(NotImplementedError, match="hparam_domain_discrete"):
            made.add_hparams({}, {}, {"lr": [0.1]})
    events = read_events(tmp_path / "first", library)
    assert curves_of(events)["hparam/accuracy"] == [(0, 0.75)]
    found = values_of(events)
    if library == "tensorboardX":
        from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
    else:
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    content = found["_hparams_/session_start_info"][0][1].metadata.plugin_data.content
    written = HParamsPluginData.FromString(content).session_start_info.hparams
    assert written["lr"].number_value == 0.5
    assert written["name"].string_value == "sgd"
    assert written["nesterov"].bool_value is True


def test_the_graph_of_a_model(library: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    with SummaryWriter(tmp_path) as made:
        made.add_graph(model, tg.ones(2, 4))
    package = "tensorboardX.proto" if library == "tensorboardX" else "tensorboard.compat.proto"
    graph_pb2 = importlib.import_module(f"{package}.graph_pb2")
    (data,) = [event.graph_def for event in read_events(tmp_path, library) if event.graph_def]
    nodes = {node.name: node for node in graph_pb2.GraphDef.FromString(data).node}
    assert list(nodes["Sequential/1/relu"].input) == ["Sequential/0/linear"]
    assert nodes["Sequential/2/linear"].op == "LinearBackward0"
    assert [dim.size for dim in nodes["Sequential/0/linear"].attr["_output_shapes"].list.shape[0].dim] == [2, 3]
    assert set(nodes["Sequential/2/linear"].input) == {
        "Sequential/1/relu",
        "Sequential/2/weight",
        "Sequential/2/bias",
    }


def test_what_was_flushed_can_be_read(library: str, tmp_path: Path) -> None:
    made = SummaryWriter(tmp_path, flush_secs=0.05)
    made.add_scalar("loss", 1.0, 1)
    made.flush()
    deadline = time.monotonic() + 20
    while not curves_of(read_events(tmp_path, library)) and time.monotonic() < deadline:
        time.sleep(0.01)  # a thread of the library's writes
    assert curves_of(read_events(tmp_path, library)) == {"loss": [(1, 1.0)]}
    made.close()


def test_writers_of_the_same_second_have_their_own_files(library: str, tmp_path: Path) -> None:
    for step in (1, 2):
        with SummaryWriter(tmp_path) as made:
            made.add_scalar("loss", 1.0, step)
    assert curves_of(read_events(tmp_path, library)) == {"loss": [(1, 1.0), (2, 1.0)]}


def test_other_methods_of_the_library(library: str, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as made:
        if library == "tensorboardX":
            made.add_pr_curve("pr", tg.tensor([0, 1, 1]), tg.tensor([0.1, 0.9, 0.4]))
            assert made.add_pr_curve.__name__ == "add_pr_curve"
        else:
            with pytest.raises(AttributeError, match="tensorboardX may have it"):
                _ = made.add_pr_curve
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            _ = made.nothing


def test_tensorboard_reads_it(library: str, tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with SummaryWriter(tmp_path) as made:
        made.add_scalar("loss", 2.0, 1)
        made.add_scalar("loss", 1.0, 5)
        made.add_histogram("x", tg.arange(10.0), 1)
    with SummaryWriter(tmp_path, purge_step=5, filename_suffix=".again") as made:
        made.add_scalar("loss", 0.5, 5)
    read = reader.EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in read.Scalars("loss")] == [(1, 2.0), (5, 0.5)]
    assert read.Histograms("x")[0].histogram_value.num == 10


def test_the_usual_folder(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with SummaryWriter(comment="-lr0.1"):
        pass
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("-lr0.1")
