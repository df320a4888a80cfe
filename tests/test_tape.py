"""The tape: recording, walking, freeing, and the errors that keep gradients honest."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import tinygrad5329 as tg


@pytest.fixture
def collector_off():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values, **options):
    return tg.tensor(values if len(values) > 1 else values[0], requires_grad=True, **options)


def test_shared_subexpressions_are_summed_once_each():
    x = leaf(3.0)
    y = x * x
    z = y * y + y
    z.backward()
    assert x.grad.item() == pytest.approx(4 * 27 + 6)


def test_gradients_accumulate_over_backward_passes_in_place():
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert x.grad.tolist() == [5.0, 5.0]


def test_a_gradient_handed_to_two_inputs_is_not_shared_memory():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = tg.ones(2)
    (x + y).backward(seed)
    x.grad.zero_()
    assert y.grad.tolist() == [1.0, 1.0]
    assert seed.tolist() == [1.0, 1.0]


def test_views_of_one_gradient_are_not_shared_memory():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    z = tg.stack([x.reshape(2), y])
    z.sum().backward()
    x.grad.mul_(7)
    assert y.grad.tolist() == [1.0, 1.0]


def test_a_chain_of_100000_operations(collector_off):
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 0.5
    y.backward()
    assert x.grad.item() == 1.0
    alive = weakref.ref(y.grad_fn)
    del y
    assert alive() is None


def test_a_chain_that_is_dropped_without_backward(collector_off):
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    first = weakref.ref(y.grad_fn)
    del y
    assert first() is None


def test_dropping_the_loss_frees_the_graph_without_the_collector(collector_off):
    x = leaf(*np.random.default_rng(0).normal(size=8))
    h = tg.exp(x)
    big = weakref.ref(h)
    node = weakref.ref(h.grad_fn)
    loss = (h / h.sum()).max()
    del h
    loss.backward()
    del loss
    assert big() is None
    assert node() is None


def test_create_graph_leaves_no_cycles(collector_off):
    x = leaf(2.0)
    y = x.exp() * x
    (dx,) = tg.autograd.grad(y, x, create_graph=True)
    (ddx,) = tg.autograd.grad(dx, x)
    node = weakref.ref(dx.grad_fn)
    assert ddx.item() == pytest.approx(np.exp(2.0) * 4, rel=1e-6)
    del y, dx, ddx
    assert node() is None


def test_backward_frees_what_was_saved_as_it_passes():
    x = leaf(1.0, 2.0)
    h = x.exp()
    y = (h * h).sum()
    y.backward()
    assert h.grad_fn.saved is None


def test_second_backward_says_what_to_do():
    x = leaf(2.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match=r"second time.*MulBackward0.*retain_graph=True.*detach\(\)"):
        y.backward()


def test_second_backward_with_retain_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0


def test_second_backward_where_nothing_was_saved_is_allowed_as_in_pytorch():
    x = leaf(2.0)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2.0


def test_overwriting_a_saved_tensor_names_both_operations():
    x = leaf(1.0, 2.0)
    h = x * 2
    y = h.exp()
    loss = y.sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: exp .* add_ wrote to afterwards"):
        loss.backward()


def test_overwriting_through_a_view_or_a_detached_alias_is_noticed():
    for write in (lambda y: y[0].zero_(), lambda y: y.detach().zero_(), lambda y: y.view(2, 1)[1].fill_(3)):
        x = leaf(1.0, 2.0)
        y = x.sigmoid()
        loss = y.sum()
        with tg.no_grad():
            write(y)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_overwriting_what_nobody_needs_is_allowed():
    x = leaf(1.0, 2.0)
    h = x * 2
    y = h + 1
    h.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tg.ones(3).sum().backward(), "does not require grad and does not have a grad_fn"),
        (lambda: leaf(1.0, 2.0).exp().backward(), "grad can be implicitly created only for scalar outputs"),
        (lambda: leaf(1.0, 2.0).exp().backward(tg.ones(3)), "Mismatch in shape"),
        (lambda: tg.autograd.grad(leaf(1.0).exp(), tg.ones(1)), "does not require grad"),
        (lambda: tg.autograd.grad(leaf(1.0).exp(), leaf(1.0)), "not have been used in the graph"),
    ],
)
def test_errors_of_backward(make, message):
    with pytest.raises(RuntimeError, match=message):
        make()


def test_grad_of_intermediate_and_leaf_together():
    x = leaf(2.0)
    h = x * x
    y = h * h
    dh, dx = tg.autograd.grad(y, [h, x])
    assert (dh.item(), dx.item()) == (8.0, 32.0)
    assert x.grad is None


def test_grad_runs_only_what_leads_to_the_inputs():
    x, w = leaf(2.0), leaf(3.0)
    h = x.exp()
    y = h * w
    (dw,) = tg.autograd.grad(y, w)
    assert dw.item() == pytest.approx(np.exp(2.0), rel=1e-6)
    assert h.grad_fn.saved is not None


def test_grad_allow_unused_and_materialize():
    x, unused = leaf(2.0), leaf(1.0, 2.0)
    assert tg.autograd.grad(x * 2, [x, unused], allow_unused=True)[1] is None
    zeros = tg.autograd.grad(x * 2, [x, unused], materialize_grads=True)[1]
    assert zeros.tolist() == [0.0, 0.0]


def test_grad_takes_arguments_in_pytorchs_order():
    x, unused = leaf(2.0), leaf(3.0)
    assert tg.autograd.grad(x * 2, [x, unused], None, False, False, True, True) == (tg.tensor(2.0), None)
    assert tg.autograd.grad(x * 2, x, only_inputs=True)[0].item() == 2
    with pytest.raises(RuntimeError, match="only_inputs=False is not supported"):
        tg.autograd.grad(x * 2, x, only_inputs=False)


def test_grad_of_one_output_of_several():
    x = leaf(1.0, 2.0, 3.0)
    a, b = (x * x).split([1, 2])
    (db,) = tg.autograd.grad((b * 2).sum() + a.sum(), b)
    assert db.tolist() == [2.0, 2.0]


def test_backward_inputs_accumulates_there_alone():
    x, w = leaf(2.0), leaf(3.0)
    (x * w).backward(inputs=[w])
    assert x.grad is None
    assert w.grad.item() == 2.0


def test_third_derivative():
    x = leaf(1.5, dtype=tg.float64)
    y = x**5
    for _ in range(3):
        (y,) = tg.autograd.grad(y, x, create_graph=True)
    assert y.item() == pytest.approx(60 * 1.5**2)


def test_create_graph_through_backward_accumulates_differentiable_gradients():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (ddx,) = tg.autograd.grad(x.grad, x)
    assert ddx.item() == 18.0


def test_hooks_see_and_replace_gradients():
    x = leaf(1.0, 2.0)
    h = x * 2
    seen = []
    handle = h.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
    h.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [20.0, 20.0]
    handle.remove()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_leaf_hooks_see_the_total():
    x = leaf(1.0)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 2 + x * 3).backward()
    assert seen == [5.0]


def test_hook_on_one_output_of_several():
    x = leaf(1.0, 2.0)
    a, b = x.unbind()
    b.register_hook(lambda g: g * 100)
    (a + b).backward()
    assert x.grad.tolist() == [1.0, 100.0]


def test_post_accumulate_hook_runs_after_grad_is_there():
    x = leaf(1.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.item()))
    (x * 4).backward()
    assert seen == [4.0]


def test_a_hook_that_changes_the_shape_is_refused():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match="hook has changed the size"):
        (x * 2).sum().backward()


def test_retain_grad():
    x = leaf(1.0, 2.0)
    h = x * 2
    h.retain_grad()
    h.retain_grad()
    (h * h).sum().backward()
    assert h.grad.tolist() == [4.0, 8.0]
    assert h.retains_grad


def test_reading_grad_of_a_non_leaf_warns():
    h = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="not a leaf"):
        assert h.grad is None


def test_grad_modes_nest_and_decorate():
    x = leaf(1.0)

    @tg.no_grad()
    def frozen(t):
        return t * 2

    @tg.no_grad
    def bare(t):
        return t * 2

    @tg.enable_grad()
    def thawed(t):
        return t * 2

    assert not frozen(x).requires_grad
    assert not bare(x).requires_grad
    with tg.no_grad():
        assert thawed(x).requires_grad
        with tg.set_grad_enabled(True):
            assert (x * 2).requires_grad
        assert not tg.is_grad_enabled()
    with tg.inference_mode():
        assert tg.is_inference_mode_enabled()
        assert not (x * 2).requires_grad
    assert tg.is_grad_enabled()
    tg.set_grad_enabled(False)
    assert not tg.is_grad_enabled()
    tg.set_grad_enabled(True)


def test_grad_modes_on_generators_hold_only_inside():
    @tg.no_grad()
    def items():
        yield tg.is_grad_enabled()
        yield tg.is_grad_enabled()

    for inside in items():
        assert not inside
        assert tg.is_grad_enabled()


def test_no_grad_is_restored_after_an_exception():
    with pytest.raises(ValueError, match="x"), tg.no_grad():
        raise ValueError("x")
    assert tg.is_grad_enabled()


def test_grad_mode_belongs_to_a_thread():
    seen = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(tg.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_backward_in_several_threads_over_a_shared_leaf_graph():
    x = leaf(*np.arange(1.0, 5.0))
    shared = x * x
    results = []

    def work(scale):
        (g,) = tg.autograd.grad((shared * scale).sum(), x, retain_graph=True)
        results.append((scale, g.tolist()))

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    for scale, g in results:
        assert g == [2 * scale * v for v in (1.0, 2.0, 3.0, 4.0)]


def test_grad_fn_reads_like_pytorchs():
    x = leaf(1.0)
    y = (x * 2 + 1).exp()
    assert y.grad_fn.name() == "ExpBackward0"
    ((add, index),) = y.grad_fn.next_functions
    assert (add.name(), index) == ("AddBackward0", 0)
    ((mul, _),) = add.next_functions
    ((accumulate, _),) = mul.next_functions
    assert accumulate.name() == "AccumulateGrad"
    assert accumulate.variable is x
    assert repr(y.grad_fn) == f"<ExpBackward0 object at {id(y.grad_fn):#x}>"
    assert repr(accumulate).startswith("<AccumulateGrad object at 0x")


def test_anomaly_mode_names_the_operation():
    x = leaf(0.0)
    with tg.autograd.detect_anomaly(), pytest.raises(RuntimeError, match=r"SqrtBackward0.*nan"):
        (x.sqrt() * 0).backward()


def test_infinities_and_nans_pass_where_numpys_warnings_are_errors():
    x = leaf(0.0)
    with np.errstate(all="raise"):
        y = x.sqrt() - x.sqrt() + x.log() * 0
        y.backward()
    assert np.isnan(x.grad.item())
    z = leaf(1.0, 2.0)
    z.data.div_(0).sub_(z)


def test_an_infinite_gradient_stops_where_nothing_passes():
    for act in (
        lambda t: t.clamp(min=0.0),
        lambda t: t.clamp(tg.zeros(2)),
        lambda t: tg.where(t > 0, t, 0.0),
        lambda t: t.relu(),
    ):
        x = leaf(-1.0, 4.0)
        act(x).sqrt().sum().backward()
        assert x.grad.tolist() == [0.0, 0.25]
