"""A replayed step gives what the eager step gives, bit for bit, over many steps."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.replay import CompiledStep


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x):
        return x + self.block(x)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(8, 12, batch_first=True)
        self.head = nn.Linear(12, 4)

    def forward(self, x):
        out, _ = self.rnn(x.reshape(len(x), 4, 8))
        return self.head(out[:, -1])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 16)
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        tokens = self.embed((x.detach().abs() * 3).long().clamp(0, 10))
        h = self.norm(tokens + tg.arange(16) * 0.01)
        h, _ = self.attention(h, h, h, need_weights=False)
        return self.head((tokens + h).mean(1))


def normed():
    return nn.Sequential(
        nn.Linear(32, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Dropout(0.3), Residual(16), nn.Linear(16, 4)
    )


def convolutional():
    return nn.Sequential(
        nn.Unflatten(1, (2, 4, 4)), nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout1d(0.2), nn.Linear(12, 4),
    )  # fmt: skip


MODELS = {
    "mlp": lambda: nn.Sequential(nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 4)),
    "norms and dropout": normed,
    "convolutions": convolutional,
    "elman": lambda: Recurrent(nn.RNN),
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
    "attention": Attention,
    "selu": lambda: nn.Sequential(nn.Linear(32, 16), nn.SELU(), nn.AlphaDropout(0.2), nn.Linear(16, 4)),
}
OPTIMIZERS = {
    "sgd": lambda p: tg.optim.SGD(p, lr=0.05),
    "momentum": lambda p: tg.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True),
    "adam": lambda p: tg.optim.Adam(p, lr=0.01),
    "adamw": lambda p: tg.optim.AdamW(p, lr=0.01, amsgrad=True),
    "rmsprop": lambda p: tg.optim.RMSprop(p, lr=0.01),
}
BATCHES = [
    (np.random.default_rng(i).standard_normal((6, 32)).astype(np.float32), np.random.default_rng(i).integers(0, 4, 6))
    for i in range(5)
]


def trained(model, optimizer, compiled, steps=7, loss_of=F.cross_entropy, late=False, to_none=True):
    """Everything that training leaves behind, as bytes."""
    tg.manual_seed(3)
    model = model()
    optimizer = optimizer(model.parameters())

    def step(x, y):
        loss = loss_of(model(x), y)
        if not late:
            optimizer.zero_grad(to_none)
        loss.backward()
        optimizer.step()
        if late:
            optimizer.zero_grad(to_none)
        return loss

    run = CompiledStep(step) if compiled else step
    losses = []
    for i in range(steps):
        x, y = BATCHES[i % len(BATCHES)]
        losses.append(run(tg.from_numpy(x), tg.from_numpy(y)))
    assert len({id(loss) for loss in losses}) == steps
    if compiled:
        assert run._entries[0].run is not None and run._entries[0].source is not None, run._difference
    state = [t.detach().numpy() for t in (*losses, *model.state_dict().values())]
    state += [p.grad.numpy() for p in model.parameters() if p.grad is not None]
    return [a.tobytes() for a in state] + [tg.get_rng_state().numpy().tobytes()], [
        loss.grad_fn.name() for loss in losses
    ]


@pytest.mark.parametrize("model", MODELS)
def test_models(model):
    assert trained(MODELS[model], OPTIMIZERS["momentum"], True) == trained(MODELS[model], OPTIMIZERS["momentum"], False)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(optimizer):
    assert trained(normed, OPTIMIZERS[optimizer], True) == trained(normed, OPTIMIZERS[optimizer], False)


@pytest.mark.parametrize(("late", "to_none"), [(True, True), (True, False), (False, False)])
def test_orders_of_zeroing(late, to_none):
    both = [trained(normed, OPTIMIZERS["momentum"], each, late=late, to_none=to_none) for each in (True, False)]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    "loss",
    [
        lambda out, y: F.cross_entropy(out, y, label_smoothing=0.1, ignore_index=1),
        lambda out, y: F.nll_loss(F.log_softmax(out, 1), y, weight=tg.tensor([1.0, 2.0, 3.0, 4.0])),
        lambda out, y: ((out - F.one_hot(y, 4)) ** 2).mean(),
        lambda out, y: F.huber_loss(out.sigmoid(), tg.zeros(6, 4)) + out.pow(2).sum() * 1e-3,
        lambda out, y: (out.softmax(1) * tg.rand(4)).sum() + tg.randn(6, 4).mul(out).mean(),
    ],
)
def test_losses(loss):
    mlp = MODELS["mlp"]
    both = [trained(mlp, OPTIMIZERS["sgd"], compiled, loss_of=loss) for compiled in (True, False)]
    assert both[0] == both[1]


def test_scalars():
    def run(compiled):
        w = [tg.tensor(0.1 * i + 0.2, requires_grad=True) for i in range(4)]
        xs = [tg.tensor(0.3 * i) for i in range(3)]
        optimizer = tg.optim.SGD(w, lr=0.1, momentum=0.9)

        def step():
            loss = None
            for x in xs:
                h = (w[0] * x + w[1]).tanh() * w[2] - w[3] / 2.0
                loss = h * h if loss is None else loss + h * h
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        step = CompiledStep(step) if compiled else step
        losses = [step().item() for _ in range(8)]
        return losses, [(p.item(), p.grad.item(), type(p.grad.numpy())) for p in w]

    assert run(True) == run(False)


def test_accumulated_and_clipped_gradients():
    def run(compiled):
        tg.manual_seed(0)
        model = normed()
        optimizer = tg.optim.SGD(model.parameters(), lr=0.1)

        def micro(x, y):
            loss = F.cross_entropy(model(x), y) / 2
            loss.backward()
            return loss.detach(), model[0].weight.grad

        def update():
            norm = nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad()
            return norm

        if compiled:
            micro, update = CompiledStep(micro), CompiledStep(update)
        out = []
        for i in range(12):
            x, y = BATCHES[i % 5]
            loss, grad = micro(tg.from_numpy(x), tg.from_numpy(y))
            assert grad is model[0].weight.grad
            out.append(loss.numpy().tobytes())
            if i % 3 == 2:
                out.append(update().numpy().tobytes())
        if compiled:
            assert len([e for e in micro._entries if e.source]) == 2 and update._entries[0].source
        return out, [p.detach().numpy().tobytes() for p in model.parameters()]

    assert run(True) == run(False)


def test_structures_of_arguments_and_results():
    def step(batch, scale=1.0, *, names=("a",)):
        a, (b, c) = batch["x"], batch["pair"]
        return {"sum": a + b * scale, "views": [c[0], c.T], "names": names, "nothing": None}

    run = CompiledStep(step)
    for i in range(5):
        batch = {"x": tg.full((2, 2), float(i)), "pair": (tg.ones(2, 2), tg.arange(4.0).reshape(2, 2) + i)}
        out, expected = run(batch, 2.0, names=("b",)), step(batch, 2.0, names=("b",))
        assert out["names"] == ("b",) and out["nothing"] is None and list(out) == list(expected)
        assert tg.equal(out["sum"], expected["sum"])
        assert all(map(tg.equal, out["views"], expected["views"]))
    assert run._entries[0].source is not None


def test_arrays_as_arguments():
    run = CompiledStep(lambda a: tg.from_numpy(a) * 2 + tg.tensor(a).sum())
    for i in range(5):
        array = np.arange(4.0) + i
        assert run(array).tolist() == (array * 2 + array.sum()).tolist()
    assert run._entries[0].source is not None


def test_evaluation():
    model = normed().eval()

    @tg.compile
    def predict(x):
        with tg.no_grad():
            return model(x).argmax(1), model(x)

    for x, _ in BATCHES:
        classes, logits = predict(tg.from_numpy(x))
        with tg.no_grad():
            expected = model(tg.from_numpy(x))
        assert tg.equal(logits, expected) and tg.equal(classes, expected.argmax(1))
    assert predict._entries[0].source is not None


def test_gradients_with_respect_to_arguments():
    w = tg.tensor([1.0, 2.0], requires_grad=True)

    def step(x):
        (g,) = tg.autograd.grad((w * x * x).sum(), x)
        (w * x).sum().backward()
        return g

    run = CompiledStep(step)
    for i in range(5):
        x, twin = (tg.tensor([3.0 + i, 4.0], requires_grad=True) for _ in range(2))
        w.grad = None
        g = run(x)
        grad, w.grad = w.grad, None
        assert tg.equal(g, step(twin)) and tg.equal(x.grad, twin.grad) and tg.equal(grad, w.grad)
    assert run._entries[0].source is not None
