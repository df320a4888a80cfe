"""Tables 14 and 15 and Figures 14 to 16: the best model's curves and both confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad5329.experiments.output.document import Paragraph, Pictures, Section, Table
from tinygrad5329.experiments.output.figures_model import model_curves
from tinygrad5329.experiments.output.formats import share
from tinygrad5329.experiments.output.gallery import Gallery
from tinygrad5329.experiments.output.section_study import judging_rows, study_section
from tinygrad5329.experiments.results import RowResult, StudyResult
from tinygrad5329.training.plots import plot_confusion

__all__ = ["best_section", "model_pictures"]


def best_section(result: StudyResult, gallery: Gallery, class_names: Sequence[str]) -> Section:
    """The best model: table, curves over the seeds, confusion on training and test rows, classes one by one."""
    section = study_section(result, gallery)
    row = result.rows[0]
    section.add(model_pictures(result, row, gallery, ("figure-14a-loss", "figure-14b-accuracy"), "Figure 14"))
    run = row.best_run
    if run is None or run["train"] is None or run["test"] is None:
        section.add(Paragraph("No run finished, so there are no confusion matrices."))
        return section
    pictures = []
    for number, split, name in ((15, "train", "training rows"), (16, "test", "test rows")):
        confusion = np.asarray(run[split]["confusion"])
        figure = plot_confusion(
            confusion, class_names, f"{name.capitalize()}: accuracy {share(run[split]['accuracy'])}"
        )
        seed, words = run["config"]["seed"], _confused(confusion, class_names)
        caption = f"Figure {number}. Confusion on the {name}, seed {seed}. {words}"
        pictures.append(gallery.hang(f"figure-{number}-confusion-{split}", figure, caption))
    section.add(
        Pictures(tuple(pictures)),
        _class_table(run, class_names),
        Paragraph(
            "The run shown is the seed whose best epoch judged best; rows of a matrix are true classes, columns "
            "predicted ones.",
            quiet=True,
        ),
    )
    return section


def model_pictures(
    result: StudyResult, row: RowResult, gallery: Gallery, names: tuple[str, str], label: str
) -> Pictures | None:
    """Loss and accuracy over the epochs of one row; None if nothing was trained."""
    runs = [run for run in row.runs if run["history"]]
    if not runs:
        return None
    judged = judging_rows(result)
    histories = [run["history"] for run in runs]
    epochs = [run["best_epoch"] for run in runs if run["best_epoch"]]
    gap = float(np.mean([history[-1]["train_accuracy"] - history[-1]["val_accuracy"] for history in histories]))
    captions = (
        f"{label}: loss over the epochs, {_seeds_in_words(len(runs))}. Training values are means over the epoch, with "
        "dropout on and moving weights.",
        f"{label}: accuracy likewise. At the end, training lies {'above' if gap >= 0 else 'below'} {judged} by "
        f"{share(abs(gap))} on average.",
    )
    return Pictures(
        tuple(
            gallery.hang(name, model_curves(histories, epochs, quantity, judged), caption)
            for name, quantity, caption in zip(names, ("loss", "accuracy"), captions, strict=True)
        )
    )


def _seeds_in_words(runs: int) -> str:
    if runs == 1:
        return "one seed"
    return (
        f"mean of {runs} seeds with a band from the lowest to the highest; where a seed has stopped, the others go on "
        "as thin lines"
    )


def _class_table(run: Mapping[str, Any], class_names: Sequence[str]) -> Table:
    columns = []
    for split in ("train", "test"):
        confusion = np.asarray(run[split]["confusion"], dtype=float)
        hits = np.diag(confusion)
        recall = hits / np.maximum(confusion.sum(axis=1), 1)
        precision = hits / np.maximum(confusion.sum(axis=0), 1)
        f1 = 2 * hits / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
        columns += [precision, recall, f1]
    rows = tuple((name, *(share(column[i]) for column in columns)) for i, name in enumerate(class_names))
    means = ("macro average", *(share(float(column.mean())) for column in columns))
    return Table(
        ("class", *(f"{split} {name}" for split in ("train", "test") for name in ("precision", "recall", "F1"))),
        (*rows, means),
        caption="Each class of the run shown.",
    )


def _confused(confusion: np.ndarray[Any, Any], class_names: Sequence[str]) -> str:
    recall = np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)
    off = confusion.copy()
    np.fill_diagonal(off, 0)
    true, predicted = divmod(int(off.argmax()), len(class_names))
    best, worst = int(recall.argmax()), int(recall.argmin())
    words = f"Best known: {class_names[best]} ({recall[best]:.1%}); worst: {class_names[worst]} ({recall[worst]:.1%})."
    if off.max() > 0:
        words += (
            f" Most frequent error: {class_names[true]} taken for {class_names[predicted]} ({int(off.max()):,} times)."
        )
    return words
