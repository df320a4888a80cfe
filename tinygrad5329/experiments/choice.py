"""Which studies ``--tables`` asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tinygrad5329.experiments.study import Study, StudyError

__all__ = ["choose_studies"]


def choose_studies(studies: Sequence[Study], tables: str | None) -> list[Study]:
    """The studies that are asked for, in their own order.

    Parameters
    ----------
    studies : sequence of Study
    tables : str, optional
        Table numbers, ranges of them and keys of studies, with commas: ``"3-9,13,best"``. None: all.

    Raises
    ------
    StudyError
        If a part names no study, or a range goes past the last table.

    Examples
    --------
    >>> from tinygrad5329.experiments.study import load_studies
    >>> [study.key for study in choose_studies(load_studies(), "3-4,best")]
    ['table-03', 'table-04', 'best']
    """
    if tables is None:
        return list(studies)
    known = sorted({table for study in studies for table in study.tables})
    chosen: set[str] = set()
    for part in tables.split(","):
        part = part.strip()
        numbers = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if numbers:
            first, last = int(numbers[1]), int(numbers[2] or numbers[1])
            there = last <= known[-1]
            found = {study.key for study in studies if there and any(first <= table <= last for table in study.tables)}
        else:
            found = {study.key for study in studies if study.key == part}
        if not found:
            names = [study.key for study in studies if not study.key.startswith("table-")]
            raise StudyError(
                f"--tables: {part!r} names no study; there are tables {known[0]} to {known[-1]} and {', '.join(names)}"
            )
        chosen |= found
    return [study for study in studies if study.key in chosen]
