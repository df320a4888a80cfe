"""The report's section 2.1: the data before any training, with Figure 1."""

from __future__ import annotations

import numpy as np

from tinygrad5329.experiments.output.document import Paragraph, Pictures, Section, Table
from tinygrad5329.experiments.output.exploration import Exploration, ScaledRange, SplitFacts
from tinygrad5329.experiments.output.figures_exploration import (
    class_balance,
    feature_histograms,
    feature_ranges,
    feature_shapes,
)
from tinygrad5329.experiments.output.formats import plain
from tinygrad5329.experiments.output.gallery import Gallery

__all__ = ["data_section"]


def data_section(found: Exploration, gallery: Gallery) -> Section:
    """Shape, types, gaps, classes, distributions and normality, scale, preprocessing."""
    section = Section("data", "Data exploration (2.1, Figure 1)", "Data exploration, Figure 1")
    section.add(
        Table(
            ("", *(split.name for split in found.splits)),
            tuple((label, *(value(split) for split in found.splits)) for label, value in _FACTS.items()),
        ),
        Paragraph(_classes_in_words(found)),
        Pictures(
            (
                gallery.hang(
                    "figure-01a-classes",
                    class_balance(found),
                    "Figure 1a. Left: samples of each class. Right: the share of each feature's variance that lies "
                    f"between the classes; {_knowing(found)}",
                ),
                gallery.hang(
                    "figure-01b-ranges",
                    feature_ranges(found),
                    "Figure 1b. The scale of every feature as loaded: the band holds 98 % of the training values, the "
                    "darker one half of them. " + _scale_in_words(found),
                ),
                gallery.hang(
                    "figure-01c-histograms",
                    feature_histograms(found),
                    "Figure 1c. Upper row: the features nearest to a normal distribution; lower row: those farthest "
                    "from it (each in units of its own deviation; the line is the normal density).",
                ),
                gallery.hang(
                    "figure-01d-shapes",
                    feature_shapes(found),
                    "Figure 1d. Every feature by skewness and excess kurtosis. Above the horizontal line: heavier "
                    "tails than a normal distribution has.",
                ),
            )
        ),
        Paragraph(_normality_in_words(found)),
        Table(
            ("scaling, fitted on the training set", "smallest", "largest", "means of the features", "their deviations"),
            tuple(row for each in found.scalings for row in _scaling_rows(each)),
            words=frozenset({3, 4}),
            caption="Preprocessing, computed from the data. On the test set the same shift and factor apply, so values "
            "outside the training set's range stay outside it.",
        ),
        Paragraph(
            "One-hot labels (2.1.3), the first three of the training set: "
            + "; ".join(f"{label} becomes `{' '.join(map(str, row))}`" for label, row in found.one_hot)
            + ". The loss takes class numbers, which gives the same values without storing the zeros."
        ),
    )
    return section


_FACTS = {
    "samples": lambda split: f"{split.shape[0]:,}",
    "features": lambda split: f"{split.shape[1]:,}",
    "type of features, of labels": lambda split: f"{split.dtype}, {split.label_dtype}",
    "missing values": lambda split: f"{split.missing:,}",
    "infinite values": lambda split: f"{split.infinite:,}",
    "rows that repeat an earlier one": lambda split: f"{split.repeated:,}",
    "samples a class, fewest to most": lambda split: _spread(split),
}


def _spread(split: SplitFacts) -> str:
    low, high = min(split.class_counts), max(split.class_counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _classes_in_words(found: Exploration) -> str:
    training = found.splits[0]
    low, high = min(training.class_counts), max(training.class_counts)
    classes = len(found.class_names)
    if low == high:
        return (
            f"The {classes} classes are exactly balanced, so accuracy needs no correction, chance is "
            f"{1 / classes:.4f}, and macro averages weigh every sample alike."
        )
    return (
        f"The {classes} classes hold {low:,} to {high:,} training samples each; always answering with the largest "
        f"would be right in {high / sum(training.class_counts):.4f} of the training samples."
    )


def _knowing(found: Exploration) -> str:
    explained = found.features.explained
    best = int(np.argmax(explained))
    half = int(np.searchsorted(np.cumsum(np.sort(explained)[::-1]), explained.sum() / 2)) + 1
    return (
        f"feature {best} knows most ({explained[best]:.1%}), and {half} of {len(explained)} features hold half of all "
        "that single features know."
    )


def _scale_in_words(found: Exploration) -> str:
    deviation = found.features.deviation[~found.features.constant]
    constant = int(found.features.constant.sum())
    ratio = float(deviation.max() / deviation.min())
    words = (
        "All features have the same deviation to within 1 %: the data come whitened"
        if ratio < 1.01
        else f"Deviations go from {deviation.min():.3g} to {deviation.max():.3g}"
    )
    if constant:
        words += f"; {constant} {'feature is' if constant == 1 else 'features are'} constant"
    correlation = found.features.largest_correlation
    if correlation < 1e-4:
        return words + ", and no two are correlated."
    return words + f"; the largest correlation between two features is {correlation:.2g}."


def _normality_in_words(found: Exploration) -> str:
    features = found.features
    rejected, tests = int(features.not_normal.sum()), features.tests
    samples = found.splits[0].shape[0]
    kurtosis = features.kurtosis[~features.constant]
    skewness = np.abs(features.skewness[~features.constant])
    words = (
        f"Normality was tested feature by feature with D'Agostino and Pearson's test on all {samples:,} training "
        f"values, at 0.05 over {tests} tests (Bonferroni: {features.threshold:.2g} each, so that one false alarm "
        f"among all of them is a matter of 5 in 100): it rejects {rejected} of {tests}. "
    )
    if samples >= 5000:
        words += (
            "With so many values it rejects departures that no histogram shows, so their size matters more: excess "
        )
    else:
        words += "The size of the departures: excess "
    return words + (
        f"kurtosis has the median {plain(float(np.median(kurtosis)))} (from {plain(kurtosis.min())} to "
        f"{plain(kurtosis.max())}), the absolute skewness {plain(float(np.median(skewness)))} (up to "
        f"{plain(skewness.max())}), where a normal distribution has 0."
    )


def _scaling_rows(scaled: ScaledRange) -> tuple[tuple[str, ...], ...]:
    rows = []
    for split, values in (("training", scaled.train), ("test", scaled.test)):
        smallest, largest, low_mean, high_mean, low_deviation, high_deviation = (plain(value, 3) for value in values)
        means, deviations = f"{low_mean} to {high_mean}", f"{low_deviation} to {high_deviation}"
        rows.append((f"{scaled.name}, {split}", smallest, largest, means, deviations))
    return tuple(rows)
