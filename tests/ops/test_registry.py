"""Every differentiable primitive, held to the engine's promises through its samples (see ``samples/``)."""

from __future__ import annotations

import ast
import gc
import inspect
import itertools
import weakref

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck
from tinygrad5329.ops.primitive import REGISTRY
from tinygrad5329.tensor import wrap

from .samples import ENTRIES
from .samples.calls import gradients, nodes, outputs, tensors, weights

#: The package's own; tests register some of their own while they run.
PRIMITIVES = sorted(name for name, op in REGISTRY.items() if (op.forward.__module__ or "").startswith("tinygrad5329"))


def cases(skip=""):
    """All (entry, sample) pairs but those for which the entry says that the check does not apply."""
    return [
        pytest.param(entry, each, id=f"{name}-{each}")
        for name, entry in ENTRIES.items()
        if skip not in entry.without
        for each in entry.samples
    ]


every_case = pytest.mark.parametrize(("entry", "sample"), cases())


def every_case_but(skip):
    return pytest.mark.parametrize(("entry", "sample"), cases(skip))


def same(a, b, **tolerance):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), **({"rtol": 1e-10, "atol": 1e-12} | tolerance))


# --- the samples cover the registry ----------------------------------------------------------------------


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_has_samples(name):
    where = REGISTRY[name].forward.__module__.rpartition(".")[2]
    assert name in ENTRIES, (
        f"the primitive {name!r} of ops/{where}.py has no sample inputs: add entry({name!r}, ...) to the file of its "
        "family in tests/ops/samples/, or no test will ever check its gradient"
    )


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_entry_belongs_to_a_primitive(name):
    assert name in REGISTRY, f"tests/ops/samples has an entry for {name!r}, which is no primitive"


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_samples_cover_the_edges_of_shapes(name):
    entry = ENTRIES[name]
    shapes = [each.inputs[i].shape for each in entry.samples for i in each.differentiable]
    if "zero-size" not in entry.without:
        assert any(0 in shape for shape in shapes), f"{name}: no sample without elements, nor a reason in without="
    if "0-d" not in entry.without:
        assert () in shapes, f"{name}: no 0-d sample, nor a reason in without="
    if name in REGISTRY and REGISTRY[name].broadcasts:
        mixed = [each for each in entry.samples if len({each.inputs[i].shape for i in each.differentiable}) > 1]
        assert mixed or len(shapes) == len(entry.samples), f"{name} broadcasts, but no sample does"


@every_case
def test_the_sample_records_the_primitive(entry, sample):
    outs = outputs(entry, tensors(sample), sample)
    assert nodes(outs, entry.name), f"{entry.name} is not among the operations behind this sample"


# --- right -----------------------------------------------------------------------------------------------


@every_case_but("gradcheck")
def test_gradcheck(entry, sample):
    gradcheck(lambda *inputs: tuple(outputs(entry, inputs, sample)), tensors(sample), check_grad_dtypes=True)


@every_case_but("gradgradcheck")
def test_gradgradcheck(entry, sample):
    gradgradcheck(lambda *inputs: tuple(outputs(entry, inputs, sample)), tensors(sample), check_grad_dtypes=True)


@every_case
def test_raw_and_graph_rules_agree_and_change_nothing(entry, sample):
    inputs = tensors(sample)
    for t in inputs:
        t._array.flags.writeable = False
    before = [t._array.copy() for t in inputs]
    outs = outputs(entry, inputs, sample)
    for node in nodes(outs, entry.name):
        g = seed(node)
        frozen = [(array, array.copy()) for array in arrays([*node.saved, g])]
        for array, _ in frozen:
            array.flags.writeable = False
        with np.errstate(all="ignore"):  # as a backward pass does
            raw = [None if each is None else np.array(each) for each in node.pull(g, False)]
            again = node.pull(g, False)
        graph = node.pull(tree(wrap, g), True)
        for first, second, third, edge in zip(raw, again, graph, node.edges, strict=True):
            if first is None or third is None:
                empty = first if third is None else third
                assert empty is None or not np.asarray(getattr(empty, "_array", empty)).any()
                continue
            assert isinstance(third, tg.Tensor)
            np.testing.assert_allclose(second, first, rtol=0, err_msg="a second pass gives something else")
            np.testing.assert_allclose(third._array, first, rtol=1e-9, atol=1e-12)
            assert first.shape == third._array.shape == tuple(edge.shape)
        for array, copy in frozen:
            np.testing.assert_array_equal(array, copy, "the rule changed its gradient or a saved value")
    for t, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(t._array, copy, "an input was changed")


