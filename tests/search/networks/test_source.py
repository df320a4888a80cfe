"""Networks as Python source."""

from __future__ import annotations

import json
import random
import runpy
import shutil
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.networks.cell import build_cell
from tinygrad5329.search.networks.source import python_source
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.tasks.cell_task import CellTask
from tinygrad5329.search.tasks.report_space import report_space
from tinygrad5329.training import initialise_kaiming


def built(text, name="model"):
    values = {"__name__": "winner"}
    exec(compile(text, "winner.py", "exec"), values)
    return values[name]


def networks():
    generator = random.Random(4)
    space, cells = report_space(), CellTask().space
    for _ in range(12):
        architecture = space.sample(generator)
        yield architecture, build_stack(architecture, 64, 10)
    for _ in range(4):
        architecture = cells.sample(generator)
        yield architecture, build_cell(architecture, 64, 10)


NETWORKS = list(networks())


@pytest.mark.parametrize(("architecture", "network"), NETWORKS, ids=range(len(NETWORKS)))
def test_what_it_builds_computes_the_same_bit_for_bit(architecture, network):
    again = built(python_source(network, architecture))
    assert repr(again) == repr(network)
    again.load_state_dict(network.state_dict())
    inputs = tg.randn(3, 64)
    for mode in (True, False):
        outputs = []
        for each in (network.train(mode), again.train(mode)):
            tg.manual_seed(1)
            outputs.append(each(inputs))
        assert tg.equal(*outputs)


def test_the_weights_can_be_drawn_the_same_way():
    architecture = {"layers": [{"width": 32, "form": "residual"}]}
    tg.manual_seed(2)
    network = build_stack(architecture, 64, 10)
    text = python_source(network, drawn_by=initialise_kaiming)
    tg.manual_seed(2)
    assert tg.equal(built(text).head.weight, network.head.weight)


def test_it_reads_as_if_written_by_hand():
    architecture = {"layers": [{"width": 32, "activation": "gelu", "normalisation": "batch", "form": "residual"}]}
    network = build_stack(architecture, 64, 10)
    text = python_source(network, architecture, example=tg.zeros(8, 64), drawn_by=initialise_kaiming)
    head, comment, code = text.partition("# The architecture:\n")
    assert comment
    assert head == (
        "from collections import OrderedDict\n\n"
        "import tinygrad5329 as tg\n"
        "from tinygrad5329 import nn\n"
        "from tinygrad5329.search.networks.blocks import ProjectedResidual\n"
        "from tinygrad5329.training.models import initialise_kaiming\n\n"
    )
    quoted, _, code = code.partition("model = ")
    assert json.loads(quoted.replace("# ", "")) == architecture
    assert (
        code
        == """nn.Sequential(
    OrderedDict(
        layer1=nn.Sequential(
            OrderedDict(
                residual=ProjectedResidual(
                    nn.Sequential(
                        OrderedDict(
                            linear1=nn.Linear(64, 32),
                            activation=nn.GELU(),
                            linear2=nn.Linear(32, 32),
                        )
                    ),
                    nn.Linear(64, 32, bias=False),
                ),
                norm=nn.BatchNorm1d(32),
                activation=nn.GELU(),
            )
        ),
        head=nn.Linear(32, 10),
    )
)
initialise_kaiming(model)

if __name__ == "__main__":
    print(tg.summary(model, tg.zeros(8, 64)))
"""
    )


def test_a_formatter_and_a_linter_find_nothing_to_do(tmp_path):
    ruff = shutil.which("ruff") or shutil.which("ruff", path=Path(sys.executable).parent)
    if ruff is None:
        pytest.skip("needs ruff")
    for number, (architecture, network) in enumerate(NETWORKS):
        text = python_source(network, architecture, example=tg.zeros(8, 64), drawn_by=initialise_kaiming)
        (tmp_path / f"winner{number}.py").write_text(text)
    for command in (["format", "--check", "--line-length=88"], ["format", "--check", "--line-length=120"], ["check"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--no-cache", str(tmp_path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_as_a_program(tmp_path, capsys):
    architecture, network = NETWORKS[0]
    (tmp_path / "winner.py").write_text(python_source(network, architecture, example=tg.zeros(8, 64)))
    runpy.run_path(str(tmp_path / "winner.py"), run_name="__main__")
    assert "Multiply-accumulates" in capsys.readouterr().out


def test_other_layers_of_nn():
    network = nn.Sequential(
        OrderedDict(
            cut=nn.Unflatten(1, (2, 8)),
            conv=nn.Conv1d(2, 4, 3, stride=2, padding=1, bias=False, padding_mode="circular"),
            pool=nn.MaxPool1d(2),
            slope=nn.LeakyReLU(0.2),
            flat=nn.Flatten(),
            norm=nn.LayerNorm(8, eps=1e-3),
            gelu=nn.GELU("tanh"),
        )
    )
    text = python_source(network, name="small")
    again = built(text, "small")
    assert repr(again) == repr(network)
    for line in (
        "            2,",
        "            stride=2,",
        "            bias=False,",
        '            padding_mode="circular",',
    ):
        assert line in text.splitlines()
    assert "        slope=nn.LeakyReLU(negative_slope=0.2)," in text.splitlines()


class Own(nn.Module):
    """Of no use elsewhere."""


def test_what_cannot_be_written_is_named():
    with pytest.raises(ValueError, match="Own: source is written of what this package defines"):
        python_source(nn.Sequential(Own()))
    with pytest.raises(ValueError, match=r"model\.0: source cannot tell the argument 'bias' of MultiheadAttention"):
        python_source(nn.Sequential(nn.MultiheadAttention(8, 2)))
    shared = nn.Linear(4, 4)
    with pytest.raises(ValueError, match="1: it is the same layer as 0"):
        python_source(nn.Sequential(shared, shared))
    with pytest.raises(ValueError, match=r"weight: expected float32, got .*float64"):
        python_source(nn.Linear(2, 2).double())
    with pytest.raises(ValueError, match="expected a name for a variable, got 'my model'"):
        python_source(nn.Linear(2, 2), name="my model")
