"""The figures of one configuration over its seeds: loss and accuracy, training beside judging rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.experiments.output.figure_style import BLUE, MUTED, VERMILLION, blank_figure, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["model_curves"]


def model_curves(
    histories: Sequence[Sequence[Mapping[str, Any]]],
    best_epochs: Sequence[int],
    quantity: str,
    judged: str,
) -> Figure:
    """Mean over the seeds with a band from the lowest to the highest, as far as all seeds ran; beyond, each alone.

    Parameters
    ----------
    histories : sequence of histories
        One a seed, of rows with ``epoch``, ``train_<quantity>`` and ``val_<quantity>``.
    best_epochs : sequence of int
        The epoch whose weights were kept, by seed.
    quantity : str
        ``"loss"`` or ``"accuracy"``.
    judged : str
        Names the judging rows: ``"validation"`` or ``"test"``.
    """
    with drawing():
        from matplotlib.ticker import MaxNLocator

        figure = blank_figure(4.7, 3.1)
        axes = figure.subplots()
        for split, label, colour, dashes in (
            ("train", "training", BLUE, "--"),
            ("val", judged, VERMILLION, "-"),
        ):
            curves = [[row[f"{split}_{quantity}"] for row in history] for history in histories]
            _band(axes, curves, label, colour, dashes)
        for number, epoch in enumerate(best_epochs):
            axes.axvline(
                epoch,
                color=MUTED,
                linewidth=0.9,
                linestyle=":",
                label="best epoch of each seed" if number == 0 else None,
            )
        axes.set_xlabel("epoch")
        axes.set_title(quantity.capitalize())
        figure.legend(loc="outside lower center", ncols=3, fontsize=8.5, handlelength=1.8, columnspacing=1.4)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _band(axes: Any, curves: Sequence[Sequence[float]], label: str, colour: str, dashes: str) -> None:
    common = min(map(len, curves))
    stacked = np.array([curve[:common] for curve in curves], dtype=float)
    epochs = np.arange(1, common + 1)
    if len(curves) > 1:
        axes.fill_between(epochs, stacked.min(axis=0), stacked.max(axis=0), color=colour, alpha=0.2, linewidth=0)
    axes.plot(
        epochs,
        stacked.mean(axis=0),
        dashes,
        color=colour,
        linewidth=1.7,
        label=label,
        marker="o" if common == 1 else None,
    )
    for curve in curves:
        rest = curve[common - 1 :]
        axes.plot(np.arange(common, common + len(rest)), rest, dashes, color=colour, linewidth=0.8, alpha=0.5)
