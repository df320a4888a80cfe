import collections
import random

import pytest

from tinygrad5329.search.domains import Choice, Float, Integer


def test_a_choice_draws_all_its_options_about_equally():
    generator = random.Random(0)
    domain = Choice("a", "b", None, 1, True)
    counts = collections.Counter((type(value), value) for value in (domain.sample(generator) for _ in range(5000)))
    assert len(counts) == 5 and min(counts.values()) > 850


def test_true_and_one_are_different_options():
    domain = Choice(1, True)
    assert domain.problem(1.0) is not None
    assert domain.encode(True) == [0.0, 1.0]


@pytest.mark.parametrize("domain", [Integer(1, 1000, log=True), Float(1.0, 1000.0, log=True)])
def test_a_logarithmic_scale_gives_each_decade_its_share(domain):
    generator = random.Random(1)
    drawn = [domain.sample(generator) for _ in range(6000)]
    assert all(domain.problem(value) is None for value in drawn)
    below = sum(value < 10 for value in drawn) / len(drawn)
    assert 0.28 < below < 0.44  # with the half step below 1 that Integer needs to draw 1, a little more than a third


def test_integers_keep_to_their_steps():
    domain = Integer(32, 100, step=32)
    assert domain.values == (32, 64, 96)
    assert domain.problem(100) == "expected a whole number from 32 to 100 in steps of 32, got 100"
    assert domain.problem(64) is None and domain.problem(True) is not None and domain.problem(64.0) is not None


def test_a_whole_number_of_a_wide_range_is_drawn_without_listing_it():
    domain = Integer(0, 10**15, step=10)
    assert domain.problem(domain.sample(random.Random(0))) is None


def test_places_between_low_and_high():
    assert Float(0.01, 1.0, log=True).encode(0.1) == pytest.approx([0.5])
    assert Integer(0, 4).encode(1) == [0.25]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Choice("a"), ValueError, "two options or more"),
        (lambda: Choice("a", "a"), ValueError, "stands twice"),
        (lambda: Choice("a", [1]), TypeError, "strings, numbers, booleans or None"),
        (lambda: Choice("a", float("nan")), ValueError, "options are JSON, which has no nan"),
        (lambda: Choice(1.0, float("inf")), ValueError, "options are JSON, which has no inf"),
        (lambda: Integer(3, 3), ValueError, "low below high"),
        (lambda: Integer(1.0, 3), TypeError, "whole numbers"),
        (lambda: Integer(0, 3, log=True), ValueError, "low above 0"),
        (lambda: Integer(1, 9, step=0), ValueError, "step of 1 or more"),
        (lambda: Float(1, 0), ValueError, "low below high"),
        (lambda: Float(0, 1, log=True), ValueError, "low above 0"),
        (lambda: Float(0, float("nan")), TypeError, "finite"),
        (lambda: Float("0", 1), TypeError, "finite"),
    ],
)
def test_what_cannot_be_a_domain(make, error, words):
    with pytest.raises(error, match=words):
        make()
