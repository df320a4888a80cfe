"""State dicts travel: PyTorch's files load into our modules, ours into PyTorch's, for every module both have."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad5329 as tg

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
pytest.importorskip("expecttest", reason="oracle: pip install 'tinygrad5329[oracle]'")
safetensors = pytest.importorskip("safetensors.torch", reason="train: pip install 'tinygrad5329[train]'")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

from benchmarks.opinfo.translate import to_ours  # noqa: E402


def pairs():
    """Each module class that has a state, with its arguments."""
    for info in module_db:
        samples = info.module_inputs_func(info, "cpu", torch.float32, False, training=True)
        for sample in samples:
            made = sample.constructor_input
            try:
                module = info.module_cls(*made.args, **made.kwargs)
            except (TypeError, RuntimeError):
                continue
            if "Lazy" not in info.module_cls.__name__ and module.state_dict():
                yield pytest.param(info.module_cls, made, id=info.module_cls.__name__)
                break


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    PAIRS = list(pairs())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("cls", "made"), PAIRS)
def test_there_and_back(cls, made, tmp_path):
    theirs = cls(*made.args, **made.kwargs)
    for t in theirs.state_dict().values():
        if isinstance(t, torch.Tensor) and t.is_floating_point():
            torch.nn.init.normal_(t)
    ours = getattr(tg.nn, cls.__name__)(*to_ours(made.args), **to_ours(made.kwargs))
    torch.save(theirs.state_dict(), tmp_path / "there.pt")
    ours.load_state_dict(tg.load(tmp_path / "there.pt"))
    for name, t in ours.state_dict().items():
        if isinstance(t, tg.Tensor):
            np.testing.assert_array_equal(t.numpy(), theirs.state_dict()[name].numpy())
    if not any(isinstance(t, tg.Tensor) for t in ours.state_dict().values()):
        return
    tg.save(ours.state_dict(), tmp_path / "back.safetensors")
    again = cls(*made.args, **made.kwargs)
    again.load_state_dict(safetensors.load_file(tmp_path / "back.safetensors"))
    for name, t in again.state_dict().items():
        assert torch.equal(t, theirs.state_dict()[name])