def seed(node):
    rng = np.random.default_rng(7)
    if node.specs is None:
        return rng.uniform(0.5, 1.5, node.shape).astype(node.dtype)
    return [rng.uniform(0.5, 1.5, shape).astype(dtype) for shape, dtype in node.specs]


def tree(function, value):
    return [tree(function, each) for each in value] if isinstance(value, list) else function(value)


def arrays(values):
    """All arrays inside nested lists and tuples."""
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from arrays(value)


@every_case
def test_any_choice_of_inputs_that_need_gradients(entry, sample):
    whole = dict(zip(sample.differentiable, gradients(entry, sample, tensors(sample)), strict=True))
    for count in range(1, len(sample.differentiable)):
        for needs in itertools.combinations(sample.differentiable, count):
            part = gradients(entry, sample, tensors(sample, needs=needs))
            for i, g in zip(needs, part, strict=True):
                if g is None or whole[i] is None:
                    assert g is whole[i]
                else:
                    same(g, whole[i])


@every_case
def test_a_tensor_given_twice_counts_twice(entry, sample):
    by_shape = {}
    for i in sample.differentiable:
        by_shape.setdefault(sample.inputs[i].shape, []).append(i)
    for alike in by_shape.values():
        if len(alike) < 2:
            continue
        apart = tensors(sample)
        for i in alike:
            apart[i] = tg.tensor(apart[alike[0]].detach().numpy().copy(), requires_grad=True)
        shared = [apart[alike[0]] if i in alike else t for i, t in enumerate(apart)]
        expected = dict(zip(sample.differentiable, gradients(entry, sample, apart), strict=True))
        outs = [out for out in outputs(entry, shared, sample) if out.requires_grad]
        seeds = [tg.tensor(w) for w in weights(outs)]
        (g,) = tg.autograd.grad(outs, shared[alike[0]], seeds)
        total = sum(expected[i].detach().numpy() for i in alike if expected[i] is not None)
        np.testing.assert_allclose(g.detach().numpy(), total, rtol=1e-10, atol=1e-12)
        (recorded,) = tg.autograd.grad(
            [out for out in outputs(entry, shared, sample) if out.requires_grad],
            shared[alike[0]],
            seeds,
            create_graph=True,
        )
        np.testing.assert_allclose(recorded.detach().numpy(), total, rtol=1e-10, atol=1e-12)


# --- dtypes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@every_case_but("dtype")
def test_dtypes(entry, sample, dtype):
    if dtype == "float16" and not entry.half:
        pytest.skip(f"{entry.name} does not take float16, nor does PyTorch's")
    inputs = tensors(sample, dtype)
    outs = outputs(entry, inputs, sample)
    for out in outs:
        assert out.dtype.name == (dtype if out.requires_grad else "int64")
    found = gradients(entry, sample, inputs)
    recorded = gradients(entry, sample, inputs, create_graph=True)
    tolerance = {"float16": 3e-2, "float32": 2e-4, "float64": 1e-9}[dtype]
    for t, g, r in zip([t for t in inputs if t.requires_grad], found, recorded, strict=True):
        for each in (g, r):
            assert each is None or (each.dtype is t.dtype and each.shape == t.shape)
        if g is not None and r is not None:
            same(g.double(), r.double(), rtol=tolerance, atol=tolerance)


# --- layouts ---------------------------------------------------------------------------------------------


def transposed(array):
    return array.copy(order="F")


def strided(array):
    wide = np.full((*array.shape, 2), np.nan)
    wide[..., 0] = array
    return wide[..., 0]


def backwards(array):
    return np.flip(np.flip(array).copy())


