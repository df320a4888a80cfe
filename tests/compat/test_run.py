from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = """
import sys
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

device = "cuda" if torch.cuda.is_available() else torch.device("cpu")
torch.backends.cudnn.benchmark = True
torch.manual_seed(int(sys.argv[1]))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 32)
        self.norm = nn.BatchNorm1d(32)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        return self.out(self.drop(F.relu(self.norm(self.hidden(x)))))


x = torch.randn(120, 8)
y = (x[:, :3] + 0.1 * torch.randn(120, 3)).argmax(dim=1)
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
model = Net().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
for epoch in range(4):
    model.train()
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.9f}")
    scheduler.step()
model.eval()
with torch.no_grad():
    print(f"{criterion(model(x), y).item():.9f}")
"""


def tinygrad5329(*arguments: str, cwd: Path, command: str = "run") -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "tinygrad5329", command, *arguments]
    return subprocess.run(whole, capture_output=True, text=True, cwd=cwd)


def write(folder: Path, text: str) -> str:
    (folder / "script.py").write_text(text, encoding="utf-8")
    return "script.py"


def test_a_tutorial_learns(tmp_path):
    done = tinygrad5329(write(tmp_path, TUTORIAL), "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    losses = [float(line) for line in done.stdout.split()]
    assert len(losses) == 17
    assert losses[-1] < 0.5 * losses[0]


def test_a_tutorial_has_the_losses_of_torch(tmp_path):
    pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    script = write(tmp_path, TUTORIAL)
    ours = tinygrad5329(script, "3", cwd=tmp_path)
    theirs = subprocess.run([sys.executable, script, "3"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert [float(line) for line in ours.stdout.split()] == pytest.approx(
        [float(line) for line in theirs.stdout.split()], rel=2e-5
    )


def test_the_script_is_main_with_its_own_arguments_and_neighbours(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "neighbour.py").write_text("import torch\nvalue = torch.ones(2).sum().item()\n")
    (tmp_path / "inner" / "main.py").write_text(
        "import sys, neighbour\n"
        "print(__name__, __file__, sys.argv, neighbour.value, sys.modules['__main__'].sys is sys)"
    )
    script = str(Path("inner") / "main.py")
    done = tinygrad5329(script, "--help", "--", "-x", "run", cwd=tmp_path)
    assert done.stdout == f"__main__ {tmp_path / script} {[script, '--help', '--', '-x', 'run']} 2.0 True\n", (
        done.stderr
    )


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    raise KeyError('x')\n\nf()\n",
        "x = (\n",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('then') from error\n",
        "import sys\nsys.exit('a message')\n",
        "import sys\nsys.exit(7)\n",
        "raise SystemExit\n",
    ],
)
def test_errors_and_exits_are_those_of_python(tmp_path, text):
    script = write(tmp_path, text)
    ours = tinygrad5329(script, cwd=tmp_path)
    pythons = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert ours.stderr == pythons.stderr
    assert (ours.returncode, ours.stdout) == (pythons.returncode, pythons.stdout)


def test_a_script_that_is_not_there_is_one_line(tmp_path):
    done = tinygrad5329("nowhere.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "run: error: " in done.stderr


def test_the_doctor_lists_what_is_used_and_what_is_missing(tmp_path):
    script = write(
        tmp_path, "import torch\nfrom torch.nn import Linear\nLinear(2, 3)\ntorch.sofmax(torch.ones(2), 0)\n"
    )
    done = tinygrad5329(script, cwd=tmp_path, command="doctor")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert "ok torch.nn.Linear lines 2, 3" in lines
    assert any(line.startswith("missing torch.sofmax line 4 (nearest: torch.softmax") for line in lines)
    assert lines[-1] == "script.py: 4 names of torch, 1 missing"


def test_the_doctor_is_content_with_the_tutorial(tmp_path):
    done = tinygrad5329(write(tmp_path, TUTORIAL), cwd=tmp_path, command="doctor")
    assert done.returncode == 0, done.stdout
    assert "torch.backends.cudnn.benchmark" in done.stdout


@pytest.mark.parametrize("text", [None, "x = ("])
def test_the_doctor_refuses_in_one_line(tmp_path, text):
    script = "nowhere.py" if text is None else write(tmp_path, text)
    done = tinygrad5329(script, cwd=tmp_path, command="doctor")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
