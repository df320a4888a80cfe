"""Chains of elementwise steps as compiled loops: the eager bits, and no memory that anybody else sees is written to."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.backends import choice
from tinygrad5329.nn import functional as F
from tinygrad5329.replay import CompiledStep, fusing

from ..ops.samples import ENTRIES
from .test_operations import NOT_REPLAYED, tensors_in

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")


@pytest.fixture(autouse=True)
def compiled_kernels():
    """The kernels that the suite runs with are put back."""
    before = choice.current()
    choice.use("fast")
    yield
    choice.use(before)


@pytest.fixture
def loops_in_python(monkeypatch):
    """Every chain, however small, runs its text as Python does, which spares the test the compiler."""
    scope = {"sqrt": np.sqrt}

    def uncompiled(text, dtype):
        names = dict(scope, F=getattr(np, dtype))
        exec(text, names)
        return names["loop"]

    monkeypatch.setattr(fusing, "kernels_of", lambda name: uncompiled)
    monkeypatch.setattr(fusing, "_FEW", 0)
    monkeypatch.setattr(fusing, "_SMALL", 0)
    choice.use("numpy")


def bits(value):
    return [(t.dtype, t.shape, t.detach().numpy().tobytes()) for t in tensors_in(value)]


def chains_of(run):
    source = run._latest()
    assert source is not None, run._difference
    return [step for step in source._program.steps if hasattr(step.what, "text")]


def check(step, *arguments, times=4, chains=1):
    """Replay `step`, whose arguments each call makes anew; it must give eager's bits and hold so many chains."""
    run = CompiledStep(step)
    for seed in range(times):
        tg.manual_seed(seed)
        expected = step(*[make() for make in arguments])
        tg.manual_seed(seed)
        assert bits(run(*[make() for make in arguments])) == bits(expected)
    found = chains_of(run)
    assert len(found) >= chains, run.code
    return run


CASES = [entry for entry in ENTRIES.values() if entry.name not in NOT_REPLAYED][2::5]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("entry", CASES, ids=lambda entry: entry.name)
def test_operations_between_chains(entry, loops_in_python):
    sample = entry.samples[0]

    def step(inputs):
        # Temporaries on both sides of the operation, which a chain may write over.
        given = [t * 2 - t if isinstance(t, tg.Tensor) and t.is_floating_point() else t for t in inputs]
        outs = tensors_in(entry.call(tg, *given, **sample.options))
        outs = [(out * 0.5 + out) * out if out.is_floating_point() else out for out in outs]
        recorded = [out for out in outs if out.requires_grad]
        if recorded:
            sum((t * t.conj()).real.sum() if t.is_complex() else t.sum() for t in recorded).backward()
        return [t.detach() for t in outs], [t.grad for t in inputs]

    def inputs(seed):
        return [
            tg.from_numpy(array).requires_grad_(i in sample.differentiable and array.dtype.kind in "fc")
            for i, array in enumerate(map(np.array, sample.draw(seed)))
        ]

    run = CompiledStep(step)
    for seed in (0, 0, 1):
        tg.manual_seed(seed)
        expected = step(inputs(seed))
        tg.manual_seed(seed)
        assert bits(run(inputs(seed))) == bits(expected)
    assert run._latest() is not None


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 1e30, -1e30, 0.5, 3.0, -3.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values_and_broadcasts(dtype):
    grid = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)
    arrays = [np.tile(each, 16).reshape(36, 64).astype(dtype) for each in grid]
    row, column, one = arrays[0][:1].copy(), arrays[1][:, :1].copy(), np.full((), 1.5, dtype)

    def step(x, y, row, column, one):
        a = (x * y + row).abs().sqrt() - column / one
        b = tg.where((a > x) & ~(y <= 0.25), a, x - y)
        return a, b, a != b, (b * row).relu() * 2

    run = check(step, *[lambda each=each: tg.from_numpy(each) for each in (*arrays, row, column, one)])
    text = run.code
    assert all(sign in text for sign in ("sqrt(", " if ", "not ", " & ", " != ", "x3c", " + x2[j]")), text


