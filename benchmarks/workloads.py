"""The workloads through PyTorch's public API: one text for PyTorch and for this package.

``tg`` stands for ``torch`` or ``tinygrad5329``; nothing here knows which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import Case, make
from benchmarks.program import DECAY, MOMENTUM, RATE, Program
from benchmarks.transformers import attention_classifier, gpt

__all__ = ["build", "w2"]


def _mlp(tg: Any) -> Any:
    nn = tg.nn
    return nn.Sequential(nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 10))


def _residual(tg: Any, width: int) -> Any:
    nn = tg.nn

    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

        def forward(self, x: Any) -> Any:
            return x + self.block(x)

    return Residual()


def _best(tg: Any) -> Any:
    nn = tg.nn
    return nn.Sequential(
        nn.Linear(128, 256), nn.BatchNorm1d(256), nn.GELU(), nn.Dropout(0.2),
        _residual(tg, 256), nn.BatchNorm1d(256), nn.GELU(), nn.Dropout(0.2), nn.Linear(256, 10),
    )  # fmt: skip


def _convolution(tg: Any) -> Any:
    nn = tg.nn
    return nn.Sequential(
        nn.Conv1d(1, 16, 5, padding=2), nn.ReLU(), nn.Conv1d(16, 32, 5, padding=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(4096, 10),
    )  # fmt: skip


def _recurrent(tg: Any) -> Any:
    nn = tg.nn

    class Recurrent(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(16, 64, batch_first=True)
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            out, _ = self.rnn(x)
            return self.head(out[:, -1])

    return Recurrent()


_MODELS: dict[str, Callable[[Any], Any]] = {
    "W1": _mlp,
    "W2": _best,
    "W3": _convolution,
    "W4": _recurrent,
    "W5": attention_classifier,
    "W6": gpt,
    "W8": _best,
}


def build(tg: Any, case: Case, compiled: Callable[[Any], Any] | None = None) -> Program:
    """The program of a workload; `compiled` wraps the model (``torch.compile``)."""
    if case.family == "W7":
        return _scalars(tg, case)
    model = _MODELS[case.family](tg)
    state = {name: tg.from_numpy(array.copy()) for name, array in (case.weights | case.buffers).items()}
    left = model.load_state_dict(state, strict=False)
    assert not left.unexpected_keys and all(key.endswith("num_batches_tracked") for key in left.missing_keys), left
    inputs = tg.from_numpy(case.inputs)
    run = model if compiled is None else compiled(model)
    if case.family == "W8":
        return _inference(tg, model, run, inputs, case.batch)
    targets = tg.from_numpy(case.targets).reshape(-1)
    criterion = tg.nn.CrossEntropyLoss()
    if case.family == "W6":
        optimizer = tg.optim.AdamW(model.parameters(), lr=3e-4)
    else:
        optimizer = tg.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)

    def step() -> Any:
        loss = criterion(run(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    def check() -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
        drops = [layer for layer in model.modules() if isinstance(layer, tg.nn.Dropout)]
        rates = [layer.p for layer in drops]
        for layer in drops:
            layer.p = 0.0
        loss = criterion(run(inputs), targets)
        loss.backward()
        for layer, p in zip(drops, rates, strict=True):
            layer.p = p
        gradients = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
        optimizer.zero_grad()
        return float(loss.item()), gradients

    return Program(check, step, optimizer, compiles_in_check=run is not model)


def _inference(tg: Any, model: Any, run: Any, inputs: Any, batch: int) -> Program:
    model.eval()

    def step() -> Any:
        with tg.no_grad():
            if batch >= len(inputs):
                return [run(inputs)]
            return [run(inputs[start : start + batch]) for start in range(0, len(inputs), batch)]

    def check() -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
        with tg.no_grad():
            logits = run(inputs[:batch]).numpy()
        return float(logits.mean()), {"logits": logits}

    return Program(check, step, compiles_in_check=run is not model)


def _scalars(tg: Any, case: Case) -> Program:
    """A multi-layer perceptron of 0-d tensors, one operation a number."""

    def parameter(value: Any) -> Any:
        return tg.nn.Parameter(tg.tensor(float(value)))

    layers = [
        [
            ([parameter(w) for w in row], parameter(b))
            for row, b in zip(case.weights[f"{i}.weight"], case.weights[f"{i}.bias"], strict=True)
        ]
        for i in range(3)
    ]
    samples = [[tg.tensor(float(v)) for v in row] for row in case.inputs]
    targets = [tg.tensor(float(v)) for v in case.targets]
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    optimizer = tg.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)

    def forward() -> Any:
        loss = None
        for sample, target in zip(samples, targets, strict=True):
            values = sample
            for number, layer in enumerate(layers):
                outs = []
                for weights, bias in layer:
                    out = bias
                    for w, x in zip(weights, values, strict=True):
                        out = out + w * x
                    outs.append(out if number == 2 else out.tanh())
                values = outs
            error = values[0] - target
            loss = error * error if loss is None else loss + error * error
        return loss

    def step() -> Any:
        loss = forward()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    def check() -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
        loss = forward()
        loss.backward()
        gradients = {}
        for i, layer in enumerate(layers):
            gradients[f"{i}.weight"] = np.array([[w.grad.item() for w in weights] for weights, _ in layer])
            gradients[f"{i}.bias"] = np.array([bias.grad.item() for _, bias in layer])
        optimizer.zero_grad()
        return float(loss.item()), gradients

    return Program(check, step, optimizer)


def w2(tg: Any, nn: Any, optim: Any, batch: int) -> Callable[[], Any]:
    """One training step of the report's best model."""
    return build(tg, make(f"W2-{batch}")).step
