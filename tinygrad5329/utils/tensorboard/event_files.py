"""``EventFiles``: the calls of tensorboardX that :class:`SummaryWriter` makes, over the ``tensorboard`` package.

That has functions for the parts of an event, and a writer of files, but no ``SummaryWriter`` of its own.
"""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["EventFiles"]

_GRID = {"NCHW": (0, 2, 3, 1), "NHWC": (0, 1, 2, 3)}


class EventFiles:
    """Event files in `log_dir`; parameters and methods are those of :class:`SummaryWriter`."""

    def __init__(
        self, log_dir: str, *, purge_step: int | None, max_queue: int, flush_secs: float, filename_suffix: str
    ) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._writer = Event, EventFileWriter
        self._options = (max_queue, flush_secs, filename_suffix)
        self.log_dir = log_dir
        self.file_writer = EventFileWriter(log_dir, *self._options)
        #: Runs below the folder, by their names.
        self._below: dict[str, Any] = {}
        if purge_step is not None:
            self._add(step=purge_step, file_version="brain.Event:2")
            self._add(step=purge_step, session_log=SessionLog(status=SessionLog.START))

    def add_scalar(self, tag: str, value: float, step: int | None, walltime: float | None) -> None:
        """One point of a curve."""
        self._add(step, walltime, summary=_scalar(tag, value))

    def add_scalars(self, main_tag: str, values: Mapping[str, float], step: int | None, walltime: float | None) -> None:
        """One point of several curves, each in a run of its own."""
        for name, value in values.items():
            run = f"{main_tag.replace('/', '_')}_{name}"
            self._add(step, walltime, run, summary=_scalar(main_tag, value))

    def add_histogram(
        self, tag: str, values: Any, step: int | None, bins: str, walltime: float | None, max_bins: int | None
    ) -> None:
        """A histogram of finite values."""
        from tensorboard.compat.proto.histogram_pb2 import HistogramProto
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = np.asarray(values, np.float64).ravel()
        counts, edges = np.histogram(values, bins=_edges() if bins == "tensorflow" else bins)
        if max_bins is not None and len(counts) > max_bins:
            together = -(-len(counts) // max_bins)
            counts = np.add.reduceat(counts, range(0, len(counts), together))
            edges = np.append(edges[:-1:together], edges[-1])
        # Empty bars outside of the values say nothing; one is kept on the left, whose edge is the first limit.
        full = np.flatnonzero(counts)
        first, last = int(full[0]), int(full[-1])
        histogram = HistogramProto(
            min=values.min(), max=values.max(), num=values.size, sum=values.sum(), sum_squares=values @ values,
            bucket_limit=edges[first : last + 2].tolist(), bucket=[0, *counts[first : last + 1].tolist()],
        )  # fmt: skip
        self._add(step, walltime, summary=Summary(value=[Summary.Value(tag=tag, histo=histogram)]))

    def add_text(self, tag: str, text: str, step: int | None, walltime: float | None) -> None:
        """A text."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        # As tensorboardX and PyTorch name it.
        self._add(step, walltime, summary=text_pb(f"{tag}/text_summary", text))

    def add_hparams(
        self, settings: Mapping[str, Any], metrics: Mapping[str, float], name: str, step: int | None
    ) -> None:
        """Hyper-parameters and metrics, in a run of their own."""
        from tensorboard.plugins.hparams import summary_v2 as hp

        infos = [hp.HParam(each) for each in settings]
        config = hp.hparams_config_pb(infos, [hp.Metric(each) for each in metrics])
        self._add(None, None, name, summary=config)
        self._add(None, None, name, summary=hp.hparams_pb(dict(settings), trial_id=name))
        for tag, value in metrics.items():
            self._add(step, None, name, summary=_scalar(tag, value))

    def add_figure(self, tag: str, figure: Any, step: int | None, close: bool, walltime: float | None) -> None:
        """Figures of Matplotlib."""
        from matplotlib import pyplot
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        images = []
        for each in figure if isinstance(figure, list) else [figure]:
            canvas = FigureCanvasAgg(each)
            canvas.draw()
            images.append(np.asarray(canvas.buffer_rgba())[..., :3])
            if close:
                pyplot.close(each)
        self.add_images(tag, np.stack(images), step, walltime, "NHWC")

    def add_image(self, tag: str, image: Any, step: int | None, walltime: float | None, dataformats: str) -> None:
        """One image, of whichever order of dimensions."""
        order = dataformats.upper()
        image = np.asarray(image)
        if sorted(order) not in (sorted("CHW"), sorted("HW")) or image.ndim != len(order):
            raise ValueError(f"add_image: {tag!r}: an image of shape {image.shape} is not {dataformats!r}")
        if "C" not in order:
            image, order = image[None], "C" + order
        image = image.transpose([order.index(axis) for axis in "HWC"])
        self.add_images(tag, image[None], step, walltime, "NHWC")

    def add_images(self, tag: str, images: Any, step: int | None, walltime: float | None, dataformats: str) -> None:
        """Several images, side by side."""
        from PIL import Image
        from tensorboard.compat.proto.summary_pb2 import Summary

        images = np.asarray(images)
        if dataformats.upper() not in _GRID or images.ndim != 4:
            raise ValueError(f"add_images: {tag!r}: images of shape {images.shape} are not {dataformats!r}")
        images = images.transpose(_GRID[dataformats.upper()])
        if images.dtype != np.uint8:
            images = (images.clip(0, 1) * 255).astype(np.uint8)
        picture = np.concatenate(list(images), axis=1)
        height, width, channels = picture.shape
        file = io.BytesIO()
        Image.fromarray(picture[..., 0] if channels == 1 else picture).save(file, "PNG")
        made = Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue()
        )  # fmt: skip
        self._add(step, walltime, summary=Summary(value=[Summary.Value(tag=tag, image=made)]))

    def flush(self) -> None:
        """Write what waits to be written."""
        for writer in (self.file_writer, *self._below.values()):
            writer.flush()

    def close(self) -> None:
        """Write what waits, and close the files."""
        for writer in (self.file_writer, *self._below.values()):
            writer.close()

    def _add(self, step: int | None = None, walltime: float | None = None, run: str = "", **parts: Any) -> None:
        if "summary" in parts:
            for value in parts["summary"].value:
                value.tag = re.sub(r"[^-/\w.]", "_", value.tag).lstrip("/")
        event = self._event(wall_time=time.time() if walltime is None else walltime, step=step or 0, **parts)
        if run and run not in self._below:
            self._below[run] = self._writer(os.path.join(self.log_dir, run), *self._options)
        (self._below[run] if run else self.file_writer).add_event(event)


def _scalar(tag: str, value: float) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    # Not the scalar plugin's tensor: this form is read by everything, as that of tensorboardX and PyTorch.
    return Summary(value=[Summary.Value(tag=tag, simple_value=value)])


def _edges() -> list[float]:
    """TensorFlow's edges: steps of a tenth from 1e-12 to 1e20, on both sides of 0."""
    positive = [1e-12]
    while positive[-1] < 1e20:
        positive.append(positive[-1] * 1.1)
    return [-edge for edge in reversed(positive)] + [0.0, *positive]
