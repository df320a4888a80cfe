"""Studies compared: ``python -m tinygrad5329.search.output.compare FOLDER... --out FOLDER``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tinygrad5329.atomic import write_atomically
from tinygrad5329.experiments.output.document import Cell, Document, Items, Paragraph, Pictures, Section, Table
from tinygrad5329.experiments.output.formats import count, mean_and_spread, plain, seconds, seeds_in_words, share
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.markdown import render_markdown
from tinygrad5329.experiments.output.page import render_page
from tinygrad5329.experiments.results import Figure
from tinygrad5329.search.output.comparison import (
    BASELINE,
    Contender,
    Lead,
    comparison_csv,
    contenders_of,
    lead_of,
)
from tinygrad5329.search.output.figures_comparison import curves_figure, panels_figure, seeds_figure
from tinygrad5329.search.output.record import StudyRecord, read_record
from tinygrad5329.search.output.spending import spending_of
from tinygrad5329.search.output.words import architecture_words, measure_text, space_rows
from tinygrad5329.search.trial import best_of

__all__ = ["against_baseline", "main", "write_comparison"]


def write_comparison(folders: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> list[Path]:
    """Write ``comparison.html``, ``comparison.md``, ``comparison.csv`` and their figures.

    Parameters
    ----------
    folders : sequence of path-like
        Of studies of one task, space and budget, as :func:`write_study` left them.
    out : path-like
        Made if it is missing.

    Returns
    -------
    list of pathlib.Path
        The files written, the page first.

    Raises
    ------
    FileNotFoundError, ValueError
        If a folder holds no study, or if the studies cannot be compared.
    ImportError
        If matplotlib or SciPy is missing.
    """
    contenders = contenders_of([read_record(folder) for folder in folders])
    gallery = Gallery()
    document = _compose(contenders, gallery)
    out = Path(out)
    figures = list(gallery.write(out / "figures"))
    table = write_atomically(out / "comparison.csv", comparison_csv(contenders))
    markdown = write_atomically(out / "comparison.md", render_markdown(document))
    page = write_atomically(out / "comparison.html", render_page(document))
    return [page, markdown, table, *figures]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status: 2 for what cannot be compared, 1 if a package is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad5329.search.output.compare", description="Compare studies of one task at one budget."
    )
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="of a study, with its trials.json")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where the page, table and figures go")
    options = parser.parse_args(arguments)
    try:
        page, *_ = write_comparison(options.folders, options.out)
    except (ValueError, OSError, ImportError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1 if isinstance(error, ImportError) else 2
    print(f"the page is {page}")
    return 0


def _compose(contenders: Sequence[Contender], gallery: Gallery) -> Document:
    first = contenders[0].studies[0]
    budget = " and ".join(
        f"{count(value)} training steps" if name == "steps" else f"{seconds(value)} processor seconds"
        for name, value in first.budget.items()
    )
    studies = sum(len(contender.studies) for contender in contenders)
    return Document(
        title=f"Search algorithms on {first.task}",
        lead=f"{len(contenders)} algorithms, {studies} studies, each with a budget of {budget or 'no fixed size'}.",
        label="",
        sections=[
            _table(contenders, gallery),
            against_baseline(contenders),
            _curves(contenders, gallery),
            _studies(contenders),
            _space(first),
        ],
    )


def _table(contenders: Sequence[Contender], gallery: Gallery) -> Section:
    section = Section("table", "What each algorithm found", "The table")
    leading = {name: _leader(contenders, name) for name in ("validation", "test_accuracy")}
    rows = tuple(
        (
            contender.algorithm,
            count(len(contender.studies)),
            _accuracy(contender.validation, best=contender is leading["validation"]),
            _accuracy(contender.measure("test_accuracy"), best=contender is leading["test_accuracy"]),
            _counted(contender.measure("parameters")),
            _latency(contender.measure("latency")),
            _trials(contender),
            _counted(contender.total(lambda study: sum(part.steps for part in spending_of(study)))),
            _timed(contender.total(lambda study: sum(part.seconds for part in spending_of(study)))),
        )
        for contender in contenders
    )
    header = ("algorithm", "seeds", "validation", "its test", "parameters", "latency", "trials", "steps", "seconds")
    section.add(
        Table(
            header,
            rows,
            caption="Mean and sample deviation over the seeds. Parameters and latency are the winner's; trials are "
            "complete + pruned + failed, a mean a study; steps and processor seconds are all that a study spent.",
        ),
        Paragraph(
            f"The {contenders[0].studies[0].value_name} chose the winner, so it is too good: it is the largest of "
            "many, each with noise of its own. The test rows chose nothing; theirs is the column to compare."
        ),
        Pictures(
            (
                gallery.hang(
                    "comparison-seeds",
                    seeds_figure(contenders),
                    "The winner of each seed; large marks are means, bars one deviation to each side.",
                    wide=True,
                ),
            )
        ),
    )
    return section


def against_baseline(contenders: Sequence[Contender]) -> Section:
    """Each algorithm's lead over random search, and whether noise explains it."""
    section = Section("baseline", "What beat random search", "Against random search")
    baseline = next((each for each in contenders if each.algorithm == BASELINE), None)
    others = [each for each in contenders if each is not baseline]
    if baseline is None or not others:
        section.add(
            Paragraph("There is nothing to compare: it takes studies of random search and of another algorithm.")
        )
        return section
    leads = [
        (
            each.algorithm,
            lead_of(each.validation, baseline.validation),
            lead_of(each.measure("test_accuracy"), baseline.measure("test_accuracy")),
        )
        for each in others
    ]
    rows = tuple((name, *_lead_cells(validation), *_lead_cells(test)) for name, validation, test in leads)
    header = ("algorithm", "validation", "noise", "", "test", "noise", "")
    named = [("on validation rows", [lead for _, lead, _ in leads]), ("on test rows", [lead for _, _, lead in leads])]
    section.add(
        Items(tuple(_verdicts(where, found, [name for name, _, _ in leads]) for where, found in named)),
        Table(header, rows, frozenset({3, 6}), "Difference of the means to random search's, and what noise explains."),
        Paragraph(
            "Noise is Welch's 95 % interval of a difference of two means, from the deviations over the seeds. It is "
            "not paired: a seed gives two algorithms at most their first random draws in common, and with so few seeds "
            f"pairing would cost more than that could take away. In a table of {len(others)} that are all equal to "
            f"random search, {count(round(0.05 * len(others), 1))} would still be expected to pass by chance; and with "
            f"{_seeds(contenders)} the interval is wide, so that what is called noise may be a difference that more "
            "seeds would show. That other test rows would have given other accuracies is not in it."
        ),
    )
    return section


