"""The folder of a study: its page, its trials as CSV and JSON, its figures, and its best architecture."""

from __future__ import annotations

import os
from pathlib import Path

from tinygrad5329.atomic import write_atomically
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.page import render_page
from tinygrad5329.search.output.record import RECORD_FILE, Study, record_of, record_text, trials_csv
from tinygrad5329.search.output.sections import compose
from tinygrad5329.search.output.winner import WINNER_FILES, winner_of

__all__ = ["write_study"]


def write_study(study: Study, folder: str | os.PathLike[str]) -> list[Path]:
    """Write ``page.html``, ``trials.csv``, ``trials.json``, ``figures/``, ``winner.json``, ``.py`` and ``.svg``.

    Each file is replaced in one step, the page last, so that it never shows what is not there yet. The study may
    still run, and may have no trial yet; without a complete trial there is no winner, and the files of an earlier
    one are removed.

    Parameters
    ----------
    study : Study
        Anything with a task, an algorithm's name, a seed, a budget, trials and settings.
    folder : path-like
        Made if it is missing.

    Returns
    -------
    list of pathlib.Path
        The files written, the page first.

    Raises
    ------
    ImportError
        If matplotlib is missing, or, from 20 complete trials on, Optuna or scikit-learn.
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder)
    record = record_of(study)
    # Before all else: should drawing fail, the trials are safe.
    tables = [
        write_atomically(folder / RECORD_FILE, record_text(record)),
        write_atomically(folder / "trials.csv", trials_csv(record)),
    ]
    winner = winner_of(record, study.task)
    gallery = Gallery()
    document = compose(record, winner, gallery)
    figures = list(gallery.write(folder / "figures"))
    files = [] if winner is None else list(winner.write(folder))
    for name in WINNER_FILES:
        if folder / name not in files:
            (folder / name).unlink(missing_ok=True)
    page = write_atomically(folder / "page.html", render_page(document))
    return [page, *files, *tables, *figures]
