"""Build the gallery: pictures and pages of five graphs, written beside this file.

Run ``python docs/gallery/build.py``; PNG pictures need Graphviz' ``dot``.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.training.models import best_model

FOLDER = Path(__file__).resolve().parent


def scalar_neuron() -> tg.graph.Graph:
    """tanh(x1 w1 + x2 w2 + b), with values and gradients."""
    x1, x2, w1, w2, b = (tg.tensor(v, requires_grad=True) for v in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432))
    with tg.graph.record(values=True):
        n = x1 * w1 + x2 * w2 + b
        o = n.tanh()
    params, inputs = {"w1": w1, "w2": w2, "b": b}, {"x1": x1, "x2": x2, "n": n, "o": o}
    return tg.graph.capture(o, params, inputs, values=True, gradients=True)


def report_model() -> tg.graph.Graph:
    """The report's best model: hidden layers of 256, BatchNorm, GELU, dropout, and a residual block."""
    model = best_model()
    x, target = tg.randn(200, 128), tg.randint(0, 10, (200,))

    def loss() -> tg.Tensor:
        return F.cross_entropy(model(x), target)

    return tg.graph.capture(loss, model, {"x": x, "target": target}, values=True, gradients=True, times=True)


class Reader(nn.Module):
    """An LSTM cell that reads a sequence step by step, and a classifier of its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(8, 16)
        self.head = nn.Linear(16, 2)

    def forward(self, x: tg.Tensor) -> tg.Tensor:
        """Return the scores for `x` (time, batch, features)."""
        h, c = tg.zeros(x.shape[1], 16), tg.zeros(x.shape[1], 16)
        for step in x:
            h, c = self.cell(step, (h, c))
        return self.head(h)


def lstm() -> tg.graph.Graph:
    """Four steps of an LSTM cell with shared weights."""
    model = Reader()
    x, target = tg.randn(4, 3, 8), tg.tensor([0, 1, 1])
    return tg.graph.capture(lambda: F.cross_entropy(model(x), target), model, values=True, gradients=True)


def transformer() -> tg.graph.Graph:
    """A transformer of twelve blocks over tokens."""
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    model = nn.Sequential(
        OrderedDict(embedding=nn.Embedding(100, 64), encoder=nn.TransformerEncoder(layer, 12), head=nn.Linear(64, 100))
    )
    tokens, target = tg.randint(0, 100, (2, 8)), tg.randint(0, 100, (16,))

    def loss() -> tg.Tensor:
        return F.cross_entropy(model(tokens).flatten(0, 1), target)

    return tg.graph.capture(loss, model, {"target": target}, values=True, gradients=True)


def double_backward() -> tg.graph.Graph:
    """The graph behind a gradient: the penalty (f'(x) - 1)² of f(x) = sin(x)·x."""
    x = tg.tensor(1.5, requires_grad=True)
    with tg.graph.record(values=True):
        f = x.sin() * x
        (slope,) = tg.autograd.grad(f, x, create_graph=True)
        penalty = (slope - 1).square()
    return tg.graph.capture(penalty, None, {"x": x, "slope": slope, "penalty": penalty}, values=True, gradients=True)


def main() -> None:
    """Write every picture and page."""
    tg.manual_seed(0)
    scalars = {"show_values": True, "show_gradients": True}
    gallery = {
        "scalar-neuron": ("A neuron, with values and gradients", scalar_neuron(), scalars | {"rankdir": "LR"}),
        "best-model": ("The report's best model", report_model(), {"show_counts": True}),
        "lstm-unrolled": ("An LSTM, unrolled over four steps", lstm(), {"repeats": False}),
        "transformer": ("A transformer of twelve blocks", transformer(), {"depth": 4}),
        "double-backward": ("Double backward", double_backward(), scalars),
    }
    for name, (title, graph, options) in gallery.items():
        tg.graph.render(tg.graph.draw(graph, **options), FOLDER / f"{name}.png", dpi=110)
        own = {key: value for key, value in options.items() if key != "rankdir"}
        tg.graph.to_svg(graph, FOLDER / f"{name}.svg", **own)
        tg.graph.to_html(graph, FOLDER / f"{name}.html", title=title)
        print(f"{name}: {len(graph.nodes)} nodes")


if __name__ == "__main__":
    main()
