"""The head of the report: what was run, how it differs from the report, and what came out in a few numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad5329.experiments.output.document import Block, Code, Items, Paragraph, Section, Table, Tiles
from tinygrad5329.experiments.output.formats import count, figure_text, seconds, seeds_in_words, share
from tinygrad5329.experiments.output.section_beyond import chosen_row
from tinygrad5329.experiments.output.section_time import comparable_seconds, distinct_seconds
from tinygrad5329.experiments.results import Outcome, StudyResult

__all__ = ["differences_section", "overview_section"]

#: Features and classes of the report's data.
_REPORT_SIZE = (128, 10)

#: What the page says of the machine; ``runs/*.json`` hold every version.
_MACHINE = ("tinygrad5329", "Python", "NumPy", "BLAS", "scikit-learn", "system", "CPU cores")


def overview_section(outcome: Outcome) -> Section:
    """Data, protocol, seeds, code, machine, date, seconds, and the conclusions in one table."""
    section = Section("overview", "What was run", "What was run, and what came out")
    tiles = _tiles(outcome)
    section.add(
        Tiles(tiles) if tiles else None,
        Table(("", ""), tuple(_facts(outcome).items()), words=frozenset({1})),
        _conclusions(outcome),
        Paragraph("The same again; finished runs are found and not repeated:"),
        Code(str(outcome.settings["command"])),
    )
    return section


def differences_section(outcome: Outcome) -> Section:
    """Where data, protocol, choices and figures are not the report's."""
    section = Section("differences", "How ours differs from the report", "How ours differs")
    data = outcome.data
    default = (
        " No data were named, so the digits stand in for the report's: name its four files with `--data` to compare "
        "figures."
        if data.get("default")
        else ""
    )
    texts = [
        f"**Data.** {data['name']}: {count(data['features'])} features, {count(data['classes'])} classes. The "
        "report's own arrays are not part of the project; accuracies compare with the report's only as far as the "
        "data do." + default + _size_text(data),
        _protocol_text(str(outcome.settings["protocol"]), measured=outcome.study("protocol") is not None),
        "**Seeds.** The report's figures are, as far as is known, of one run each. Ours are means over "
        f"{_how_many_seeds(outcome)}, with the sample "
        " standard deviation. A difference counts only where it is larger than the chance of the seeds explains "
        "(Welch's interval at 95 %, or the binomial one where there is a single seed). The report's choice is compared "
        "with the strongest of the other rows, which is picked after the fact: the more rows, the sooner one of them "
        "lies above by luck.",
        "**Unknown choices.** Which values the report carried from one table to the next, how it drew its weights and "
        "its batches, and whether it scaled its inputs is not known. Ours: the baseline's values except for what a "
        "table varies, as each section says; Kaiming initialisation; features standardised on the rows trained on.",
        "**Unknown figures.** Only those figures of the report are shown that are known to us; the others are left "
        "blank, and none was guessed. A conclusion is tested only where it is known, or implied by the report's best "
        "model. Whoever has the report can add its figures to the study files (`tinygrad5329/experiments/studies`).",
        "**Seconds.** Ours are wall seconds of one process with one BLAS thread, of which several may run side by "
        "side; the report's are those of its own machine.",
    ]
    section.add(Items(tuple(texts)))
    return section


def _size_text(data: Mapping[str, Any]) -> str:
    if (data["features"], data["classes"]) == _REPORT_SIZE:
        return ""
    features, classes = _REPORT_SIZE
    return (
        f" The report's networks read {features} features and tell {classes} classes apart, so all parameter counts "
        "differ from its."
    )


def _protocol_text(protocol: str, *, measured: bool) -> str:
    study = "[protocol study](#protocol)" if measured else "protocol study (`--tables protocol`)"
    ours = (
        "10 % of the training rows are held out; training stops after 10 epochs without a better accuracy on them, the "
        "best epoch's weights are kept, and the test rows are looked at once, at the end"
    )
    theirs = "all training rows are trained on, training stops on the test rows, and their best epoch is reported"
    if protocol == "report":
        return (
            f"**Protocol.** The report's own: {theirs}. Such a test accuracy was chosen on the test rows, and is too "
            f"high by what the {study} measures."
        )
    return (
        f"**Protocol.** Ours: {ours}. The report's: {theirs}. What that buys is measured by the {study}; "
        "`--protocol report` repeats everything the report's way."
    )


