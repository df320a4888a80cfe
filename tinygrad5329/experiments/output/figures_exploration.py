"""Figure 1: how the features are distributed, how normal they are, and what they know of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.experiments.output.figure_style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    VERMILLION,
    blank_figure,
    drawing,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tinygrad5329.experiments.output.exploration import Exploration

__all__ = ["class_balance", "feature_histograms", "feature_ranges", "feature_shapes"]


def feature_ranges(found: Exploration) -> Figure:
    """Median, quartiles and the middle 98 % of every feature, in its number's place."""
    low, quarter, median, three_quarters, high = found.features.quantiles
    number = np.arange(len(median))
    with drawing():
        figure = blank_figure(4.7, 3.0)
        axes = figure.subplots()
        axes.fill_between(number, low, high, step="mid", color=BLUE, alpha=0.18, linewidth=0)
        axes.fill_between(number, quarter, three_quarters, step="mid", color=BLUE, alpha=0.45, linewidth=0)
        axes.step(number, median, where="mid", color=INK, linewidth=0.9)
        _on_line(axes, high, "middle 98 %", BLUE, "bottom")
        axes.set_xlim(-0.5, len(median) - 0.5)
        axes.margins(y=0.12)
        axes.set_xlabel("feature")
        axes.set_ylabel("value as loaded")
        axes.set_title("Median, quartiles, middle 98 %")
    return figure


def feature_shapes(found: Exploration) -> Figure:
    """Skewness and excess kurtosis of every feature; a normal one would lie at 0, 0."""
    features = found.features
    with drawing():
        figure = blank_figure(4.7, 3.0)
        axes = figure.subplots()
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        for which, colour, marker, label in (
            (features.not_normal, VERMILLION, "o", "not normal"),
            (~features.not_normal & ~features.constant, GREEN, "^", "normal not rejected"),
        ):
            if which.any():
                axes.scatter(
                    features.skewness[which],
                    features.kurtosis[which],
                    s=16,
                    marker=marker,
                    color=colour,
                    alpha=0.7,
                    linewidths=0,
                    label=f"{label}: {int(which.sum())}",
                )
        axes.plot([0], [0], marker="+", markersize=11, markeredgewidth=1.6, color=INK, linestyle="none")
        if np.nanmax(features.kurtosis) > 40:
            axes.set_yscale("symlog", linthresh=1)
        axes.set_xlabel("skewness")
        axes.set_ylabel("excess kurtosis")
        axes.set_title("Shape of each feature (+ is normal)")
        axes.legend(loc="best", handletextpad=0.2)
    return figure


def feature_histograms(found: Exploration) -> Figure:
    """The most and the least normal features, standardised, over the normal density."""
    columns = (len(found.samples) + 1) // 2
    grid = np.linspace(-4.5, 4.5, 73)
    with drawing():
        figure = blank_figure(4.7, 3.0)
        panels = figure.subplots(2, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (feature, values) in zip(panels, found.samples.items(), strict=False):
            standard = (values - values.mean(dtype=np.float64)) / values.std(dtype=np.float64)
            heights, edges = np.histogram(standard, bins=grid[::2], density=True)
            axes.stairs(heights, edges, fill=True, color=BLUE, alpha=0.45)
            axes.plot(grid, np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), color=VERMILLION, linewidth=1.1)
            kurtosis = found.features.kurtosis[feature]
            axes.set_title(
                f"feature {feature}: kurtosis {kurtosis:+.2f}".replace("-", "−"), fontsize=8, weight="normal"
            )
            axes.set_yticks([])
            axes.set_ylim(0, 1.2 * _tallest(found))
            axes.grid(visible=False)
            axes.spines["left"].set_visible(False)
            axes.set_xticks([-3, 0, 3])
        for axes in panels[len(found.samples) :]:
            axes.set_visible(False)
        figure.supxlabel("standard deviations from the mean", fontsize=9.5, color=INK)
    return figure


def class_balance(found: Exploration) -> Figure:
    """Samples of each class, and the share of every feature's variance that lies between the classes."""
    training, test = found.splits
    classes = np.arange(len(found.class_names))
    long_names = max(map(len, found.class_names)) > 2
    with drawing():
        figure = blank_figure(4.7, 3.0)
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
        left.barh(classes - 0.19, training.class_counts, height=0.36, color=BLUE, label="training")
        left.barh(classes + 0.19, test.class_counts, height=0.36, color=VERMILLION, label="test")
        left.set_yticks(classes, found.class_names, fontsize=8.5 if long_names else 9)
        left.set_ylim(len(classes) - 0.5, -0.5)
        left.grid(visible=False, axis="y")
        left.xaxis.set_major_locator(_few_ticks())
        left.set_title("Samples a class")
        left.legend(
            loc="upper center",
            bbox_to_anchor=(0.4, -0.1),
            ncols=2,
            handlelength=1,
            columnspacing=0.8,
            handletextpad=0.4,
        )
        explained = found.features.explained
        right.fill_between(np.arange(len(explained)), 0, explained, step="mid", color=GREEN, alpha=0.5, linewidth=0)
        right.set_xlim(-0.5, len(explained) - 0.5)
        right.set_ylim(bottom=0)
        right.yaxis.set_major_formatter(_percent())
        right.set_xlabel("feature")
        right.set_title("Variance explained")
    return figure


def _on_line(axes: Any, heights: Any, text: str, colour: str, va: str) -> None:
    at = len(heights) // 2
    axes.annotate(
        text,
        (at, float(np.max(heights[max(0, at - len(heights) // 6) : at + len(heights) // 6 + 1]))),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va=va,
        fontsize=8,
        color=colour,
    )


def _tallest(found: Exploration) -> float:
    """Room for the tallest histogram, up to twice a normal density: a feature that is mostly one value is cut."""
    heights = [
        np.histogram(
            (values - values.mean(dtype=np.float64)) / values.std(dtype=np.float64), np.linspace(-4.5, 4.5, 37)
        )[0].max()
        / (0.25 * len(values))
        for values in found.samples.values()
    ]
    return float(min(max(0.4, *heights), 0.8))


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=3)


def _percent() -> Any:
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1.0, decimals=0)
