"""The folder of a run: what lies in it, and whether a new run may use it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import remove_partial_files, write_atomically
from tinygrad5329.training.config import RunConfig

__all__ = ["RunError", "RunFolder"]


class RunError(Exception):
    """A run cannot start or go on, for a reason that its user can put right; the message is one line."""


class RunFolder:
    """The files of one run, by name.

    ``config.json`` is written first and ``metrics.json`` last, so a run is there when the one exists, and
    finished when the other does.
    """

    FIGURES = ("curves", "confusion_train", "confusion_test")
    FILES = (
        "config.json",
        "checkpoint.safetensors",
        "model.safetensors",
        "history.csv",
        *(f"{name}.{suffix}" for name in FIGURES for suffix in ("svg", "png")),
        "graph.dot",
        "graph.svg",
        "graph.png",
        "graph.html",
        "report.html",
        "metrics.json",
    )

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.model = self.path / "model.safetensors"
        self.history = self.path / "history.csv"
        self.report = self.path / "report.html"
        self.tensorboard = self.path / "tensorboard"
        self.metrics = self.path / "metrics.json"

    @property
    def holds_run(self) -> bool:
        """Whether a run was started here."""
        return self.config.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether that run came to its end."""
        return self.metrics.is_file()

    def require_free(self, *, overwrite: bool) -> None:
        """Raise :class:`RunError` if a new run would destroy something, unless ``overwrite`` allows it."""
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"--out: {self.path} is a file; name a folder")
        occupied = self.path.is_dir() and any(self.path.iterdir())
        if occupied and not overwrite:
            if self.is_finished:
                raise RunError(
                    f"--out: {self.path} holds a finished run; add --overwrite to replace it, or name another folder"
                )
            if self.holds_run:
                raise RunError(
                    f"--out: {self.path} holds an unfinished run; add --resume to go on with it, "
                    "--overwrite to "
                    "replace it, or name another folder"
                )
            raise RunError(
                f"--out: {self.path} is not empty and holds no run; name another folder, or add "
                "--overwrite to "
                "write into it (only files named like a run's are replaced)"
            )

    def start(self, config: RunConfig, *, overwrite: bool) -> None:
        """Make the folder ready for a new run.

        With ``overwrite`` the files of an earlier run are deleted, and no others.

        Raises
        ------
        RunError
            As :meth:`require_free`, or if the folder cannot be written.
        """
        self.require_free(overwrite=overwrite)
        if self.path.is_dir():
            remove_partial_files(self.path)
            # The mark of a finished run goes first: were the rest interrupted, none would seem finished.
            for name in reversed(self.FILES):
                (self.path / name).unlink(missing_ok=True)
            for file in self.tensorboard.rglob("events.out.tfevents.*"):
                file.unlink()
        try:
            write_atomically(self.config, json.dumps(config.as_dict(), indent=2) + "\n")
        except OSError as error:
            raise RunError(f"--out: cannot write into {self.path}: {error.strerror or error}") from error

    def resume(self, options: dict[str, Any]) -> RunConfig:
        """The configuration of the run that is here.

        Raises
        ------
        RunError
            If there is none, its file is damaged, or ``options`` (those given now) contradict it.
        """
        if not self.holds_run:
            raise RunError(f"--resume: there is no run in {self.path} (it has no {self.config.name}); drop --resume")
        try:
            config = RunConfig.from_saved(json.loads(self.config.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"--resume: {self.config} is damaged: {error}") from error
        conflicts = config.conflicts(options)
        if conflicts:
            raise RunError(
                f"--resume: {', '.join(conflicts)} would change the run in {self.path}; leave the options "
                "out to "
                "go on with it, or start another with --out"
            )
        remove_partial_files(self.path)
        return config
