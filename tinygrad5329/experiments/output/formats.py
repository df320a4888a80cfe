"""How numbers are written: accuracies to four decimals, seconds to three significant digits, minus signs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad5329.experiments.results import Figure

__all__ = [
    "as_reported",
    "change_in_words",
    "count",
    "figure_text",
    "mean_and_spread",
    "plain",
    "seconds",
    "seeds_in_words",
    "share",
    "signed",
    "value_text",
]


def share(value: float) -> str:
    """An accuracy or an F1: ``0.5721``."""
    return f"{value:.4f}"


def seconds(value: float) -> str:
    """Seconds to three significant digits.

    Examples
    --------
    >>> seconds(0.012345), seconds(3.0), seconds(12.34), seconds(14823)
    ('0.0123', '3.00', '12.3', '14,800')
    """
    if value <= 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = 2 - math.floor(math.log10(value))
    rounded = round(value, decimals)
    return f"{rounded:,.{max(0, 2 - math.floor(math.log10(rounded)))}f}"


def count(value: float) -> str:
    """A whole number, ``168,202``; a mean of whole numbers with one decimal."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def seeds_in_words(seeds: int) -> str:
    """``one seed``, ``5 seeds``."""
    return "one seed" if seeds == 1 else f"{seeds} seeds"


def plain(value: float, decimals: int = 2) -> str:
    """A number with a minus sign that is one.

    Examples
    --------
    >>> plain(-0.5), plain(-0.0001)
    ('−0.50', '0.00')
    """
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def as_reported(name: str, value: float) -> str:
    """A figure ``name`` of the report, seconds with all the digits that it gives: ``14,823``."""
    return f"{value:,.10g}" if name.endswith("seconds") else value_text(name, value)


def signed(value: float, name: str = "test_accuracy") -> str:
    """A difference of the figure ``name`` with its sign.

    Examples
    --------
    >>> signed(-0.0123), signed(31.0, "stop_epoch"), signed(-12.34, "training_seconds")
    ('−0.0123', '+31', '−12.3')
    """
    return ("−" if value < 0 else "+") + value_text(name, abs(value))


def value_text(name: str, value: float) -> str:
    """A value of the figure ``name``, of ``study.FIGURES``."""
    if name.endswith("seconds"):
        return seconds(value)
    if name in ("stop_epoch", "parameters"):
        return count(value)
    return share(value)


def mean_and_spread(name: str, figure: Figure | None) -> tuple[str, str]:
    """Mean and sample standard deviation of the figure ``name``; empty texts where there are none.

    The deviation is left out of parameter counts, which do not vary.
    """
    if figure is None:
        return "", ""
    mean, deviation = figure.mean, figure.deviation
    if name == "parameters" or deviation is None:
        return value_text(name, mean), ""
    if name.endswith("seconds"):
        # As many decimals as the mean has: 12.3 ± 0.4, and not 12.3 ± 0.418.
        text = seconds(mean)
        return text, f"{deviation:,.{len(text.partition('.')[2])}f}"
    if name == "stop_epoch":
        return f"{mean:.1f}", f"{deviation:.1f}"
    return share(mean), f"{deviation:.4f}"


def figure_text(name: str, figure: Figure | None) -> str:
    """The same in one line: ``0.5721 ± 0.0030``."""
    return " ± ".join(filter(None, mean_and_spread(name, figure)))


def change_in_words(change: Mapping[str, Any]) -> str:
    """A change to a configuration: ``lr 0.05, momentum 0.9``.

    Examples
    --------
    >>> change_in_words({"lr": 0.05, "options": {"momentum": 0.9}, "hidden": [256, 256], "residual": True})
    'lr 0.05, momentum 0.9, hidden 256, 256, residual'
    """
    parts = []
    for key, value in change.items():
        words = key.replace("_", " ")
        if isinstance(value, Mapping):
            parts.append(change_in_words(value))
        elif isinstance(value, bool):
            parts.append(words if value else f"no {words}")
        elif isinstance(value, (list, tuple)):
            parts.append(f"{words} {', '.join(map(str, value))}")
        else:
            parts.append(f"{words} {value:g}" if isinstance(value, float) else f"{words} {value}")
    return ", ".join(part for part in parts if part)
