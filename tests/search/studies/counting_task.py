"""A task whose training is two reports, for processes that are killed in the middle of it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.domains import Choice, Float, Integer
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.task import Outcome


class CountingTask:
    """The value is the sum of the widths; 4 steps, reported after 2 and 4.

    ``COUNTING_LOG`` names a file that gets a line a training. ``COUNTING_FAULT`` is what happens between two reports:
    ``"worker 3"`` or ``"command 3"`` is killed in the third training of that file; with ``"both"`` two processes wait
    for one another.
    """

    name = "counting"
    steps = 4

    def __init__(self, limit: int | None = None) -> None:
        space = Space(
            {
                "layers": Stack(1, 2, {"width": Choice(1, 2, 3)}),
                "size": Integer(1, 9, step=3),
                "optimizer": Choice("sgd", "adamw"),
                "momentum": Float(0.1, 0.9, log=True, when={"optimizer": "sgd"}),
            }
        )
        self.space = space if limit is None else space.limited(lambda each: self.width(each) <= limit)

    @staticmethod
    def width(architecture):
        return sum(layer["width"] for layer in architecture["layers"])

    def build(self, architecture):
        return nn.Linear(4, self.width(architecture))

    def example(self):
        return tg.ones(1, 4)

    def train(self, architecture, *, seed, report):
        value = self.width(architecture) / 10
        log = os.environ.get("COUNTING_LOG")
        if log:
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
        report(2, value / 2)
        if log:
            self.meet_fault(Path(log))
        report(4, value)
        return Outcome(value, 4, {"parameters": int(value * 10), "latency": value / 1000})

    @staticmethod
    def meet_fault(log):
        fault, _, number = os.environ.get("COUNTING_FAULT", "").partition(" ")
        trainings = log.read_text(encoding="utf-8").splitlines()
        if fault == "worker" and len(trainings) == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "command" and len(trainings) == int(number):
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        while fault == "both" and len(set(trainings)) < 2:
            time.sleep(0.01)
            trainings = log.read_text(encoding="utf-8").splitlines()


task = CountingTask()


def broken():
    """A task that cannot be trained."""
    made = CountingTask()
    made.train = None
    return made
