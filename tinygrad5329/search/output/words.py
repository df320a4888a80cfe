"""Spaces and architectures in words, for tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad5329.experiments.output.formats import count, seconds, share
from tinygrad5329.search.domains import Choice, Condition, Domain, Float, Value
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Architecture, Space

__all__ = [
    "architecture_rows",
    "architecture_words",
    "budget_words",
    "domain_words",
    "measure_name",
    "measure_text",
    "space_rows",
    "trials_words",
    "value_words",
]


def value_words(value: Value) -> str:
    """What a decision came to, in few characters.

    Examples
    --------
    >>> value_words(0.000123456), value_words(32), value_words("gelu"), value_words(None), value_words(True)
    ('0.000123', '32', 'gelu', 'none', 'yes')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def domain_words(domain: Domain) -> str:
    """What a decision can come to.

    Examples
    --------
    >>> domain_words(Choice("sgd", "adamw")), domain_words(Float(1e-6, 1e-2, log=True))
    ('one of sgd, adamw', '1e-06 to 0.01, on a logarithmic scale')
    """
    if isinstance(domain, Choice):
        return "one of " + ", ".join(map(value_words, domain.options))
    words = f"{value_words(domain.low)} to {value_words(domain.high)}"
    if not isinstance(domain, Float):
        words = f"whole, {words}" + (f", in steps of {domain.step}" if domain.step > 1 else "")
    return words + (", on a logarithmic scale" if domain.log else "")


def space_rows(space: Space) -> list[tuple[str, str, str]]:
    """Rows of (decision, what it can come to, when it is taken)."""
    rows: list[tuple[str, str, str]] = []
    for name, part in space.parts.items():
        if isinstance(part, Stack):
            often = f"{part.low} to {part.high} times" if part.low < part.high else _times(part.low)
            rows.append((name, often, "each time with decisions of its own:"))
            rows += [
                (f"{name}.N.{key}", domain_words(domain), _condition_words(domain.when))
                for key, domain in part.part.items()
            ]
        elif isinstance(part, Cell):
            operations = ", ".join(map(value_words, part.operations))
            rows.append(
                (name, f"on each of {len(part.edges)} edges between {part.nodes} nodes, one of {operations}", "")
            )
        else:
            rows.append((name, domain_words(part), _condition_words(part.when)))
    return rows


def architecture_words(architecture: Architecture) -> str:
    """An architecture in one line; the values of a repeated part are joined, its repetitions follow arrows.

    Examples
    --------
    >>> architecture_words({"layers": [{"width": 64, "activation": "gelu"}, {"width": 32, "activation": "relu"}],
    ...                     "lr": 0.05, "cell": {"0-1": "skip"}})
    'layers 64 gelu → 32 relu; lr 0.05; cell 0-1 skip'
    """
    words = []
    for name, value in architecture.items():
        if isinstance(value, list):
            value = " → ".join(" ".join(value_words(own) for own in each.values()) for each in value)
        elif isinstance(value, Mapping):
            value = ", ".join(f"{edge} {value_words(own)}" for edge, own in value.items())
        else:
            value = value_words(value)
        words.append(f"{name} {value}")
    return "; ".join(words)


def architecture_rows(space: Space, architecture: Architecture) -> list[tuple[str, str]]:
    """Rows of (decision, value), with repeated parts in rows of their own."""
    rows: list[tuple[str, str]] = []
    for name in space.parts:
        value: Any = architecture.get(name)
        if isinstance(value, list):
            rows += [
                (f"{name}.{number}", ", ".join(f"{key} {value_words(own)}" for key, own in each.items()))
                for number, each in enumerate(value, start=1)
            ]
        elif isinstance(value, Mapping):
            rows += [(f"{name}.{edge}", value_words(own)) for edge, own in value.items()]
        elif name in architecture:
            rows.append((name, value_words(value)))
    return rows


def measure_text(name: str, value: Any) -> str:
    """A measure as the tables show it: counts with commas, latencies in milliseconds, accuracies to four decimals."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if name == "latency":
        return f"{seconds(value * 1e3)} ms"
    if name.endswith("seconds"):
        return f"{seconds(value)} s"
    return count(value) if isinstance(value, int) else share(value) if "accuracy" in name else f"{value:.4g}"


def budget_words(budget: Mapping[str, float]) -> str:
    """The budget after the word: ``budget 40,000 training steps``."""
    if not budget:
        return "without a budget"
    return "budget " + " and ".join(
        f"{count(value)} training steps" if name == "steps" else f"{seconds(value)} processor seconds"
        for name, value in budget.items()
    )


def measure_name(name: str) -> str:
    """A measure in words."""
    return name.replace("_", " ")


def trials_words(number: int) -> str:
    """``one trial``, ``5 trials``."""
    return "one trial" if number == 1 else f"{number} trials"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _condition_words(when: Condition) -> str:
    texts = []
    for name, values in when.items():
        listed = values if isinstance(values, tuple) else (values,)
        texts.append(f"{name} is {' or '.join(map(value_words, listed))}")
    return " and ".join(texts)
