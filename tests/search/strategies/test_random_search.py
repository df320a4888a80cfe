from __future__ import annotations

import random
from collections import Counter

from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies import RandomSearch
from tinygrad5329.search.strategies.tried import draw_untried, key_of
from tinygrad5329.search.trial import Trial


def test_draws_every_decision_by_itself():
    space = Space({"a": Choice(1, 2), "b": Choice("x", "y")})
    drawn = Counter(tuple(RandomSearch().propose(space, (), random.Random(seed)).values()) for seed in range(400))
    assert len(drawn) == 4
    assert min(drawn.values()) > 70


def test_finds_the_last_untried_architecture_of_many():
    space = Space({f"d{number}": Choice(*range(4)) for number in range(5)})
    *tried, last = list(space.enumerate())
    history = [Trial(number, each, value=0.0) for number, each in enumerate(tried)]
    assert RandomSearch().propose(space, history, random.Random(0)) == last


def test_an_endless_space_is_never_exhausted():
    space = Space({"lr": Float(0.1, 1.0)})
    tried = {key_of(space, space.sample(random.Random(0)))}
    assert key_of(space, draw_untried(space, tried, random.Random(0))) not in tried
