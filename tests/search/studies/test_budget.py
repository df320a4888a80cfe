"""Budgets as they are written."""

from __future__ import annotations

import pytest

from tinygrad5329.search.studies.budget import Budget
from tinygrad5329.search.studies.study_error import StudyError


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("120000", "steps", 120_000),
        ("120_000", "steps", 120_000),
        ("90s", "seconds", 90),
        ("20m", "seconds", 1200),
        ("1.5h", "seconds", 5400),
        (".5m", "seconds", 30),
    ],
)
def test_what_is_a_budget(text, unit, amount):
    budget = Budget.parse(text)
    assert (budget.unit, budget.amount) == (unit, amount)
    assert budget.as_dict() == {unit: amount}


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "20 minutes", "m", "0s", "1e5", "ten", "5d", "nan"])
def test_what_is_none(text):
    with pytest.raises(StudyError, match=r"--budget: expected a number of steps .* got"):
        Budget.parse(text)


@pytest.mark.parametrize(
    "arguments", [{}, {"steps": 5, "seconds": 5.0}, {"steps": 0}, {"steps": 5.0}, {"steps": True},
                  {"seconds": -1}, {"seconds": float("inf")}, {"seconds": float("nan")}, {"seconds": "5"}],
)  # fmt: skip
def test_numbers_are_checked(arguments):
    with pytest.raises(StudyError, match="budget: expected"):
        Budget.of(**arguments)


def test_budgets_in_words():
    assert str(Budget.parse("120000")) == "120,000 steps"
    assert str(Budget.parse("20m")) == "1,200 processor seconds"
    assert str(Budget.parse("0.5s")) == "0.5 processor seconds"
