"""Modules of torch beside the ones that compute: what can be asked of them, and what says why it is not here."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import SWITCHES, threads
from tinygrad5329.compat import hub, jit, multiprocessing, probes, settings
from tinygrad5329.compat.facade import facade, missing
from tinygrad5329.compat.notice import notice
from tinygrad5329.compat.reasons import reason
from tinygrad5329.spelling import lend_name

IMPORTS = """
import torch.__config__, torch.distributed, torch.hub, torch.onnx, torch.profiler, torch.types, torch.compiler
import torch.multiprocessing as mp, torch.utils.model_zoo, torch.functional, torch.return_types, torch.storage
import torch.cpu, torch._dynamo, torch._inductor.config
from torch.amp.autocast_mode import autocast
from torch.autograd.grad_mode import no_grad
from torch.autograd.gradcheck import gradgradcheck
from torch.autograd.profiler import record_function
from torch.autograd.variable import Variable
from torch.cuda.amp.grad_scaler import GradScaler
from torch.distributed import destroy_process_group, init_process_group
from torch.nn.common_types import _size_2_t
from torch.nn.modules.utils import _pair
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.utils.spectral_norm import spectral_norm
from torch.nn.utils.weight_norm import weight_norm
from torch.serialization import load
from torch.testing import assert_close, make_tensor
from torch.types import Device, Number, _size
from torch.utils.data._utils.collate import default_collate as first
from torch.utils.data.dataloader import default_collate as second
from torch.utils.data.distributed import DistributedSampler
from torch.utils.hooks import RemovableHandle
torch._dynamo.config.suppress_errors = True
assert first is second and callable(torch.autograd.gradcheck) and callable(torch.nn.utils.weight_norm)
assert "NumPy" in torch.__config__.show() and torch.vmap is torch.func.vmap
assert not torch.distributed.is_available() and not torch.compiler.is_compiling() and torch.cpu.device_count() == 1
print(torch.float32, torch.ones(2, 3).shape, torch.zeros(1, dtype=torch.float64), torch.ones(2).type(), torch.strided)
print(torch.ones(2).max(dim=0), torch.jit.annotate(int, 3), mp.get_sharing_strategy())
"""


def test_imports_of_published_code_resolve_and_things_print_under_torchs_name(tmp_path):
    (tmp_path / "script.py").write_text(IMPORTS, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "tinygrad5329", "run", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "torch.float32 torch.Size([2, 3]) tensor([0.], dtype=torch.float64) torch.FloatTensor torch.strided\n"
        "torch.return_types.max(\nvalues=tensor(1.),\nindices=tensor(0)) 3 file_system\n"
    )


def test_the_lent_name_is_given_back():
    lend_name("torch")
    try:
        assert repr(tg.float32) == "torch.float32"
    finally:
        lend_name(None)
    assert repr(tg.float32) == "tinygrad5329.float32"


@pytest.mark.parametrize("name", ["sparse", "nested", "fx", "export", "ao.quantization", "utils.benchmark"])
def test_what_is_left_out_says_why(name):
    assert facade(f"torch.{name}") is None
    assert reason(f"torch.{name}") in missing(f"torch.{name}")
    assert reason(f"torch.{name}")


def test_tensorboard_has_its_place():
    assert facade("torch.utils.tensorboard").SummaryWriter is tg.utils.tensorboard.SummaryWriter


def test_a_name_that_begins_like_one_left_out_has_no_reason():
    assert reason("torch.sparsemax") == ""


def test_every_switch_is_found_in_the_package():
    assert {name for name in vars(probes.backends) if name[0] != "_"} == SWITCHES


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: hub.load("a/b", "c"), RuntimeError, "downloads no code"),
        (lambda: hub.load_state_dict_from_url("https://a/b"), RuntimeError, "download the file"),
        (lambda: jit.save(None, "f"), RuntimeError, "state_dict"),
        (lambda: jit.load("f"), RuntimeError, "state_dict"),
        (lambda: probes.distributed.init_process_group("gloo"), RuntimeError, "one process"),
        (lambda: probes.onnx.export(None, None, "f"), RuntimeError, "ONNX"),
        (lambda: probes.cuda.FloatTensor(2), AssertionError, "no such device"),
        (lambda: multiprocessing.set_sharing_strategy("x"), AssertionError, "file_system"),
        (lambda: settings.set_num_interop_threads(0), RuntimeError, "positive integer"),
        (lambda: tg.nn.parallel.DistributedDataParallel(tg.nn.Linear(1, 1)), ValueError, "no group of processes"),
    ],
)
def test_what_cannot_be_done_raises(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_folders_of_the_hub(monkeypatch):
    monkeypatch.setattr(hub, "_folder", {})
    monkeypatch.setenv("TORCH_HOME", "/somewhere")
    assert hub.get_dir() == "/somewhere/hub"
    hub.set_dir("/elsewhere")
    assert hub.get_dir() == "/elsewhere"


def write_place(i, folder):
    (folder / str(i)).write_text("done")


def fail(i):
    raise SystemExit(3)


def test_spawn(tmp_path):
    multiprocessing.spawn(write_place, (tmp_path,), nprocs=2, start_method="fork")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0", "1"]
    with pytest.raises(RuntimeError, match="process 0 terminated with exit code 3"):
        multiprocessing.spawn(fail, start_method="fork")


def test_threads_that_cannot_be_told_are_a_notice(monkeypatch):
    notice.cache_clear()
    monkeypatch.setattr(threads, "_pools", list)
    with pytest.warns(UserWarning, match="set_num_threads changes nothing"):
        settings.set_num_threads(1)
    notice.cache_clear()
