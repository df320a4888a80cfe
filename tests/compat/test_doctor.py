from __future__ import annotations

from tinygrad5329.compat import examine


def missing(source: str) -> list[str]:
    return [use.name for use in examine(source) if use.problem]


def used(source: str) -> list[str]:
    return [use.name for use in examine(source)]


def test_aliases_are_followed():
    assert missing("import torch.nn.functional as F\nF.reluu") == ["torch.nn.functional.reluu"]
    assert missing("import torch\nF = torch.nn.functional\nF.reluu") == ["torch.nn.functional.reluu"]
    assert missing("from torch import nn as N\nN.Linnear(2, 3)") == ["torch.nn.Linnear"]
    assert missing("def f():\n    import torch.nn as n\n    return n.Linnear") == ["torch.nn.Linnear"]
    assert missing("from torch.nn import *\nLinear") == []
    assert "torch.nn.Linear" in used("from torch.nn import *\nLinear")


def test_imports_are_uses():
    assert missing("import torch.nowhere") == ["torch.nowhere"]
    assert missing("from torch.nowhere import thing") == ["torch.nowhere"]
    assert missing("from torch import sofmax") == ["torch.sofmax"]


def test_annotations_defaults_decorators_and_bases_are_uses():
    source = (
        "import torch\n@torch.deco\ndef f(a: torch.anno = torch.defa) -> torch.retu: pass\nclass C(torch.base): pass"
    )
    assert missing(source) == sorted(f"torch.{name}" for name in ("deco", "anno", "defa", "retu", "base"))


def test_names_that_mean_something_else_inside_a_function_are_not_torchs():
    assert missing("import torch.nn as nn\ndef f(nn):\n    return nn.Linnear") == []
    assert missing("import torch.nn as nn\ndef f():\n    nn = {}\n    return nn.Linnear") == []
    assert missing("import torch.nn as nn\ng = lambda nn: nn.Linnear") == []
    assert missing("import torch.nn as nn\ndef f(x):\n    return nn.Linnear") == ["torch.nn.Linnear"]


def test_packages_that_need_pytorch_are_problems(tmp_path):
    (use,) = examine("import torchvision.transforms as T\nT.ToTensor")
    assert (use.name, use.lines) == ("torchvision", [1])
    assert "needs PyTorch itself" in use.problem
    (tmp_path / "torch_helpers.py").touch()
    assert examine("import torch_helpers", str(tmp_path / "script.py")) == []
    assert examine("import numpy") == []


def test_methods_of_values_are_not_known():
    assert missing("import torch\ntorch.ones(2).no_such_method()") == []
    assert missing("import torch\ntorch.Tensor.no_such_method") == ["torch.Tensor.no_such_method"]