def _tiles(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    tiles: list[tuple[str, str]] = []
    best = outcome.study("best")
    if best is not None and "test_accuracy" in best.rows[0].figures:
        tiles.append(("best model, test accuracy", share(best.rows[0].figures["test_accuracy"].mean)))
    beyond = outcome.study("beyond")
    chosen = chosen_row(beyond) if beyond is not None else None
    if chosen is not None:
        tiles.append(("past the report, test accuracy", share(chosen.figures["test_accuracy"].mean)))
    kinds = [result.verdict.kind for result in outcome.studies if result.verdict is not None]
    tested = [kind for kind in kinds if kind != "not tested"]
    if tested:
        counts = [tested.count(kind) for kind in ("holds", "within noise", "does not hold")]
        tiles.append(("conclusions: hold / noise / do not", " / ".join(map(str, counts))))
    tiles.append(("seconds in all runs", seconds(distinct_seconds(outcome))))
    return tuple(tiles)


def _facts(outcome: Outcome) -> dict[str, str]:
    data, settings = outcome.data, outcome.settings
    facts = {
        "data": f"{data['name']}: {count(data['features'])} features, {count(data['classes'])} classes",
        "samples": f"{count(data['train_samples'])} training, {count(data['validation_samples'])} validation, "
        f"{count(data['test_samples'])} test",
        "fingerprint of the data": f"`{data['fingerprint']}`",
        "protocol": str(settings["protocol"]),
        "seeds": "; ".join(_which_seeds(outcome)),
        "studies": ", ".join(result.study.label for result in outcome.studies),
        "runs": f"{count(outcome.runs_new)} made now, {count(outcome.runs_found)} found finished",
        "seconds": _seconds_text(outcome),
        "version of the code": f"`{outcome.code}`",
        "finished": outcome.finished_at.replace("T", " "),
    }
    return facts | {name: outcome.environment[name] for name in _MACHINE if name in outcome.environment}


def _seconds_text(outcome: Outcome) -> str:
    spent, jobs = f"{seconds(distinct_seconds(outcome))} in the runs", outcome.settings["jobs"]
    if not outcome.runs_new:
        return f"{spent}, all of them made before{_ratio(outcome)}"
    clock = f"{seconds(outcome.wall_seconds)} on the clock with {jobs} job{'s' if jobs != 1 else ''}"
    return f"{spent}; those made now took {clock}{_ratio(outcome)}"


def _seeds(outcome: Outcome) -> dict[tuple[int, ...], list[str]]:
    """The studies by the seeds of their runs, the seeds of most studies first."""
    found: dict[tuple[int, ...], list[str]] = {}
    for result in outcome.studies:
        seeds = {run["config"]["seed"] for row in result.rows for run in row.runs}
        found.setdefault(tuple(sorted(seeds)), []).append(result.study.label)
    return dict(sorted(found.items(), key=lambda item: -len(item[1]))) or {tuple(outcome.settings["seeds"]): []}


def _which_seeds(outcome: Outcome) -> list[str]:
    lists = [(", ".join(map(str, seeds)), ", ".join(labels)) for seeds, labels in _seeds(outcome).items()]
    return [lists[0][0], *(f"{labels}: {seeds}" for seeds, labels in lists[1:])]


def _how_many_seeds(outcome: Outcome) -> str:
    (usual, _), *others = _seeds(outcome).items()
    words = [f"{len(seeds)} in {', '.join(f'“{label}”' for label in labels)}" for seeds, labels in others]
    return seeds_in_words(len(usual)) + (f" ({'; '.join(words)})" if words else "")


def _ratio(outcome: Outcome) -> str:
    total: Any = outcome.facts.get("total_seconds")
    ours = comparable_seconds(outcome)
    if total is None or ours is None:
        return ""
    return (
        f"; Tables 3 to 13 once: {seconds(ours)}, where the report's add up to about {total:,.10g}: "
        f"{total / ours:.1f} times as many"
    )


def _conclusions(outcome: Outcome) -> Block | None:
    lines = [
        (f"[{result.study.label}](#{result.study.key})", result.study.title, result.verdict.kind, _winner(result))
        for result in outcome.studies
        if result.verdict is not None
    ]
    if not lines:
        return None
    return Table(
        ("", "varied", "the report's conclusion", "best of ours"),
        tuple(lines),
        words=frozenset({1, 2, 3}),
        caption="Conclusions of the report, on our data.",
    )


def _winner(result: StudyResult) -> str:
    figures: Mapping[str, Any] = {
        row.name: row.figures["test_accuracy"] for row in result.rows if "test_accuracy" in row.figures
    }
    if not figures:
        return ""
    best = max(figures, key=lambda name: figures[name].mean)
    return f"{best} ({figure_text('test_accuracy', figures[best])})"
