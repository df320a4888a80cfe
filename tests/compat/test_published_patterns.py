"""A script made of the idioms of published ones, whose printed numbers are PyTorch's."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

SCRIPT = r"""
import copy, io, math, random
from collections import OrderedDict, deque, namedtuple
from typing import Dict, List, Optional, Tuple
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor, optim
from torch.distributions import Categorical
from torch.func import functional_call, grad, vmap
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, random_split


def set_seed(seed: int) -> None:
    random.seed(seed); np.random.seed(seed); torch.manual_seed(seed); torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True; torch.backends.cudnn.benchmark = False


set_seed(3)
torch.set_num_threads(1)
device = torch.device("cuda:0" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")


class Letters(Dataset):
    def __init__(self, n): self.x = torch.randn(n, 6, 5); self.y = self.x.sum((1, 2)).gt(0).long()
    def __len__(self): return len(self.y)
    def __getitem__(self, i): return {"x": self.x[i].numpy(), "y": self.y[i], "n": int(2 + i % 5)}


class Tagger(nn.Module):
    scale: Optional[float]
    def __init__(self, hidden: int = 8) -> None:
        super(Tagger, self).__init__()
        self.lstm = nn.LSTM(5, hidden, num_layers=2, batch_first=True, dropout=0.2, bidirectional=True)
        self.attn = nn.MultiheadAttention(2 * hidden, 2, dropout=0.1, batch_first=True)
        self.head = nn.Sequential(OrderedDict([("norm", nn.LayerNorm(2 * hidden)), ("fc", nn.Linear(2 * hidden, 2))]))
        self.apply(self._init)
    def _init(self, m: nn.Module) -> None:
        if isinstance(m, nn.Linear): nn.init.trunc_normal_(m.weight, std=0.1); nn.init.zeros_(m.bias)
    def forward(self, x: Tensor, n: Tensor) -> Tuple[Tensor, Dict[str, Tensor]]:
        packed = pack_padded_sequence(x, n.cpu(), batch_first=True, enforce_sorted=False)
        out, lengths = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        pad = torch.arange(out.size(1))[None, :] >= lengths[:, None]
        out, w = self.attn(out, out, out, key_padding_mask=pad)
        out = out.masked_fill(pad.unsqueeze(-1), 0.).sum(1) / lengths[:, None]
        return self.head(out), {"w": w}


train, val = random_split(Letters(40), [0.8, 0.2], generator=torch.Generator().manual_seed(42))
loader = DataLoader(train, batch_size=8, shuffle=True, drop_last=True)
net = Tagger().to(device); print(net, sum(p.numel() for p in net.parameters() if p.requires_grad))
opt = optim.AdamW([{"params": net.lstm.parameters()}, {"params": net.head.parameters(), "lr": 1e-2}], lr=3e-3)
sched = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=8)
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
scaler = torch.amp.GradScaler("cuda", enabled=False)
for epoch in range(2):
    for batch in loader:
        with torch.autocast(device_type="cpu", enabled=False):
            logits, extra = net(batch["x"].to(device), batch["n"])
            loss = F.cross_entropy(logits, batch["y"], label_smoothing=0.1)
        scaler.scale(loss).backward(); scaler.unscale_(opt)
        norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(opt); scaler.update(); opt.zero_grad(set_to_none=True); sched.step(); ema.update_parameters(net)
        print(f"{epoch} {loss.item():.6f} {norm:.5f} {sched.get_last_lr()[0]:.6f} {extra['w'].sum().item():.4f}")
buffer = io.BytesIO()
torch.save({"net": net.state_dict(), "opt": opt.state_dict(), "epoch": epoch}, buffer); buffer.seek(0)
state = torch.load(buffer, map_location=device, weights_only=True)
other = Tagger(); print(other.load_state_dict(state["net"])); opt.load_state_dict(state["opt"]); other.eval()
with torch.no_grad():
    print(other(torch.ones(2, 6, 5), torch.tensor([6, 3]))[0], ema.module.head.fc.bias)
lin = nn.Linear(3, 1); params = dict(lin.named_parameters())
square = lambda p, x: functional_call(lin, p, (x,)).pow(2).sum()
print(vmap(grad(square), (None, 0))(params, torch.randn(4, 3))["weight"])
x = torch.rand(5, 1, requires_grad=True); u = torch.tanh(lin(x.expand(5, 3)))
du = torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]
(du ** 2).mean().backward(); print(lin.weight.grad)
policy = Categorical(logits=torch.randn(6, 4)); action = policy.sample()
print(action, policy.log_prob(action), policy.entropy())
print(torch.multinomial(torch.softmax(torch.randn(3, 7), -1), 2), torch.randperm(5), torch.topk(torch.randn(6), 2))
A = torch.randn(4, 4)
print(torch.linalg.svdvals(A), torch.einsum("ij,kj->ik", A, A).diag(), torch.fft.rfft(A[0]).abs())
print(A.dtype, A.shape, A[A > 0.5], f"{A.mean():.4f}", A.double()[0], torch.triu(torch.full((3, 3), float("-inf")), 1))
"""

NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")
#: How the operation that made a tensor is named is the engine's own affair.
NODE = re.compile(r"grad_fn=<\w+>")


def run(*command: str, cwd) -> tuple[list[str], list[float]]:
    """The words, and the numbers, that a command prints."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    text = NODE.sub("grad_fn", done.stdout)
    return NUMBER.sub(" # ", text).split(), [float(number) for number in NUMBER.findall(text)]


@pytest.fixture
def script(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def test_it_runs(script):
    words, numbers = run("-m", "tinygrad5329", "run", "script.py", cwd=script)
    assert "torch.float" in " ".join(words)
    assert len(numbers) > 100


def test_it_prints_what_torch_prints(script):
    pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    words, numbers = run("-m", "tinygrad5329", "run", "script.py", cwd=script)
    their_words, their_numbers = run("script.py", cwd=script)
    assert words == their_words
    assert numbers == pytest.approx(their_numbers, rel=1e-3, abs=2e-4)
