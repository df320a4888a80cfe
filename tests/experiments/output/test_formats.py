from __future__ import annotations

import pytest

from tinygrad5329.experiments.output import formats
from tinygrad5329.experiments.results import Figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.00123456, "0.00123"),
        (0.0999999, "0.100"),
        (9.999, "10.0"),
        (99.96, "100"),
        (999.6, "1,000"),
        (14823.0, "14,800"),
    ],
)
def test_seconds_have_three_significant_digits(value: float, text: str) -> None:
    assert formats.seconds(value) == text


def test_the_reports_seconds_keep_all_their_digits() -> None:
    assert formats.as_reported("training_seconds", 14823) == "14,823"
    assert formats.as_reported("test_accuracy", 0.5) == "0.5000"


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("test_accuracy", (0.5, 0.52), "0.5100 ± 0.0141"),
        ("test_accuracy", (0.5,), "0.5000"),
        ("training_seconds", (12.0, 13.0), "12.5 ± 0.7"),
        ("stop_epoch", (10.0, 13.0), "11.5 ± 2.1"),
        ("parameters", (168202.0, 168202.0), "168,202"),
    ],
)
def test_mean_and_deviation(name: str, values: tuple[float, ...], text: str) -> None:
    assert formats.figure_text(name, Figure(values)) == text


def test_nothing_known_is_written_as_nothing() -> None:
    assert formats.figure_text("test_f1", None) == ""
