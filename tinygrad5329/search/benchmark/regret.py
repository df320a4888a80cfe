"""The regret curves of all algorithms: ``python -m tinygrad5329.search.benchmark.regret --out FOLDER`` (minutes)."""

from __future__ import annotations

import argparse
import csv
import io
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.experiments.output.figure_style import INK, MUTED, blank_figure, colour_of, drawing, svg_text
from tinygrad5329.search.benchmark.curves import ONE_SHOT, TRAINED, Curve, Quartiles, quartiles, regret_curve
from tinygrad5329.search.benchmark.table import MiniBenchmark

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TITLES", "draw_regret", "main", "regret_csv", "run_all"]

TITLES = {
    "random": "Random search",
    "greedy": "Greedy",
    "evolution": "Regularised evolution",
    "pnas": "PNAS",
    "tpe": "TPE (Optuna)",
    "enas": "ENAS",
    "rlnas": "RLNAS",
    "darts": "DARTS, first order",
    "darts2": "DARTS, second order",
}
#: Architectures that TRAINED may try, and what ONE_SHOT may spend in steps of as many.
TRIALS, SUPERNET_TRIALS = 100, 3
_TICKS = (0, 1, 2, 5, 10, 20)
#: Points of a curve for each factor of ten in steps.
_POINTS = 60


def run_all(
    benchmark: MiniBenchmark,
    *,
    seeds: int,
    supernet_seeds: int,
    progress: Callable[[str], object] = lambda line: None,
) -> dict[str, list[Curve]]:
    """All runs of all algorithms, the supernets' among them."""
    cost = benchmark.steps * len(benchmark.seeds)
    found = {}
    for algorithm in TRAINED + ONE_SHOT:
        trains = algorithm in TRAINED
        steps, count = (TRIALS * cost, seeds) if trains else (SUPERNET_TRIALS * cost, supernet_seeds)
        progress(f"{TITLES[algorithm]}: {count} runs of {steps:,} steps")
        found[algorithm] = [regret_curve(benchmark, algorithm, seed=seed, steps=steps) for seed in range(count)]
    return found


def draw_regret(curves: Mapping[str, Sequence[Curve]]) -> Figure:
    """A panel for each algorithm, random search behind each: median and quartiles of the regret over training steps.

    Parameters
    ----------
    curves : mapping of str to sequence of Curve
        By algorithm; ``"random"`` among them.
    """
    last = {name: max(curve.steps[-1] for curve in runs) for name, runs in curves.items()}
    end = max(last.values())
    kinds = [[name for name in kind if name in curves and name != "random"] for kind in (TRAINED, ONE_SHOT)]
    rows = [names for names in kinds if names]
    with drawing():
        figure = blank_figure(2.6 * max(map(len, rows)), 2.35 * len(rows) + 0.5)
        panels = figure.subplots(len(rows), max(map(len, rows)), sharex="row", sharey=True, squeeze=False)
        for names, line in zip(rows, panels, strict=True):
            first = min(curve.steps[0] for name in ("random", *names) for curve in curves[name])
            steps = sorted({*_steps_between(first, end), *last.values()})
            random = quartiles(curves["random"], steps)
            for index, (name, axes) in enumerate(zip(names, line, strict=False)):
                _line(axes, random, MUTED, end)
                _line(axes, quartiles(curves[name], steps), colour_of(index), last[name])
                _dress(axes, TITLES[name], colour_of(index), (first, end))
            line[0].set_ylabel("regret (percentage points)")
            _name_random(line[0], random)
            for axes in line[len(names) :]:
                axes.set_visible(False)
        figure.supxlabel("training steps spent (log scale)", fontsize=9.5)
        figure.suptitle(
            "How far the chosen architecture is below the best of all 258: median and quartiles of the runs",
            fontsize=10.5,
            color=INK,
        )
    return figure


def _steps_between(first: int, end: int) -> list[int]:
    decades = math.log10(end / first)
    points = max(round(decades * _POINTS), 1)
    return [round(first * 10 ** (decades * point / points)) for point in range(points + 1)]


