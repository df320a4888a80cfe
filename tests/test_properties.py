"""Properties on random programs: graphs, indices, strides, dtypes, against PyTorch."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg

hypothesis = pytest.importorskip("hypothesis", reason="property tests: pip install 'tinygrad5329[dev]'")
torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

from hypothesis import assume, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from .side_by_side import LIBRARIES, agree, both_or_neither, outcome, values  # noqa: E402

# --- graphs with shared nodes ----------------------------------------------------------------------------

UNARY = {
    "sin": lambda t, x: x.sin(),
    "tanh": lambda t, x: x.tanh(),
    "sigmoid": lambda t, x: t.sigmoid(x),
    "softmax": lambda t, x: t.softmax(x, 1),
    "centred": lambda t, x: x - x.mean(0, keepdim=True),
    "rows": lambda t, x: x * x.sum(1, keepdim=True),
    "flipped": lambda t, x: t.flip(x, (0, 1)),
    "folded": lambda t, x: x.reshape(3, 2).transpose(0, 1).contiguous().view(2, 3),
    "picked": lambda t, x: x[:, t.tensor([2, 0, 2])],
    "shifted": lambda t, x: t.cat([x[:, 1:], x[:, :1] * 2], 1),
    "largest": lambda t, x: x + x.max(1, keepdim=True)[0],
    "halves": lambda t, x: t.stack(t.unbind(x, 0)[::-1], 0),
}
BINARY = {
    "add": lambda t, x, y: x + y,
    "sub": lambda t, x, y: x - 2 * y,
    "mul": lambda t, x, y: x * y,
    "div": lambda t, x, y: x / (1 + y * y),
    "maximum": lambda t, x, y: t.where(x > y, x, y),
    "matmul": lambda t, x, y: (x @ y.transpose(0, 1)) @ y,
    "outer": lambda t, x, y: t.einsum("ij,kj->ik", x, y).sum() * x,
    "broadcast": lambda t, x, y: x * y[0] + y[:, :1],
}
steps = st.lists(
    st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=9
)


@settings(max_examples=120)
@given(steps)
def test_random_graphs(program):
    results = []
    for t in LIBRARIES:
        leaves = [t.tensor(values((2, 3), seed), requires_grad=True) for seed in (1, 2)]
        made = list(leaves)
        for name, i, j in program:
            x, y = made[i % len(made)], made[j % len(made)]
            made.append(UNARY[name](t, x) if name in UNARY else BINARY[name](t, x, y))
        loss = sum((out * (1 + k)).sum() for k, out in enumerate(made[-3:]))
        first = t.autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
        total = sum((g * g).sum() for g in first if g is not None and g.requires_grad)
        second = [None, None]
        if not isinstance(total, int):
            second = t.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)
        loss.backward()
        results.append([loss, *first, *second, *[leaf.grad for leaf in leaves]])
    for k, (ours, oracle) in enumerate(zip(*results, strict=True)):
        if (ours is None) != (oracle is None):
            # A second gradient that is identically zero may be left out.
            assert not (ours if oracle is None else oracle).detach().numpy().any()
        else:
            agree(ours, oracle, k)


# --- index expressions -----------------------------------------------------------------------------------

SHAPE = (3, 2, 4)


@st.composite
def indices(draw):
    """An index of a tensor of SHAPE: every kind of entry, in any order."""
    entries = []
    dim = 0
    arrays = 0
    length = draw(st.sampled_from([None, 1, 2, 3]))
    while dim < len(SHAPE) and len(entries) < 6:
        size = SHAPE[dim]
        kind = draw(st.sampled_from(["int", "slice", "slice", "none", "array", "mask", "rest", "all"]))
        if kind == "rest":
            if Ellipsis not in entries:
                entries.append(Ellipsis)
            break
        if kind == "none":
            entries.append(None)
            continue
        if kind == "int":
            entries.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            bounds = st.one_of(st.none(), st.integers(-size - 1, size + 1))
            entries.append(slice(draw(bounds), draw(bounds), draw(st.sampled_from([None, 1, 2, 3]))))
        elif kind == "array":
            count = length or draw(st.integers(1, 3))
            length = length or count
            places = draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count))
            entries.append(("array", places if draw(st.booleans()) else [places]))
            arrays += 1
        elif kind == "mask":
            mask = draw(st.lists(st.booleans(), min_size=size, max_size=size))
            assume(not arrays)
            length = sum(mask) or 1
            entries.append(("array", mask))
            arrays += 1
        else:
            entries.append(slice(None))
        dim += 1
    return tuple(entries)


def index_for(t, index):
    return tuple(t.tensor(entry[1]) if isinstance(entry, tuple) else entry for entry in index)


@settings(max_examples=250)
@given(indices())
def test_reading_any_index(index):
    outs = []
    for t in LIBRARIES:
        x = t.tensor(values(SHAPE), requires_grad=True)
        outs.append((x, *outcome(lambda x=x, t=t: x[index_for(t, index)])))
    (x, ours, error), (y, oracle, oracle_error) = outs
    if not both_or_neither(error, oracle_error, index):
        return
    agree(ours, oracle, index)
    if ours.numel():
        weight = values(tuple(ours.shape), 3)
        for t, out in ((tg, ours), (torch, oracle)):
            (out * out * t.tensor(weight)).sum().backward()
        agree(x.grad, y.grad, index)


@settings(max_examples=250)
@given(indices(), st.sampled_from(["scalar", "number", "full", "row"]), st.booleans())
def test_writing_any_index(index, kind, values_need_gradients):
    probe, error = outcome(lambda: torch.zeros(SHAPE)[index_for(torch, index)])
    assume(error is None)
    # Which of two writes to one place lasts is not defined.
    places, _ = outcome(lambda: torch.arange(24).reshape(SHAPE)[index_for(torch, index)])
    assume(places.unique().numel() == places.numel())
    shape = tuple(probe.shape)
    outs = []
    for t in LIBRARIES:
        x = t.tensor(values(SHAPE), requires_grad=True)
        v = {
            "scalar": lambda t=t: t.tensor(0.7, dtype=t.float64),
            "number": lambda: 2,
            "full": lambda t=t: t.tensor(values(shape, 5)),
            "row": lambda t=t: t.tensor(values(shape[-1:], 6)),
        }[kind]()
        if kind != "number" and values_need_gradients:
            v.requires_grad_()
        out = x * 2

        def write(out=out, v=v, t=t):
            out[index_for(t, index)] = v

        _, error = outcome(write)
        outs.append((x, v, out, error))
    (x, v, out, error), (y, w, oracle, oracle_error) = outs
    if not both_or_neither(error, oracle_error, index):
        return
    agree(out, oracle, index)
    (out * out).sum().backward()
    (oracle * oracle).sum().backward()
    agree(x.grad, y.grad, index)
    if kind != "number":
        agree(v.grad, w.grad, index)


# --- reductions of any layout ----------------------------------------------------------------------------

REDUCTIONS = {
    "sum": lambda t, x, dim, keep: x.sum(dim, keep),
    "mean": lambda t, x, dim, keep: x.mean(dim, keep),
    "var": lambda t, x, dim, keep: x.var(dim, correction=0, keepdim=keep),
    "std": lambda t, x, dim, keep: x.std(dim, correction=0, keepdim=keep),
    "amax": lambda t, x, dim, keep: x.amax(dim, keep),
    "logsumexp": lambda t, x, dim, keep: x.logsumexp(dim, keep),
    "norm": lambda t, x, dim, keep: x.norm(2, dim, keep),
}
ALONG = {
    "prod": lambda t, x, dim: x.prod(dim),
    "max": lambda t, x, dim: x.max(dim)[0],
    "median": lambda t, x, dim: x.median(dim)[0],
    "cumsum": lambda t, x, dim: x.cumsum(dim),
    "cumprod": lambda t, x, dim: x.cumprod(dim),
    "softmax": lambda t, x, dim: x.softmax(dim),
    "log_softmax": lambda t, x, dim: x.log_softmax(dim),
    "sort": lambda t, x, dim: x.sort(dim)[0],
}


@st.composite
def layouts(draw):
    """A shape, and how a view of it is made."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    order = draw(st.permutations(range(len(shape))))
    steps = [draw(st.sampled_from([1, 1, 2])) for _ in shape]
    expanded = draw(st.booleans())
    return shape, order, steps, expanded


