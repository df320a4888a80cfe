"""Recurrent layers, their cells and packed sequences."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.utils import rnn

LENGTHS = [2, 5, 3]

# How to build the layer; each is then called in every way that a recurrent layer can be called.
LAYERS = {
    "rnn": lambda nn: nn.RNN(3, 4),
    "rnn relu, two layers": lambda nn: nn.RNN(3, 4, 2, "relu", batch_first=True),
    "rnn without bias": lambda nn: nn.RNN(3, 4, bias=False, bidirectional=True),
    "gru": lambda nn: nn.GRU(3, 4, batch_first=True),
    "gru with everything": lambda nn: nn.GRU(3, 4, 2, bidirectional=True, dropout=0.4),
    "gru without bias": lambda nn: nn.GRU(3, 4, bias=False),
    "lstm": lambda nn: nn.LSTM(3, 4),
    "lstm with everything": lambda nn: nn.LSTM(3, 4, 2, True, True, 0.4, True),
    "lstm projected": lambda nn: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2),
    "lstm without bias": lambda nn: nn.LSTM(3, 4, bias=False, proj_size=1),
}


def calls(library, layer):
    """Everything that a layer gives: padded, with initial states, unbatched, packed; with gradients."""
    rnn = library.nn.utils.rnn
    rows = 2 if layer.batch_first else 1
    x = library.randn(*((3, 5) if layer.batch_first else (5, 3)), 3).double()
    depth = layer.num_layers * (2 if layer.bidirectional else 1)
    states = [library.randn(depth, 3, layer.proj_size or 4).double()]
    if isinstance(layer, library.nn.LSTM):
        states.append(library.randn(depth, 3, 4).double())
    for each in (x, *states):
        each.requires_grad_()

    def hx(part):
        chosen = [part(state) for state in states]
        return chosen[0] if len(chosen) == 1 else tuple(chosen)

    single = x.select(2 - rows, 1)
    packed = rnn.pack_padded_sequence(x, LENGTHS, layer.batch_first, enforce_sorted=False)
    found = [
        layer(x),
        layer(x, hx(lambda state: state)),
        layer(single),
        layer(single, hx(lambda state: state[:, 1])),
        layer(packed),
        layer(packed, hx(lambda state: state)),
    ]
    out, _ = found[-1]
    found.append(rnn.pad_packed_sequence(out, layer.batch_first, total_length=7))
    results = list(flat(found))
    total = sum((each * each).sum() for each in results if each.is_floating_point())
    total.backward()
    return results + [each.grad for each in (x, *states, *layer.parameters())]


def flat(value):
    if hasattr(value, "detach"):
        yield value
    elif value is not None:
        for each in value:
            yield from flat(each)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("name", LAYERS)
def test_layer(name, oracle):
    results = []
    for library in (tg, oracle.torch):
        library.manual_seed(4)
        layer = LAYERS[name](library.nn)
        description = repr(layer), list(layer.state_dict()), [len(part) for part in layer.all_weights]
        results.append((description, calls(library, layer.double())))
    (ours, found), (theirs, expected) = results
    assert ours == theirs
    assert len(found) == len(expected)
    for mine, other in zip(found, expected, strict=True):
        oracle.check(mine, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.RNNCell(3, 4),
        lambda nn: nn.RNNCell(3, 4, bias=False, nonlinearity="relu"),
        lambda nn: nn.GRUCell(3, 4),
        lambda nn: nn.LSTMCell(3, 4, bias=False),
        lambda nn: nn.LSTMCell(3, 4),
    ],
)
def test_cell(build, oracle):
    results = []
    for library in (tg, oracle.torch):
        library.manual_seed(4)
        cell = build(library.nn)
        x, h = library.randn(2, 3), library.randn(2, 4)
        single = (h, -h) if isinstance(cell, library.nn.LSTMCell) else h
        first = (h[0], -h[0]) if isinstance(cell, library.nn.LSTMCell) else h[0]
        found = list(flat([cell(x), cell(x, single), cell(x[0]), cell(x[0], first)]))
        sum((each * each).sum() for each in found).backward()
        results.append((repr(cell), list(cell.state_dict()), found + [p.grad for p in cell.parameters()]))
    assert results[0][:2] == results[1][:2]
    for mine, other in zip(results[0][2], results[1][2], strict=True):
        oracle.check(mine, other, rtol=1e-5, atol=1e-6)


def test_a_layer_is_its_cell_in_a_loop():
    for layer, cell in (
        (nn.RNN(3, 4), nn.RNNCell(3, 4)),
        (nn.GRU(3, 4), nn.GRUCell(3, 4)),
        (nn.LSTM(3, 4), nn.LSTMCell(3, 4)),
    ):
        cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
        x = tg.randn(6, 2, 3)
        state = None
        for step, expected in zip(x, layer(x)[0], strict=True):
            state = cell(step, state)
            got = state[0] if isinstance(state, tuple) else state
            np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_packed_sequences_give_what_each_gives_alone():
    layer = nn.LSTM(3, 4, 2, bidirectional=True)
    parts = [tg.randn(n, 3) for n in LENGTHS]
    out, (h, c) = layer(rnn.pack_sequence(parts, enforce_sorted=False))
    for i, (part, found) in enumerate(zip(parts, rnn.unpack_sequence(out), strict=True)):
        expected, (h_one, c_one) = layer(part)
        for a, b in ((found, expected), (h[:, i], h_one), (c[:, i], c_one)):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("build", [nn.RNN, nn.GRU, nn.LSTM])
def test_nothing_in_a_batch(build):
    layer = build(3, 4, bidirectional=True)
    out, _ = layer(tg.randn(5, 0, 3))
    assert out.shape == (5, 0, 8)
    out.sum().backward()
    assert not layer.weight_hh_l0.grad.any()


def test_outputs_may_be_written_to():
    layer = nn.LSTM(3, 4)
    x = tg.randn(5, 2, 3)
    gradients = []
    for change in (lambda t: t * 2, lambda t: t.mul_(2)):
        layer.zero_grad()
        out, (h, _) = layer(x)
        (change(out).sum() + h.sum()).backward()
        gradients.append(layer.weight_ih_l0.grad.numpy().copy())
    np.testing.assert_array_equal(*gradients)


def test_packing(oracle):
    torch = oracle.torch
    x = torch.arange(24.0).reshape(3, 4, 2)
    for lengths, options in (([4, 2, 1], {}), ([2, 4, 1], {"enforce_sorted": False})):
        theirs = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), True, **options)
        ours = rnn.pack_padded_sequence(oracle.ours(x), tg.tensor(lengths), True, **options)
        assert type(ours).__name__ == "PackedSequence"
        for mine, other in zip(ours, theirs, strict=True):
            assert (mine is None) == (other is None)
            if mine is not None:
                oracle.check(mine, other)
        for mine, other in zip(
            rnn.pad_packed_sequence(ours, padding_value=-1.0),
            torch.nn.utils.rnn.pad_packed_sequence(theirs, padding_value=-1.0),
            strict=True,
        ):
            oracle.check(mine, other)
        assert ours.double().data.dtype is tg.float64
        assert ours.to(tg.float32) is ours


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_padding(side, batch_first, oracle):
    parts = [oracle.torch.randn(n, 2, dtype=oracle.torch.float64, requires_grad=True) for n in (3, 1, 4)]
    ours = oracle.ours(parts)
    expected = oracle.torch.nn.utils.rnn.pad_sequence(parts, batch_first, -2.0, side)
    found = rnn.pad_sequence(ours, batch_first, -2.0, side)
    oracle.check(found, expected)
    (expected * expected).sum().backward()
    (found * found).sum().backward()
    oracle.check_gradients(ours, parts)


PACKED = rnn.pack_sequence([tg.ones(3, 2), tg.ones(1, 2)])
ERRORS = {
    "unsorted": (
        lambda: rnn.pack_padded_sequence(tg.ones(4, 2, 1), [1, 2]),
        RuntimeError,
        "sorted in decreasing order",
    ),
    "no length": (lambda: rnn.pack_padded_sequence(tg.ones(4, 2, 1), [2, 0]), RuntimeError, "greater than 0"),
    "too long": (lambda: rnn.pack_padded_sequence(tg.ones(4, 2, 1), [5, 2]), RuntimeError, "length of 5"),
    "too few": (lambda: rnn.pack_padded_sequence(tg.ones(4, 2, 1), [4]), RuntimeError, "batch_size=2"),
    "total": (lambda: rnn.pad_packed_sequence(PACKED, total_length=2), ValueError, "max sequence length being 3"),
    "nothing": (lambda: rnn.pad_sequence([]), RuntimeError, "empty list"),
    "side": (lambda: rnn.pad_sequence([tg.ones(1)], padding_side="up"), RuntimeError, "but got up"),
    "features": (lambda: nn.LSTM(3, 4)(tg.ones(5, 2, 2)), RuntimeError, "Expected 3, got 2"),
    "dtype": (lambda: nn.LSTM(3, 4)(tg.ones(5, 2, 3).double()), ValueError, "does not match weight dtype"),
    "dims": (lambda: nn.GRU(3, 4)(tg.ones(1, 5, 2, 3)), ValueError, "GRU: Expected input to be 2D or 3D, got 4D"),
    "state": (lambda: nn.GRU(3, 4)(tg.ones(5, 2, 3), tg.ones(1, 1, 4)), RuntimeError, "Expected hidden size (1, 2, 4)"),
    "state dims": (lambda: nn.RNN(3, 4)(tg.ones(5, 2, 3), tg.ones(2, 4)), RuntimeError, "hx should also be 3-D"),
    "no steps": (lambda: nn.RNN(3, 4)(tg.ones(0, 2, 3)), RuntimeError, "larger than 0 in RNN"),
    "pair": (lambda: nn.LSTM(3, 4)(tg.ones(5, 2, 3), tg.ones(1, 2, 4)), RuntimeError, "pair (h, c)"),
    "cell": (lambda: nn.GRUCell(3, 4)(tg.ones(2, 2)), RuntimeError, "got 2 expected 3"),
    "cell state": (lambda: nn.GRUCell(3, 4)(tg.ones(2, 3), tg.ones(1, 4)), RuntimeError, "hidden0 batch size 1"),
    "size": (lambda: nn.LSTM(3, 0), ValueError, "hidden_size must be greater than zero"),
    "proj": (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "smaller than hidden_size"),
    "nonlinearity": (lambda: nn.RNN(3, 4, nonlinearity="gelu"), ValueError, "Unknown nonlinearity"),
    "bias": (lambda: nn.GRU(3, 4, 1, 0.1), TypeError, "bias should be of type bool"),
    "dropout": (lambda: nn.GRU(3, 4, 2, dropout=2), ValueError, "in range [0, 1]"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, error, message = ERRORS[name]
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert message in str(caught.value)


def test_dropout_without_a_second_layer_is_warned_of():
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        nn.LSTM(3, 4, dropout=0.1)


def test_the_error_names_the_module():
    model = nn.Sequential(nn.Identity(), nn.LSTM(3, 4))
    with pytest.raises(RuntimeError, match=r"in Sequential\.1 \(LSTM\)"):
        model(tg.ones(5, 2, 2))


@pytest.mark.parametrize("build", [lambda: nn.RNN(3, 4), lambda: nn.LSTMCell(3, 4)])
def test_a_tensor_may_stand_in_for_a_weight(build):
    layer, x = build(), tg.randn(2, 3)
    name = "weight_hh_l0" if isinstance(layer, nn.RNN) else "weight_hh"
    expected = list(flat(layer(x)))
    weight = getattr(layer, name)
    half = nn.Parameter(weight.detach() / 2)
    delattr(layer, name)
    setattr(layer, name, half * 2)
    found = list(flat(layer(x)))
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine.detach().numpy(), other.detach().numpy())
    sum(each.sum() for each in found).backward()
    assert half.grad is not None
