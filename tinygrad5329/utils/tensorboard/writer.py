"""``SummaryWriter``: PyTorch's, as a thin layer over the library that is installed."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor

__all__ = ["SummaryWriter", "require_library"]

#: Libraries that write event files, the more complete one first.
LIBRARIES = ("tensorboardX", "tensorboard")

_number = itertools.count()


def require_library() -> str:
    """The name of the library that will write event files; ImportError if there is none."""
    for name in LIBRARIES:
        if importlib.util.find_spec(name) is not None:
            return name
    raise ImportError(
        "event files for TensorBoard need tensorboardX or tensorboard, and neither is installed: "
        "pip install 'tinygrad5329[tensorboard]'"
    )


class SummaryWriter:
    """Writes what TensorBoard shows into a folder (``torch.utils.tensorboard.SummaryWriter``).

    Values may be tensors, arrays or numbers. Beyond the methods below, any ``add_...`` of tensorboardX works where
    that is installed. Usable as a context manager.

    Parameters
    ----------
    log_dir : path-like, optional
        By default ``runs/DATE_TIME_HOST`` followed by `comment`.
    comment : str
        Not used with `log_dir`, as in PyTorch.
    purge_step : int, optional
        TensorBoard hides what an earlier, interrupted run wrote from this step on.
    max_queue : int
        How many events wait to be written, at most.
    flush_secs : float
        How many seconds they wait, at most.
    filename_suffix : str
        Of the event file.

    Raises
    ------
    ImportError
        If neither tensorboardX nor tensorboard is installed.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        if log_dir is None:
            log_dir = Path("runs") / f"{time.strftime('%b%d_%H-%M-%S')}_{socket.gethostname()}{comment}"
        self.log_dir = os.fspath(log_dir)
        options: dict[str, Any] = {
            "purge_step": purge_step, "max_queue": max_queue, "flush_secs": flush_secs,
            "filename_suffix": filename_suffix,
        }  # fmt: skip
        self._library: Any
        if require_library() == "tensorboardX":
            import tensorboardX

            # A second writer in the same second would otherwise begin the first one's file anew.
            options["filename_suffix"] = f".{os.getpid()}.{next(_number)}{filename_suffix}"
            self._library = tensorboardX.SummaryWriter(self.log_dir, **options)
        else:
            from tinygrad5329.utils.tensorboard.event_files import EventFiles

            self._library = EventFiles(self.log_dir, **options)

    def get_logdir(self) -> str:
        """The folder of the event files."""
        return self.log_dir

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add one point of the curve `tag`."""
        value = plain(scalar_value)
        if isinstance(value, np.ndarray):
            if value.size != 1:
                raise ValueError(
                    f"add_scalar: {tag!r}: expected one number, got a value of shape {value.shape}; pass its mean() or "
                    "one of its elements, or use add_histogram"
                )
            value = value.item()
        self._library.add_scalar(tag, value, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add one point of several curves of one chart, each in a run of its own below the folder."""
        values = {name: np.asarray(plain(value)).item() for name, value in tag_scalar_dict.items()}
        self._library.add_scalars(main_tag, values, global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: str = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Add a histogram of `values`; of NumPy's rules for bins, or TensorFlow's edges.

        Raises ValueError if a value is NaN or infinite, or if there is none.
        """
        array = np.asarray(plain(values))
        wrong = int(array.size - np.isfinite(array).sum())
        if wrong or not array.size:
            found = f"{wrong:,} of {array.size:,} values are NaN or infinite" if wrong else "there are no values"
            raise ValueError(f"add_histogram: {tag!r}: {found}; pass finite ones, such as x[x.isfinite()]")
        self._library.add_histogram(tag, array, global_step, bins, walltime, max_bins)

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add a text, which TensorBoard reads as Markdown."""
        self._library.add_text(tag, text_string, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Add hyper-parameters and the metrics that they led to, as a run of its own below the folder.

        Hyper-parameters are bools, strings and numbers. `hparam_domain_discrete` must be None: the libraries do
        not write it.
        """
        if hparam_domain_discrete is not None:
            raise NotImplementedError("add_hparams: hparam_domain_discrete is not written; leave it out")
        settings = {name: _setting(name, value) for name, value in hparam_dict.items()}
        metrics = {name: np.asarray(plain(value)).item() for name, value in metric_dict.items()}
        self._library.add_hparams(settings, metrics, run_name or str(time.time()), global_step)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Add a figure of Matplotlib, or several in a list, as an image; with `close` close it."""
        self._library.add_figure(tag, figure, global_step, close, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add an image: numbers from 0 to 1, or uint8 from 0 to 255, in the order of `dataformats`."""
        self._library.add_image(tag, plain(img_tensor), global_step, walltime, dataformats)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Add several images of one size as one."""
        self._library.add_images(tag, plain(img_tensor), global_step, walltime, dataformats)

    def add_graph(self, model: Any, input_to_model: Any) -> None:
        """Add the graph of `model` called with `input_to_model`, a tensor, a tuple of arguments or a dict of them."""
        from tinygrad5329.utils.tensorboard.graph_events import graph_event

        protos = "tensorboardX.proto" if type(self._library).__module__.startswith("tensorboardX") else None
        self._library.file_writer.add_event(graph_event(model, input_to_model, protos or "tensorboard.compat.proto"))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("add_") or "_library" not in self.__dict__:
            raise AttributeError(f"'SummaryWriter' object has no attribute {name!r}")
        method = getattr(self._library, name, None)
        if method is None:
            raise AttributeError(
                f"SummaryWriter.{name}: {require_library()} has no such method; tensorboardX may have it"
            )

        @functools.wraps(method)
        def add(*args: Any, **kwargs: Any) -> Any:
            return method(*map(plain, args), **{key: plain(value) for key, value in kwargs.items()})

        return add

    def flush(self) -> None:
        """Write what waits; what the thread of tensorboardX has not taken up yet follows within `flush_secs`."""
        self._library.flush()

    def close(self) -> None:
        """Write what waits, and close the files."""
        self._library.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def plain(value: Any) -> Any:
    """`value` with arrays in the place of tensors, also within lists, tuples and dicts."""
    if isinstance(value, Tensor):
        array = value.detach().numpy()
        return array if array.dtype.kind in "biufc" else array.astype(np.float32)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    return value


def _setting(name: str, value: Any) -> bool | str | float | int:
    value = plain(value)
    if isinstance(value, (np.ndarray, np.generic)) and value.size == 1:
        value = value.item()
    if not isinstance(value, (bool, str, int, float)):
        raise ValueError(
            f"add_hparams: {name!r}: expected a bool, a string or a number, got {type(value).__name__}; pass str(value)"
        )
    return value