def test_a_swish_after_a_norm_by_hand():
    def step(x, w, b):
        d = x - x.mean(-1, keepdim=True)
        h = d / ((d * d).mean(-1, keepdim=True) + 1e-5).sqrt() * w + b
        h = h * tg.sigmoid(h)
        out = 0.5 * h * (1 + tg.tanh(0.8 * (h + 0.04 * h**3)))
        out.sum().backward()
        return out.detach(), x.grad, w.grad, b.grad

    shapes = ((32, 64), (64,), (64,))
    made = [lambda shape=shape: tg.randn(shape, requires_grad=True) for shape in shapes]
    run = check(step, *made, chains=5)
    assert "logistic(" in run.code and "tanh_gradient(one" in run.code
    assert " over " in run.memory_plan() and "out=mul" in run.code


def test_a_square_beside_the_gradient_of_tanh():
    def step(x, w):
        out = tg.tanh(x * w + 1)
        (first,) = tg.autograd.grad(((out * 3 - 1) * out).sum(), w, create_graph=True)
        (out * out * first).sum().backward()
        return first.detach(), w.grad, x.grad

    run = check(step, *[lambda: tg.randn(32, 64, requires_grad=True)] * 2)
    assert "tanh_gradient(one" in run.code


def test_three_axes_strides_and_views(loops_in_python):
    def step(x, w, b):
        left, right = x.chunk(2, 2)
        h = (left * 2 - right.relu()) * w + b
        (h * h).mean((0, 2)).sum().backward()
        return h.detach(), h.transpose(0, 1).detach() * 2 + 1, x.grad, w.grad

    run = check(
        step,
        lambda: tg.randn(4, 6, 8, requires_grad=True),
        lambda: tg.randn(6, 1, requires_grad=True),
        lambda: tg.from_numpy(np.broadcast_to(np.float32(2), (4, 6, 4))),
    )
    assert run.code.count("carray") == 0


def test_two_dtypes_are_two_chains(loops_in_python):
    def step(x, y):
        mask = (x * 2 > x + 1) & ~(x != x)
        small = tg.where(mask, y * y, 0.25) - y
        return small, (x - 1) * 3 + x * small.double()

    run = check(step, lambda: tg.randn(8, 8, dtype=tg.float64), lambda: tg.randn(8, 8), chains=2)
    assert not any("F(" not in each.what.text for each in chains_of(run))


def test_nothing_that_lasts_is_written_over(loops_in_python):
    kept = tg.ones(8, 8)
    w = tg.ones(8, 8, requires_grad=True)

    def step(x):
        y = x * 2 + 1
        view = y[1:]
        z = (y - 3) * 2 * w
        w.grad = None
        z.sum().backward()
        kept.mul_(0.5)
        late = y * kept + kept
        return y, view, z.detach(), late.detach(), x, w.grad

    run = CompiledStep(step)
    results = []
    for i in range(5):
        kept.fill_(1.0)
        x = tg.full((8, 8), float(i))
        expected = step(x)
        kept.fill_(1.0)
        results.append((run(x), bits(expected), x))
        assert w.grad is results[-1][0][-1]
    for found, expected, x in results:
        assert bits(found) == expected and found[4] is x
        assert np.shares_memory(found[0].numpy(), found[1].numpy())
        assert not np.shares_memory(found[0].numpy(), found[2].numpy())
    assert chains_of(run)


def test_what_is_written_in_between_is_not_read_late(loops_in_python):
    state = tg.zeros(8, 8)

    def step(x):
        a = state * 2 + x
        b = a * a
        state.add_(1.0)
        return b * 3 - a, (state * 2 + x) * a

    state.fill_(0.0)
    expected = [bits(step(tg.full((8, 8), float(i)))) for i in range(5)]
    state.fill_(0.0)
    run = CompiledStep(step)
    assert [bits(run(tg.full((8, 8), float(i)))) for i in range(5)] == expected
    assert chains_of(run)


