"""The same seed and data give PyTorch's losses, step by step, over 100 steps of training.

Each model is one function of the library, run here and in PyTorch: initial values, data, dropout masks, gradients
and optimizer steps must all agree, or the losses part. The recorded losses, which are compared with where PyTorch
is not installed, are PyTorch's own; to record them anew::

    python tests/test_same_seed_training.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tinygrad5329 as tg

STEPS = 100
RECORDED = Path(__file__).with_name("same_seed_losses.json")

#: How far apart two losses may be, relatively. Both libraries round to float32 but add in different orders, so
#: weights differ by about 1e-7 after one step, and training may multiply that. Measured over the 100 steps: 2e-7, 4e-6
#: (of a loss that falls to a hundredth) and 2e-7; another processor's sums may double it a few times. A wrong mask,
#: weight or rule shows as 1e-2 within a few steps.
TOLERANCE = {"mlp": 1e-5, "lstm": 1e-4, "gpt": 1e-5}


def mlp(library):
    """Batch normalisation, dropout, and SGD with momentum on shuffled batches."""
    nn = library.nn
    library.manual_seed(1)
    model = nn.Sequential(
        nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(32, 32), nn.BatchNorm1d(32), nn.GELU(), nn.Dropout(0.2), nn.Linear(32, 5),
    )  # fmt: skip
    x, y = library.randn(256, 20), library.randint(0, 5, (256,))
    optimizer = library.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)

    def step():
        batch = library.randperm(256)[:64]
        return nn.functional.cross_entropy(model(x[batch]), y[batch])

    return optimizer, step


def lstm(library):
    """Two layers in both directions with dropout between them, and Adam."""
    nn = library.nn
    library.manual_seed(2)
    model = nn.LSTM(8, 16, num_layers=2, dropout=0.2, bidirectional=True, batch_first=True)
    head = nn.Linear(32, 1)
    x = library.randn(64, 12, 8)
    y = x.sum((1, 2)).tanh().unsqueeze(1)
    optimizer = library.optim.Adam([*model.parameters(), *head.parameters()], lr=0.005)

    def step():
        start = int(library.randint(0, 3, (1,))) * 16
        out, _ = model(x[start : start + 16])
        return nn.functional.mse_loss(head(out[:, -1]), y[start : start + 16])

    return optimizer, step


def gpt(library):
    """A transformer that predicts the next token: embeddings, causal attention, dropout, AdamW, clipped gradients."""
    nn, functional = library.nn, library.nn.functional
    library.manual_seed(3)
    vocabulary, length, width = 24, 16, 32

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = nn.MultiheadAttention(width, 4, dropout=0.1, batch_first=True)
            self.network = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1)
            )
            self.register_buffer("mask", library.full((length, length), -library.inf).triu(1), persistent=False)

        def forward(self, x):
            y = self.before(x)
            x = x + self.attention(y, y, y, attn_mask=self.mask, is_causal=True, need_weights=False)[0]
            return x + self.network(self.between(x))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
            self.blocks = nn.Sequential(Block(), Block())
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, tokens):
            return self.head(self.norm(self.blocks(self.tokens(tokens) + self.places(library.arange(length)))))

    model = Model()
    text = (library.arange(400) * library.randint(1, 5, (400,))) % vocabulary
    optimizer = library.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)

    def step():
        starts = library.randint(0, 400 - length - 1, (8,)).tolist()
        x = library.stack([text[i : i + length] for i in starts])
        y = library.stack([text[i + 1 : i + length + 1] for i in starts])
        return functional.cross_entropy(model(x).reshape(-1, vocabulary), y.reshape(-1))

    clip = nn.utils.clip_grad_norm_
    optimizer.register_step_pre_hook(lambda *_: clip(model.parameters(), 1.0) and None)
    return optimizer, step


MODELS = {"mlp": mlp, "lstm": lstm, "gpt": gpt}


def losses(library, name):
    optimizer, step = MODELS[name](library)
    found = []
    for _ in range(STEPS):
        loss = step()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.fixture(scope="module", params=MODELS)
def ours(request):
    return request.param, losses(tg, request.param)


def agree(name, found, expected):
    assert len(found) == len(expected) == STEPS
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[name], atol=0, err_msg=f"losses of the {name}")


def test_the_installed_oracle_has_the_same_losses(ours):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    name, found = ours
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # such small models only wait for a second one
    try:
        agree(name, found, losses(torch, name))
    finally:
        torch.set_num_threads(threads)


def test_the_recorded_losses_are_the_same(ours):
    name, found = ours
    agree(name, found, json.loads(RECORDED.read_text(encoding="utf-8"))[name])


def test_the_models_learn(ours):
    name, found = ours
    assert np.mean(found[-10:]) < 0.9 * np.mean(found[:10]), f"a {name} that does not train proves little"


def record():
    import torch

    written = {name: [round(loss, 9) for loss in losses(torch, name)] for name in MODELS}
    RECORDED.write_text(json.dumps(written, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
