"""The report put together: an HTML page, the same as Markdown, figures, and all numbers as CSV."""

from __future__ import annotations

import os
from pathlib import Path

from tinygrad5329.atomic import write_atomically
from tinygrad5329.experiments.output.document import Document, Section, blocks_of_markdown
from tinygrad5329.experiments.output.errata import errata_text
from tinygrad5329.experiments.output.exploration import explore
from tinygrad5329.experiments.output.formats import count
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.markdown import render_markdown
from tinygrad5329.experiments.output.page import render_page
from tinygrad5329.experiments.output.section_best import best_section, model_pictures
from tinygrad5329.experiments.output.section_beyond import beyond_section
from tinygrad5329.experiments.output.section_data import data_section
from tinygrad5329.experiments.output.section_momentum import momentum_section
from tinygrad5329.experiments.output.section_overview import differences_section, overview_section
from tinygrad5329.experiments.output.section_protocol import protocol_section
from tinygrad5329.experiments.output.section_staircase import staircase_section
from tinygrad5329.experiments.output.section_study import study_section
from tinygrad5329.experiments.output.section_time import time_section
from tinygrad5329.experiments.output.tables_csv import results_csv, runs_csv
from tinygrad5329.experiments.results import Outcome, StudyResult
from tinygrad5329.utils.data.datasets import ArrayData, load

__all__ = ["write"]

#: Studies without a number of their own, in the order in which the report shows them, after the tables.
_LAST = ("best", "staircase", "protocol", "momentum", "beyond", "two-readings")


def write(outcome: Outcome, out_dir: str | os.PathLike[str], data: ArrayData | None = None) -> list[Path]:
    """Write ``report.html``, ``report.md``, ``results.csv``, ``runs.csv`` and ``figures/*.svg`` and ``.png``.

    Each file is replaced in one step, the page last, so that it never shows what is not there yet.

    Parameters
    ----------
    outcome : Outcome
        What the runs gave.
    out_dir : path-like
        Made if it is missing.
    data : ArrayData, optional
        The data to explore; by default loaded again from ``outcome.data["source"]``.

    Returns
    -------
    list of pathlib.Path
        The files written, those worth a first look first.

    Raises
    ------
    ImportError
        If matplotlib or scikit-learn is missing.
    OSError
        If the folder cannot be written, or the data cannot be read.
    """
    folder = Path(out_dir)
    gallery = Gallery(_label(outcome))
    document = compose(outcome, load(outcome.data["source"]) if data is None else data, gallery)
    figures = list(gallery.write(folder / "figures"))
    tables = [
        write_atomically(folder / "results.csv", results_csv(outcome)),
        write_atomically(folder / "runs.csv", runs_csv(outcome)),
    ]
    markdown = write_atomically(folder / "report.md", render_markdown(document))
    page = write_atomically(folder / "report.html", render_page(document))
    return [page, markdown, *tables, *figures]


def compose(outcome: Outcome, data: ArrayData, gallery: Gallery) -> Document:
    """The report's sections in order; studies that were not asked for are absent."""
    class_names = outcome.data["class_names"]
    ordered = sorted(
        outcome.studies, key=lambda result: _LAST.index(result.study.key) if result.study.key in _LAST else -1
    )
    sections = [
        overview_section(outcome),
        differences_section(outcome),
        data_section(explore(data, class_names), gallery),
        *(_section(result, outcome, gallery) for result in ordered),
    ]
    errata = blocks_of_markdown(errata_text(outcome))
    sections.append(Section("errata", "The report checked against itself", "", errata))
    sections.append(time_section(outcome))
    return Document(
        title="The report, reproduced",
        lead=f"{len(outcome.studies)} {'study' if len(outcome.studies) == 1 else 'studies'} on {outcome.data['name']}, "
        f"{count(outcome.runs_new + outcome.runs_found)} runs, protocol {outcome.settings['protocol']}, tinygrad5329 "
        f"{outcome.environment.get('tinygrad5329', '')}. Finished {outcome.finished_at.replace('T', ' ')}.",
        label=_label(outcome),
        sections=sections,
    )


def _label(outcome: Outcome) -> str:
    return "quick run" if outcome.quick else ""


def _section(result: StudyResult, outcome: Outcome, gallery: Gallery) -> Section:
    test_samples = int(outcome.data["test_samples"])
    key = result.study.key
    if key == "best":
        return best_section(result, gallery, outcome.data["class_names"])
    if key == "staircase":
        return staircase_section(result, gallery)
    if key == "protocol":
        return protocol_section(result, gallery, test_samples)
    if key == "momentum":
        return momentum_section(result, gallery)
    if key == "beyond":
        return beyond_section(result, outcome.study("best"), gallery, test_samples)
    section = study_section(result, gallery)
    if len(result.rows) == 1:
        section.add(
            model_pictures(result, result.rows[0], gallery, (f"{key}-loss", f"{key}-accuracy"), result.study.title)
        )
    return section
