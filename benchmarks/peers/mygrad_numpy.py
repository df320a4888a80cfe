"""MyGrad: its tensors, MyGrad's functions, SGD by hand; its memory guarding is off, as its guide advises for speed."""

from __future__ import annotations

from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.losses import softmax_crossentropy
from scipy.special import erf

from benchmarks.cases import Case
from benchmarks.program import Program, descend

mg.turn_memory_guarding_off()

Weights = dict[str, Any]
_HALF_ROOT, _DENSITY = np.float32(0.5**0.5), np.float32((2 * np.pi) ** -0.5)


class _Gelu(mg.operation_base.Operation):
    """GELU with erf, which MyGrad has not, as an operation of its own."""

    def __call__(self, x: Any) -> Any:
        self.variables = (x,)
        self.cdf = np.float32(0.5) * (1 + erf(x.data * _HALF_ROOT))
        return x.data * self.cdf

    def backward_var(self, grad: Any, index: int, **kwargs: Any) -> Any:
        x = self.variables[0].data
        return grad * (self.cdf + x * (_DENSITY * np.exp(np.float32(-0.5) * x * x)))


def _gelu(x: Any) -> Any:
    return mg.execute_op(_Gelu, x)


def _linear(w: Weights, name: str, x: Any) -> Any:
    return mg.matmul(x, w[f"{name}.weight"].T) + w[f"{name}.bias"]


def _batch_norm(w: Weights, buffers: Weights, name: str, x: Any) -> Any:
    n = len(x)
    mean, var = x.data.mean(0), x.data.var(0)
    buffers[f"{name}.running_mean"] += 0.1 * (mean - buffers[f"{name}.running_mean"])
    buffers[f"{name}.running_var"] += 0.1 * (var * (n / (n - 1)) - buffers[f"{name}.running_var"])
    return mg.nnet.layers.batchnorm(x, gamma=w[f"{name}.weight"], beta=w[f"{name}.bias"], eps=1e-5)


def _dropout(x: Any, rng: Any) -> Any:
    if rng is None:
        return x
    return x * ((rng.random(x.shape, dtype=np.float32) < 0.8) / np.float32(0.8))


def _convolve(w: Weights, name: str, x: Any) -> Any:
    return mg.nnet.layers.conv_nd(x, w[f"{name}.weight"], stride=1, padding=2) + w[f"{name}.bias"].reshape(-1, 1)


def _convolution(w: Weights, x: Any) -> Any:
    x = mg.nnet.activations.relu(_convolve(w, "2", mg.nnet.activations.relu(_convolve(w, "0", x))))
    return _linear(w, "5", x.reshape(len(x), -1))


def _recurrent(w: Weights, x: Any) -> Any:
    state = np.zeros((len(x), 64), np.float32)
    z = mg.matmul(x, w["rnn.weight_ih_l0"].T) + (w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"])
    for step in range(8):
        state = mg.tanh(z[:, step] + mg.matmul(state, w["rnn.weight_hh_l0"].T))
    return _linear(w, "head", state)


def _logits(case: Case, w: Weights, buffers: Weights, rng: Any) -> Any:
    if case.family == "W1":
        return _linear(w, "2", _gelu(_linear(w, "0", case.inputs)))
    if case.family == "W3":
        return _convolution(w, case.inputs)
    if case.family == "W4":
        return _recurrent(w, case.inputs)
    x = _dropout(_gelu(_batch_norm(w, buffers, "1", _linear(w, "0", case.inputs))), rng)
    x = x + _linear(w, "4.block.2", _gelu(_linear(w, "4.block.0", x)))
    x = _dropout(_gelu(_batch_norm(w, buffers, "5", x)), rng)
    return _linear(w, "8", x)


def build(case: Case) -> Program:
    if case.family == "W7":
        return _scalars(case)
    weights = {name: mg.tensor(array.copy()) for name, array in case.weights.items()}
    buffers = {name: array.copy() for name, array in case.buffers.items()}
    momenta: Weights = {}
    rng = np.random.default_rng(0)

    def run(rng: Any) -> Any:
        loss = softmax_crossentropy(_logits(case, weights, buffers, rng), case.targets)
        loss.backward()
        return loss

    def step() -> Any:
        loss = run(rng)
        descend({name: t.data for name, t in weights.items()}, momenta, [t.grad for t in weights.values()])
        return loss

    def check() -> tuple[float, Weights]:
        loss = run(None)
        return float(loss.item()), {name: np.array(t.grad) for name, t in weights.items()}

    return Program(check, step)


def _scalars(case: Case) -> Program:
    layers = [
        [
            ([mg.tensor(float(w)) for w in row], mg.tensor(float(b)))
            for row, b in zip(case.weights[f"{i}.weight"], case.weights[f"{i}.bias"], strict=True)
        ]
        for i in range(3)
    ]
    parameters = {
        f"{i}.{j}.{k}": t
        for i, layer in enumerate(layers)
        for j, (row, bias) in enumerate(layer)
        for k, t in enumerate([*row, bias])
    }
    samples, targets = case.inputs.tolist(), case.targets.tolist()
    momenta: Weights = {}

    def run() -> Any:
        loss = None
        for sample, target in zip(samples, targets, strict=True):
            x = sample
            for number, layer in enumerate(layers):
                outs = []
                for row, bias in layer:
                    out = bias
                    for w, v in zip(row, x, strict=True):
                        out = out + w * v
                    outs.append(out if number == 2 else mg.tanh(out))
                x = outs
            error = x[0] - target
            loss = error * error if loss is None else loss + error * error
        loss.backward()
        return loss

    def step() -> Any:
        loss = run()
        descend({name: t.data for name, t in parameters.items()}, momenta, [t.grad for t in parameters.values()])
        return loss

    def check() -> tuple[float, Weights]:
        loss = run()
        gradients: Weights = {}
        for i, layer in enumerate(layers):
            gradients[f"{i}.weight"] = np.array([[w.grad.item() for w in row] for row, _ in layer])
            gradients[f"{i}.bias"] = np.array([bias.grad.item() for _, bias in layer])
        return float(loss.item()), gradients

    return Program(check, step)
