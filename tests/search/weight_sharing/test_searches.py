from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.search.weight_sharing.darts import DARTS, GRADIENTS
from tinygrad5329.search.weight_sharing.enas import ENAS
from tinygrad5329.search.weight_sharing.epochs import CHECKPOINT
from tinygrad5329.search.weight_sharing.mixture_cost import mixture_cost
from tinygrad5329.search.weight_sharing.one_shot import SearchData
from tinygrad5329.search.weight_sharing.rlnas import RLNAS, angle
from tinygrad5329.state_tree import take_apart
from tinygrad5329.training import DivergenceError
from tinygrad5329.training.checkpoint import CheckpointError, load_checkpoint

SEARCHES = {
    "enas": ENAS(candidates=4),
    "rlnas": RLNAS(candidates=4),
    **{kind: DARTS(kind, candidates=4) for kind in GRADIENTS},
}
#: Some epochs of each on the stack task, where a pass over the mixture counts 5 steps.
STEPS = {"enas": 40, "rlnas": 40, "first-order": 81, "exact": 201, "finite-difference": 201}


class Killed(Exception):
    pass


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_gives_complete_architectures_within_its_steps(name, stack_task):
    reports = []
    found = SEARCHES[name].search(stack_task, steps=STEPS[name], seed=0, report=lambda *each: reports.append(each))
    assert 1 < len(found) <= 4
    for architecture in [*found, *(each for _, each in reports)]:
        stack_task.space.check(architecture)
        assert (architecture["optimizer"], architecture["sgd_lr"]) == ("sgd", 0.1)
    assert all(each not in found[:place] for place, each in enumerate(found))
    counts = [steps for steps, _ in reports]
    assert counts == sorted(set(counts)) and 0.7 * STEPS[name] <= counts[-1] <= STEPS[name]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_that_was_killed_ends_as_if_nothing_had_happened(name, stack_task, tmp_path):
    whole, parts = [], []

    def search(folder, report):
        return SEARCHES[name].search(stack_task, steps=STEPS[name], seed=1, folder=tmp_path / folder, report=report)

    expected = search("a", lambda *each: whole.append(each))
    assert len(whole) > 3

    def until_killed(*each):
        parts.append(each)
        if len(parts) == 2:
            raise Killed

    with pytest.raises(Killed):
        search("b", until_killed)
    tg.manual_seed(99)  # what another process would have here
    assert search("b", until_killed) == expected
    assert parts == whole
    one, other = (take_apart(load_checkpoint(tmp_path / each / CHECKPOINT)) for each in "ab")
    assert one[0] == other[0]
    assert {name: each.tobytes() for name, each in one[1].items()} == {
        name: each.tobytes() for name, each in other[1].items()
    }
    # What has ended is only ranked again.
    assert search("b", until_killed) == expected
    assert parts == whole


@pytest.mark.parametrize("name", SEARCHES)
def test_the_seed_decides_and_the_default_generator_is_left_alone(name, cell_task):
    tg.manual_seed(7)
    first = SEARCHES[name].search(cell_task, steps=30, seed=0)
    after = tg.rand(3)
    tg.manual_seed(7)
    assert tg.equal(tg.rand(3), after)
    assert SEARCHES[name].search(cell_task, steps=30, seed=0) == first


@pytest.mark.parametrize("name", ["enas", "first-order", "exact"])
def test_the_operation_that_the_data_need_is_found(name, cell_task):
    found = SEARCHES[name].search(cell_task, steps=400, seed=1)
    assert found[0] == {"cell": {"0-1": "tanh"}}


def test_random_labels_are_best_learned_by_what_can_learn_most(cell_task):
    data = cell_task.search_data(0)
    few = [(inputs[:8], classes[:8]) for inputs, classes in (data.first_half, data.second_half)]
    cell_task.search_data = lambda seed: SearchData(*few, data.validation, 16)
    assert RLNAS("fit", candidates=4).search(cell_task, steps=400, seed=0)[0] == {"cell": {"0-1": "tanh"}}


def test_darts_keeps_no_edge_empty(cell_task):
    found = DARTS().search(cell_task, steps=20, seed=0)
    assert sorted(each["cell"]["0-1"] for each in found) == ["skip", "tanh"]


@pytest.mark.parametrize("kind, passes", [("first-order", 2), ("exact", 3), ("finite-difference", 5)])
def test_what_an_iteration_of_darts_counts(kind, passes, cell_task):
    """Forward passes; the exact gradient's fourth pass is the backward pass through a backward pass."""
    calls = []
    make = cell_task.supernet

    def counting():
        net = make()
        net.register_forward_hook(lambda *_: calls.append(1))
        return net

    cell_task.supernet = counting
    steps = []
    DARTS(kind).search(cell_task, steps=43, seed=0, report=lambda taken, _: steps.append(taken))
    cost = 2 * GRADIENTS[kind]  # a mixture has the operations of two networks
    assert steps[-1] == 43 // cost * cost
    assert len(calls) == 1 + 43 // cost * passes  # the first is that of mixture_cost


