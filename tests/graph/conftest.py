"""The model that the pictures are tested with."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture, record_modules


@pytest.fixture
def graph():
    nn = tg.nn
    block = nn.Sequential(OrderedDict(linear1=nn.Linear(4, 4), gelu=nn.GELU(), linear2=nn.Linear(4, 4)))
    model = nn.Sequential(OrderedDict(input=nn.Linear(3, 4), residual=nn.Residual(block), output=nn.Linear(4, 2)))
    x = tg.ones(5, 3)
    with record_modules(model):
        out = model(x)
    return capture(out.sum(), model, {"x": x})
