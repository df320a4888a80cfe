"""Draw the graph of the report's best model: ``python notebooks/images/best_model_graph.py``.

Writes best-model-graph.svg (our own layout; follows the reader's light or dark mode) and
best-model-graph.png (needs Graphviz) beside this file.
"""

from __future__ import annotations

from pathlib import Path

import tinygrad5329 as tg
from tinygrad5329.training.models import best_model

tg.manual_seed(0)
model = best_model()
x, target = tg.randn(64, 128), tg.randint(0, 10, (64,))
with tg.graph.record_modules(model):
    logits = model(x)
loss = tg.nn.functional.cross_entropy(logits, target)

graph = tg.graph.capture(loss, model, {"x": x, "target": target})
folder = Path(__file__).parent
tg.graph.to_svg(graph, folder / "best-model-graph.svg")
tg.graph.render(tg.graph.draw(graph), folder / "best-model-graph.png", dpi=84)
print(tg.graph.tree(graph))
