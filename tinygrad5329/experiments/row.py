"""One run of a study: train, stop, judge, and say everything about it in one record."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.optimizers import build_optimizer
from tinygrad5329.experiments.peak_memory import PeakMemory
from tinygrad5329.experiments.preparation import Source, Split, judging_loader, training_loader
from tinygrad5329.experiments.recipe import TrainingBatches, build_loss, build_schedulers, weight_average
from tinygrad5329.training.early_stopping import EarlyStopping
from tinygrad5329.training.environment import describe_environment
from tinygrad5329.training.loops import DivergenceError, evaluate, evaluate_totals, train_epoch
from tinygrad5329.training.metrics import classification_metrics
from tinygrad5329.training.models import count_parameters

__all__ = ["SCHEMA", "check_record", "failed_record", "train_row"]

#: Of the records; a record of another one is no result.
SCHEMA = 1


def train_row(configuration: Configuration, source: Source, key: str, code: str) -> dict[str, Any]:
    """Train and judge one configuration.

    A loss that becomes NaN or infinite ends the training and is a result: status ``"diverged"``, with the
    figures of the best epoch before it, if there was one.

    Parameters
    ----------
    configuration : Configuration
    source : Source
        The data.
    key, code : str
        The record's key in the cache and the digest of the code, for the record.

    Returns
    -------
    dict
        The record, which JSON can hold:

        ``schema``, ``key``, ``config``, ``code``, ``data`` (:class:`DataFacts`), ``status`` ("ok",
        "diverged" or "failed"), ``error`` (text or None), ``parameters``, ``epochs`` (trained),
        ``best_epoch``, ``train``, ``validation``, ``test`` (``loss``, ``accuracy``, ``precision``,
        ``recall``, ``f1``, ``confusion``, ``samples``; None where there is no figure: ``validation`` under
        the report's protocol), ``training_seconds`` and ``training_cpu_seconds``, ``inference_seconds``
        (wall, all test rows), ``peak_memory_bytes`` (of the process, data and Python included),
        ``history`` (an epoch each: ``epoch``, ``train_loss``, ``train_accuracy``, ``val_loss``,
        ``val_accuracy``, ``lr``, ``seconds``; under the report's protocol ``val`` means the test rows),
        ``environment``, ``finished_at``.
    """
    memory = PeakMemory()
    split = source.split(configuration)
    _warm_up(configuration, split)
    tg.manual_seed(configuration.seed)
    model = build_network(configuration, split.facts.features, split.facts.classes)
    record = _record(configuration, key, code) | {
        "data": split.facts.as_dict(),
        "parameters": count_parameters(model),
    }
    started, cpu_started = time.perf_counter(), time.process_time()
    with np.errstate(all="ignore"):  # a diverging run is told by its loss
        judged, stopping = _train(configuration, model, split, record)
        record["training_seconds"] = time.perf_counter() - started
        record["training_cpu_seconds"] = time.process_time() - cpu_started
        if stopping.best_epoch is not None:
            stopping.restore(judged)
            record["best_epoch"] = stopping.best_epoch
            _judge(judged, split, configuration, record)
    record["peak_memory_bytes"] = memory.peak()
    record["environment"] = describe_environment() | {"kernels": tg.backends.current()}
    record["finished_at"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return record


def failed_record(configuration: Configuration, key: str, code: str, reason: str) -> dict[str, Any]:
    """The record of a run that came to no end, with the reason."""
    finished = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return _record(configuration, key, code) | {"status": "failed", "error": reason, "finished_at": finished}


def _record(configuration: Configuration, key: str, code: str) -> dict[str, Any]:
    empty = (
        "data", "error", "parameters", "best_epoch", "train", "validation", "test", "training_seconds",
        "training_cpu_seconds", "inference_seconds", "peak_memory_bytes", "environment", "finished_at",
    )  # fmt: skip
    record: dict[str, Any] = {"schema": SCHEMA, "key": key, "config": configuration.as_dict(), "code": code}
    return record | {"status": "ok"} | dict.fromkeys(empty) | {"epochs": 0, "history": []}


def _warm_up(configuration: Configuration, split: Split) -> None:
    """Two steps of a throw-away model, so that compiling and loading kernels is no part of the training time."""
    model = build_network(configuration, split.facts.features, split.facts.classes)
    optimizers = build_optimizer(configuration, model)
    inputs, targets = (tensor[: configuration.batch_size] for tensor in split.train.tensors)
    batches = TrainingBatches(configuration, [(inputs, targets)] * 2, split.facts.classes, split.mirror)
    with np.errstate(all="ignore"), contextlib.suppress(DivergenceError):
        train_epoch(model, batches, _Together(optimizers), build_loss(configuration))
    evaluate_totals(model, [(inputs, targets)], nn.CrossEntropyLoss())


def _train(
    configuration: Configuration, model: nn.Module, split: Split, record: dict[str, Any]
) -> tuple[nn.Module, EarlyStopping]:
    """Train until stopped, into ``record``; gives the model that is judged, and its best weights."""
    loader = training_loader(split, configuration)
    batches = TrainingBatches(configuration, loader, split.facts.classes, split.mirror)
    judging = judging_loader(split.judging)
    optimizers = build_optimizer(configuration, model)
    schedulers = build_schedulers(configuration, optimizers, len(loader))
    average = weight_average(configuration, model)
    judged = model if average is None else average.module
    stopping = EarlyStopping(configuration.patience or None, monitor="val_accuracy")
    loss_fn, judging_loss = build_loss(configuration), nn.CrossEntropyLoss()

    def after_step(_: Any) -> None:
        if average is not None:
            average.update_parameters(model)
        for scheduler in schedulers:
            scheduler.step()

    together = optimizers[0] if len(optimizers) == 1 else _Together(optimizers)
    try:
        for epoch in range(1, configuration.epochs + 1):
            started = time.perf_counter()
            lr = float(optimizers[0].param_groups[0]["lr"])
            totals = train_epoch(
                model,
                batches,
                together,
                loss_fn,
                max_norm=configuration.max_norm or None,
                after_step=after_step if schedulers or average is not None else None,
            )
            found = evaluate_totals(judged, judging, judging_loss)
            if not math.isfinite(found.loss):
                raise DivergenceError(f"the loss on the judging rows became {found.loss}")
            row = {
                "epoch": epoch,
                "train_loss": totals.loss,
                "train_accuracy": totals.accuracy,
                "val_loss": found.loss,
                "val_accuracy": found.accuracy,
                "lr": lr,
            }
            stopping.update(row, judged)
            record["history"].append(row | {"seconds": time.perf_counter() - started})
            record["epochs"] = epoch
            if stopping.should_stop:
                break
    except DivergenceError as error:
        record["status"] = "diverged"
        record["error"] = f"in epoch {record['epochs'] + 1}: {error}"
    return judged, stopping


def _judge(model: nn.Module, split: Split, configuration: Configuration, record: dict[str, Any]) -> None:
    """The figures of the best weights; of three passes over the test rows the quickest is the time."""
    loss, classes = nn.CrossEntropyLoss(), split.facts.classes
    record["train"] = evaluate(model, judging_loader(split.train), loss, num_classes=classes).as_dict()
    if configuration.protocol == "validation":
        record["validation"] = evaluate(model, judging_loader(split.judging), loss, num_classes=classes).as_dict()
    model.eval()
    targets = split.test.tensors[1]
    passes = []
    with tg.no_grad():
        for _ in range(3):
            started = time.perf_counter()
            logits = tg.cat([model(inputs) for inputs, _ in judging_loader(split.test)])
            predicted = logits.argmax(dim=1)
            passes.append(time.perf_counter() - started)
        record["inference_seconds"] = min(passes)
        mean_loss = float(loss(logits, targets).item())
    record["test"] = classification_metrics(targets, predicted, classes, mean_loss).as_dict()


class _Together:
    """Optimizers of different parameters as one."""

    def __init__(self, optimizers: list[Any]) -> None:
        self.optimizers = optimizers

    def zero_grad(self) -> None:
        for each in self.optimizers:
            each.zero_grad()

    def step(self) -> None:
        for each in self.optimizers:
            each.step()


def check_record(record: Any) -> Mapping[str, Any]:
    """The record, if it is one of this schema.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError("it is no record of a run")
    missing = sorted(_record(Configuration(), "", "").keys() - record.keys())
    if missing:
        raise ValueError(f"the record has no {missing[0]}")
    return record
