from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import tinygrad5329 as tg
from tinygrad5329.compat.facade import facade, missing, public_names, resolve


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The code, in a process of its own."""
    command = [sys.executable, "-W", "error", *arguments, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True)


def output(code: str) -> str:
    done = python("import tinygrad5329\ntinygrad5329.install_as_torch()\n" + textwrap.dedent(code))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_torch_and_its_submodules_are_this_package():
    assert output("""
        import torch, tinygrad5329 as tg
        import torch.nn as nn, torch.nn.functional as F, torch.nn.init as init, torch.nn.utils, torch.nn.parameter
        import torch.optim, torch.optim.lr_scheduler, torch.utils.data, torch.autograd, torch.random
        import torch.backends.cudnn as cudnn, torch.backends.mps, torch.cuda, torch.cuda.amp, torch.amp, torch.jit
        import torch.mps, torch.xpu, torch.accelerator, torch.version
        from torch.utils.data import DataLoader
        from torch.optim.lr_scheduler import StepLR
        from torch.nn.parameter import Parameter
        from torch import Tensor, nn as again, optim
        assert torch.Tensor is tg.Tensor is Tensor and nn.Linear is tg.nn.Linear and again is nn is torch.nn
        assert F.relu is tg.nn.functional.relu and torch.float32 is tg.float32 and torch.bool is tg.bool
        assert DataLoader is tg.utils.data.DataLoader and StepLR is tg.optim.lr_scheduler.StepLR
        assert torch.load is tg.load and optim.SGD is tg.optim.SGD and Parameter is nn.Parameter
        assert "Linear" in dir(nn) and "Linear" in nn.__all__
        assert torch.random.get_rng_state().dtype is torch.uint8
        print(torch.__version__)
    """).startswith("2.13.0+tinygrad5329.")


def test_star_imports_leave_built_in_functions_alone():
    assert output("from torch import *\nfrom torch.nn import *\nprint(Linear, tensor([float('1')]))").endswith(
        "([1.])\n"
    )


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        ("import torch.nowhere", "ModuleNotFoundError", "torch.nowhere is not in tinygrad5329"),
        ("import torch.nowhere.deep", "ModuleNotFoundError", "torch.nowhere is not in tinygrad5329"),
        ("from torch import sofmax", "ModuleNotFoundError", "nearest: torch.softmax"),
        ("from torch.nn import Linnear", "ModuleNotFoundError", "nearest: torch.nn.Linear"),
        ("from torch.nn.functional import reluu", "ModuleNotFoundError", "nearest: torch.nn.functional.relu"),
        (
            "import torch; torch.Linear",
            "AttributeError",
            "torch.Linear is not in tinygrad5329; nearest: torch.nn.Linear",
        ),
        ("import torch; torch.training", "AttributeError", "torch.training is not in tinygrad5329"),
        ("import torch; torch.tape", "AttributeError", "torch.tape is not in tinygrad5329"),
        ("import torch; torch._C", "AttributeError", "torch._C is not in tinygrad5329"),
        ("import torch; torch.cuda.is_avaliable()", "AttributeError", "torch.cuda.is_avaliable is not in tinygrad5329"),
        (
            "import torch; torch.backends.cudnn.benchmrk = 1",
            "AttributeError",
            "torch.backends.cudnn.benchmrk is not in",
        ),
    ],
)
def test_missing_names_say_what_is_near(statement, error, message):
    done = python(f"import tinygrad5329\ntinygrad5329.install_as_torch()\n{statement}")
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith(f"{error}: ")
    assert message in last


def test_hasattr_and_guarded_imports_find_what_is_missing():
    assert (
        output("""
        import torch
        try:
            import torch.nowhere
        except ImportError:
            print(hasattr(torch, "nowhere"), hasattr(torch, "cuda"))
    """)
        == "False True\n"
    )


def test_it_refuses_where_torch_is_already_imported():
    done = python("""
        import sys, types
        sys.modules["torch"] = types.ModuleType("torch")
        sys.modules["torch"].__file__ = "/somewhere/torch/__init__.py"
        import tinygrad5329
        tinygrad5329.install_as_torch()
    """)
    assert "RuntimeError: install_as_torch: PyTorch itself is already imported" in done.stderr
    assert "(from /somewhere/torch/__init__.py)" in done.stderr


def test_nothing_named_torch_stays_after_uninstalling():
    assert output("""
        import sys
        import torch.nn, torch.cuda.amp, torch.backends.cudnn
        tinygrad5329.install_as_torch()  # a second time changes nothing
        tinygrad5329.compat.uninstall_as_torch()
        print([name for name in sys.modules if name.partition(".")[0] == "torch"], len(sys.meta_path))
        sys.modules["torch"] = None
        try:
            import torch
        except ImportError:
            print("gone")
    """).endswith("gone\n")


def test_importing_the_engine_lends_no_name():
    done = python("import sys, tinygrad5329, tinygrad5329.compat; print([n for n in sys.modules if 'torch' == n[:5]])")
    assert done.stdout == "[]\n"


def test_every_public_name_can_be_had():
    for module in ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils.data", "torch.backends"):
        assert len(public_names(module)) > 3
        for name in public_names(module):
            assert resolve(f"{module}.{name}") == (f"{module}.{name}", True)


def test_resolving_follows_modules_and_classes():
    assert resolve("torch.Tensor.add_") == ("torch.Tensor.add_", True)
    assert resolve("torch.Tensor.ad_") == ("torch.Tensor.ad_", False)
    assert resolve("torch.nowhere.at.all") == ("torch.nowhere", False)
    assert resolve("torch.backends.cuda.matmul.allow_tf32")[1]
    assert facade("torch.nowhere") is None
    assert facade("torch.nn") is facade("torch.nn")
    assert missing("torch.zzzzzz") == "torch.zzzzzz is not in tinygrad5329"
    assert facade("torch.nn").Linear is tg.nn.Linear