def laid_out(t, x, layout):
    _, order, steps, expanded = layout
    x = x.permute(tuple(order))[tuple(slice(None, None, step) for step in steps)]
    return x.unsqueeze(1).expand(x.shape[0], 2, *x.shape[1:]) if expanded else x


@settings(max_examples=150)
@given(layouts(), st.sampled_from([*REDUCTIONS, *ALONG]), st.data())
def test_reductions_of_any_layout(layout, name, data):
    ndim = len(layout[0]) + layout[3]
    if name in REDUCTIONS:
        dims = data.draw(st.lists(st.integers(0, ndim - 1), min_size=1, unique=True))
        dim = tuple(d - ndim if data.draw(st.booleans()) else d for d in dims)
        keep = data.draw(st.booleans())
    else:
        dim = data.draw(st.integers(-ndim, ndim - 1))
    # An extremum that is reached twice is for the samples; expanding makes some.
    assume(not (layout[3] and name in ("amax", "max", "median", "sort", "std", "norm")))
    outs = []
    for t in LIBRARIES:
        x = t.tensor(values(layout[0]), requires_grad=True)
        view = laid_out(t, x, layout)
        out = REDUCTIONS[name](t, view, dim, keep) if name in REDUCTIONS else ALONG[name](t, view, dim)
        if not (name == "std" and not out.detach().numpy().all()):
            (out * out).sum().backward()
        outs.append((out, x.grad))
    agree(outs[0][0], outs[1][0], "value")
    agree(outs[0][1], outs[1][1], "gradient")


# --- promotion -------------------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
operands = st.one_of(
    st.sampled_from([True, 3, 2.5]), st.tuples(st.sampled_from(DTYPES), st.sampled_from([(), (1,), (2, 2)]))
)


@settings(max_examples=200)
@given(operands, operands)
def test_result_type(a, b):
    assume(isinstance(a, tuple) or isinstance(b, tuple))
    ours, oracle = (
        t.result_type(*[t.zeros(v[1], dtype=getattr(t, v[0])) if isinstance(v, tuple) else v for v in (a, b)])
        for t in LIBRARIES
    )
    assert ours.name == str(oracle).removeprefix("torch.")
