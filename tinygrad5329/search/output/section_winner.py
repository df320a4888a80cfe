"""The best architecture of a search, and what accuracy costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tinygrad5329.experiments.output.document import (
    Block,
    Code,
    Finding,
    Paragraph,
    Picture,
    Pictures,
    Section,
    Subheading,
    Table,
)
from tinygrad5329.experiments.output.formats import share
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.search.output.figures_pareto import COSTS, pareto_figure
from tinygrad5329.search.output.pareto import pareto_front
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.winner import Winner
from tinygrad5329.search.output.words import architecture_rows, architecture_words, measure_name, measure_text

__all__ = ["costs_section", "winner_section"]


def costs_section(record: StudyRecord, gallery: Gallery) -> Section | None:
    """The Pareto fronts; None if no trial has a latency or a number of parameters."""
    drawn = [(name, pareto_figure(record, name)) for name in COSTS]
    pictures = [
        gallery.hang(
            f"pareto-{name}",
            figure,
            f"{record.value_name.capitalize()} against {COSTS[name][0].partition(' (')[0]}. No trial is better in both "
            "than one on the front.",
        )
        for name, figure in drawn
        if figure is not None
    ]
    if not pictures:
        return None
    section = Section("costs", "Accuracy against cost", "Accuracy against cost")
    section.add(Pictures(tuple(pictures)))
    measure = next(name for name, figure in drawn if figure is not None)
    columns = [name for name in ("test_accuracy", *COSTS) if any(name in trial.measures for trial in record.trials)]
    rows = tuple(
        (
            str(trial.number),
            share(trial.value or 0.0),
            *(measure_text(name, trial.measures.get(name)) for name in columns),
            architecture_words(trial.architecture),
        )
        for trial in pareto_front(record.trials, (measure,))
    )
    header = (
        "trial",
        record.value_name.removesuffix(" accuracy"),
        *(name.replace("_accuracy", "") for name in columns),
        "architecture",
    )
    caption = f"The front of {record.value_name} and {measure}."
    section.add(Table(header, rows, frozenset({len(header) - 1}), caption))
    return section


def winner_section(record: StudyRecord, winner: Winner | None) -> Section | None:
    """The winner in full; None if there is none."""
    if winner is None:
        return None
    trial = winner.trial
    section = Section("winner", f"The winner: trial {trial.number}", "The winner")
    figures = [(record.value_name, share(trial.value or 0.0))]
    figures += [
        (measure_name(name), measure_text(name, value)) for name, value in trial.measures.items() if value is not None
    ]
    section.add(
        Table(("decision", "came to"), tuple(architecture_rows(record.space, trial.architecture)), frozenset({1})),
        Table(("measure", "value"), tuple(figures)),
        Pictures((Picture("winner", winner.drawing, "The network's graph; also as `winner.svg`.", wide=False),)),
        Subheading("As Python"),
        *_source_blocks(winner),
        Subheading("As JSON"),
        Paragraph("Also as `winner.json`, with everything that is known of the trial."),
        Code(_architecture_json(trial.architecture)),
    )
    return section


def _source_blocks(winner: Winner) -> tuple[Block, ...]:
    if winner.source is None:
        return (Finding("no source", f"It could not be written: {winner.unwritten}."),)
    return (
        Paragraph("Also as `winner.py`. Weights are drawn anew: a search finds architectures, not weights."),
        Code(winner.source.rstrip()),
    )


def _architecture_json(value: Any, indent: str = "") -> str:
    """JSON with each innermost object on one line."""
    deeper = indent + "  "
    if isinstance(value, Mapping) and any(isinstance(each, (Mapping, list)) for each in value.values()):
        inner = ",\n".join(f"{deeper}{json.dumps(name)}: {_architecture_json(v, deeper)}" for name, v in value.items())
        return f"{{\n{inner}\n{indent}}}"
    if isinstance(value, list) and value:
        inner = ",\n".join(deeper + _architecture_json(each, deeper) for each in value)
        return f"[\n{inner}\n{indent}]"
    return json.dumps(value)