def _curves(contenders: Sequence[Contender], gallery: Gallery) -> Section:
    section = Section("curves", "How quickly", "How quickly")
    section.add(
        Pictures(
            (
                gallery.hang(
                    "comparison-curves",
                    curves_figure(contenders),
                    "The best so far: the mean over the seeds, with a band from the lowest to the "
                    "highest, from where all seeds have a first value. Every step counts, those of pruned and failed "
                    "trials and of shared weights included: an algorithm that first trains those starts later.",
                    wide=True,
                ),
            )
        ),
        Pictures(
            (
                gallery.hang(
                    "comparison-panels",
                    panels_figure(contenders),
                    "The same, one panel an algorithm: thin lines are seeds, the dotted line is random search's mean, "
                    "the number is the final mean.",
                    wide=True,
                ),
            )
        ),
    )
    return section


def _studies(contenders: Sequence[Contender]) -> Section:
    section = Section("studies", "Every study", "Every study")
    rows: list[tuple[Cell | str, ...]] = []
    for study in (study for contender in contenders for study in contender.studies):
        best = best_of(study.trials)
        if best is None:
            rows.append((study.algorithm, str(study.seed), "", "", "", "", Cell("no complete trial", bad=True)))
            continue
        rows.append(
            (
                study.algorithm,
                str(study.seed),
                share(best.value or 0.0),
                *(measure_text(name, best.measures.get(name)) for name in ("test_accuracy", "parameters", "latency")),
                architecture_words(best.architecture),
            )
        )
    header = ("algorithm", "seed", "validation", "test", "parameters", "latency", "architecture of the winner")
    section.add(Table(header, tuple(rows), frozenset({6})), Paragraph("Also as `comparison.csv`.", quiet=True))
    return section


def _space(record: StudyRecord) -> Section:
    section = Section("space", "What was searched", "What was searched")
    section.add(Table(("decision", "can come to", "taken when"), tuple(space_rows(record.space)), frozenset({1, 2})))
    return section


def _leader(contenders: Sequence[Contender], name: str) -> Contender | None:
    found = [
        (figure.mean, contender)
        for contender in contenders
        if (figure := contender.validation if name == "validation" else contender.measure(name)) is not None
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def _accuracy(found: Figure | None, *, best: bool) -> Cell:
    return Cell(*mean_and_spread("test_accuracy", found), best=best)


def _counted(found: Figure | None) -> Cell:
    if found is None:
        return Cell("")
    return Cell(count(round(found.mean)), "" if not found.deviation else count(round(found.deviation)))


def _latency(found: Figure | None) -> Cell:
    return _timed(found and Figure(tuple(1e3 * value for value in found.values)), " ms")


def _timed(found: Figure | None, unit: str = "") -> Cell:
    text, spread = mean_and_spread("training_seconds", found)
    return Cell(text and text + unit, spread)


def _trials(contender: Contender) -> str:
    states = [each.state for study in contender.studies for each in study.trials]
    means = [states.count(state) / len(contender.studies) for state in ("complete", "pruned", "failed")]
    return " + ".join(count(round(mean, 1)) for mean in means)


def _lead_cells(lead: Lead | None) -> tuple[Cell | str, ...]:
    if lead is None:
        return "", "", "one seed only"
    sign = "+" if lead.difference > 0 else ""
    cell = Cell(sign + plain(lead.difference, 4), bad=lead.verdict == "worse", best=lead.verdict == "better")
    return cell, f"±{lead.noise:.4f}", lead.verdict


def _verdicts(where: str, leads: Sequence[Lead | None], names: Sequence[str]) -> str:
    parts = []
    for verdict, words in (("better", "better"), ("within noise", "within noise"), ("worse", "worse")):
        chosen = [name for name, lead in zip(names, leads, strict=True) if lead is not None and lead.verdict == verdict]
        parts.append(f"{words}: {', '.join(chosen) if chosen else 'none'}")
    return f"**{where.capitalize()}**, {'; '.join(parts)}."


def _seeds(contenders: Sequence[Contender]) -> str:
    counts = {len(contender.studies) for contender in contenders}
    return seeds_in_words(counts.pop()) if len(counts) == 1 else f"{min(counts)} to {max(counts)} seeds"


if __name__ == "__main__":
    sys.exit(main())
