"""``python -m benchmarks.plain_models``: training steps in plain tensor operations, eagerly, replayed, and with chains.

Processor time of a step, taken in turns, and the peak of what it allocates (tracemalloc).
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.replay import CompiledStep, source

__all__ = ["MODELS", "main"]

Step = tuple[Callable[..., Any], tuple[Any, ...]]


def _swish(batch: int) -> Step:
    """Linear layers with a layer norm, a swish and a tanh GELU by hand."""
    first, second, last = nn.Linear(128, 256), nn.Linear(256, 256), nn.Linear(256, 10)
    weight, bias = nn.Parameter(tg.ones(256)), nn.Parameter(tg.zeros(256))
    parameters = [weight, bias, *nn.ModuleList([first, second, last]).parameters()]
    optimizer = tg.optim.SGD(parameters, lr=0.05, momentum=0.9)

    def step(x: Any, y: Any) -> Any:
        h = first(x)
        h = h - h.mean(-1, keepdim=True)
        h = h / ((h * h).mean(-1, keepdim=True) + 1e-5).sqrt() * weight + bias
        h = second(h * tg.sigmoid(h))
        h = 0.5 * h * (1 + tg.tanh(0.7978845608 * (h + 0.044715 * h**3)))
        loss = F.cross_entropy(last(h), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, (tg.randn(batch, 128), tg.randint(0, 10, (batch,)))


def _autoencoder(batch: int) -> Step:
    """A variational autoencoder with its loss by hand."""
    sizes = [(784, 256), (256, 32), (256, 32), (32, 256), (256, 784)]
    layers = nn.ModuleList([nn.Linear(*each) for each in sizes])
    encoder, mean, spread, decoder, last = layers
    optimizer = tg.optim.Adam(layers.parameters(), lr=1e-3)

    def step(x: Any) -> Any:
        h = F.relu(encoder(x))
        a, b = mean(h), spread(h)
        z = a + tg.exp(0.5 * b) * tg.randn(a.shape)
        p = tg.sigmoid(last(F.relu(decoder(z))))
        likelihood = (x * tg.log(p + 1e-7) + (1 - x) * tg.log(1 - p + 1e-7)).sum()
        loss = -(likelihood + 0.5 * (1 + b - a.pow(2) - b.exp()).sum()) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, (tg.rand(batch, 784),)


def _lstm(batch: int) -> Step:
    """16 steps of an LSTM cell in tensor operations."""
    inner, outer, head = nn.Linear(32, 512), nn.Linear(128, 512, bias=False), nn.Linear(128, 10)
    optimizer = tg.optim.Adam(nn.ModuleList([inner, outer, head]).parameters(), lr=1e-3)

    def step(x: Any, y: Any) -> Any:
        h, c = tg.zeros(batch, 128), tg.zeros(batch, 128)
        for t in range(16):
            i, f, g, o = (inner(x[t]) + outer(h)).chunk(4, 1)
            c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
            h = tg.sigmoid(o) * tg.tanh(c)
        loss = F.cross_entropy(head(h), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, (tg.randn(16, batch, 32), tg.randint(0, 10, (batch,)))


def _regression(batch: int) -> Step:
    """A small regression with a Huber loss and a penalty by hand."""
    model = nn.Sequential(nn.Linear(16, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4))
    optimizer = tg.optim.SGD(model.parameters(), lr=0.01)

    def step(x: Any, y: Any) -> Any:
        d = model(x) - y
        size = d.abs()
        loss = tg.where(size < 1, 0.5 * d * d, size - 0.5).mean()
        loss = loss + 1e-4 * sum((p * p).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step, (tg.randn(batch, 16), tg.randn(batch, 4))


MODELS: dict[str, Callable[[], Step]] = {
    "swish-32": lambda: _swish(32),
    "swish-256": lambda: _swish(256),
    "swish-2048": lambda: _swish(2048),
    "autoencoder-256": lambda: _autoencoder(256),
    "lstm-64": lambda: _lstm(64),
    "regression-64": lambda: _regression(64),
}


def _measured(make: Callable[[], Step], seconds: float) -> dict[str, tuple[float, float]]:
    """The median microseconds and the peak megabytes of each kind of step."""
    fused, kinds = source.fused, {}
    for kind in ("eager", "replayed", "with chains"):
        tg.manual_seed(0)
        step, arguments = make()
        # The program as it was recorded stands for the replay without chains.
        source.fused = fused if kind == "with chains" else lambda program: program  # type: ignore[assignment]
        run: Callable[..., Any] = step if kind == "eager" else CompiledStep(step)
        for _ in range(4):
            run(*arguments)
        kinds[kind] = run, arguments
    source.fused = fused
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for kind, (run, arguments) in kinds.items():
            for _ in range(5):
                start = time.thread_time()
                run(*arguments)
                times[kind].append(time.thread_time() - start)
    found = {}
    for kind, (run, arguments) in kinds.items():
        tracemalloc.start()
        run(*arguments)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        run(*arguments)
        found[kind] = statistics.median(times[kind]) * 1e6, (tracemalloc.get_traced_memory()[1] - before) / 2**20
        tracemalloc.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain_models", description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each model")
    options = parser.parse_args()
    print("| model | eager us | replayed | with chains | eager MB | replayed | with chains |")
    print("|---" * 7 + "|")
    for name in options.models.split(","):
        found = list(_measured(MODELS[name], options.seconds).values())
        print(f"| {name} | " + " | ".join([f"{us:,.0f}" for us, _ in found] + [f"{mb:.2f}" for _, mb in found]) + " |")


if __name__ == "__main__":
    main()
