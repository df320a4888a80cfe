"""The main job: train one model on one data set and leave everything about it in a folder."""

from __future__ import annotations

import importlib.util
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.graph import Graph, capture, record_modules
from tinygrad5329.training.artefacts import write_artefacts
from tinygrad5329.training.blas_threads import one_blas_thread, suited_blas_threads
from tinygrad5329.training.checkpoint import save_checkpoint
from tinygrad5329.training.config import RunConfig
from tinygrad5329.training.early_stopping import EarlyStopping
from tinygrad5329.training.environment import describe_environment
from tinygrad5329.training.loops import evaluate
from tinygrad5329.training.metrics import ClassificationMetrics
from tinygrad5329.training.models import baseline, best_model, count_parameters
from tinygrad5329.training.run_data import DataFacts, RunData, prepare_data
from tinygrad5329.training.run_folder import RunError, RunFolder
from tinygrad5329.training.tensorboard import TensorBoard
from tinygrad5329.training.trainer import Trainer
from tinygrad5329.utils.tensorboard import require_library

__all__ = ["EVENTS", "RunResult", "run"]

#: What a run can write as event files.
EVENTS = ("curves", "histograms")


@dataclass(frozen=True)
class RunResult:
    """What came out of :func:`run`.

    Attributes
    ----------
    config : RunConfig
        What was asked for.
    data : DataFacts
        What it was trained on.
    model : Module
        With the weights of the best epoch, in evaluation mode.
    metrics : dict
        ``"train"``, ``"validation"`` and ``"test"``, each a :class:`ClassificationMetrics`.
    history : list of dict
        One row an epoch.
    best_epoch : int
        The epoch whose weights were kept.
    parameters : int
        Trainable parameters.
    seconds : float
        Spent in training and validation, over all parts of an interrupted run.
    finished_at : str
        Local date and time.
    environment : dict
        Versions and machine.
    folder : pathlib.Path
        Where the files are.
    files : list of pathlib.Path
        The files, in the order they are best looked at.
    """

    config: RunConfig
    data: DataFacts
    model: nn.Module
    metrics: dict[str, ClassificationMetrics]
    history: list[dict[str, Any]]
    best_epoch: int
    parameters: int
    seconds: float
    finished_at: str
    environment: dict[str, str]
    folder: Path
    files: list[Path] = field(default_factory=list)


def run(
    config: RunConfig,
    out: str | Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    tensorboard: str | None = None,
    progress: bool = True,
    say: Callable[[str], object] = print,
) -> RunResult:
    """Train, evaluate once on the test set, and write checkpoint, figures and report into ``out``.

    Parameters
    ----------
    config : RunConfig
        What to do; when resuming, that of the run in ``out`` (:meth:`RunFolder.resume`).
    out : path-like
        The run's folder.
    resume : bool
        Go on from the checkpoint in ``out``. A run that was stopped before its first checkpoint starts
        again; one that was stopped after training writes its figures and report.
    overwrite : bool
        Replace the files of an earlier run in ``out``.
    tensorboard : {"curves", "histograms"}, optional
        Write event files into the folder ``tensorboard`` in `out`: learning curves and hyper-parameters, or
        histograms of parameters and gradients too.
    progress : bool
        Show a progress bar and a line an epoch.
    say : callable
        Gets the few other lines that are shown.

    Returns
    -------
    RunResult

    Raises
    ------
    RunError
        If the folder or the data cannot be used.
    CheckpointError, DivergenceError, TrainingInterrupted
        See :class:`Trainer`.
    ImportError
        If a package of the ``train`` extra is missing, or for `tensorboard` of that one.
    """
    _require_extras()
    if tensorboard is not None:
        if tensorboard not in EVENTS:
            raise ValueError(f"run: tensorboard is {tensorboard!r}; expected one of {', '.join(EVENTS)}, or None")
        require_library()
    folder = RunFolder(out)
    if not resume:
        folder.require_free(overwrite=overwrite)  # before the data, which may take a while
    with one_blas_thread():
        data = prepare_data(config)
    if not resume:
        folder.start(config, overwrite=overwrite)
    tg.manual_seed(config.seed)
    model = build_model(config, data.facts)
    with suited_blas_threads(model, config.batch_size):
        trainer = build_trainer(config, model, data, folder, progress, tensorboard)
        return _train(config, folder, data, trainer, resume=resume, say=say, out=out)


