"""The kernels themselves: layouts, blocks, dtypes, scaling, and what they leave alone."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.ops import update
from tinygrad5329.ops.update import _foreach_add_, _fused_adam_, _fused_adamw_, _fused_sgd_, rule
from tinygrad5329.optim import SGD, Adam
from tinygrad5329.tensor import wrap

SGD_RULE = {
    "weight_decay": 0.1,
    "momentum": 0.9,
    "lr": 0.1,
    "dampening": 0.2,
    "nesterov": False,
    "maximize": False,
    "is_first_step": False,
}
ADAM_RULE = {
    "lr": 0.1,
    "beta1": 0.9,
    "beta2": 0.99,
    "weight_decay": 0.1,
    "eps": 1e-8,
    "amsgrad": True,
    "maximize": False,
}


def filled(seed, shape, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def run(kernel, arrays):
    """The arrays after one step of `kernel`, which works on them in place."""
    tensors = [wrap(a) for a in arrays]
    if kernel is _fused_sgd_:
        _fused_sgd_(*([t] for t in tensors[:3]), **SGD_RULE)
    else:
        kernel(*([t] for t in tensors), [tg.tensor(3.0)], **ADAM_RULE)


def five(shape, dtype=np.float64):
    """A parameter, a gradient, and three states of which the last two are positive."""
    arrays = [filled(i, shape, dtype) for i in range(5)]
    return arrays[:3] + [np.abs(a) for a in arrays[3:]]


kernels = pytest.mark.parametrize("kernel", [_fused_sgd_, _fused_adam_, _fused_adamw_])


@kernels
@pytest.mark.parametrize(
    "relayout",
    [
        lambda a, i: a,
        lambda a, i: np.asfortranarray(a),
        lambda a, i: np.asfortranarray(a) if i == 1 else a,
        lambda a, i: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a, i: a[::-1] if i == 0 else a,
    ],
    ids=["C", "Fortran", "mixed", "strided", "reversed"],
)
def test_blocks_and_layouts_make_no_difference(monkeypatch, kernel, relayout):
    expected = [relayout(a, i) for i, a in enumerate(five((50, 7)))]
    wanted = [a.copy() for a in expected]
    run(kernel, wanted)
    monkeypatch.setattr(rule, "_BLOCK_BYTES", 16 * 8)
    monkeypatch.setattr(rule, "_workspace", rule._Workspace())
    got = expected
    run(kernel, got)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)  # a compiled kernel may round less often


@pytest.mark.parametrize(
    "kind, options",
    [
        ("SGD", {"weight_decay": 0.1}),
        ("RMSprop", {"centered": True, "momentum": 0.9}),
        ("Adagrad", {}),
        ("Adadelta", {}),
        ("Adamax", {}),
        ("NAdam", {"weight_decay": 0.1}),
        ("RAdam", {"betas": (0.9, 0.9)}),
        ("Rprop", {}),
    ],
)
def test_blocks_of_the_other_rules(monkeypatch, kind, options):
    def trained():
        p = wrap(filled(0, (50, 7)))
        optimizer = getattr(tg.optim, kind)([p], lr=0.1, **options)
        for seed in range(1, 9):
            p.grad = wrap(filled(seed, (50, 7)))
            optimizer.step()
        return p.numpy()

    before = tg.backends.current()
    tg.backends.use("numpy")
    try:
        expected = trained()
        monkeypatch.setattr(rule, "_BLOCK_BYTES", 16 * 8)
        monkeypatch.setattr(rule, "_workspace", rule._Workspace())
        np.testing.assert_array_equal(trained(), expected)
    finally:
        tg.backends.use(before)


def test_a_gradient_that_is_broadcast():
    p = wrap(filled(0, (3, 4)))
    p.grad = wrap(np.broadcast_to(filled(1, (4,)), (3, 4)))
    expected = p.numpy() - 0.5 * p.grad.numpy()
    optimizer = SGD([p], lr=0.5, momentum=0.9)
    optimizer.step()
    np.testing.assert_allclose(p.numpy(), expected, rtol=1e-14)
    optimizer.step()


@kernels
def test_gradients_are_only_read(kernel):
    arrays = five((5,))
    arrays[1].flags.writeable = False
    before = arrays[1].copy()
    run(kernel, arrays)
    np.testing.assert_array_equal(arrays[1], before)


@kernels
def test_half_precision_is_computed_in_single(kernel):
    half = five((64,), np.float16)
    single = [a.astype(np.float32) for a in half]
    run(kernel, half)
    run(kernel, single)
    assert half[0].dtype == np.float16
    # The states are rounded to half between the passes, so the step is not single's to the last bit.
    np.testing.assert_allclose(half[0], single[0], rtol=5e-3, atol=5e-3)


def test_half_precision_divides_by_eps_in_single():
    p = tg.ones(2, dtype=tg.float16)
    p.grad = tg.zeros(2, dtype=tg.float16)
    Adam([p], eps=1e-8).step()  # 0 / 1e-8, where 1e-8 in half precision would be 0
    assert p.tolist() == [1.0, 1.0]


def test_dtypes_may_be_mixed():
    params = [tg.ones(3, dtype=d) for d in (tg.float32, tg.float64, tg.float32, tg.float16)]
    for p in params:
        p.grad = tg.ones_like(p)
    SGD(params, lr=0.3, momentum=0.9).step()
    Adam(params, lr=0.2, eps=0.0).step()
    for p, tolerance in zip(params, (1e-6, 1e-15, 1e-6, 1e-3), strict=True):
        np.testing.assert_allclose(p.tolist(), [0.5] * 3, rtol=tolerance)


@kernels
def test_every_written_tensor_is_marked(kernel):
    tensors = [wrap(a) for a in five((2,))]
    before = [t._version_count for t in tensors]
    if kernel is _fused_sgd_:
        _fused_sgd_(*([t] for t in tensors[:3]), **SGD_RULE)
        written = [1, 0, 1, 0, 0]
    else:
        kernel(*([t] for t in tensors), [tg.tensor(3.0)], **ADAM_RULE)
        written = [1, 0, 1, 1, 1]
    assert [t._version_count - n for t, n in zip(tensors, before, strict=True)] == written


def test_no_memory_is_allocated():
    p = tg.zeros(300, 300)
    p.grad = tg.ones(300, 300)
    optimizer = SGD([p], lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True)
    optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50_000  # one of the arrays has 360,000 bytes


def test_overflow_is_silent_as_in_pytorch():
    p = tg.full((2,), 3e38)
    p.grad = tg.full((2,), -3e38)
    SGD([p], lr=10.0).step()
    assert p.tolist() == [float("inf")] * 2


def test_nan_reaches_the_parameter():
    p = tg.zeros(2)
    p.grad = tg.tensor([float("nan"), 1.0])
    Adam([p], lr=0.1, amsgrad=True).step()
    assert np.isnan(p.tolist()).tolist() == [True, False]


@kernels
def test_scaled_gradients(kernel):
    plain, scaled = five((4,)), five((4,))
    scaled[1] *= 8.0
    run(kernel, plain)
    tensors = [wrap(a) for a in scaled]
    scale = {"grad_scale": tg.tensor(8.0), "found_inf": tg.zeros(1)}
    if kernel is _fused_sgd_:
        _fused_sgd_(*([t] for t in tensors[:3]), **SGD_RULE, **scale)
    else:
        kernel(*([t] for t in tensors), [tg.tensor(3.0)], **ADAM_RULE, **scale)
    for a, b in zip(scaled, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


@kernels
def test_nothing_is_done_where_infinities_were_found(kernel):
    arrays = five((4,))
    before = [a.copy() for a in arrays]
    tensors = [wrap(a) for a in arrays]
    if kernel is _fused_sgd_:
        _fused_sgd_(*([t] for t in tensors[:3]), **SGD_RULE, found_inf=tg.ones(1))
    else:
        kernel(*([t] for t in tensors), [tg.tensor(3.0)], **ADAM_RULE, found_inf=tg.ones(1))
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("first", [False, True])
def test_sgd_kernel_is_pytorchs(oracle, momentum, first):
    rule = {**SGD_RULE, "momentum": momentum, "is_first_step": first and momentum != 0}
    ours, theirs = five((6, 5))[:3], five((6, 5))[:3]
    _fused_sgd_(*([wrap(a)] for a in ours), **rule)
    lists = [[oracle.from_numpy(a)] for a in theirs]
    oracle._fused_sgd_(*(lists if momentum else [*lists[:2], []]), **rule)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


@pytest.mark.parametrize("name", ["_fused_adam_", "_fused_adamw_"])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_kernels_are_pytorchs(oracle, name, amsgrad):
    rule = {**ADAM_RULE, "amsgrad": amsgrad}
    ours, theirs = five((6, 5)), five((6, 5))
    getattr(update, name)(*([wrap(a)] for a in ours), [tg.tensor(3.0)], **rule)
    lists = [[oracle.from_numpy(a)] for a in theirs]
    getattr(oracle, name)(*lists[:4], lists[4] if amsgrad else [], [oracle.tensor(3.0)], **rule)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_threads_do_not_share_work_arrays():
    """Two threads step at once; each parameter still goes where it would alone."""

    def train(p, g, rounds=200):
        p.grad = g
        optimizer = SGD([p], lr=0.01, momentum=0.9, weight_decay=0.1, nesterov=True)
        for _ in range(rounds):
            optimizer.step()

    pairs = [(tg.full((200, 150), float(i)), tg.full((200, 150), float(-i))) for i in range(1, 5)]
    alone = [(p.clone(), g) for p, g in pairs]
    for p, g in alone:
        train(p, g)
    threads = [threading.Thread(target=train, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for (p, _), (expected, _) in zip(pairs, alone, strict=True):
        np.testing.assert_array_equal(p.numpy(), expected.numpy())


def test_foreach_add():
    tensors = [tg.tensor(1.0), tg.tensor([1, 2]), tg.zeros(0)]
    _foreach_add_(tensors, 2)
    assert [t.tolist() for t in tensors] == [3.0, [3, 4], []]
    assert all(t._version_count == 1 for t in tensors)


def test_lists_of_different_lengths_are_an_error():
    p = tg.zeros(2)
    with pytest.raises(ValueError, match="zip"):
        _fused_sgd_([p, p], [p], [p, p], **SGD_RULE)
