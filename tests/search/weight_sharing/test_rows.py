"""Which rows each search learns from."""

from __future__ import annotations

from dataclasses import replace

import pytest

import tinygrad5329 as tg
from tinygrad5329.search.weight_sharing.darts import DARTS, GRADIENTS
from tinygrad5329.search.weight_sharing.enas import ENAS
from tinygrad5329.search.weight_sharing.epochs import CHECKPOINT
from tinygrad5329.search.weight_sharing.rlnas import RLNAS
from tinygrad5329.state_tree import take_apart
from tinygrad5329.training.checkpoint import load_checkpoint


def with_data(task, **changes):
    data = task.search_data(0)
    changed = replace(data, **{name: change(*getattr(data, name)) for name, change in changes.items()})
    task.search_data = lambda seed: changed
    return task


def spoilt(inputs, targets):
    return tg.full_like(inputs, float("nan")), targets


def opposite(inputs, targets):
    return inputs, 1 - targets


def learned(search, task, folder):
    """The ranking, and all that was learned, bit for bit."""
    ranking = search.search(task, steps=60, seed=0, folder=folder)
    _, tensors = take_apart(load_checkpoint(folder / CHECKPOINT)["session"])
    return ranking, {name: each.tobytes() for name, each in tensors.items()}


def marked(mark):
    return lambda inputs, targets: (tg.full_like(inputs, mark), targets)


@pytest.mark.parametrize("search", [RLNAS(candidates=4), *map(DARTS, GRADIENTS)], ids=["rlnas", *GRADIENTS])
def test_these_do_without_validation_rows(search, cell_task, tmp_path):
    expected = learned(search, cell_task, tmp_path / "a")
    assert learned(search, with_data(cell_task, validation=spoilt), tmp_path / "b") == expected


def test_random_labels_do_without_the_labels_of_the_data(cell_task, tmp_path):
    search = RLNAS(criterion="both", candidates=4)
    expected = learned(search, cell_task, tmp_path / "a")
    other = with_data(cell_task, first_half=opposite, second_half=opposite)
    assert learned(search, other, tmp_path / "b") == expected
    # With other rows it does not learn the same, so that the agreement says something.
    assert learned(search, with_data(cell_task, first_half=marked(1.0)), tmp_path / "c") != expected


@pytest.mark.parametrize(
    ("kind", "alphas_on"), [("first-order", [2]), ("exact", [1, 2]), ("finite-difference", [1, 2, 1, 1])]
)
def test_darts_fits_weights_to_one_half_and_alphas_to_the_other(kind, alphas_on, cell_task):
    seen = []
    make = cell_task.supernet

    def watched():
        net = make()

        def look(_, given):
            inputs, mixture = given
            seen.append((round(float(inputs[0, 0])), mixture["cell.0-1"].requires_grad))

        net.register_forward_pre_hook(look)
        return net

    cell_task.supernet = watched
    with_data(cell_task, first_half=marked(1.0), second_half=marked(2.0), validation=marked(3.0))
    DARTS(kind).search(cell_task, steps=2 * GRADIENTS[kind], seed=0)  # one iteration
    # The first pass is that of mixture_cost, on an example.
    assert seen[1:] == [*((half, True) for half in alphas_on), (1, False)]


def test_enas_fits_weights_to_training_rows_and_rewards_with_validation_rows(cell_task, monkeypatch):
    seen = set()
    make = cell_task.supernet

    def watched():
        net = make()
        path = net.path

        def look(inputs, architecture, weights):
            trained = any(each.requires_grad for each in weights.values()) and tg.is_grad_enabled()
            seen.update((round(each), trained) for each in inputs[:, 0].tolist())
            return path(inputs, architecture, weights)

        monkeypatch.setattr(net, "path", look)
        return net

    cell_task.supernet = watched
    with_data(cell_task, first_half=marked(1.0), second_half=marked(2.0), validation=marked(3.0))
    ENAS(candidates=4).search(cell_task, steps=60, seed=0)
    assert seen == {(1, True), (2, True), (3, False)}
