from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import pytest

import tinygrad5329 as tg
from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.networks.cell import build_cell
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.weight_sharing.cell_supernet import CellSupernet
from tinygrad5329.search.weight_sharing.one_shot import SearchData
from tinygrad5329.search.weight_sharing.stack_supernet import StackSupernet

FEATURES, CLASSES = 2, 2


@pytest.fixture
def stack_space():
    return Space(
        {
            "layers": Stack(
                1,
                2,
                {
                    "width": Choice(4, 8),
                    "activation": Choice("gelu", "tanh"),
                    "normalisation": Choice("none", "batch", "layer"),
                    "form": Choice("plain", "residual"),
                },
            ),
            "optimizer": Choice("sgd", "adamw"),
            "sgd_lr": Float(0.01, 1.0, log=True, when={"optimizer": "sgd"}),
        }
    )


@pytest.fixture
def even_data():
    """Rows whose class is whether a feature is far from zero: no linear network tells them apart."""
    generator = tg.Generator().manual_seed(5)
    inputs = tg.randn(480, FEATURES, generator=generator)
    classes = (inputs[:, 0].abs() > 0.67).long()

    def search_data(seed, batch_size=20):
        order = tg.randperm(400, generator=tg.Generator().manual_seed(seed))
        first, second = order[:200], order[200:]
        halves = [(inputs[half], classes[half]) for half in (first, second)]
        return SearchData(*halves, (inputs[400:], classes[400:]), batch_size)

    return search_data


@pytest.fixture
def stack_task(stack_space, even_data):
    return SimpleNamespace(
        name="stack",
        space=stack_space,
        defaults={"optimizer": "sgd", "sgd_lr": 0.1},
        supernet=lambda: StackSupernet(stack_space, FEATURES, CLASSES),
        build=lambda architecture: build_stack(architecture, FEATURES, CLASSES),
        example=lambda: tg.zeros(4, FEATURES),
        search_data=partial(even_data, batch_size=100),
    )


@pytest.fixture
def cell_task(even_data):
    space = Space({"cell": Cell(2, ("none", "skip", "tanh"))})
    return SimpleNamespace(
        name="cell",
        space=space,
        defaults={},
        supernet=lambda: CellSupernet(space, FEATURES, CLASSES, width=8),
        build=lambda architecture: build_cell(architecture, FEATURES, CLASSES, width=8),
        example=lambda: tg.zeros(4, FEATURES),
        search_data=even_data,
    )
