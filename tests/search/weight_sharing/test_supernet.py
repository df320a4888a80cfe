from __future__ import annotations

import random

import pytest

import tinygrad5329 as tg
from tinygrad5329.search.domains import Choice
from tinygrad5329.search.networks.cell import build_cell
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.weight_sharing.cell_supernet import CellSupernet
from tinygrad5329.search.weight_sharing.path_training import PathSGD
from tinygrad5329.search.weight_sharing.stack_supernet import StackSupernet

REPORT_LIKE = Space(
    {
        "extractor": Choice("linear", "conv1d", "recurrent", "attention"),
        "layers": Stack(
            1,
            3,
            {
                "width": Choice(4, 8, 16),
                "activation": Choice("relu", "leaky_relu", "gelu", "tanh", "sigmoid"),
                "normalisation": Choice("none", "batch", "layer"),
                "form": Choice("plain", "residual"),
            },
        ),
        "dropout": Choice(0.0, 0.5),
    }
)
CELL = Space({"cell": Cell(4, ("none", "skip", "relu", "gelu", "tanh"))})


def supernet_of(space):
    tg.manual_seed(0)
    if space is CELL:
        net = CellSupernet(space, 8, 5, width=6).double()
    else:
        net = StackSupernet(space, 8, 5).double()
    with tg.no_grad():
        for parameter in net.parameters():  # biases and gains, too, are to differ from each other
            parameter.add_(0.2 * tg.randn_like(parameter))
    return net


def built(space, architecture):
    if space is CELL:
        return build_cell(architecture, 8, 5, width=6).double()
    return build_stack(architecture | {"dropout": 0.0}, 8, 5).double()


def one_hot(net, space, architecture):
    flat = space.flatten(architecture)
    chosen = {path: flat.get(path, domain.values[-1]) for path, domain in net.slots.items()}
    return {
        path: tg.tensor([float(value == chosen[path]) for value in domain.values], dtype=tg.float64)
        for path, domain in net.slots.items()
    }


@pytest.mark.parametrize("space", [REPORT_LIKE, CELL], ids=["stack", "cell"])
def test_a_single_path_is_the_built_network_and_the_mixture_with_all_weight_on_it(space):
    net = supernet_of(space)
    inputs = tg.randn(7, 8, dtype=tg.float64)
    generator = random.Random(0)
    for _ in range(40):
        architecture = space.sample(generator)
        network = built(space, architecture)
        net.copy_into(network, architecture)
        expected = network(inputs)
        assert tg.allclose(net(inputs, architecture), expected, rtol=1e-10, atol=1e-10), architecture
        assert tg.allclose(net(inputs, one_hot(net, space, architecture)), expected, rtol=1e-10, atol=1e-10)


def test_slots_are_the_decisions_on_the_network():
    assert set(REPORT_LIKE[path].path for path in supernet_of(REPORT_LIKE).slots) == {
        slot.path for slot in REPORT_LIKE.slots if slot.path != "dropout"
    }
    net = supernet_of(CELL)
    assert list(net.slots) == [slot.path for slot in CELL.slots]
    assert set(net.never_kept.values()) == {("none",)}


def test_the_gradient_of_a_mixture_is_its_derivative():
    space = Space(
        {
            "layers": Stack(
                1,
                2,
                {
                    "width": Choice(3, 6),
                    "activation": Choice("gelu", "tanh"),
                    "normalisation": Choice("none", "batch", "layer"),
                    "form": Choice("plain", "residual"),
                },
            )
        }
    )
    tg.manual_seed(1)
    net = StackSupernet(space, 3, 2).double()
    inputs = tg.randn(5, 3, dtype=tg.float64)
    alphas = [tg.randn(len(d.values), dtype=tg.float64, requires_grad=True) for d in net.slots.values()]

    def logits(*given):
        return net(inputs, {path: tg.softmax(each, 0) for path, each in zip(net.slots, given, strict=True)})

    assert tg.autograd.gradcheck(logits, tuple(alphas))


@pytest.mark.parametrize(
    "architecture",
    [
        {
            "extractor": "conv1d",
            "layers": [{"width": 4, "activation": "gelu", "normalisation": "batch", "form": "plain"}],
        },
        {
            "extractor": "linear",
            "layers": [{"width": 8, "activation": "tanh", "normalisation": "layer", "form": "residual"}] * 2,
        },
    ],
    ids=["narrow", "deep"],
)
def test_training_a_path_trains_the_built_network_and_nothing_off_the_path(architecture):
    net = supernet_of(REPORT_LIKE)
    network = built(REPORT_LIKE, architecture)
    net.copy_into(network, architecture)
    before = {name: each.detach().clone() for name, each in net.named_parameters()}
    optimizer = tg.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True)
    path = PathSGD(net, momentum=0.9, weight_decay=0.01, clip=1e9)
    for number in range(3):
        inputs, targets = tg.randn(9, 8, dtype=tg.float64), tg.randint(0, 5, (9,))
        path.step(architecture, (inputs, targets), lr=0.1 / (1 + number))
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + number)
        optimizer.zero_grad()
        tg.nn.functional.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    trained = net.weights_of(architecture)
    for name, parameter in network.named_parameters():
        assert tg.allclose(trained[name], parameter, rtol=1e-9, atol=1e-9), name
    moved = {name: each.detach() != before[name] for name, each in net.named_parameters()}
    on_path = net.weights_of(architecture, {name: tg.ones_like(each) for name, each in before.items()})
    assert sum(int(each.sum()) for each in moved.values()) == sum(each.numel() for each in on_path.values())


def test_a_mixture_must_fit_the_slots():
    net = supernet_of(CELL)
    inputs = tg.randn(2, 8, dtype=tg.float64)
    weights = {path: tg.full((5,), 0.2, dtype=tg.float64) for path in net.slots}
    with pytest.raises(ValueError, match=r"missing \['cell.0-1'\], unknown \['cell.9-9'\]"):
        net(inputs, {("cell.9-9" if path == "cell.0-1" else path): each for path, each in weights.items()})
    with pytest.raises(ValueError, match=r"cell.0-2: expected mixture weights of shape \(5,\)"):
        net(inputs, weights | {"cell.0-2": tg.ones(4)})


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: StackSupernet(CELL, 8, 5), "expected a Stack with a width named 'layers'"),
        (lambda: CellSupernet(REPORT_LIKE, 8, 5), "expected a Cell named 'cell'"),
        (lambda: CellSupernet(Space({"cell": Cell(2, ("skip", "swim"))}), 8, 5), "got 'swim'"),
        (lambda: StackSupernet(Space({"layers": Stack(1, 2, {"width": Choice("a", "b")})}), 8, 5), "width: .* 'a'"),
        (
            lambda: StackSupernet(
                Space({"layers": Stack(1, 1, {"width": Choice(2, 4), "form": Choice("plain", "odd")})}), 8, 5
            ),
            "form: .* 'odd'",
        ),
    ],
)
def test_spaces_that_it_cannot_hold(make, message):
    with pytest.raises(ValueError, match=message):
        make()
