"""Whether a conclusion of the report holds on our data, and what counts as noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinygrad5329.experiments.results import Figure, RowResult, Verdict
from tinygrad5329.experiments.study import FIGURES, Study

__all__ = ["judge", "noise"]


def judge(study: Study, rows: Sequence[RowResult]) -> Verdict:
    """Compare the row that the report found best with the strongest of the others of its group.

    Rows of another group are another reading of the table, or no rows of the report's at all.

    Raises
    ------
    ValueError
        If the study has no conclusion.
    """
    conclusion = study.conclusion
    if conclusion is None:
        raise ValueError(f"{study.key} has no conclusion to judge")
    if conclusion.best_row is None:
        return Verdict("not tested", "What the report concluded is not known in a form that can be tested.")
    if any(run["config"]["quick"] for row in rows for run in row.runs):
        return Verdict("not tested", "A quick run, on a few rows and epochs, tells nothing about the conclusion.")
    group = next(row.row.group for row in rows if row.name == conclusion.best_row)
    named = {row.name: row.figures.get(conclusion.figure) for row in rows if row.row.group == group}
    chosen = named.pop(conclusion.best_row)
    rivals = {name: figure for name, figure in named.items() if figure is not None}
    if chosen is None or not rivals:
        return Verdict("not tested", "Too few rows have a result.")
    rival, other = max(rivals.items(), key=lambda item: item[1].mean)
    lead = chosen.mean - other.mean
    bound = noise(chosen, other, _test_samples(rows))
    words = FIGURES[conclusion.figure].partition(",")[0].capitalize()
    said = f"{words}: {chosen.mean:.4f} for “{conclusion.best_row}”, {other.mean:.4f} for “{rival}”"
    if abs(lead) <= bound:
        return Verdict("within noise", f"{said}; the difference of {abs(lead):.4f} is within noise ({bound:.4f}).")
    if lead > 0:
        return Verdict("holds", f"{said}, the next best; noise would explain {bound:.4f}.")
    return Verdict("does not hold", f"{said}, more by {-lead:.4f}, where noise would explain {bound:.4f}.")


def noise(one: Figure, other: Figure, samples: int) -> float:
    """How far two means may lie apart by chance in 95 of 100 cases.

    With two or more runs each: Welch's interval of the difference of the means, from the deviations over the
    seeds; that other test rows would have given other accuracies is not in it. With a single run of either, the
    binomial one of accuracies measured on ``samples`` samples, which is wider, because it leaves out that both saw
    the same samples.

    Raises
    ------
    ImportError
        If SciPy, which comes with scikit-learn, is missing.

    Examples
    --------
    >>> round(noise(Figure((0.50, 0.51, 0.52)), Figure((0.51, 0.52, 0.53)), 10_000), 4)
    0.0227
    >>> round(noise(Figure((0.5,)), Figure((0.5,)), 10_000), 4)
    0.0139
    """
    if one.deviation is None or other.deviation is None:
        variance = sum(max(0.0, each.mean * (1 - each.mean)) for each in (one, other)) / max(1, samples)
        return 1.96 * math.sqrt(variance)
    try:
        from scipy.stats import t  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("judging needs SciPy: pip install 'tinygrad5329[train]'") from error
    parts = [(each.deviation or 0.0) ** 2 / len(each.values) for each in (one, other)]
    if sum(parts) == 0:
        return 0.0
    sizes = (len(one.values), len(other.values))
    freedom = sum(parts) ** 2 / sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
    return float(t.ppf(0.975, freedom)) * math.sqrt(sum(parts))


def _test_samples(rows: Sequence[RowResult]) -> int:
    return next((int(run["data"]["test_samples"]) for row in rows for run in row.runs if run["data"]), 0)
