from __future__ import annotations

import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.search.domains import Choice
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies import predictor
from tinygrad5329.search.strategies.predictor import Ensemble, fit_predictor

SPACE = Space({"layers": Stack(1, 3, {"width": Choice(8, 16, 32), "activation": Choice("relu", "tanh")})})


def worth(architecture):
    """Of two numbers that are no function of one another, in thousands."""
    widths = [layer["width"] for layer in architecture["layers"]]
    return 1000.0 + 10 * sum(widths) + 100 * (architecture["layers"][0]["activation"] == "tanh")


def test_ranks_what_it_has_not_seen():
    architectures = random.Random(0).sample(list(SPACE.enumerate()), 200)
    seen, unseen = architectures[:80], architectures[80:]
    fitted = fit_predictor(SPACE, seen, [worth(each) for each in seen])
    expected, true = np.array(fitted.predict(SPACE, unseen)), np.array([worth(each) for each in unseen])
    assert np.corrcoef(expected, true)[0, 1] > 0.95
    assert abs(expected - true).mean() < 0.3 * true.std()


def test_the_same_data_give_the_same_predictor_with_and_without_the_cache():
    seen = list(SPACE.enumerate())[:12]
    values = [worth(each) for each in seen]
    state = tg.default_generator.get_state()
    first = fit_predictor(SPACE, seen, values)
    assert fit_predictor(SPACE, seen, values) is first
    predictor._fit.cache_clear()
    with tg.no_grad():
        again = fit_predictor(SPACE, seen, values)
    assert again is not first
    assert again.predict(SPACE, seen) == first.predict(SPACE, seen)
    assert (tg.default_generator.get_state() == state).all()


def test_one_value_or_equal_values():
    one = next(SPACE.enumerate())
    assert fit_predictor(SPACE, [one], [0.7]).predict(SPACE, [one]) == pytest.approx([0.7], abs=0.3)
    assert fit_predictor(SPACE, [one], [0.7]).predict(SPACE, []) == []
    with pytest.raises(ValueError, match="got none"):
        fit_predictor(SPACE, [], [])


def test_members_are_perceptrons_of_their_own():
    ensemble = Ensemble(4, 3, 8)
    encoded = tg.randn(5, 4)
    before = ensemble(encoded)
    assert before.shape == (3, 5)
    with tg.no_grad():
        ensemble.weight[1] += 1.0
    changed = (ensemble(encoded) != before).any(dim=1)
    assert changed.tolist() == [False, True, False]


def test_every_member_leaves_out_a_fifth():
    kept = predictor._kept(11)
    assert kept.shape == (5, 11)
    assert (kept.sum(axis=0) == 4).all()
    assert predictor._kept(3).all()
