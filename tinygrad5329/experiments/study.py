"""Studies as data: what a TOML file of ``studies/`` says, checked.

The README's section "The report, reproduced" describes the file format.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad5329.experiments.configuration import Configuration

__all__ = ["FIGURES", "STUDIES", "Conclusion", "Row", "Study", "StudyError", "Tuning", "load_studies", "load_study"]

#: The folder of the studies that come with the package.
STUDIES = Path(__file__).parent / "studies"

#: What the report prints of a row, and what is printed of ours; accuracies and F1 are shares, not per cent.
FIGURES = {
    "stop_epoch": "epochs trained until training stopped",
    "train_accuracy": "accuracy on the training rows, with the weights of the best epoch",
    "test_accuracy": "accuracy on the test rows, with the same weights",
    "train_f1": "macro F1 on the training rows",
    "test_f1": "macro F1 on the test rows",
    "training_seconds": "wall seconds of training, with judging after each epoch",
    "inference_seconds": "wall seconds of predicting all test rows",
    "parameters": "trainable parameters",
}


class StudyError(ValueError):
    """A study file, or a choice of studies, that cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Tuning:
    """The small search that precedes a row: each choice of the grid for a few epochs, and the best is taken.

    Attributes
    ----------
    grid : dict of str to list
        Values to try by configuration key, ``"options.momentum"`` for an option; every combination is tried.
    epochs : int
        Of each try; schedules run over that many.
    seed : int
        Of each try.
    """

    grid: Mapping[str, list[Any]]
    epochs: int
    seed: int = 0

    def changes(self) -> list[dict[str, Any]]:
        """Every combination, as changes to a configuration.

        Examples
        --------
        >>> Tuning({"lr": [0.1, 0.2], "options.momentum": [0.9]}, epochs=3).changes()
        [{'lr': 0.1, 'options': {'momentum': 0.9}}, {'lr': 0.2, 'options': {'momentum': 0.9}}]
        """
        found = []
        for values in itertools.product(*self.grid.values()):
            change: dict[str, Any] = {}
            for key, value in zip(self.grid, values, strict=True):
                first, _, rest = key.partition(".")
                if rest:
                    change.setdefault(first, {})[rest] = value
                else:
                    change[first] = value
            found.append(change)
        return found


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    name : str
        What the table's first column says; unique in the study.
    configuration : Configuration
        With the study's base and the row's change, at seed 0.
    change : dict
        What the file says changes.
    report : dict of str to float
        The report's figures that are known, by the names of :data:`FIGURES`.
    tuning : Tuning or None
        What is searched first; the row then runs with the best of it.
    group : str
        A heading over this and the following rows of the same group; "" for none.
    note : str
        A sentence under the table; "" for none.
    """

    name: str
    configuration: Configuration
    change: Mapping[str, Any]
    report: Mapping[str, float]
    tuning: Tuning | None = None
    group: str = ""
    note: str = ""


@dataclass(frozen=True)
class Conclusion:
    """What the report concluded from a study.

    Attributes
    ----------
    text : str
        In a sentence.
    best_row : str or None
        The row that it found best, where that is known or implied by its best model; None: not tested. It is
        compared with the other rows of its group.
    figure : str
        In which figure, of :data:`FIGURES`; more is better.
    source : str
        How it is known.
    """

    text: str
    best_row: str | None = None
    figure: str = "test_accuracy"
    source: str = ""


@dataclass(frozen=True)
class Study:
    """One table (or figure) of the report, or a question of ours.

    Attributes
    ----------
    key : str
        Its name on the command line, such as ``"table-03"`` or ``"best"``.
    tables : tuple of int
        Its numbers in the report; () where it has none.
    title, question : str
    conclusion : Conclusion or None
        None where nothing is known.
    notes : tuple of str
        How ours differs from the report's, in sentences for the page.
    base : Configuration
        What all rows start from.
    rows : tuple of Row
        In the table's order.
    seeds : tuple of int or None
        Where the study wants others than all studies have.
    reach : tuple of float
        Accuracies of the judging rows to time: epochs and seconds until each.
    protocol_fixed : bool
        Whether the rows say themselves which protocol they follow; ``--protocol`` then does not.
    path : Path
        The file.
    """

    key: str
    tables: tuple[int, ...]
    title: str
    question: str
    conclusion: Conclusion | None
    notes: tuple[str, ...]
    base: Configuration
    rows: tuple[Row, ...]
    seeds: tuple[int, ...] | None = None
    reach: tuple[float, ...] = ()
    protocol_fixed: bool = False
    path: Path = field(default=STUDIES, compare=False)

    @property
    def label(self) -> str:
        """``Table 3``, ``Tables 14 and 15``, or the title where there is no number."""
        if not self.tables:
            return self.title
        numbers = " and ".join(map(str, self.tables))
        return f"Table{'s' if len(self.tables) > 1 else ''} {numbers}"

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The configuration keys in which rows differ, in the order of :class:`Configuration`."""
        values = [row.configuration.as_dict() for row in self.rows]
        return tuple(key for key in values[0] if any(each[key] != values[0][key] for each in values))

    def row(self, name: str) -> Row:
        """The row of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for each in self.rows:
            if each.name == name:
                return each
        raise KeyError(f"{self.key} has no row {name!r}; its rows are {', '.join(each.name for each in self.rows)}")


def load_studies(folder: Path = STUDIES) -> list[Study]:
    """All studies of a folder: tables by their numbers, and those without a number last, by name.

    The report's baseline (Tables 1 and 2) comes first, its best model (14 and 15) after the other tables.

    Raises
    ------
    StudyError
        As :func:`load_study`, or if two files have the same key.
    """
    studies = [load_study(path) for path in sorted(folder.glob("*.toml"))]
    for one, other in itertools.combinations(studies, 2):
        if one.key == other.key:
            raise StudyError(f"{other.path.name}: key {other.key!r} is taken by {one.path.name}")
    return sorted(studies, key=lambda study: (study.tables or (99,), study.key))


def load_study(path: Path) -> Study:
    """Read and check one study.

    Raises
    ------
    StudyError
        If it is no TOML, a key is missing, unknown or of another type, or a row makes no configuration.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return _study(content, path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise StudyError(f"{path.name}: {error}") from error


_STUDY_KEYS = {
    "key", "table", "title", "question", "conclusion", "notes", "base", "rows", "seeds", "tune", "reach", "cumulative",
}  # fmt: skip
_ROW_KEYS = {"name", "change", "report", "grid", "group", "note"}


def _study(content: dict[str, Any], path: Path) -> Study:
    _check_keys("the study", content, _STUDY_KEYS, required={"key", "title", "question", "rows"})
    key = _text("key", content["key"])
    if not re.fullmatch(r"[a-z][a-z0-9-]*", key):
        raise ValueError(f"key: expected small letters, digits and hyphens, got {key!r}")
    base_change = _table("base", content.get("base", {}))
    base = Configuration().changed(base_change)
    rows = tuple(_rows(content, base))
    fixed = "protocol" in base_change or any("protocol" in row.change for row in rows)
    tables = content.get("table", [])
    return Study(
        key=key,
        tables=tuple(_whole_numbers("table", tables if isinstance(tables, list) else [tables])),
        title=_text("title", content["title"]),
        question=_text("question", content["question"]),
        conclusion=_conclusion(content["conclusion"], rows) if "conclusion" in content else None,
        notes=tuple(_text("notes", note) for note in content.get("notes", [])),
        base=base,
        rows=rows,
        seeds=tuple(_whole_numbers("seeds", content["seeds"])) if "seeds" in content else None,
        reach=tuple(float(each) for each in content.get("reach", [])),
        protocol_fixed=fixed,
        path=path,
    )


def _rows(content: dict[str, Any], base: Configuration) -> Iterator[Row]:
    tune = _table("tune", content.get("tune", {}))
    if tune:
        _check_keys("tune", tune, {"epochs", "seed", "grid"}, required={"epochs"})
    cumulative = content.get("cumulative", False)
    names: set[str] = set()
    before = base
    if not isinstance(content["rows"], list) or not content["rows"]:
        raise ValueError("rows: expected one [[rows]] or more")
    for number, given in enumerate(content["rows"], start=1):
        _check_keys(f"row {number}", given, _ROW_KEYS, required={"name"})
        name = _text(f"row {number}: name", given["name"])
        if name in names:
            raise ValueError(f"row {number}: the name {name!r} is taken")
        names.add(name)
        change = _table(f"row {name!r}: change", given.get("change", {}))
        try:
            configuration = (before if cumulative else base).changed(change)
            tuning = _tuning(tune, given.get("grid", tune.get("grid")), configuration)
        except (TypeError, ValueError) as error:
            raise ValueError(f"row {name!r}: {error}") from error
        yield Row(
            name=name,
            configuration=configuration,
            change=change,
            report=_known_figures(name, given.get("report", {})),
            tuning=tuning,
            group=_text("group", given.get("group", "")),
            note=_text("note", given.get("note", "")),
        )
        before = configuration


def _tuning(tune: Mapping[str, Any], grid: Any, configuration: Configuration) -> Tuning | None:
    if grid is None:
        return None
    if not tune:
        raise ValueError("grid: a row's grid needs [tune] with its epochs")
    flat = dict(_flat(_table("grid", grid)))
    if not flat:  # the row wants no search
        return None
    for key, values in flat.items():
        if not isinstance(values, list) or not values:
            raise ValueError(f"grid: expected a list of values for {key}, got {values!r}")
    tuning = Tuning(flat, _whole_numbers("tune: epochs", [tune["epochs"]])[0], tune.get("seed", 0))
    for change in tuning.changes():
        configuration.changed(change)  # says what is wrong with it before anything runs
    return tuning


def _flat(grid: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in grid.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _conclusion(given: Any, rows: tuple[Row, ...]) -> Conclusion:
    given = {"text": given} if isinstance(given, str) else _table("conclusion", given)
    _check_keys("conclusion", given, {"text", "best_row", "figure", "source"}, required={"text"})
    conclusion = Conclusion(**{key: _text(f"conclusion: {key}", value) for key, value in given.items()})
    if conclusion.best_row is not None and conclusion.best_row not in {row.name for row in rows}:
        raise ValueError(f"conclusion: best_row {conclusion.best_row!r} is none of {[row.name for row in rows]}")
    if conclusion.figure not in FIGURES:
        raise ValueError(f"conclusion: figure should be one of {', '.join(FIGURES)}, got {conclusion.figure!r}")
    return conclusion


def _known_figures(name: str, given: Any) -> dict[str, float]:
    figures = _table(f"row {name!r}: report", given)
    for key, value in figures.items():
        if key not in FIGURES:
            raise ValueError(f"row {name!r}: report: {key} is none of {', '.join(FIGURES)}")
        if type(value) not in (int, float):
            raise TypeError(f"row {name!r}: report: expected a number for {key}, got {value!r}")
        if key.endswith(("accuracy", "f1")) and not 0 <= value <= 1:
            raise ValueError(
                f"row {name!r}: report: {key} is a share from 0 to 1, got {value}; divide per cents by 100"
            )
    return dict(figures)


def _check_keys(what: str, given: Mapping[str, Any], known: set[str], required: set[str]) -> None:
    unknown, missing = sorted(set(given) - known), sorted(required - set(given))
    if unknown:
        raise ValueError(f"{what}: unknown key {unknown[0]!r}; there are {', '.join(sorted(known))}")
    if missing:
        raise ValueError(f"{what}: {missing[0]!r} is missing")


def _table(what: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise TypeError(f"{what}: expected a table of keys and values, got {given!r}")
    return given


def _text(what: str, given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(f"{what}: expected text in quotes, got {given!r}")
    return given


def _whole_numbers(what: str, given: list[Any]) -> list[int]:
    for number in given:
        if type(number) is not int or number < 0:
            raise TypeError(f"{what}: expected whole numbers from 0 on, got {number!r}")
    return given
