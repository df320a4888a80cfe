from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.trial import Trial, best_of, complete_of


def test_the_best_is_complete_and_the_first_of_equals():
    history = [
        Trial(0, {}, "failed", None),
        Trial(1, {}, "complete", 0.5),
        Trial(2, {}, "pruned", None),
        Trial(3, {}, "complete", 0.7),
        Trial(4, {}, "complete", 0.7),
        Trial(5, {}, "running"),
    ]
    assert [trial.number for trial in complete_of(history)] == [1, 3, 4]
    assert best_of(history).number == 3
    assert best_of(history[:1]) is None


def test_a_value_that_is_no_number_is_none():
    history = [Trial(0, {}, value=float("nan")), Trial(1, {}, value=0.2), Trial(2, {}, value=float("nan"))]
    assert complete_of(history) == [history[1]]
    assert best_of(history) is best_of(history[::-1]) is history[1]


def test_each_trial_of_a_search_has_its_own_randomness():
    drawn = [generator_of(seed, number).random() for seed in (0, 1) for number in (0, 1, 10)]
    assert len(set(drawn)) == 6
    assert generator_of(1, 0).random() == generator_of(1, 0).random()