def test_a_mixture_costs_what_its_operations_are_in_average_networks(cell_task):
    net = cell_task.supernet()
    edge = cell_task.space["cell.0-1"].domain.values
    mixture = {"cell.0-1": tg.tensor([0.2, 0.3, 0.5])}
    cost = mixture_cost(cell_task, net, mixture)

    def products(operations):
        """Multiplications by matrices, of a row: stem, edge, head."""
        return 2 * 8 + 8 * 8 * sum(operation == "tanh" for operation in operations) + 8 * 2

    assert cost == max(1, round(products(edge) / (sum(products([each]) for each in edge) / 3)))


@pytest.mark.parametrize("search", [ENAS(candidates=4), RLNAS("fit", candidates=4)], ids=["enas", "rlnas"])
def test_what_the_controllers_searches_count(search, cell_task, monkeypatch):
    """Every batch that goes through the supernet is a step, in the ranking, too."""
    calls = []
    make = cell_task.supernet

    def counting():
        net = make()
        path = net.path
        monkeypatch.setattr(net, "path", lambda *given: calls.append(1) or path(*given))
        return net

    cell_task.supernet = counting
    search.search(cell_task, steps=50, seed=0)
    assert 45 <= len(calls) <= 50


def test_a_folder_of_another_search(stack_task, tmp_path):
    ENAS().search(stack_task, steps=20, seed=0, folder=tmp_path)
    for search, seed, steps, what in (
        (DARTS(), 0, 20, 'algorithm is "ENAS", this one\'s "DARTS"'),
        (ENAS(lr=0.1), 0, 20, "settings is"),
        (ENAS(), 1, 20, "seed is 0, this one's 1|data is"),
        (ENAS(), 0, 21, "steps is 20, this one's 21"),
    ):
        with pytest.raises(ValueError, match=what):
            search.search(stack_task, steps=steps, seed=seed, folder=tmp_path)
    stack_task.describe = lambda: {"max_parameters": 100}
    with pytest.raises(ValueError, match=r"description is null, this one's .*max_parameters"):
        ENAS().search(stack_task, steps=20, seed=0, folder=tmp_path)


def test_a_damaged_checkpoint(stack_task, tmp_path):
    ENAS().search(stack_task, steps=20, seed=0, folder=tmp_path)
    content = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(content[:-9])
    with pytest.raises(CheckpointError, match="truncated"):
        ENAS().search(stack_task, steps=20, seed=0, folder=tmp_path)


@pytest.mark.parametrize("search", [ENAS(lr=1e20), RLNAS(lr=1e20), DARTS(lr=1e20)], ids=["enas", "rlnas", "darts"])
def test_weights_that_diverge_are_an_error(search, stack_task):
    with pytest.raises(DivergenceError, match="lower the search's lr"):
        search.search(stack_task, steps=300, seed=0)


@pytest.mark.parametrize("search, least", [(ENAS(), 1), (RLNAS(), 2), (DARTS("exact"), 25)], ids=repr)
def test_budgets_that_are_none(search, least, stack_task):
    for steps in (least - 1, 10.0):
        with pytest.raises(ValueError, match=f"steps: expected a whole number from {least}"):
            search.search(stack_task, steps=steps, seed=0)
    assert search.search(stack_task, steps=least, seed=0)


def test_settings_that_are_none():
    with pytest.raises(ValueError, match="criterion among angle, fit, both, got 'turn'"):
        RLNAS(criterion="turn")
    with pytest.raises(ValueError, match="search_share between 0 and 1, got 1"):
        RLNAS(search_share=1)
    with pytest.raises(ValueError, match="gradient among first-order, exact, finite-difference, got 'second'"):
        DARTS("second")


def test_the_angle_is_that_between_the_matrices_of_the_built_networks(stack_task, stack_space):
    tg.manual_seed(0)
    net = stack_task.supernet()
    initial = {name: each.detach().clone() for name, each in net.named_parameters()}
    layers = [
        {"width": 4, "activation": "gelu", "normalisation": "batch", "form": "residual"},
        {"width": 8, "activation": "tanh", "normalisation": "none", "form": "plain"},
    ]
    architecture = {"layers": layers, "optimizer": "adamw"}
    stack_space.check(architecture)
    network = stack_task.build(architecture)
    vectors = []
    for noise in (0.0, 0.3):
        with tg.no_grad():
            for parameter in net.parameters():
                parameter.add_(noise * tg.randn_like(parameter))
        net.copy_into(network, architecture)
        vectors.append(np.concatenate([p.detach().numpy().ravel() for p in network.parameters() if p.dim() > 1]))
    one, other = (each.astype(float) / np.linalg.norm(each.astype(float)) for each in vectors)
    assert angle(net, architecture, initial) == pytest.approx(math.acos(one @ other), abs=1e-4)
    assert angle(net, architecture, dict(net.named_parameters())) == pytest.approx(0.0, abs=1e-3)


def test_identities_are_json(stack_task, tmp_path):
    ENAS().search(stack_task, steps=20, seed=0, folder=tmp_path)
    content = (tmp_path / CHECKPOINT).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert {"supernet.layers.0.linear.weight"} <= {name.partition(".")[2] for name in header}
    assert isinstance(SimpleNamespace(**json.loads(header["__metadata__"]["state"])).epoch, int)