def test_a_value_that_is_written_over_is_not_computed_again(loops_in_python):
    def step(x):
        square = x * x
        y = square * 1.5
        y.sub_(1.0)
        return y * 2 - square

    check(step, lambda: tg.randn(4, 6))


def test_an_axis_of_one_may_be_missing(loops_in_python):
    def step(x, w):
        row = (x * 2 + w).mean(0)
        other = (w * w - 1).exp()
        (row * other).sum().backward()
        return row.detach(), x.grad, w.grad

    makers = [lambda: tg.randn(5, 70, requires_grad=True), lambda: tg.randn(1, 70, requires_grad=True)]
    check(step, *makers)

    def wide(x):
        out = x.sum(0) * (x.sum(0, keepdim=True) - 1)
        out.sum().backward()
        return out.detach(), x.grad

    check(wide, makers[0])


def test_masks_of_one_element(loops_in_python):
    def step(x, limit):
        below, above = limit < 0.5, limit > -0.5
        return ~(below & above), tg.where((x > limit) & below, x * 2, limit)

    check(step, lambda: tg.randn(6, 5), lambda: tg.randn(1))


def test_a_sum_over_an_axis_of_one(loops_in_python):
    def step(x, y):
        mean = (x + y).mean(1, keepdim=True)
        loss = (mean * mean - y).mean().abs()
        loss.backward()
        return loss.detach(), x.grad, y.grad

    check(step, lambda: tg.randn(6, 1, requires_grad=True), lambda: tg.randn(6, 1, requires_grad=True))


def test_names_of_functions_and_of_values_differ(loops_in_python):
    kept = [tg.ones(3, requires_grad=True) for _ in range(2)]

    def step(x):
        # Two more names of what is outside: the third function's name would be that of the third value.
        for each in kept:
            each.grad = None
        return (x * 0.1).exp()

    run = CompiledStep(step)
    for i in range(4):
        x = tg.full((4, 3), float(i))
        assert bits(run(x)) == bits(step(x))
    assert "out=" in run.code


def test_masks_of_dropout_are_kept_as_bits():
    model = nn.Sequential(nn.Linear(16, 64), nn.GELU(), nn.Dropout(0.3), nn.Linear(64, 4))

    def step(x):
        model.zero_grad()
        loss = F.mse_loss(model(x), tg.zeros(32, 4))
        loss.backward()
        return loss, [parameter.grad.clone() for parameter in model.parameters()]

    run = check(step, lambda: tg.randn(32, 16))
    assert "kept_" in run.code


def test_half_the_memory_of_a_model_by_hand():
    def step(x, w):
        h = x @ w
        for _ in range(3):
            h = h * tg.sigmoid(h) * 1.5 + 0.25
        h.sum().backward()
        return w.grad

    run = CompiledStep(step)
    peaks = []
    for each in (step, run, run, run):
        w = tg.randn(64, 64, requires_grad=True)
        x = tg.randn(4096, 64)
        tracemalloc.start()
        each(x, w)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[-1] < 0.6 * peaks[0]


def test_loops_are_shared_by_equal_layers_and_kept_on_disk():
    def step(x):
        for scale in (0.5, 0.25, 0.75):
            x = (x * scale + 1.0).tanh()
        return x

    found = chains_of(check(step, lambda: tg.randn(32, 64), chains=3))
    assert len({each.what.text for each in found}) < len(found)
    from tinygrad5329.fast.compiled import kept_in

    texts = {each.what.text for each in found}
    assert kept_in() is None or texts <= {file.read_text() for file in kept_in().glob("chain_*.py")}


def test_without_compiled_kernels_a_program_stays_as_it_is():
    choice.use("numpy")
    run = CompiledStep(lambda x: (x * 2 + 1) * x - 3)
    for _ in range(4):
        run(tg.ones(64, 64))
    assert not chains_of(run) and "mul_forward" in run.code
