"""The table of multiply-accumulates against PyTorch's counter, and against what can be counted by hand."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.profiler import profile
from tinygrad5329.profiler.multiply_accumulates import FORMULAS

#: A function of a framework and leaves, and the leaves' shapes.
CASES = {
    "linear": (lambda t, x, w, b: t.nn.functional.linear(x, w, b), [(4, 5, 6), (3, 6), (3,)]),
    "mm": (lambda t, x, y: x @ y, [(4, 6), (6, 3)]),
    "bmm": (lambda t, x, y: x @ y, [(2, 4, 6), (2, 6, 3)]),
    "addmm": (lambda t, b, x, y: t.addmm(b, x, y), [(4, 3), (4, 6), (6, 3)]),
    "conv1d": (lambda t, x, w: t.nn.functional.conv1d(x, w, stride=2, padding=1), [(2, 4, 9), (6, 4, 3)]),
    "conv2d": (lambda t, x, w: t.nn.functional.conv2d(x, w, dilation=2), [(2, 4, 9, 8), (6, 4, 3, 2)]),
    "transposed": (lambda t, x, w: t.nn.functional.conv_transpose2d(x, w, stride=2), [(2, 4, 5, 6), (4, 3, 3, 2)]),
    "einsum": (lambda t, x, y: t.einsum("bij,bjk->bik", x, y), [(2, 4, 6), (2, 6, 3)]),
}


def flops_of(case, frozen=()):
    function, shapes = CASES[case]
    leaves = [tg.ones(*shape, requires_grad=i not in frozen) for i, shape in enumerate(shapes)]
    with profile(with_flops=True) as prof:
        function(tg, *leaves).sum().backward()
    return sum(event.flops for event in prof.events())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("frozen", [(), (0,)])
def test_as_many_as_pytorch_counts(case, frozen):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    function, shapes = CASES[case]
    leaves = [torch.ones(*shape, requires_grad=i not in frozen) for i, shape in enumerate(shapes)]
    with FlopCounterMode(display=False) as counter:
        function(torch, *leaves).sum().backward()
    assert flops_of(case, frozen) == counter.get_total_flops() > 0


def test_groups_of_channels():
    # PyTorch's counter takes each gradient of a grouped convolution for one without groups.
    x, w = tg.ones(2, 4, 9, requires_grad=True), tg.ones(6, 2, 3, requires_grad=True)
    with profile(with_flops=True) as prof:
        tg.nn.functional.conv1d(x, w, groups=2).sum().backward()
    once = 2 * (2 * 6 * 7) * (2 * 3)
    assert [event.flops for event in prof.events() if event.flops] == [once, 2 * once]


def test_attention():
    q, k, v = (tg.ones(2, 3, length, 8, requires_grad=True) for length in (5, 7, 7))
    with profile(with_flops=True) as prof:
        tg.nn.functional.scaled_dot_product_attention(q, k, v).sum().backward()
    scores = 2 * 2 * 3 * 5 * 7 * 8
    # Forward: scores and their product with v; backward: one for each of v, the scores, q and k.
    assert [event.flops for event in prof.events() if event.flops] == [2 * scores, 4 * scores]


@pytest.mark.parametrize(("layer", "gates"), [(tg.nn.RNN, 1), (tg.nn.GRU, 3), (tg.nn.LSTM, 4)])
def test_recurrent_layers(layer, gates):
    model = layer(6, 8, num_layers=2)
    with profile(with_flops=True) as prof:
        model(tg.ones(5, 3, 6))[0].sum().backward()
    rows, sizes = 5 * 3, [gates * 8 * 6, gates * 8 * 8]
    forward = sum(event.flops for event in prof.events() if "Backward" not in event.name)
    assert forward == 2 * rows * (sizes[0] + 3 * sizes[1])
    backward = sum(event.flops for event in prof.events() if "Backward" in event.name)
    # Every product twice, but for the gradient of the input, which nothing needs.
    assert backward == 2 * forward - 2 * rows * sizes[0]


@pytest.mark.parametrize(("cell", "gates"), [(tg.nn.RNNCell, 1), (tg.nn.GRUCell, 3), (tg.nn.LSTMCell, 4)])
def test_recurrent_cells(cell, gates):
    with profile(with_flops=True) as prof:
        cell(6, 8)(tg.ones(3, 6))
    assert sum(event.flops for event in prof.events()) == 2 * 3 * gates * 8 * (6 + 8)


def test_a_graph_from_before_the_profile():
    x, w = tg.ones(4, 6, requires_grad=True), tg.ones(3, 6, requires_grad=True)
    loss = tg.nn.functional.linear(x, w).sum()
    with profile(with_flops=True) as prof:
        loss.backward()
    assert sum(event.flops for event in prof.events()) == 2 * 2 * 4 * 6 * 3


def test_the_table_names_operations():
    assert FORMULAS.keys() <= REGISTRY.keys()