def _train(
    config: RunConfig,
    folder: RunFolder,
    data: RunData,
    trainer: Trainer,
    *,
    resume: bool,
    say: Callable[[str], object],
    out: str | Path,
) -> RunResult:
    model = trainer.model
    parameters = count_parameters(model)
    facts = data.facts
    say(
        f"{config.model} model ({parameters:,} parameters) on {facts.name}: "
        f"{facts.train_samples:,} training, {facts.validation_samples:,} validation, "
        f"{facts.test_samples:,} test samples"
    )
    if resume and folder.checkpoint.exists():
        _require_same_data(trainer.resume(folder.checkpoint), facts, folder)
        done = f"{trainer.epoch} of {config.epochs} epochs"
        part = f" and {trainer.batch} of {len(data.train)} batches" if trainer.batch else ""
        say(f"resuming from {folder.checkpoint}, which has {done}{part} done")
    if trainer.finished(config.epochs):
        trainer.restore_best()
    else:
        trainer.fit(data.train, data.validation, epochs=config.epochs)

    weights = {"model": model.state_dict(), "scaler": data.scaler}
    save_checkpoint(folder.model, {"config": config.as_dict(), "data": facts.as_dict(), **weights})
    loss = nn.CrossEntropyLoss()
    splits = {"train": data.train_once, "validation": data.validation, "test": data.test}
    classes = len(facts.class_names)
    result = RunResult(
        config=config,
        data=facts,
        model=model.eval(),
        metrics={name: evaluate(model, loader, loss, num_classes=classes) for name, loader in splits.items()},
        history=trainer.history,
        best_epoch=_best_epoch(trainer),
        parameters=parameters,
        seconds=trainer.seconds,
        finished_at=time.strftime("%Y-%m-%d %H:%M"),
        environment=describe_environment(),
        folder=folder.path,
    )
    if trainer.tensorboard is not None:
        say(f"event files:  tensorboard --logdir {trainer.tensorboard.log_dir}")
    result.files.extend(write_artefacts(result, folder, first_step(config, data), command_line(config, out)))
    return result


def build_model(config: RunConfig, facts: DataFacts) -> nn.Sequential:
    """The model of ``config`` for this data, initialised from the default generator."""
    if config.model == "baseline":
        return baseline(facts.features, len(facts.class_names))
    return best_model(facts.features, len(facts.class_names), dropout=config.dropout)


def build_trainer(
    config: RunConfig,
    model: nn.Module,
    data: RunData,
    folder: RunFolder,
    progress: bool,
    tensorboard: str | None = None,
) -> Trainer:
    """SGD with the schedule, early stopping and checkpoint of ``config``."""
    optimizer = optim.SGD(model.parameters(), lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay)
    steps = config.epochs * len(data.train)
    scheduler: Any = None
    if config.schedule == "cosine":
        scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    elif config.schedule == "onecycle":
        # The cycle of the momentum (0.85 to 0.95) would override --momentum.
        scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=config.lr, total_steps=steps, cycle_momentum=False)
    return Trainer(
        model,
        optimizer,
        nn.CrossEntropyLoss(),
        scheduler,
        scheduler_every="batch",
        early_stopping=EarlyStopping(config.patience or None, monitor=f"val_{config.monitor}"),
        checkpoint=folder.checkpoint,
        config={"options": config.as_dict(), "data": data.facts.as_dict()},
        tensorboard=None
        if tensorboard is None
        else TensorBoard(folder.tensorboard, histograms=tensorboard == "histograms", hparams=config.as_dict()),
        progress=progress,
    )


def first_step(config: RunConfig, data: RunData) -> Graph:
    """The graph of a fresh model's loss on one batch, for drawing.

    A model of its own, because a forward pass in training mode would change the trained one's running
    statistics. It is built after everything else, so its random draws disturb nothing.
    """
    model = build_model(config, data.facts).train()
    batch, classes = next(iter(data.train_once))
    features, targets = batch[: config.batch_size], classes[: config.batch_size]
    with record_modules(model):
        loss = nn.CrossEntropyLoss()(model(features), targets)
    return capture(loss, params=model, inputs={"features": features, "classes": targets})


def command_line(config: RunConfig, out: str | Path) -> str:
    """The command that repeats a run, with every option spelled out."""
    words = ["tinygrad5329", "train"]
    for name, value in config.as_dict().items():
        if not (name == "dropout" and config.model == "baseline"):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--out", str(out)])


def _require_extras() -> None:
    # Some are needed only after training; better told before it.
    names = {
        "sklearn": "scikit-learn",
        "matplotlib": "matplotlib",
        "safetensors": "safetensors",
        "tqdm": "tqdm",
    }
    missing = [name for module, name in names.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise ImportError(f"a run needs {', '.join(missing)}: pip install 'tinygrad5329[train]'")


def _best_epoch(trainer: Trainer) -> int:
    best = trainer.early_stopping.best_epoch if trainer.early_stopping is not None else None
    return best if best is not None else trainer.epoch


def _require_same_data(saved: dict[str, Any], facts: DataFacts, folder: RunFolder) -> None:
    then, now = saved.get("data", {}), facts.as_dict()
    changed = [f"{name} was {then.get(name)} and is {value}" for name, value in now.items() if then.get(name) != value]
    if changed:
        raise RunError(
            f"--resume: {facts.name} is not the data that {folder.checkpoint} was trained on: "
            f"{'; '.join(changed)}; "
            "put the old data back, or start another run with --out"
        )
