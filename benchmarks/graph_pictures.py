"""How long it takes to look at graphs, and what noting module paths costs: ``python -m benchmarks.graph_pictures``.

Prints times and sizes for graphs of 100, 3,000 and 100,000 nodes, and the overhead of ``record_modules`` over a
training step. With ``--browser`` it opens the pages in a headless Chromium and times first paint, unfolding, folding.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.training.models import best_model

ROOT = Path(__file__).resolve().parent.parent


def transformer(blocks: int) -> tuple[Any, dict[str, Any]]:
    """A loss of a transformer, and the model that its parameters are named after."""
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    model = nn.Sequential(nn.Embedding(100, 64), nn.TransformerEncoder(layer, blocks), nn.Linear(64, 100))
    tokens = tg.randint(0, 100, (2, 8))
    with tg.graph.record_modules(model):
        scores = model(tokens)
    return F.cross_entropy(scores.flatten(0, 1), tokens.flatten()), {"params": model}


def chain(operations: int) -> tuple[Any, dict[str, Any]]:
    """A long chain of operations outside of any module."""
    x = tg.ones(4, requires_grad=True)
    y = x
    for i in range(operations):
        y = y * x if i % 3 else y.tanh()
    return y.sum(), {"params": {"x": x}}


GRAPHS: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "transformer, about 100 nodes": lambda: transformer(2),
    "transformer, about 3,000 nodes": lambda: transformer(82),
    "chain, 3,000 nodes": lambda: chain(2_998),
    "chain, 100,000 nodes": lambda: chain(99_998),
}


def seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    """The processor time that a call takes, and what it returns."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def pages(folder: Path) -> dict[str, Path]:
    """Capture and write every graph; prints a table."""
    print(f"{'graph':32} {'nodes':>8} {'capture':>9} {'JSON':>16} {'HTML':>16} {'SVG':>8} {'DOT':>8}")
    written = {}
    for number, (name, build) in enumerate(GRAPHS.items()):
        loss, names = build()
        captured, graph = seconds(lambda loss=loss, names=names: tg.graph.capture(loss, **names))
        json_time, text = seconds(graph.to_json)
        path = folder / f"{number}.html"
        html, _ = seconds(lambda graph=graph, path=path, name=name: tg.graph.to_html(graph, path, title=name))
        svg = dot = ""
        if len(graph.nodes) < 10_000:
            svg = f"{seconds(lambda graph=graph: tg.graph.to_svg(graph, folder / 'picture.svg'))[0]:.2f} s"
            dot = f"{seconds(lambda graph=graph: tg.graph.draw(graph).source)[0]:.2f} s"
        print(
            f"{name:32} {len(graph.nodes):8,} {captured:7.2f} s {json_time:6.2f} s {len(text) / 1e6:4.1f} MB "
            f"{html:6.2f} s {path.stat().st_size / 1e6:4.1f} MB {svg:>8} {dot:>8}"
        )
        written[name] = path
    return written


def overhead(rounds: int) -> None:
    """What noting module paths adds to a training step: the quickest of interleaved steps."""
    for name, model, make in (
        ("best model, batch 200", best_model(), lambda: tg.randn(200, 128)),
        ("best model, batch 8", best_model(), lambda: tg.randn(8, 128)),
        (
            "transformer, 2 blocks",
            nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), 2),
            lambda: tg.randn(4, 16, 64),
        ),
    ):
        optimizer = tg.optim.SGD(model.parameters(), lr=1e-3)
        x = make()
        recorder = tg.graph.record_modules(model)

        def step(model: Any = model, optimizer: Any = optimizer, x: Any = x) -> None:
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

        kinds: dict[str, Callable[[], None]] = {
            "plain": step,
            "modules": lambda recorder=recorder, step=step: _within(recorder, step),
            "sites": lambda model=model, step=step: _within(tg.graph.record(model), step),
        }
        for _ in range(5):
            step()
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        # The hooks are set once and stay, as they do over an epoch.
        for _ in range(rounds):
            for kind, run in kinds.items():
                times[kind].append(_timed(run, recorder if kind == "modules" else None, step))
        plain = min(times["plain"])
        more = {kind: 100 * (min(found) / plain - 1) for kind, found in times.items() if kind != "plain"}
        added = ", ".join(f"{kind} {percent:+.1f} %" for kind, percent in more.items())
        print(f"{name:24} step {plain * 1e6:8.0f} µs  {added}")


def _within(context: Any, step: Callable[[], None]) -> None:
    with context:
        step()


def _timed(run: Callable[[], None], recorder: Any, step: Callable[[], None]) -> float:
    """The time of ten steps; with a recorder, of those within it but not of entering it."""
    if recorder is None:
        start = time.process_time()
        for _ in range(10):
            run()
        return (time.process_time() - start) / 10
    with recorder:
        start = time.process_time()
        for _ in range(10):
            step()
        return (time.process_time() - start) / 10


_TOGGLE = """new Promise(done => {
  const found = [...document.querySelectorAll('.head')].filter(e => e.matches('SELECTOR') && e.getClientRects().length);
  const head = found[Math.floor(found.length / 2)];
  if (!head) return done(null);
  const start = performance.now();
  head.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


_PAINT = """new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))
  .observe({ type: 'paint', buffered: true }))"""


def browser(written: dict[str, Path], folder: Path) -> None:
    """Open each page and print when it is first painted, and how long folding takes until it is painted."""
    spec = importlib.util.spec_from_file_location("chromium", ROOT / "tests" / "graph" / "chromium.py")
    assert spec is not None and spec.loader is not None
    driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    page = driver.Chromium(folder / "profile", seconds=300)
    for name, path in written.items():
        page.open(path)
        paint = page.run(_PAINT)
        unfold = [page.run(_TOGGLE.replace("SELECTOR", ".module")) for _ in range(5)]
        fold = [page.run(_TOGGLE.replace("SELECTOR", ".open")) for _ in range(5)]
        everything = ""
        if "100,000" not in name:
            for _ in range(6):
                page.run("document.getElementById('unfold').click()")
            page.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
            all_open = [page.run(_TOGGLE.replace("SELECTOR", ".open")) for _ in range(5)]
            everything = f", with everything unfolded fold {_median(all_open)}"
        print(f"{name:32} first paint {paint:5.0f} ms, unfold {_median(unfold)}, fold {_median(fold)}{everything}")
    page.close()


def _median(found: list[float | None]) -> str:
    times = [each for each in found if each is not None]
    return f"{statistics.median(times):.0f} ms" if times else "nothing to do"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true", help="time the pages in a headless Chromium as well")
    parser.add_argument("--rounds", type=int, default=30, help="how often each kind of step is timed")
    arguments = parser.parse_args()
    tg.manual_seed(0)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        written = pages(Path(name))
        overhead(arguments.rounds)
        if arguments.browser:
            browser(written, Path(name))


if __name__ == "__main__":
    main()
