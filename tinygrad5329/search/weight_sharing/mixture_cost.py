"""What a pass over all options at once costs, counted in passes of ordinary networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import tinygrad5329 as tg
from tinygrad5329.profiler import profile
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.task import Task
from tinygrad5329.search.weight_sharing.supernet import Supernet
from tinygrad5329.tensor import Tensor

__all__ = ["mixture_cost"]

_SAMPLES = 64


def mixture_cost(task: Task, supernet: Supernet, mixture: Mapping[str, Tensor]) -> int:
    """The operations of a forward pass over the mixture, over those of a network of the space on average; 1 or more.

    Operations are multiplications and additions as the profiler counts them (``with_flops``), the average is over 64
    random architectures, always the same. A search with a budget of training steps has to pay so much for a pass,
    or it would get its mixtures for nothing.
    """
    inputs = task.example()
    with tg.random.fork_rng(), tg.no_grad():
        mixed = _operations(lambda: supernet(inputs, mixture))
        drawn = [task.build(task.space.sample(generator_of(0, number))) for number in range(_SAMPLES)]
        alone = sum(_operations(partial(module, inputs)) for module in drawn)
    return max(1, round(_SAMPLES * mixed / alone))


def _operations(run: Callable[[], object]) -> int:
    with profile(with_flops=True) as record:
        run()
    return sum(event.flops for event in record.events())
