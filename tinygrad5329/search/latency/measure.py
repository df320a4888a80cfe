"""How long a forward pass takes on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.training.blas_threads import one_blas_thread
from tinygrad5329.training.loops import evaluating

__all__ = ["measure_in_turn", "measure_latency"]


def measure_latency(module: nn.Module, input: tg.Tensor, *, repeats: int = 50, seconds: float = 1.0) -> float:
    """Seconds of one forward pass in evaluation mode, without gradients, on one thread: the lower quartile.

    Not the median, because other work on the machine only ever adds, and to long passes more often than to short ones.

    Parameters
    ----------
    module : Module
    input : Tensor
        One batch.
    repeats : int
        Passes that are timed at most, after two that are not.
    seconds : float
        Begins no further pass after that long, but times three at least.
    """
    if repeats < 1:
        raise ValueError(f"measure_latency: expected one repeat or more, got {repeats}")
    taken: list[float] = []
    with one_blas_thread(), evaluating(module):
        for _ in range(2):
            module(input)
        end = time.perf_counter() + seconds
        while len(taken) < repeats and (len(taken) < 3 or time.perf_counter() < end):
            started = time.perf_counter()
            module(input)
            taken.append(time.perf_counter() - started)
    return _lower_quartile(taken)


def measure_in_turn(modules: Mapping[str, tuple[nn.Module, tg.Tensor]], *, rounds: int = 100) -> dict[str, float]:
    """Seconds of one forward pass of each of some modules, as parts of one network: the lower quartile of rounds.

    A round calls each module twice and times the second call. Called over and over by itself, a module finds its
    weights in the fastest cache: the sums of such times were 8 to 17 % below those of whole networks of the report's
    space. The first calls of a round find nothing there: their sums were 18 % above at batch size 1, and 39 % at 200.
    Those of the second calls were 0 to 8 % below. Besides, a disturbance meets all modules alike.

    Parameters
    ----------
    modules : mapping of str to (Module, Tensor)
        With one batch each; put into evaluation mode.
    rounds : int
    """
    if rounds < 1:
        raise ValueError(f"measure_in_turn: expected one round or more, got {rounds}")
    taken: dict[str, list[float]] = {name: [] for name in modules}
    for module, _ in modules.values():
        module.eval()
    with one_blas_thread(), tg.no_grad():
        for _ in range(rounds):
            for name, (module, input) in modules.items():
                module(input)
                started = time.perf_counter()
                module(input)
                taken[name].append(time.perf_counter() - started)
    return {name: _lower_quartile(each) for name, each in taken.items()}


def _lower_quartile(seconds: list[float]) -> float:
    return sorted(seconds)[(len(seconds) - 1) // 4]
