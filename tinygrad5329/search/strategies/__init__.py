"""Algorithms that propose one architecture after another, from nothing but the trials so far."""

from __future__ import annotations

from tinygrad5329.search.strategies.evolution import RegularisedEvolution
from tinygrad5329.search.strategies.greedy import Greedy
from tinygrad5329.search.strategies.pnas import ProgressiveSearch
from tinygrad5329.search.strategies.random_search import RandomSearch

__all__ = ["Greedy", "ProgressiveSearch", "RandomSearch", "RegularisedEvolution"]