@pytest.mark.parametrize("layout", [transposed, strided, backwards])
@every_case_but("non-contiguous")
def test_layouts_do_not_matter(entry, sample, layout):
    if layout is transposed and all(len(each.shape) < 2 for each in sample.inputs):
        return
    plain = tensors(sample)
    other = [wrap(layout(t._array)) if t.dtype is tg.float64 else t for t in plain]
    for a, b in zip(other, plain, strict=True):
        if b.requires_grad:
            a.requires_grad_()
    for a, b in zip(outputs(entry, other, sample), outputs(entry, plain, sample), strict=True):
        same(a, b, rtol=1e-12)
    for a, b in zip(gradients(entry, sample, other), gradients(entry, sample, plain), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            same(a, b, rtol=1e-11)


@every_case
def test_incoming_gradients_of_any_layout(entry, sample):
    inputs = tensors(sample)
    wanted = [t for t in inputs if t.requires_grad]
    results = []
    for layout in (np.array, transposed, strided):
        outs = [out for out in outputs(entry, inputs, sample) if out.requires_grad]
        seeds = [
            wrap(layout(w).astype(out._array.dtype, copy=False)) for w, out in zip(weights(outs), outs, strict=True)
        ]
        copies = [each._array.copy() for each in seeds]
        results.append(tg.autograd.grad(outs, wanted, seeds, allow_unused=True))
        for each, copy in zip(seeds, copies, strict=True):
            np.testing.assert_array_equal(each._array, copy, "the incoming gradient was changed")
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                same(a, b, rtol=1e-11)


# --- recording -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_case
def test_recording_does_not_change_the_result(entry, sample, dtype):
    recorded = outputs(entry, tensors(sample, dtype), sample)
    constant = outputs(entry, tensors(sample, dtype, needs=()), sample)
    with tg.no_grad():
        silent = outputs(entry, tensors(sample, dtype), sample)
    for a, b, c in zip(recorded, constant, silent, strict=True):
        assert a._array.tobytes() == b._array.tobytes() == c._array.tobytes()
        assert a.dtype is b.dtype is c.dtype
        assert not b.requires_grad
        assert not c.requires_grad


@pytest.fixture
def collector_off():
    gc.disable()
    yield
    gc.enable()


@every_case
def test_the_graph_is_freed_without_the_collector(entry, sample, collector_off):
    inputs = tensors(sample)
    outs = outputs(entry, inputs, sample)
    watched = [weakref.ref(node) for node in nodes(outs, entry.name)] + [weakref.ref(out) for out in outs]
    leaves = [weakref.ref(t) for t in inputs]
    found = gradients(entry, sample, inputs, create_graph=True)
    again = [g for g in found if g is not None and g.requires_grad]
    watched += [weakref.ref(g.grad_fn) for g in again if g.grad_fn is not None]
    del outs, found, again, inputs
    alive = [each() for each in [*watched, *leaves] if each() is not None]
    assert not alive, f"still held after the last reference is gone: {alive}"


# --- purity ----------------------------------------------------------------------------------------------


def rules_of(op):
    return [rule for rule in (*op.rules, op.joint, op.composite) if rule is not None]


def impurities(function):
    """What a rule must not do, as text: it also runs on tensors, whose history it would falsify."""
    source, _ = inspect.findsource(function)
    code = function.__code__
    found = [
        node
        for node in ast.walk(ast.parse("".join(source)))
        if isinstance(node, (ast.Lambda, ast.FunctionDef))
        and code.co_firstlineno in (node.lineno, *(each.lineno for each in getattr(node, "decorator_list", [])))
        and [each.arg for each in node.args.args] == list(code.co_varnames[: code.co_argcount])
    ]
    assert found, f"no source for the rule at line {code.co_firstlineno}"
    for rule in found:
        for node in ast.walk(rule):
            if isinstance(node, ast.Call):
                if any(each.arg == "out" for each in node.keywords):
                    yield f"line {node.lineno}: out="
                if isinstance(node.func, ast.Name) and node.func.id == "float":
                    yield f"line {node.lineno}: float()"
                if isinstance(node.func, ast.Attribute) and node.func.attr in ("fill", "sort", "item", "tolist", "at"):
                    yield f"line {node.lineno}: .{node.func.attr}()"
            elif isinstance(node, ast.AugAssign):
                yield f"line {node.lineno}: augmented assignment"
            elif isinstance(node, (ast.Assign, ast.Delete)):
                for target in node.targets:
                    if isinstance(target, ast.Subscript):
                        yield f"line {node.lineno}: item assignment"


@pytest.mark.parametrize("name", PRIMITIVES)
def test_rules_are_pure(name):
    for rule in rules_of(REGISTRY[name]):
        found = list(impurities(rule))
        assert not found, f"a rule of {name} in {inspect.getsourcefile(rule)} is not pure: {found}"


def _impure(xp, g, x):
    g *= x
    x[0] = 1
    return np.multiply(g, float(x), out=g)


def test_the_purity_check_sees():
    assert len(list(impurities(_impure))) == 4
