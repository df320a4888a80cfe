from __future__ import annotations

import warnings

import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import threads
from tinygrad5329.compat import amp, eager, jit, settings
from tinygrad5329.compat.notice import notice
from tinygrad5329.compat.probes import backends


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Every test may see every notice, and leaves the switches as they were."""
    notice.cache_clear()
    monkeypatch.setattr(settings, "_told", dict(settings._told))
    yield
    notice.cache_clear()


def test_no_device_but_the_cpu():
    assert not any(device.is_available() for device in (tg.cuda, tg.mps, tg.xpu, tg.accelerator))
    assert {device.device_count() for device in (tg.cuda, tg.mps, tg.xpu, tg.accelerator)} == {0}
    assert tg.accelerator.current_accelerator() is None
    assert tg.cuda.memory_allocated() == 0
    assert tg.get_default_device() == tg.device("cpu")
    tg.set_default_device("cpu")
    with pytest.raises(RuntimeError, match="no backend for device 'cuda'"):
        tg.set_default_device("cuda")


def test_seeding_a_device_that_is_not_there_leaves_the_cpu_alone():
    before = tg.get_rng_state()
    tg.cuda.manual_seed_all(7)
    tg.mps.manual_seed(7)
    assert (tg.get_rng_state() == before).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda t: t.cuda.synchronize(), AssertionError),
        (lambda t: t.cuda.get_device_name(0), AssertionError),
        (lambda t: t.mps.synchronize(), RuntimeError),
        (lambda t: t.xpu.synchronize(), AssertionError),
        (lambda t: t.accelerator.synchronize(), RuntimeError),
    ],
)
def test_what_needs_a_device_raises_as_torch_does(call, error):
    with pytest.raises(error, match="computes on the CPU"):
        call(tg)
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    if torch.version.cuda is None and not torch.accelerator.is_available():  # a build with CUDA looks for a driver
        with pytest.raises(error):
            call(torch)


def test_flags_are_set_and_read():
    cudnn = backends.cudnn
    before = cudnn.benchmark, cudnn.enabled, cudnn.deterministic
    with cudnn.flags(enabled=True, deterministic=True):
        assert (cudnn.benchmark, cudnn.enabled, cudnn.deterministic) == (False, True, True)
    assert before == (cudnn.benchmark, cudnn.enabled, cudnn.deterministic)
    cudnn.benchmark = not cudnn.benchmark
    assert cudnn.benchmark is not before[0]
    cudnn.benchmark = before[0]
    with pytest.raises(AttributeError, match=r"torch\.backends\.cudnn\.benchmrk is not in tinygrad5329"):
        cudnn.benchmrk = True
    with pytest.raises(AttributeError, match="which has there"):
        cudnn._name = "other"


def test_switches_remember():
    tg.use_deterministic_algorithms(True, warn_only=True)
    assert tg.are_deterministic_algorithms_enabled()
    assert tg.is_deterministic_algorithms_warn_only_enabled()
    tg.set_float32_matmul_precision("high")
    assert tg.get_float32_matmul_precision() == "high"
    with pytest.raises(ValueError, match="got 'low'"):
        tg.set_float32_matmul_precision("low")


def test_threads_are_those_of_the_linear_algebra(monkeypatch):
    if not threads._pools():
        pytest.skip("the threads of this NumPy's BLAS cannot be set")
    monkeypatch.setattr(threads, "_asked", False)  # and put back afterwards
    before = tg.get_num_threads()
    try:
        tg.set_num_threads(1)
        assert tg.get_num_threads() == 1
    finally:
        tg.set_num_threads(before)
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(RuntimeError, match="expects a positive integer"):
            tg.set_num_threads(wrong)


@pytest.mark.parametrize(
    "call",
    [
        lambda: amp.autocast("cuda"),
        lambda: amp.autocast("cpu", dtype=tg.float16),
        lambda: tg.cuda.amp.autocast(),
        lambda: amp.GradScaler(),
        lambda: tg.cuda.amp.GradScaler(),
        lambda: eager.compile(abs),
        lambda: jit.script(abs),
        lambda: jit.trace(abs, (1,)),
    ],
)
def test_a_notice_is_given_once(call):
    with pytest.warns(UserWarning) as record:
        call()
    assert [each.filename for each in record] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call()


def test_autocast_changes_nothing():
    a = tg.ones(2, 2)
    with amp.autocast("cpu", enabled=False):
        assert (a @ a).dtype is tg.float32
        assert not tg.is_autocast_enabled()

    @tg.autocast("cuda", enabled=False)
    def product():
        return a @ a

    assert product().dtype is tg.float32
    amp.autocast("cpu", dtype=tg.float32)
    with pytest.raises(ZeroDivisionError), tg.autocast("cpu", enabled=False):
        _ = 1 / 0


def test_autocast_refuses_what_it_does_not_know():
    with pytest.raises(RuntimeError, match="Expected one of"):
        amp.autocast("nowhere", enabled=False)
    with pytest.raises(RuntimeError, match="without an index"):
        amp.autocast("cuda:0", enabled=False)
    with pytest.raises(ValueError, match="of type `str`"):
        amp.autocast(tg.float32, enabled=False)
    with pytest.raises(TypeError, match="to be a dtype"):
        amp.autocast("cpu", dtype="float16", enabled=False)


def test_the_disabled_scaler_steps():
    w = tg.ones(2, requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=0.5)
    scaler = amp.GradScaler("cuda", enabled=False)
    loss = (w * w).sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [0.0, 0.0]
    assert (scaler.get_scale(), scaler.is_enabled(), scaler.state_dict()) == (1.0, False, {})
    scaler.load_state_dict({})


def test_compile_and_script_are_the_identity():
    assert eager.compile(abs, disable=True) is abs
    assert eager.compile(disable=True, mode="max-autotune")(abs) is abs
    assert jit.ignore(abs) is jit.ignore()(abs) is jit.unused(abs) is abs
    assert not jit.is_scripting()
    with pytest.raises(AssertionError, match="a callable function is expected"):
        eager.compile(3)
    with pytest.raises(RuntimeError, match="expected a function, class or module, got int"):
        jit.trace(3)
    with pytest.raises(TypeError):
        eager.compile(abs, nonsense=True)