def _name_random(axes: Any, found: Quartiles) -> None:
    steps, upper = next(each for each in zip(found.steps, found.upper, strict=True) if not math.isnan(each[1]))
    axes.annotate("random search", (steps, 100 * upper), xytext=(4, 4), textcoords="offset points",
                  fontsize=8, color=MUTED)  # fmt: skip


def _line(axes: Any, found: Quartiles, colour: str, end: int) -> None:
    """Median and quartiles; dotted from ``end`` on, where nothing more is spent."""
    points = [(steps, *(100 * each for each in row)) for steps, *row in _changes(found)]
    spent = [point for point in points if point[0] <= end]
    spent.append((min(end, found.steps[-1]), *spent[-1][1:]))
    kept = [spent[-1], (found.steps[-1], *spent[-1][1:])]
    steps, lower, median, upper = zip(*spent, strict=True)
    axes.fill_between(steps, lower, upper, step="post", color=colour, alpha=0.18, lw=0)
    axes.step(steps, median, where="post", color=colour)
    axes.plot([point[0] for point in kept], [point[2] for point in kept], color=colour, linestyle=(0, (1, 1.4)))


def _changes(found: Quartiles) -> list[tuple[float, ...]]:
    """Steps and quartiles wherever one of these changes, from the first choice on."""
    rows = zip(found.steps, found.lower, found.median, found.upper, strict=True)
    known = [row for row in rows if not math.isnan(row[2])]
    return [row for before, row in zip([None, *known], known, strict=False) if before is None or row[1:] != before[1:]]


def _dress(axes: Any, title: str, colour: str, span: tuple[int, int]) -> None:
    axes.set_title(title, color=colour, loc="left")
    axes.set_xscale("log")
    axes.set_xlim(*span)
    axes.set_yscale("symlog", linthresh=1.0, linscale=0.6)
    axes.set_yticks(_TICKS, [str(each) for each in _TICKS])
    axes.set_ylim(bottom=-0.1)  # room for the line at 0
    axes.minorticks_off()


def regret_csv(curves: Mapping[str, Sequence[Curve]], steps: Sequence[int]) -> str:
    """The quartiles after these numbers of steps as CSV; empty before the first choice."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(["algorithm", "runs", "steps", "lower quartile", "median", "upper quartile"])
    for name, runs in curves.items():
        found = quartiles(runs, steps)
        for row in zip(found.steps, found.lower, found.median, found.upper, strict=True):
            numbers = ["" if math.isnan(each) else f"{each:.4f}" for each in row[1:]]
            writer.writerow([name, len(runs), row[0], *numbers])
    return content.getvalue()


def write_regret(curves: Mapping[str, Sequence[Curve]], folder: str | os.PathLike[str], steps: Sequence[int]) -> None:
    """``regret.svg``, ``regret.png`` and ``regret.csv`` in a folder."""
    figure = draw_regret(curves)
    picture = io.BytesIO()
    with drawing():
        figure.savefig(picture, format="png", dpi=150)
    write_atomically(Path(folder) / "regret.svg", svg_text(figure))
    write_atomically(Path(folder) / "regret.png", picture.getvalue())
    write_atomically(Path(folder) / "regret.csv", regret_csv(curves, steps))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad5329.search.benchmark.regret",
        description="Runs every algorithm on the mini benchmark and writes regret.svg, regret.png and regret.csv.",
    )
    parser.add_argument("--out", required=True, help="the folder for them")
    parser.add_argument("--seeds", type=int, default=30, help="runs of each algorithm (default: 30)")
    parser.add_argument("--supernet-seeds", type=int, default=10, help="of those that train a supernet (default: 10)")
    options = parser.parse_args(arguments)
    for name in ("seeds", "supernet_seeds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')}: expected 1 or more, got {getattr(options, name)}")
    try:
        benchmark = MiniBenchmark()
        curves = run_all(
            benchmark,
            seeds=options.seeds,
            supernet_seeds=options.supernet_seeds,
            progress=lambda line: print(line, flush=True),
        )
        cost = benchmark.steps * len(benchmark.seeds)
        write_regret(curves, options.out, [trials * cost for trials in (1, 3, 10, 30, TRIALS)])
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(Path(options.out) / "regret.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
